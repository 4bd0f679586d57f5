"""Measure how the cost of integrated gradients grows with the length of the texts and with the size of the corpus.

    OMP_NUM_THREADS=1 python -m benchmarks.attribution.ig_scaling [--model FOLDER]

Length: a net of BERT's shape (4 layers, 256 wide, 512 positions, 2 classes, random weights, float32) and random pieces,
all texts of a length alike. 8 Gauss-Legendre nodes for every text, so that nothing but the length changes; prediction
and F at the baseline are included. Captum scores the same texts with the same nodes in the same process, by 32, with
internal batches of 256. CPU seconds of one torch thread, the median of five turns in which both sides alternate.

Corpus: `augment run explain -c news-zh --limit N` as users call it, tolerance 5 %, from the start of the process to the
report. The model is a `bert-small` trained on that corpus; CPU seconds (user and system) of the process with one
thread, the median of three turns over all sizes. All 20,000 titles are read whatever the limit, and the report draws at
most 5,000 rows.

A line is fitted to each by least squares: slope, intercept, R². The exponent is the slope of the logarithms: 1 is
growth in proportion. Points that stand in ig_scaling.json are not measured again.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import torch
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from augment.attribution.path_integral import Plan, attribute, fixed
from augment.config.sections import RunConfig
from augment.models.classifier import Classifier
from benchmarks.attribution.ig_gpu import build, predicted
from benchmarks.attribution.ig_speed import captum
from benchmarks.common import HERE, Cell, Results, command_line, write_page

LENGTHS = (32, 64, 128, 256, 512)
SIZES = (1000, 2000, 5000, 10000, 20000)
# The same number of pieces for each length: as much work, up to attention.
PIECES, NODES, TURNS = 2048, 8, 5
RUNS = 3
LAYERS, WIDTH = 4, 256
CORPUS, LONGEST = "news-zh", 64
# What ig_speed.py trains, in the same way.
SPEED = HERE.parent / "runs" / "ig_speed" / f"{CORPUS}-bert-small"
TRAINING = ("train.start=bert-small", "train.limit=5000", "train.epochs=4")
SIDES = ("ours", "captum")


def main() -> None:
    """Measure what is missing, and write table and plot."""
    arguments = _arguments()
    torch.set_num_threads(1)
    print("about 25 minutes on one core; resumable")
    results = Results("attribution/ig_scaling")
    # Sizes first: on Linux a process's peak memory is no less than that of the process that started it.
    for size, turn in [(size, turn) for turn in range(RUNS) for size in SIZES]:
        if f"corpus {size} turn {turn}" not in results.cells:
            model = model_of(arguments, results)
            results.save(f"corpus {size} turn {turn}", measure_corpus(arguments, model, size))
    net = argparse.Namespace(device="cpu", layers=LAYERS, width=WIDTH, budget=RunConfig().token_budget)
    for length in LENGTHS:
        if f"length {length}" not in results.cells:
            results.save(f"length {length}", measure_length(build(net, "float32"), length))
    for name, (inputs, outputs) in points(results.cells).items():
        results.save(f"fit {name}", fit(inputs, outputs))
    write_page(
        "attribution/ig_scaling", "How the cost of integrated gradients grows", __doc__, table(results.cells)
    )
    draw(results.cells)


def measure_length(classifier: Classifier, length: int) -> Cell:
    """Return what texts of one length cost on both sides, and how far their scores are apart."""
    count = PIECES // length
    pieces = np.random.default_rng(length).integers(2, 5000, (count, length)).tolist()
    plan, result = Plan(mode="fixed", chains=fixed(NODES)), {}

    def ours() -> None:
        """Score all texts."""
        result["ours"] = np.stack(attribute(classifier, predicted(classifier, pieces), plan).pieces)

    def theirs() -> None:
        """Let Captum score all texts, by 32."""
        parts = [pieces[begin : begin + 32] for begin in range(0, count, 32)]
        batches = [classifier.batch(part, [[0] * length for _ in part]) for part in parts]
        result["captum"] = np.concatenate([captum(classifier, batch, NODES) for batch in batches])

    seconds = in_turn((ours, theirs))
    apart = np.abs(result["ours"] - result["captum"]).sum(1) / np.abs(result["ours"]).sum(1)
    cell: Cell = {"texts": count, "nodes": NODES, "apart_worst": float(f"{apart.max():.1e}")}
    for side, times in zip(SIDES, seconds, strict=True):
        spread = [round(1000 * one / count, 2) for one in sorted(times)]
        cell[side] = {"ms_per_text": spread[len(spread) // 2], "least": spread[0], "most": spread[-1]}
        cell[f"{side}_ms_per_piece"] = round(1000 * statistics.median(times) / count / length, 4)
    cell["captum_over_ours"] = round(statistics.median(seconds[1]) / statistics.median(seconds[0]), 2)
    return cell


def in_turn(works: Sequence[Callable[[], None]], turns: int = TURNS) -> list[list[float]]:
    """Return the CPU seconds of each work, for every turn."""
    seconds: list[list[float]] = [[] for _ in works]
    for _ in range(turns):
        for work, spent in zip(works, seconds, strict=True):
            began = time.process_time()
            work()
            spent.append(time.process_time() - began)
    return seconds


def model_of(arguments: argparse.Namespace, results: Results) -> Path:
    """Return the folder of the model, training it if there is none."""
    own = Path(arguments.work) / f"{CORPUS}-bert-small"
    there = [arguments.model] if arguments.model else [own, SPEED]
    for folder in there:
        if folder.exists():
            return Path(folder)
    made = there[0]
    results.save("train", train(CORPUS, made, arguments.data, LONGEST, TRAINING))
    return Path(made)


def train(corpus: str, folder: Path, data: Path, longest: int, settings: Sequence[str]) -> Cell:
    """Train a model on a shipped corpus and return what is known of it."""
    every = (f"model.max_length={longest}", "run.threads=1", "train.baseline=false", *settings)
    words = [word for setting in every for word in ("--set", setting)]
    result, seconds = command(["train", "-c", corpus, "--data", str(data), "--model", str(folder), *words])
    return {name: result[name] for name in ("start", "rows", "accuracy")} | {"cpu_seconds": round(seconds, 1)}


def measure_corpus(arguments: argparse.Namespace, model: Path, size: int) -> Cell:
    """Return what a run over so many rows costs."""
    out = Path(arguments.work) / f"explain-{size}"
    words = ["run", "explain", "-c", CORPUS, "--data", str(arguments.data), "--model", str(model)]
    words += ["--set", f"model.max_length={LONGEST}", "--set", "run.threads=1", "--limit", str(size)]
    result, seconds = command([*words, "-o", str(out), "--overwrite"])
    counts, attribution = result["counts"], result["attribution"]
    if not isinstance(counts, dict) or not isinstance(attribution, dict):
        raise TypeError("the summary has no counts")
    evaluations = pq.read_table(out / "explain" / "source_rows.parquet", columns=["ig_evals"])
    return {
        "rows": counts["rows processed"],
        "cpu_seconds": round(seconds, 1),
        "peak_mebibytes": result["peak_mebibytes"],
        "mean_evals": round(float(np.mean(evaluations.column("ig_evals").to_numpy())), 2),
        **attribution["ig"],
    }


def command(words: Sequence[str]) -> tuple[Cell, float]:
    """Return what an augment command printed as JSON, and its CPU seconds; exits if the command fails."""
    before = _spent()
    alone = {**os.environ, "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
    line = [sys.executable, "-m", "augment", *words, "--json", "--quiet"]
    done = subprocess.run(line, capture_output=True, text=True, check=False, env=alone)
    if done.returncode:
        sys.exit(done.stderr)
    content: Cell = json.loads(done.stdout)
    return content, _spent() - before


def points(cells: dict[str, Cell]) -> dict[str, tuple[list[float], list[float]]]:
    """Return what each line is fitted to: ms a text over pieces, CPU seconds over rows."""
    result = {}
    for side in SIDES:
        costs = [cells[f"length {length}"][side] for length in LENGTHS]
        times = [float(cost["ms_per_text"]) for cost in costs if isinstance(cost, dict)]
        result[f"length {side}"] = ([float(length) for length in LENGTHS], times)
    seconds = [statistics.median(_seconds(cells, size)) for size in SIZES]
    return {**result, "corpus": ([float(size) for size in SIZES], seconds)}


def fit(inputs: Sequence[float], outputs: Sequence[float]) -> Cell:
    """Return the least-squares line, the largest distance from it in percent, and the slope of the logarithms."""
    slope, intercept = np.polyfit(inputs, outputs, 1)
    line, seen = slope * np.asarray(inputs) + intercept, np.asarray(outputs)
    explained = 1 - ((seen - line) ** 2).sum() / ((seen - seen.mean()) ** 2).sum()
    return {
        "slope": float(f"{slope:.4g}"),
        "intercept": float(f"{intercept:.4g}"),
        "r_squared": round(float(explained), 5),
        "farthest_percent": round(float((100 * np.abs(seen - line) / seen).max()), 1),
        "exponent": round(float(np.polyfit(np.log(inputs), np.log(seen), 1)[0]), 3),
    }


def table(cells: dict[str, Cell]) -> list[str]:
    """Return the lines of ig_scaling.md."""
    lines = ["![Cost against length and corpus size](ig_scaling.svg)", ""]
    lines += [*_lengths(cells), "", *_corpora(cells), "", "## Lines", ""]
    lines += ["| line | slope | intercept | R² | farthest point | exponent |", "|---|---|---|---|---|---|"]
    ngrams = {
        "length ours": "ms a text over pieces, ours",
        "length captum": "ms a text over pieces, Captum",
        "corpus": "CPU seconds over rows",
    }
    for name, unit in ngrams.items():
        cell = cells[f"fit {name}"]
        facts = f"{cell['slope']} | {cell['intercept']} | {cell['r_squared']} | {cell['farthest_percent']} %"
        lines.append(f"| {unit} | {facts} | {cell['exponent']} |")
    return lines


def _lengths(cells: dict[str, Cell]) -> list[str]:
    """Return the table of lengths. The share of attention in the multiply-adds is what bends the line."""
    lines = [f"## Length, {NODES} nodes", ""]
    lines += [
        "| pieces | texts | ms a text, ours (least to most) | ms a piece, ours | Captum, ms a text | ms a piece | Captum over ours | scores apart at most | attention's share of multiply-adds |",
        "|" + "---|" * 9,
    ]
    for length in LENGTHS:
        cell = cells[f"length {length}"]
        ours, theirs = (_spread(cell[side]) for side in SIDES)
        share = 2 * length / (12 * WIDTH + 2 * length)
        facts = [str(length), str(cell["texts"]), ours, str(cell["ours_ms_per_piece"]), theirs]
        facts += [str(cell["captum_ms_per_piece"]), f"{cell['captum_over_ours']}x", str(cell["apart_worst"])]
        lines.append("| " + " | ".join([*facts, f"{share:.0%}"]) + " |")
    return lines


def _corpora(cells: dict[str, Cell]) -> list[str]:
    """Return the table of corpus sizes."""
    train = cells.get("train")
    model = (
        f"`{train['start']}`, trained on {train['rows']} rows, accuracy {train['accuracy']}" if train else ""
    )
    lines = [
        f"## Corpus, `augment run explain -c {CORPUS}`",
        "",
        *([f"Model: {model}.", ""] if model else []),
    ]
    lines += [
        "| rows | CPU seconds (least to most) | ms a row | peak MiB | evaluations a row | error bound median | worst | statuses |",
        "|" + "---|" * 8,
    ]
    for size in SIZES:
        cell, seconds = cells[f"corpus {size} turn 0"], sorted(_seconds(cells, size))
        middle = statistics.median(seconds)
        peak = max(float(str(cells[f"corpus {size} turn {turn}"]["peak_mebibytes"])) for turn in range(RUNS))
        statuses = cell["statuses"]
        reported = (
            [f"{name} {count}" for name, count in statuses.items()] if isinstance(statuses, dict) else []
        )
        facts = [
            cell["rows"],
            f"{middle} ({seconds[0]} to {seconds[-1]})",
            round(1000 * middle / size, 2),
            peak,
        ]
        facts += [cell["mean_evals"], cell["median_error"], cell["worst_error"], ", ".join(sorted(reported))]
        lines.append("| " + " | ".join(str(fact) for fact in facts) + " |")
    return lines


def _seconds(cells: dict[str, Cell], size: int) -> list[float]:
    """Return the CPU seconds of every run over so many rows; ValueError if one was over fewer."""
    runs = [cells[f"corpus {size} turn {turn}"] for turn in range(RUNS)]
    if any(run["rows"] != size for run in runs):
        raise ValueError(f"not all of {size} rows were worked on")
    return [float(str(run["cpu_seconds"])) for run in runs]


def _spread(cost: object) -> str:
    """Return the median with the least and the most."""
    if not isinstance(cost, dict):
        raise TypeError("no cost")
    return f"{cost['ms_per_text']} ({cost['least']} to {cost['most']})"


def draw(cells: dict[str, Cell]) -> None:
    """Write ig_scaling.svg, the same bytes for the same numbers."""
    rcParams.update({"svg.hashsalt": "ig_scaling", "svg.fonttype": "none", "font.size": 10})
    figure = Figure(figsize=(10, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    looks = {
        "length ours": ("ours", "o", "C0"),
        "length captum": ("Captum", "s", "C1"),
        "corpus": ("", "o", "C0"),
    }
    for name, values in points(cells).items():
        _panel(right if name == "corpus" else left, values, cells[f"fit {name}"], looks[name])
    left.set(title=f"Length, {NODES} nodes", xlabel="pieces", ylabel="CPU ms a text", xticks=LENGTHS)
    right.set(title=f"augment run explain, {CORPUS}", xlabel="rows", ylabel="CPU seconds", xticks=SIZES[2:])
    for axes in (left, right):
        axes.set_xlim(0)
        axes.set_ylim(min(0.0, axes.get_ylim()[0]))
    figure.savefig(HERE / "attribution/ig_scaling.svg", metadata={"Date": None})


def _panel(
    axes: Axes, values: tuple[list[float], list[float]], line: Cell, look: tuple[str, str, str]
) -> None:
    """Draw points and their line."""
    (inputs, outputs), (name, marker, colour) = values, look
    slope, intercept = (float(str(line[part])) for part in ("slope", "intercept"))
    axes.plot(inputs, outputs, marker, color=colour, label=name or "measured")
    ends = [0.0, max(inputs)]
    words = f"{slope:.3g} x {'+' if intercept >= 0 else '−'} {abs(intercept):.3g}, R² = {line['r_squared']}"
    axes.plot(ends, [slope * end + intercept for end in ends], "-", color=colour, linewidth=1, label=words)
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)


def _spent() -> float:
    """Return the CPU seconds of all processes that this one started and that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = command_line(__doc__, "ig_scaling")
    parser.add_argument(
        "--model", type=Path, default=None, help="a bert-small of news-zh, trained if there is none"
    )
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    return arguments


if __name__ == "__main__":
    main()
