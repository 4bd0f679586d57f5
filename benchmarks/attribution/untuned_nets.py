"""Count how often integrated gradients keep their promise on nets that nothing was tuned on, and what they cost.

    OMP_NUM_THREADS=1 python -m benchmarks.attribution.untuned_nets [--nets electra distilbert xlmr deep]

Four shapes, small widths, trained from scratch on trec-en (`start` is a net of random weights with pieces of the corpus,
400 steps, 5e-4): ELECTRA (4 layers x 128), DistilBERT (3 x 192), XLM-R's shape (4 x 128, learned positions from 2 on) and a BERT of
24 layers (x 64). In each of 8 draws 48 texts are the sample to calibrate on, at 5 %, and others are scored: 40 of
DistilBERT and ELECTRA (the reference has 128 Gauss-Legendre nodes; 100 and 256 in the first six draws of DistilBERT), 24 of the
others (96 nodes).

* kept: the share of rows that claim the tolerance whose error and gap are within it. Error: sum of |difference| over sum of
  |score|, from the reference; a row whose reference itself misses completeness by 1 % is not counted.
* calibrated: with the calibration, as a corpus of 160 rows or more has it; cautious: with its rules and cautious bounds, as a
  smaller corpus has them that finds it in the cache; not calibrated: without one, as a corpus of under 200 rows has it that finds none.
* before: with the margin of 1.15 and the first rules of 5, 7, 9 nodes wherever paths seemed easy, and trials at 64 nodes but there.
* evaluations: of the gradient, a row; what calibration and trial take is not in it, but is in the second table.
* expert: the smallest even number of Gauss-Legendre nodes for all rows whose 95th percentile of error is no larger.

The second table has the expert's evaluations over ours for corpora of a size: warm, with a calibration in the cache, which is tried
on a row in 20, at most 12 (32 nodes each where a dozen do, else 64), and cold: without. And what a row costs warm, in evaluations,
over a row of 1,000. Padding and overhead are not in it; they are in the last table, the CPU time of one thread with `--seconds`:
prediction, F at both ends and gradients of 200 other texts with a calibration of 48, and Captum's `IntegratedGradients` with as many nodes
as the expert of the first table has in the mean, texts sorted by length, by 32; five turns, one after the other.

The third table is a bound that nothing can pass that chooses how many nodes a row gets: every row has the least nodes that are enough
for it, known only afterwards, among Gauss-Legendre's rules of 1 to 40 nodes and those of the calibration, with completeness
correction or without; nothing is spent on finding out. The expert next to it has the same 95th percentile of error.

What was tried to keep more and spend less, on other texts of these nets, is in rule_choices.md; the cap on the wide margin of a factor was set
after draws 0 to 2 of DistilBERT, of which two had factors of 5 and 6 and took more nodes than without a calibration. Another
fixed rule for all rows is an expert's own, whose gain is at most one node.

The interval of kept is Clopper-Pearson's, 95 %, over all rows of a net. Cells that are in untuned_nets.json are not measured again.
"""

import argparse
import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from scipy.stats import beta
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    DistilBertConfig,
    DistilBertForSequenceClassification,
    ElectraConfig,
    ElectraForSequenceClassification,
    PretrainedConfig,
    PreTrainedModel,
    XLMRobertaConfig,
    XLMRobertaForSequenceClassification,
)

from augment.attribution.calibrating import TRIED_EACH, TRIED_ENOUGH, TRIED_MOST
from augment.attribution.calibration import LEAST_ROWS, calibrate, cautious, trial_nodes
from augment.attribution.path_integral import ModelInputs, Plan, Scores, Traced, attribute, trace
from augment.attribution.rule_trials import seen
from augment.config.job import read_job
from augment.config.sections import ModelConfig, RunConfig
from augment.config.shipped import find
from augment.ig.quadrature import Chain, Level, gauss_legendre, resampling
from augment.ig.residual import integrate
from augment.models.classifier import Classifier, open_classifier
from augment.tables.files import whole
from augment.training import train
from augment.training.wordpiece import learn
from benchmarks.attribution.ig_speed import captum
from benchmarks.common import Cell, Results, command_line, part, some_texts, write_page

