r"""Harden small classifiers against attack, and measure them under the same attack and under another one.

    OMP_NUM_THREADS=1 python -m benchmarks.quality.harden --tiny BERT-TINY-EN --e5 E5 [--attack wide]

Victims: a `textcnn` from scratch, a 2-layer BERT of width 128 (English) and the first four layers of e5-small (Chinese, two of them
frozen), each trained on 1,000 rows drawn from the train split, another draw a seed. `augment harden` attacks these 1,000 rows with the
default attack and trains the victim on with what succeeded, in two rounds; 200 rows of the test split measure. `duplicate` is trained from the same
victim for as many steps on as many rows, with each sample's source row in its stead. PWWS is the recipe of that name, which no model
was trained on. Differences are points, paired by draw; intervals are a bootstrap of the draws of each corpus and victim. Two draws have none, and that of a
single draw is a bootstrap of its test rows, which does not show how much draws differ. A lower success rate is better.
Draws in harden.json are not measured again. The encoder's were attacked by the gradient, before `order: context`.

`by wide` is trained on the recipe of that name, which changes nearly every text, in three draws so far.

Wanted were 15 points of accuracy under the same attack, more than `duplicate` under PWWS, and no less accuracy, on five draws of two victims a corpus.
"""

import argparse
import shutil
import time
from collections import defaultdict
from dataclasses import asdict
from math import isnan
from pathlib import Path

import torch

from augment.config.job import Job, read_job
from augment.config.shipped import find
from augment.errors import AugmentError
from augment.evaluation.statistics import compare
from augment.hardening.figures import ACCURACY, success_of, under
from augment.hardening.hardening import harden
from augment.progress import silent
from augment.training import train
from benchmarks.common import Cell, Results, command_line, part, write_page

RESULTS = Results("quality/harden")
CORPORA = ("sst2-en", "takeaway-zh")
SAME, OTHER = "attack", "pwws"
MODELS = ("starting model", "duplicate", "hardened")
# CPU-seconds of a draw with one round, to estimate how long it will take.
SECONDS = {"textcnn": 40.0, "tiny": 60.0, "e5-4": 500.0}
# Settings of each victim, and the corpora it reads.
VICTIMS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "textcnn": (CORPORA, ("train.start=textcnn",)),
    "tiny": (("sst2-en",), ("train.start={tiny}", "train.learning_rate=0.0003", "train.epochs=6")),
    "e5-4": (
        ("takeaway-zh",),
        (
            "train.start={e5}",
            "train.layers=4",
            "train.freeze=2",
            "train.learning_rate=0.0003",
            "train.epochs=3",
        ),
    ),
}


def main() -> None:
    """Measure every draw that is missing, and write the table after each."""
    arguments = _arguments()
    torch.set_num_threads(1)
    draws = [
        (corpus, victim, seed)
        for seed in range(arguments.seeds)
        for victim in arguments.victims
        for corpus in VICTIMS[victim][0]
    ]
    left = [draw for draw in draws if _key(arguments, *draw) not in RESULTS.cells]
    minutes = sum(SECONDS[victim] * arguments.rounds for _, victim, _ in left) / 60
    print(f"{len(left)} draws of {len(draws)}, about {minutes:.0f} CPU-minutes", flush=True)
    for corpus, victim, seed in left:
        try:
            RESULTS.save(_key(arguments, corpus, victim, seed), _measured(arguments, corpus, victim, seed))
        except AugmentError as error:
            print(corpus, victim, seed, "left out:", error, flush=True)
        write_table()
    write_table()


def _measured(arguments: argparse.Namespace, corpus: str, victim: str, seed: int) -> Cell:
    """Return what a victim of a draw comes to; an interrupted one goes on where it was."""
    began = time.process_time()
    folder = arguments.work / f"{corpus}-{victim}-{seed}-{arguments.rounds}"
    job = _job(arguments, corpus, victim, seed, folder / "model")
    if not (folder / "model").exists():
        train(job)
    made = harden(job, folder / "hardened", progress=silent)
    shutil.rmtree(folder)
    return {
        "models": dict(made.models),
        "gains": {
            other: {name: asdict(gain) for name, gain in gained.items()}
            for other, gained in made.gains.items()
        },
        "rounds": [asdict(one) for one in made.rounds],
        "queries": dict(made.queries),
        "edits": dict(made.edits),
        "cpu_seconds": round(time.process_time() - began),
    }


