"""Measure what matrix products in bfloat16 on a CPU save in integrated gradients, and what they do to scores.

    OMP_NUM_THREADS=1 python -m benchmarks.attribution.bfloat16_products --minilm FOLDER [--nets sst2-minilm electra]

Two values of `run.dtype` next to float32: `bfloat16_products` (both passes) and `bfloat16_gradients` (the backward pass). Integrated
gradients at 5 %, each dtype with its own calibration of 48 texts, on 100 other texts. Ratio: CPU seconds of float32 over those of
the dtype, one thread: prediction, F at both ends, gradients, and what is computed again in float32; dtypes one after the other in each
turn, three turns: median, least and most. A calibration is not in it: it is in the cache of all runs but the first.

* error: sum |score - exact| / sum |exact| of a text, exact being Gauss-Legendre with 24 nodes in float32 (its own completeness: gap).
* kept: rows that claim the tolerance whose error is within it, and whose scores miss F(x) - F(x') of float32 by no more. In
  float32 the error is that of the rule alone.
* arithmetic alone: 30 of the texts, both sides at the same 24 nodes. `F`: |F - F in float32| / |F(x) - F(x')| at the node next to the text.

So a gradient of a wide net is cheaper (last table), but at 5 % the rough paths of a fine-tuned MiniLM lose that again: what the products lose looks like a
miss of completeness, so rows get more nodes, and some are computed again in float32 (evaluations count both). Not measured: the net on hotel reviews, whose
training was broken off for want of time; AMX and AArch64.

Nets: MiniLM fine-tuned on SST-2 (64 pieces at most), four layers of the Chinese and English encoder e5-small on hotel reviews (the first 64 pieces),
and two that nothing was tuned on, of `untuned_nets.py`. The processor and its instructions are below the tables.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch

from augment.attribution.calibration import Calibration, calibrate
from augment.attribution.float32_retry import attribute
from augment.attribution.path_integral import ModelInputs, Plan, Traced, trace
from augment.config.sections import ModelConfig, RunConfig
from augment.ig.quadrature import gauss_legendre
from augment.ig.residual import incomplete
from augment.models.classifier import Classifier, open_classifier
from augment.models.device import Dtype
from benchmarks.attribution.untuned_nets import drawn, errors_of, opened, references
from benchmarks.common import SHARED, Cell, Results, command_line, part, some_texts, write_page

NAME, TITLE = "attribution/bfloat16_products", "Matrix products in bfloat16 on a CPU"
TOLERANCE, NODES, TEXTS, TURNS, LONGEST, DRAW = 0.05, 24, 100, 3, 64, 8
# Texts on which the arithmetic alone is measured.
FEW = 30
# Texts of which an evaluation alone is timed.
TIMED = 10
DTYPES: tuple[Dtype, ...] = ("float32", "bfloat16_products", "bfloat16_gradients")
TUNED = ["train.limit=1500", "train.epochs=2", "train.learning_rate=0.0001"]
TRAINED = {
    "sst2-minilm": ("sst2-en", ["train.start={minilm}", *TUNED]),
    "hotel-e5-4": ("hotel-zh", ["train.start={encoder}", "train.layers=4", *TUNED]),
}
UNTUNED = {"electra": "trec-en", "distilbert": "trec-en"}


def main() -> None:
    """Measure what is missing, and write the page."""
    arguments = _arguments()
    torch.set_num_threads(1)
    results = Results(NAME)
    for net in arguments.nets:
        if f"{net} seconds" not in results.cells:
            measure(net, arguments, results)
        if f"{net} evaluations" not in results.cells:
            measure_evaluations(net, arguments, results)
    write_page(NAME, TITLE, __doc__, table(results))


def measure(net: str, arguments: argparse.Namespace, results: Results) -> None:
    """Measure one net: its reference, the arithmetic alone, calibrations, then the turns."""
    classifier = net_of(net, arguments, results)
    corpus = TRAINED[net][0] if net in TRAINED else UNTUNED[net]
    sample, rows = drawn(classifier, some_texts(corpus, arguments.data, 4000), DRAW, TEXTS)
    dense, few = paths(classifier, rows, "float32"), rows.take(range(FEW))
    short = {dtype: paths(classifier, few, dtype) for dtype in DTYPES[1:]}
    results.save(f"{net} arithmetic", arithmetic(dense, short))
    plans = {dtype: calibrated(classifier, sample, dtype).plan(Plan(tolerance=TOLERANCE)) for dtype in DTYPES}
    turns: list[list[float]] = []
    cell: Cell = {"texts": TEXTS, "pieces": round(float(np.mean([len(row) for row in rows.pieces])), 1)}
    for _ in range(TURNS):
        spent = []
        for dtype in DTYPES:
            with computing_in(classifier, dtype):
                began = time.process_time()
                answered = ModelInputs(
                    rows.pieces, rows.segments, classifier.answer(rows.pieces, rows.segments), rows.target
                )
                scores = attribute(classifier, answered, plans[dtype])
                spent.append(round(1000 * (time.process_time() - began) / TEXTS, 3))
            cell[dtype] = kept(scores.pieces, scores.status, dense) | {
                "evaluations": round(float(scores.evals.mean()), 2),
            }
        turns.append(spent)
    results.save(f"{net} seconds", {**cell, "ms a text": turns, "processor": processor()})


def measure_evaluations(net: str, arguments: argparse.Namespace, results: Results) -> None:
    """Measure what an evaluation costs in each arithmetic, by turns at the same nodes: nothing is computed again."""
    classifier = net_of(net, arguments, results)
    corpus = TRAINED[net][0] if net in TRAINED else UNTUNED[net]
    _, rows = drawn(classifier, some_texts(corpus, arguments.data, 4000), DRAW, TEXTS)
    few = rows.take(range(TIMED))
    turns: list[list[float]] = []
    for _ in range(TURNS):
        spent = []
        for dtype in DTYPES:
            began = time.process_time()
            paths(classifier, few, dtype)
            spent.append(round(1000 * (time.process_time() - began) / TIMED / NODES, 4))
        turns.append(spent)
    results.save(f"{net} evaluations", {"texts": TIMED, "ms": turns})


def kept(pieces: list[np.ndarray], status: list[str], dense: list[Traced]) -> dict[str, object]:
    """Return how many rows claim the tolerance, how many of them are within it, and the error of all."""
    exact, size = references(dense)
    far = errors_of(pieces, exact, size)
    start, end = torch.tensor([[path.start, path.end] for path in dense], dtype=torch.float64).T
    sums = torch.tensor([float(row.sum()) for row in pieces], dtype=torch.float64)
    off = incomplete(sums - (end - start), start, end, torch.from_numpy(size), TOLERANCE).numpy()
    claims = np.asarray([one == "converged" for one in status])
    return {
        "claim": int(claims.sum()),
        "within": int((claims & (far <= TOLERANCE) & ~off).sum()),
        "error": _spread(far),
    }


def arithmetic(dense: list[Traced], short: dict[Dtype, list[Traced]]) -> Cell:
    """Return what each dtype alone does to scores at the same nodes, and to F next to the text."""
    exact, size = references(dense)
    change = np.asarray([path.end - path.start for path in dense])
    gap = np.abs([row.sum() for row in exact] - change) / np.abs(change)
    cell: Cell = {"nodes": NODES, "texts": FEW, "gap": _spread(gap)}
    for dtype, there in short.items():
        far = errors_of(references(there)[0], exact[:FEW], size[:FEW])
        moved = [
            abs(one.values[-1] - other.values[-1]) for one, other in zip(there, dense[:FEW], strict=True)
        ]
        cell[dtype] = {"error": _spread(far), "F": _spread(moved / np.abs(change[:FEW]))}
    return cell


def _spread(values: np.ndarray) -> list[float]:
    """Return median, 95th percentile and largest value."""
    return [round(float(value), 5) for value in np.quantile(values, (0.5, 0.95, 1.0))]


def paths(classifier: Classifier, rows: ModelInputs, dtype: Dtype) -> list[Traced]:
    """Return the paths of rows at the nodes of the reference, in an arithmetic."""
    with computing_in(classifier, dtype):
        logits = classifier.answer(rows.pieces, rows.segments)
        requested = ModelInputs(rows.pieces, rows.segments, logits, rows.target)
        return trace(classifier, requested, Plan(), gauss_legendre(NODES)[0])


def calibrated(classifier: Classifier, sample: ModelInputs, dtype: Dtype) -> Calibration:
    """Return the calibration that a run of a dtype makes."""
    with computing_in(classifier, dtype):
        return calibrate(classifier, sample, Plan(tolerance=TOLERANCE))[0]


@contextmanager
def computing_in(classifier: Classifier, dtype: Dtype) -> Iterator[None]:
    """Compute in an arithmetic within the block."""
    before, classifier.dtype = classifier.dtype, dtype
    try:
        yield
    finally:
        classifier.dtype = before


def net_of(net: str, arguments: argparse.Namespace, results: Results) -> Classifier:
    """Return a trained net, made by the first call."""
    if net in UNTUNED:
        return opened(net, arguments, results)
    corpus, settings = TRAINED[net]
    folder = arguments.work / net
    if not folder.exists():
        filled = [word.format(minilm=arguments.minilm, encoder=arguments.encoder) for word in settings]
        line = [sys.executable, "-m", "augment", "train", "-c", corpus, "--data", str(arguments.data)]
        line += ["--model", str(folder), "--json", "--quiet"]
        line += [word for setting in filled for word in ("--set", setting)]
        line += ["--set", f"model.max_length={LONGEST if net == 'sst2-minilm' else 2 * LONGEST}"]
        subprocess.run(line, capture_output=True, text=True, check=True)
    return open_classifier(
        ModelConfig(path=str(folder), max_length=LONGEST), RunConfig(device="cpu", threads=1)
    )


def processor() -> str:
    """Return the name of the processor and which instructions for bfloat16 it has."""
    known = torch.cpu.get_capabilities()
    names = [name for name in ("avx512_bf16", "amx_bf16", "bf16") if known.get(name)]
    return f"{known.get('cpu_name', known.get('architecture'))} ({', '.join(names)})"


def table(results: Results) -> list[str]:
    """Return the lines of the tables."""
    cells = results.cells
    nets = [net for net in (*TRAINED, *UNTUNED) if f"{net} seconds" in cells]
    lines = [
        "| net | pieces | dtype | ms a text | over float32 | least and most of turns | evaluations | claim it | kept | error median | p95 | worst |",
        "|" + " --- |" * 12,
    ]
    for net in nets:
        cell = cells[f"{net} seconds"]
        turns = np.asarray(cell["ms a text"])
        for column, dtype in enumerate(DTYPES):
            facts = part(cell, dtype)
            ratios = turns[:, 0] / turns[:, column]
            errors = " | ".join(f"{value:.4f}" for value in facts["error"])
            lines.append(
                f"| {net} | {cell['pieces']} | {dtype} | {np.median(turns[:, column]):.1f} | {np.median(ratios):.2f}x "
                f"| {ratios.min():.2f}x-{ratios.max():.2f}x | {facts['evaluations']} | {facts['claim']} of {cell['texts']} "
                f"| {facts['within'] / max(facts['claim'], 1):.0%} | {errors} |"
            )
    lines += ["", "The arithmetic alone, at the same nodes:", ""]
    lines += ["| net | dtype | error median | p95 | worst | F median | p95 | worst |", "|" + " --- |" * 8]
    for net in nets:
        cell = cells[f"{net} arithmetic"]
        for dtype in DTYPES[1:]:
            facts = part(cell, dtype)
            shown = " | ".join(f"{value:.4f}" for value in (*facts["error"], *facts["F"]))
            lines.append(f"| {net} | {dtype} | {shown} |")
    lines += ["", "An evaluation alone, at the same nodes, nothing computed again:", ""]
    lines += [
        "| net | texts | " + " | ".join(f"{dtype}, ms" for dtype in DTYPES) + " | over float32 |",
        "|" + " --- |" * 6,
    ]
    for net in (net for net in nets if f"{net} evaluations" in cells):
        spent = np.asarray(cells[f"{net} evaluations"]["ms"])
        ratios = " and ".join(
            f"{np.median(spent[:, 0] / spent[:, column]):.2f}x" for column in range(1, len(DTYPES))
        )
        shown = " | ".join(f"{value:.2f}" for value in np.median(spent, 0))
        lines.append(f"| {net} | {cells[f'{net} evaluations']['texts']} | {shown} | {ratios} |")
    gaps = ", ".join(f"{net} {np.asarray(cells[f'{net} arithmetic']['gap'])[1]:.2%}" for net in nets)
    machines = ", ".join(sorted({str(cells[f"{net} seconds"]["processor"]) for net in nets}))
    return [*lines, "", f"Completeness of the reference, 95th percentile: {gaps}. Processor: {machines}."]


def _arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = command_line(__doc__, "bfloat16_products")
    parser.add_argument("--nets", nargs="*", default=(*TRAINED, *UNTUNED), choices=(*TRAINED, *UNTUNED))
    parser.add_argument("--minilm", type=Path, help="folder of all-MiniLM-L6-v2, for sst2-minilm")
    encoder = SHARED / "models/e5-small-zh-en"
    parser.add_argument("--encoder", type=Path, default=encoder, help="folder of an encoder, for hotel-e5-4")
    return parser.parse_args()


if __name__ == "__main__":
    main()