CORPUS, TOLERANCE, DRAWS = "trec-en", 0.05, 8
SAMPLE, LONGEST = 48, 48
# Rows scored in a draw, and nodes of their reference; of the first draws of DistilBERT there are more.
ROWS = {"distilbert": (40, 128), "electra": (40, 128), "deep": (24, 96), "xlmr": (24, 96)}
MORE, MORE_DRAWS = (100, 256), 6
# Gradient evaluations a second of these nets on texts of this length, on one core that is not shared.
_PACE = 500
# What no row is over in what foresight could do, and the largest rule it may choose.
ERRORS, _FORESEEN = (0.05, 0.03, 0.02, 0.01), 40
# Texts whose seconds are measured, and how often.
TIMED, TURNS = 200, 5
TITLE = "The promise on nets nobody tuned for"
NETS = ("electra", "distilbert", "xlmr", "deep")
BEFORE = ", before"
WAYS = ("calibrated", "cautious", "not calibrated")
SIZES = (1000, 200, 20, 1)


def main() -> None:
    """Measure what is missing, and write the table."""
    parser = command_line(__doc__, "untuned_nets")
    parser.add_argument("--nets", nargs="*", default=NETS, choices=NETS)
    parser.add_argument("--draws", type=int, default=DRAWS)
    parser.add_argument(
        "--trace", action="store_true", help="train the nets and trace the references, measure nothing"
    )
    parser.add_argument(
        "--seconds", action="store_true", help="measure CPU seconds next to Captum's, nothing else"
    )
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    results = Results("attribution/untuned_nets")
    if arguments.seconds:
        for net in arguments.nets:
            if f"{net} seconds" not in results.cells:
                results.save(f"{net} seconds", seconds(net, arguments, results))
        write_page("attribution/untuned_nets", TITLE, __doc__, table(results))
        return
    waiting = [
        (net, draw)
        for net in arguments.nets
        for draw in range(arguments.draws)
        if not paths_file(arguments, net, draw).exists()
    ]
    minutes = sum(math.prod(size_of(net, draw)) for net, draw in waiting) / _PACE / 60
    print(f"about {minutes:.0f} minutes on one core to trace {len(waiting)} draws; resumable", flush=True)
    for net in arguments.nets:
        wanted = [draw for draw in range(arguments.draws) if f"{net} draw {draw}" not in results.cells]
        if wanted:
            classifier = opened(net, arguments, results)
            texts = some_texts(CORPUS, arguments.data)
            for draw in wanted:
                count, nodes = size_of(net, draw)
                sample, scored = drawn(classifier, texts, draw, count)
                dense = traced(classifier, scored, nodes, paths_file(arguments, net, draw))
                if not arguments.trace:
                    results.save(f"{net} draw {draw}", measured(classifier, sample, scored, dense))
                    write_page("attribution/untuned_nets", TITLE, __doc__, table(results))
    write_page("attribution/untuned_nets", TITLE, __doc__, table(results))


def random_net(net: str, size: int) -> PreTrainedModel:
    """Return a net of random weights."""
    kinds: dict[str, tuple[type[PretrainedConfig], type[PreTrainedModel], dict[str, int]]] = {
        "electra": (ElectraConfig, ElectraForSequenceClassification, {"embedding_size": 128, "hidden_size": 128, "num_hidden_layers": 4, "num_attention_heads": 4, "intermediate_size": 256}),
        "distilbert": (DistilBertConfig, DistilBertForSequenceClassification, {"dim": 192, "n_layers": 3, "n_heads": 6, "hidden_dim": 384}),
        "xlmr": (XLMRobertaConfig, XLMRobertaForSequenceClassification, {"hidden_size": 128, "num_hidden_layers": 4, "num_attention_heads": 4, "intermediate_size": 256, "max_position_embeddings": 514, "pad_token_id": 0, "type_vocab_size": 1}),
        "deep": (BertConfig, BertForSequenceClassification, {"hidden_size": 64, "num_hidden_layers": 24, "num_attention_heads": 4, "intermediate_size": 128}),
    }  # fmt: skip
    config, kind, shape = kinds[net]
    torch.manual_seed(0)
    return kind(config(vocab_size=size, **shape))


