"""What should the pipelines rank words by? Label protection and the choice of key words with each method, log odds and chance.

    OMP_NUM_THREADS=1 python -m benchmarks.quality.rankers [--corpora hotel-zh sst2-en] [--rows 100]

A `textcnn` and a `bert-small`, those of `benchmarks.attribution.faithfulness`, are each trained on the same corpus. Each in turn ranks
the words of rows that neither has seen, and the other, an independent classifier, judges what is made of them:

* protection: `augment-wide`, which keeps the top quarter of the content words and edits others. The share of samples that the
  judge gives the label of their source row; the higher the better.
* key words: that quarter is left out, all of it. The share that keeps its label; the lower the better the words were chosen.

All samples count, not those alone that the model's own verdict would let into the data. Attribution methods are at their defaults, and words are
ranked for the given label. Differences from integrated gradients are in points, paired by blocks of ten rows,
pooled over corpora and models; intervals a bootstrap of the blocks inside each of these. CPU seconds are those of the run
of `augment-wide` on its rows, all of its stages. Each cell is measured once, and stays in rankers.json.
"""

import argparse
import shutil
import time
from collections.abc import Mapping

import torch

from augment.api.run import run
from augment.evaluation.conditions import Condition
from augment.evaluation.statistics import compare, holm
from augment.pipeline.definition import Pipeline
from augment.stages import Attribute, Delete, Rank, Tokenize
from benchmarks.attribution.faithfulness import trained
from benchmarks.common import Cell, Results, command_line, part, right, write_page
from benchmarks.quality.labels import facts_of, on, share, unseen

RESULTS = Results("quality/rankers")
CORPORA, MODELS = ("hotel-zh", "sst2-en"), ("textcnn", "bert-small")
OWN = "integrated_gradients"
METHODS = ("deeplift", "gradient_x_input", "gradient", "lrp", "occlusion")
RANKERS = (OWN, *METHODS, "log_odds", "random")
TASKS = ("augment-wide", "key")
WITHOUT_KEY = Pipeline(
    name="key",
    about="all key words are left out",
    splits=("train",),
    stages=(
        Tokenize(),
        Attribute(target="gold"),
        Rank(fraction=0.25),
        Delete(on="key", samples=1, share=1.0),
    ),
)
BLOCK = 10


def main() -> None:
    """Measure every cell that is missing, and write the table after each."""
    arguments = _arguments()
    torch.set_num_threads(1)
    for corpus in arguments.corpora:
        for model in arguments.models:
            for ranker in RANKERS:
                key = f"{model} {corpus} {ranker}"
                if key not in RESULTS.cells:
                    RESULTS.save(key, measured(arguments, corpus, model, ranker))
                    write_table(RESULTS.cells)
    write_table(RESULTS.cells)


def measured(arguments: argparse.Namespace, corpus: str, model: str, ranker: str) -> Cell:
    """Return for each task the share of kept labels, and that share block by block, when words are ranked in one way."""
    jobs = {name: trained(arguments, corpus, name) for name in MODELS}
    judge = next(jobs[name] for name in MODELS if name != model).needs_model()
    rows = unseen(jobs[model], arguments.rows)
    path = arguments.work / f"rankers-{corpus}-{model}"
    own = on(jobs[model], rows, path / "corpus")
    home = {row.text: number // BLOCK for number, row in enumerate(rows)}
    cell: Cell = {
        "originals": share(right(own, judge, [(row.text, row.label) for row in rows])),
        "rows": len(rows),
    }
    for task in TASKS:
        name = task if ranker == OWN else f"{task}:{ranker}"
        plan = Condition.of(name, {"key": WITHOUT_KEY}).plan(1)
        began = time.process_time()
        folder = run(plan, own, path / "run", overwrite=True).folder
        seconds = time.process_time() - began
        cell[task] = {**facts_of(folder, own, judge, home), "cpu_seconds": round(seconds, 2)}
    shutil.rmtree(path)
    return cell


def write_table(cells: Mapping[str, Cell]) -> None:
    """Write rankers.md: for each task every ranker, its difference from integrated gradients, and the shares by corpus and model."""
    lines: list[str] = []
    columns = sorted({key.rpartition(" ")[0] for key in cells})
    columns = [where for where in columns if all(f"{where} {ranker}" in cells for ranker in RANKERS)]
    titles = {
        "augment-wide": "Protection: labels kept",
        "key": "Key words left out: labels kept, the lower the better",
    }
    for task, title in titles.items() if columns else ():
        compared = holm({ranker: compare(_points(cells, columns, ranker, task)) for ranker in RANKERS[1:]})
        lines += [f"## {title}", ""]
        lines += [f"| ranker | points | 95 % interval | p (Holm) | verdict | {' | '.join(columns)} | CPU s |"]
        lines += ["|---" * (6 + len(columns)) + "|"]
        for ranker in RANKERS:
            facts = [part(cells[f"{where} {ranker}"], task) for where in columns]
            each = " | ".join(f"{one['label_kept']:.1%}" for one in facts)
            seconds = sum(float(one["cpu_seconds"]) for one in facts) / len(facts)
            one = compared.get(ranker)
            span = "" if one is None else f"{one.low:+.1f} to {one.high:+.1f}"
            start = "| | | " if one is None else f"{one.mean:+.1f} | {span} | {one.holm:.3f} | {one.verdict}"
            lines.append(f"| {ranker} | {start} | {each} | {seconds:.1f} |")
        originals = [f"{float(str(cells[f'{where} {OWN}']['originals'])):.1%}" for where in columns]
        lines += [f"| source rows | | | | | {' | '.join(originals)} | |", ""]
    rows = {str(cells[f"{where} {OWN}"]["rows"]) for where in columns}
    lines += [f"Rows of each column: {', '.join(sorted(rows))}."]
    write_page("quality/rankers", "What should pipelines rank words by?", __doc__, lines)


def _points(cells: Mapping[str, Cell], columns: list[str], ranker: str, task: str) -> dict[str, list[float]]:
    """Return the differences between a ranker and integrated gradients in points, by column and block."""
    return {
        where: [
            100 * (float(one) - float(other))
            for one, other in zip(
                part(cells[f"{where} {ranker}"], task)["blocks"],
                part(cells[f"{where} {OWN}"], task)["blocks"],
                strict=True,
            )
        ]
        for where in columns
    }


def _arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = command_line(__doc__, "faithfulness")
    parser.add_argument("--corpora", nargs="+", default=list(CORPORA), help="shipped")
    parser.add_argument("--models", nargs="+", default=list(MODELS), choices=MODELS, help="that rank")
    parser.add_argument("--rows", type=int, default=100, help="source rows")
    return parser.parse_args()


if __name__ == "__main__":
    main()