def _job(arguments: argparse.Namespace, corpus: str, victim: str, seed: int, model: Path) -> Job:
    """Return the job of a draw."""
    models = {"tiny": str(arguments.tiny), "e5": str(arguments.e5)}
    settings = (
        *(word.format(**models) for word in VICTIMS[victim][1]),
        f"corpus.root={arguments.data}",
        f"model.path={model}",
        "model.max_length=64",
        f"train.limit={arguments.rows}",
        "train.baseline=false",
        "run.device=cpu",
        "run.threads=1",
        f"harden.rounds={arguments.rounds}",
        f"harden.test_rows={arguments.test_rows}",
        f"harden.attack={arguments.attack}",
        f"harden.others=[{OTHER}]",
        f"seed={seed}",
    )
    return read_job([find("configs", corpus)], settings)


def write_table() -> None:
    """Write harden.md: the figures of each corpus and victim, and what hardening adds."""
    groups: dict[str, list[Cell]] = defaultdict(list)
    for key, cell in RESULTS.cells.items():
        groups[key.rpartition(" ")[0]].append(cell)
    lines: list[str] = []
    for name, cells in sorted(groups.items()):
        figures = _figures(name)
        lines += [f"## {name}", "", f"{len(cells)} draw{'s' * (len(cells) > 1)}, {_spent(cells)}.", ""]
        lines += [f"| model | {' | '.join(figures)} |", "|---" * (1 + len(figures)) + "|"]
        for model in MODELS:
            shown = (_percent([_figure(cell, model, figure) for cell in cells]) for figure in figures)
            lines.append(f"| {model} | {' | '.join(shown)} |")
        for other in MODELS[:2]:
            shown = (_gained(cells, other, figure) for figure in figures)
            lines.append(f"| hardened above {other} | {' | '.join(shown)} |")
        lines.append("")
    write_page("quality/harden", "Does hardening help?", __doc__, lines)


def _figures(name: str) -> tuple[str, ...]:
    """Return the figures of the draws of a name, which ends with the attack where it is not the default."""
    same = name.partition(" by ")[2] or SAME
    return (ACCURACY, under(same), success_of(same), under(OTHER), success_of(OTHER))


def _figure(cell: Cell, model: str, figure: str) -> float:
    """Return a figure of a model, nan where it has none."""
    value = part(part(cell, "models"), model).get(figure)
    return float("nan") if value is None else float(value)


def _percent(values: list[float]) -> str:
    """Return the mean of shares in percent."""
    return f"{100 * sum(values) / len(values):.1f} %"


def _gained(cells: list[Cell], other: str, figure: str) -> str:
    """Return by how many points hardened models are above others, with an interval: of draws, or of the rows of a single one."""
    if len(cells) == 1:
        gain = part(part(part(cells[0], "gains"), other), figure)
        mean, low, high = (100 * float(gain[name]) for name in ("mean", "low", "high"))
        return f"{mean:+.1f} ({low:+.1f} to {high:+.1f})"
    one = compare(
        {"draws": [100 * (_figure(cell, MODELS[2], figure) - _figure(cell, other, figure)) for cell in cells]}
    )
    return f"{one.mean:+.1f}" if isnan(one.low) else f"{one.mean:+.1f} ({one.low:+.1f} to {one.high:+.1f})"


def _spent(cells: list[Cell]) -> str:
    """Return how many samples the rounds made, and what a draw cost."""
    samples = [sum(int(str(one["samples"])) for one in _rounds(cell)) for cell in cells]
    seconds = [float(str(cell["cpu_seconds"])) for cell in cells]
    return f"{sum(samples) / len(cells):.0f} samples and {sum(seconds) / len(cells):.0f} CPU-seconds a draw"


def _rounds(cell: Cell) -> list[dict[str, object]]:
    """Return the rounds of a draw."""
    rounds = cell["rounds"]
    return [dict(one) for one in rounds] if isinstance(rounds, list) else []


def _key(arguments: argparse.Namespace, corpus: str, victim: str, seed: int) -> str:
    """Return the name of a draw."""
    by = "" if arguments.attack == SAME else f" by {arguments.attack}"
    return f"{corpus} {victim}, {arguments.rounds} round{'s' * (arguments.rounds > 1)}{by} {seed}"


def _arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = command_line(__doc__, "harden")
    parser.add_argument("--tiny", type=Path, required=True, help="folder of a small English BERT")
    parser.add_argument("--e5", type=Path, required=True, help="folder of e5-small")
    parser.add_argument("--victims", nargs="+", default=list(VICTIMS), choices=list(VICTIMS), help="models")
    parser.add_argument("--attack", default=SAME, help="attack that is trained on: a recipe, or a pipeline")
    parser.add_argument("--seeds", type=int, default=5, help="draws of each corpus and victim")
    parser.add_argument("--rows", type=int, default=1000, help="train rows of a draw")
    parser.add_argument("--rounds", type=int, default=2, help="rounds of attack and training")
    parser.add_argument("--test-rows", type=int, default=200, help="test rows of a draw")
    return parser.parse_args()


if __name__ == "__main__":
    main()