def size_of(net: str, draw: int) -> tuple[int, int]:
    """Return how many rows of a draw are scored, and the nodes of their reference."""
    return MORE if net == "distilbert" and draw < MORE_DRAWS else ROWS[net]


def paths_file(arguments: argparse.Namespace, net: str, draw: int) -> Path:
    """Return where the dense paths of a draw are kept."""
    return Path(arguments.work) / f"{net}-{draw}.npz"


def drawn(
    classifier: Classifier, texts: Sequence[str], draw: int, count: int
) -> tuple[ModelInputs, ModelInputs]:
    """Return the texts of a draw to calibrate on, and those to score."""
    order = np.random.default_rng(draw).permutation(len(texts))
    rows = [texts[index] for index in order[: SAMPLE + count]]
    return inputs(classifier, rows[:SAMPLE]), inputs(classifier, rows[SAMPLE:])


def traced(classifier: Classifier, rows: ModelInputs, nodes: int, file: Path) -> list[Traced]:
    """Return the paths of rows at the nodes of the reference, kept in a file."""
    if not file.exists():
        began = time.monotonic()
        paths = trace(classifier, rows, Plan(), gauss_legendre(nodes)[0])
        arrays: dict[str, Any] = {
            f"along{row}": path.along.astype(np.float32) for row, path in enumerate(paths)
        }
        ends = np.asarray([[*path.values, path.start, path.end] for path in paths])
        with whole(file) as stream:
            np.savez_compressed(stream, ends=ends, **arrays)
        print(f"{file.stem}: {len(paths)} paths in {time.monotonic() - began:.0f} s", flush=True)
    held = np.load(file)
    return [
        Traced(held[f"along{row}"].astype(np.float64), line[:-2], float(line[-2]), float(line[-1]))
        for row, line in enumerate(held["ends"])
    ]


def opened(net: str, arguments: argparse.Namespace, results: Results) -> Classifier:
    """Return the trained net, made by the first call."""
    folder, start = arguments.work / net, arguments.work / f"{net}-start"
    if not folder.exists():
        tokenizer = learn(some_texts(CORPUS, arguments.data, 5000), 3000, LONGEST)
        random_net(net, len(tokenizer)).save_pretrained(start)
        tokenizer.save_pretrained(start)
        settings = [f"corpus.root={arguments.data}", f"model.path={folder}", f"model.max_length={LONGEST}"]
        settings += [f"train.start={start}", "train.steps=400", "train.learning_rate=0.0005"]
        settings += ["train.baseline=false", "train.limit=5000", "run.threads=1"]
        job = read_job([find("configs", CORPUS)], settings)
        job = job.model_copy(update={"train": job.train.model_copy(update={"vocabulary": 8000})})
        made = train(job)
        results.save(f"{net} trained", {"accuracy": made.accuracy, "majority": made.majority})
    return open_classifier(
        ModelConfig(path=str(folder), max_length=LONGEST), RunConfig(device="cpu", threads=1)
    )


def measured(classifier: Classifier, sample: ModelInputs, scored: ModelInputs, dense: list[Traced]) -> Cell:
    """Return what one draw shows."""
    calibration, taught = calibrate(classifier, sample, Plan(tolerance=TOLERANCE))
    plain = Plan(tolerance=TOLERANCE)
    plans = (calibration.plan(plain), cautious(calibration).plan(plain), plain)
    cell: Cell = {
        "rows": len(dense),
        "factor": round(calibration.factor, 3),
        "shape": calibration.shape,
        "calibration": {"texts": calibration.texts, "evaluations": int(taught.evals.sum())},
        "trial": trial_nodes(calibration, TOLERANCE),
    }
    for way, plan in zip(WAYS, plans, strict=True):
        same = way == WAYS[1] and plan.factor == plans[0].factor
        cell[way] = cell[WAYS[0]] if same else kept(attribute(classifier, scored, plan), dense)
    cell["foresight"] = foresight(dense, plans[0].chains[0])
    return cell


def seconds(net: str, arguments: argparse.Namespace, results: Results) -> Cell:
    """Return the CPU milliseconds a text of ours, warm, and of Captum's with an expert's nodes, each turn after the other."""
    classifier = opened(net, arguments, results)
    texts = some_texts(CORPUS, arguments.data)
    sample, rows = drawn(classifier, texts, DRAWS, TIMED)
    calibration, _ = calibrate(classifier, sample, Plan(tolerance=TOLERANCE))
    cells = [cell for key, cell in results.cells.items() if key.startswith(f"{net} draw")]
    nodes = round(float(np.mean([part(cell, WAYS[0])["expert"] for cell in cells])))
    order = sorted(range(TIMED), key=lambda row: len(rows.pieces[row]))
    batches = [
        classifier.batch([rows.pieces[row] for row in some], [rows.segments[row] for row in some])
        for some in (order[begin : begin + 32] for begin in range(0, TIMED, 32))
    ]
    turns: list[tuple[float, float]] = []
    for _ in range(TURNS):
        began = time.process_time()
        classifier.answer(rows.pieces, rows.segments)
        attribute(classifier, rows, calibration.plan(Plan(tolerance=TOLERANCE)))
        ended = time.process_time()
        for batch in batches:
            captum(classifier, batch, nodes)
        turns.append((1000 * (ended - began) / TIMED, 1000 * (time.process_time() - ended) / TIMED))
    return {"texts": TIMED, "nodes": nodes, "turns": [[round(one, 3) for one in turn] for turn in turns]}


def foresight(dense: list[Traced], chain: Chain) -> list[dict[str, float]]:
    """Return what the least nodes of every row would cost, known only afterwards, for several errors that no row is over.

    The rules to choose from, another one for each row: Gauss-Legendre's of 1 to 40 nodes, with completeness correction and
    without, and those of the calibration's chain.
    """
    steps = len(dense[0].values)
    exact, size = references(dense)
    rules = [gauss_legendre(nodes) for nodes in range(1, _FORESEEN + 1)]
    rules += [(chain.nodes[: level.count], level.weights) for level in chain.levels]
    least = {error: np.full(len(dense), steps) for error in ERRORS}
    reached = {error: np.zeros(len(dense)) for error in ERRORS}
    for positions, weights in rules:
        paths = seen(dense, resampling(steps, positions))
        for corrected in (False, True):
            far = errors_of(integrate(paths, Level(weights, corrected)).scores.numpy(), exact, size)
            for error in ERRORS:
                better = (far <= error) & (len(weights) < least[error])
                least[error][better], reached[error][better] = len(weights), far[better]
    result = []
    for error in ERRORS:
        p95 = float(np.quantile(reached[error], 0.95))
        nodes = expert(dense, exact, size, p95)
        evaluations = float(least[error].mean())
        result.append(
            {"error": error, "evaluations": round(evaluations, 2), "p95": round(p95, 4), "expert": nodes}
        )
    return result


def references(dense: list[Traced]) -> tuple[list[np.ndarray], np.ndarray]:
    """Return the exact scores of each row, and the sum of their sizes."""
    weights = gauss_legendre(len(dense[0].values))[1]
    exact = [weights @ path.along for path in dense]
    return exact, np.asarray([max(np.abs(row).sum(), 1e-12) for row in exact])


def errors_of(scores: Iterable[np.ndarray], exact: list[np.ndarray], size: np.ndarray) -> np.ndarray:
    """Return the error of each row, of scores that may be filled up with zeros."""
    rows = zip(scores, exact, strict=True)
    return np.asarray(np.array([np.abs(row[: len(truth)] - truth).sum() for row, truth in rows]) / size)


def kept(scores: Scores, dense: list[Traced]) -> dict[str, object]:
    """Return how many rows claim the tolerance, how many of them are within it, and what an expert needs for the same error."""
    exact, size = references(dense)
    far = errors_of(scores.pieces, exact, size)
    change = np.asarray([abs(path.end - path.start) for path in dense])
    gap = np.asarray([abs(row.sum() - path.end + path.start) for row, path in zip(exact, dense, strict=True)])
    sound = (gap <= 0.01 * change) | (gap <= 1e-3 * size)
    claims = sound & np.asarray([status == "converged" for status in scores.status])
    within = claims & (far <= TOLERANCE) & ~scores.incomplete(TOLERANCE)
    p95 = float(np.quantile(far, 0.95))
    return {
        "claim": int(claims.sum()),
        "within": int(within.sum()),
        "evaluations": round(float(scores.evals.mean()), 2),
        "most": int(scores.evals.max()),
        "p95": round(p95, 4),
        "expert": expert(dense, exact, size, p95),
    }


def expert(dense: list[Traced], exact: list[np.ndarray], size: np.ndarray, error: float) -> int:
    """Return the smallest even number of Gauss-Legendre nodes whose 95th percentile of error is at most `error`."""
    steps = len(dense[0].values)
    for nodes in range(2, steps, 2):
        positions, weights = gauss_legendre(nodes)
        rule = weights @ resampling(steps, positions)
        far = [np.abs(rule @ path.along - row).sum() for path, row in zip(dense, exact, strict=True)]
        if np.quantile(far / size, 0.95) <= error:
            return nodes
    return steps


def inputs(classifier: Classifier, texts: Sequence[str]) -> ModelInputs:
    """Return texts as rows, cut to one window."""
    first = replace(classifier.windows, pooling="first")
    classifier.windows = first
    encodings = classifier.encode(texts, [None] * len(texts))
    pieces, segments = [row.pieces for row in encodings], [row.segments for row in encodings]
    logits = classifier.answer(pieces, segments)
    return ModelInputs(pieces, segments, logits, logits.argmax(-1))


def table(results: Results) -> list[str]:
    """Return one line for each net and way, and one for each net and size."""
    lines = [
        "| net | factor | draws | rows that claim it | kept | interval | worst draw | evaluations a row | the most | p95 of the error | expert |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    sizes = [
        "| net | rows | over an expert, warm | worst draw | over an expert, cold | worst draw | cost of a row, warm, over one of 1,000 |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    foreseen = [
        "| net | no row over | evaluations a row | p95 of the error | expert | over an expert | best draw |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for net in NETS:
        cells = [cell for key, cell in results.cells.items() if key.startswith(f"{net} draw")]
        before = [cell for key, cell in results.cells.items() if key.startswith(f"{net} before")]
        lines += [_line(net, WAYS[0], before, BEFORE)] if before else []
        sizes += [_size_line(net, SIZES[0], before, BEFORE)] if before else []
        lines += [_line(net, way, cells) for way in WAYS if cells]
        sizes += [_size_line(net, size, cells) for size in SIZES if cells]
        foreseen += [_foreseen_line(net, error, cells) for error in ERRORS if cells]
    measured_nets = [net for net in NETS if f"{net} seconds" in results.cells]
    timed = [
        "",
        "| net | texts | ms a text: ours, warm | Captum | its nodes | over Captum | least and most of turns |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        *(_timed_line(net, results.cells[f"{net} seconds"]) for net in measured_nets),
    ]
    trained = [
        f"{net} {part(results.cells, f'{net} trained')['accuracy']:.1%}"
        for net in NETS
        if f"{net} trained" in results.cells
    ]
    return [
        f"Accuracy on the test split: {', '.join(trained)}.",
        "",
        *lines,
        "",
        *sizes,
        "",
        "The least nodes of every row, known afterwards:",
        "",
        *foreseen,
        *(timed if measured_nets else ()),
    ]


def _line(net: str, way: str, cells: Sequence[Cell], note: str = "") -> str:
    """Return how often a net keeps the promise in one way."""
    each = [part(cell, way) for cell in cells]
    claim, within = (sum(one[name] for one in each) for name in ("claim", "within"))
    low = float(beta.ppf(0.025, within, claim - within + 1)) if claim else 0.0
    high = float(beta.ppf(0.975, within + 1, claim - within)) if claim > within else 1.0
    worst = min((one["within"] / one["claim"] for one in each if one["claim"]), default=0.0)
    factors = [float(str(cell["factor"])) for cell in cells]
    spread = f"{min(factors):.2f}-{max(factors):.2f}" if way == WAYS[0] else ""
    evaluations, p95, nodes = (
        np.mean([one[name] for one in each]) for name in ("evaluations", "p95", "expert")
    )
    most = max(one["most"] for one in each)
    return (
        f"| {net}, {way}{note} | {spread} | {len(each)} | {claim:,} | {within / max(claim, 1):.2%} | {low:.2%}-{high:.2%} "
        f"| {worst:.1%} | {evaluations:.1f} | {most} | {p95:.3f} | {nodes:.1f} |"
    )


def _timed_line(net: str, cell: Cell) -> str:
    """Return the seconds of a net, the medians of its turns."""
    turns = np.asarray(cell["turns"])
    ours, theirs = np.median(turns, axis=0)
    ratios = turns[:, 1] / turns[:, 0]
    return (
        f"| {net} | {cell['texts']} | {ours:.1f} | {theirs:.1f} | {cell['nodes']} | {np.median(ratios):.2f}x "
        f"| {ratios.min():.2f}x-{ratios.max():.2f}x |"
    )


def _foreseen_line(net: str, error: float, cells: Sequence[Cell]) -> str:
    """Return what the least nodes of every row would cost, next to an expert's."""
    each = [
        one
        for cell in cells
        for one in cast("list[dict[str, float]]", cell["foresight"])
        if one["error"] == error
    ]
    ratios = [one["expert"] / one["evaluations"] for one in each]
    evaluations, p95, nodes = (
        np.mean([one[name] for one in each]) for name in ("evaluations", "p95", "expert")
    )
    return (
        f"| {net} | {error:.0%} | {evaluations:.2f} | {p95:.3f} | {nodes:.1f} "
        f"| {np.mean(ratios):.2f}x | {max(ratios):.2f}x |"
    )


def _size_line(net: str, size: int, cells: Sequence[Cell], note: str = "") -> str:
    """Return what a row of a corpus of some size costs next to an expert's, warm and cold."""
    ratios = {
        state: [_expert(cell, size, state) / _cost(cell, size, state) for cell in cells]
        for state in ("warm", "cold")
    }
    more = np.mean([_cost(cell, size, "warm") / _cost(cell, SIZES[0], "warm") for cell in cells])
    shown = " | ".join(f"{np.mean(ratios[state]):.2f}x | {min(ratios[state]):.2f}x" for state in ratios)
    return f"| {net}{note} | {size:,} | {shown} | {more:.2f}x |"


def _way(size: int, state: str) -> str:
    """Return how the rows of a corpus are integrated."""
    if state == "cold":
        return WAYS[0] if size >= LEAST_ROWS else WAYS[2]
    return WAYS[0] if size // TRIED_EACH >= TRIED_ENOUGH else WAYS[1]


def _expert(cell: Cell, size: int, state: str) -> float:
    """Return the expert's evaluations a row at the same error."""
    return float(part(cell, _way(size, state))["expert"])


def _cost(cell: Cell, size: int, state: str) -> float:
    """Return our evaluations a row, with the calibration or its trial."""
    each = float(part(cell, _way(size, state))["evaluations"])
    tried = min(size // TRIED_EACH, TRIED_MOST)
    rows, evaluations = (tried, tried * int(str(cell["trial"]))) if state == "warm" else (0, 0)
    if state == "cold" and size >= LEAST_ROWS:
        rows, evaluations = (int(number) for number in part(cell, "calibration").values())
    return (evaluations + (size - rows) * each) / size


if __name__ == "__main__":
    main()
