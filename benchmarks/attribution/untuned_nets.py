"""Count how often integrated gradients keep their promise on nets that nothing was tuned on, and what they cost.

    OMP_NUM_THREADS=1 python -m benchmarks.attribution.untuned_nets [--nets electra distilbert xlmr deep]

Four shapes, small widths, trained from scratch on reviews-en (`start` is a net of random weights with pieces of the corpus,
400 steps, 5e-4): ELECTRA (4 layers x 128), DistilBERT (3 x 192), XLM-R's shape (4 x 128, learned positions from 2 on) and a BERT of
24 layers (x 64). In each of 8 draws 48 texts are the sample to calibrate on, at 5 %, and 100 others are scored.

* kept: the share of rows that claim the tolerance whose error is within it. Error: sum of |difference| over sum of |score|,
  from Gauss-Legendre 256 of the same row; a row whose reference itself misses completeness by 1 % is not counted.
* evaluations: gradient evaluations a row, calibration not included; `calibration`: those of the calibration.
* before: the same with the factor as it was learned, without a floor and a least number of errors.

The interval of kept is Clopper-Pearson's, 95 %, over all rows of a net. Cells that are in untuned_nets.json are not measured again.
"""

import argparse
from collections.abc import Sequence
from dataclasses import replace

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

from augment.attribution import rule_trials
from augment.attribution.calibration import calibrate
from augment.attribution.path_integral import ModelInputs, Plan, Scores, attribute, fixed
from augment.config.job import read_job
from augment.config.sections import ModelConfig, RunConfig
from augment.config.shipped import find
from augment.models.classifier import Classifier, open_classifier
from augment.training import train
from augment.training.wordpiece import learn
from benchmarks.common import Cell, Results, command_line, some_texts, write_page

CORPUS, TOLERANCE, DRAWS = "reviews-en", 0.05, 8
SAMPLE, SCORED, REFERENCE, LONGEST = 48, 100, 256, 48
NETS = ("electra", "distilbert", "xlmr", "deep")
SIDES = ("now", "before")


def main() -> None:
    """Measure what is missing, and write the table."""
    parser = command_line(__doc__, "untuned_nets")
    parser.add_argument("--nets", nargs="*", default=NETS, choices=NETS)
    parser.add_argument("--draws", type=int, default=DRAWS)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    results = Results("attribution/untuned_nets")
    for net in arguments.nets:
        wanted = [draw for draw in range(arguments.draws) if f"{net} draw {draw}" not in results.cells]
        if wanted:
            classifier = opened(net, arguments)
            texts = some_texts(CORPUS, arguments.data)
            for draw in wanted:
                results.save(f"{net} draw {draw}", measured(classifier, texts, draw))
    write_page("attribution/untuned_nets", "The promise on nets nobody tuned for", __doc__, table(results))


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


def opened(net: str, arguments: argparse.Namespace) -> Classifier:
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
        print(net, "accuracy", made.accuracy, "majority", made.majority, flush=True)
    return open_classifier(
        ModelConfig(path=str(folder), max_length=LONGEST), RunConfig(device="cpu", threads=1)
    )


def measured(classifier: Classifier, texts: Sequence[str], draw: int) -> Cell:
    """Return what one draw shows, with the factor as it is learned now and as it was before."""
    order = np.random.default_rng(draw).permutation(len(texts))
    rows = [texts[index] for index in order[: SAMPLE + SCORED]]
    sample, scored = inputs(classifier, rows[:SAMPLE]), inputs(classifier, rows[SAMPLE:])
    dense = attribute(classifier, scored, Plan(mode="fixed", chains=fixed(REFERENCE)))
    sound = ~dense.incomplete(0.01)
    cell: Cell = {"rows": int(sound.sum())}
    now = rule_trials.LEAST_ENTRIES, rule_trials._FLOOR
    for side in SIDES:
        rule_trials.LEAST_ENTRIES, rule_trials._FLOOR = now if side == "now" else (0, 0.0)
        takes = sample if side == "now" else sample.take(range(SAMPLE // 2))
        calibration, taught = calibrate(classifier, takes, Plan(tolerance=TOLERANCE))
        scores = attribute(classifier, scored, calibration.plan(Plan(tolerance=TOLERANCE)))
        cell[side] = kept(scores, dense, sound) | {
            "factor": round(calibration.factor, 3),
            "shape": calibration.shape,
            "calibration": int(taught.evals.sum()),
        }
    rule_trials.LEAST_ENTRIES, rule_trials._FLOOR = now
    plain = attribute(classifier, scored, Plan(tolerance=TOLERANCE))
    return {**cell, "uncalibrated": kept(plain, dense, sound)}


def kept(scores: Scores, dense: Scores, sound: np.ndarray) -> dict[str, object]:
    """Return how many rows claim the tolerance, and how many of them are within it."""
    far = np.asarray(
        [
            np.abs(a - b).sum() / max(np.abs(b).sum(), 1e-12)
            for a, b in zip(scores.pieces, dense.pieces, strict=True)
        ]
    )
    claims = sound & np.asarray([status == "converged" for status in scores.status])
    within = claims & (far <= TOLERANCE) & ~scores.incomplete(TOLERANCE)
    return {
        "claim": int(claims.sum()),
        "within": int(within.sum()),
        "evaluations": round(float(scores.evals.mean()), 2),
        "p95": round(float(np.quantile(far[sound], 0.95)), 4) if sound.any() else None,
    }


def inputs(classifier: Classifier, texts: Sequence[str]) -> ModelInputs:
    """Return texts as rows, cut to one window."""
    first = replace(classifier.windows, pooling="first")
    classifier.windows = first
    encodings = classifier.encode(texts, [None] * len(texts))
    pieces, segments = [row.pieces for row in encodings], [row.segments for row in encodings]
    logits = classifier.answer(pieces, segments)
    return ModelInputs(pieces, segments, logits, logits.argmax(-1))


def table(results: Results) -> list[str]:
    """Return one line for each net and side."""
    lines = [
        "| net | factor | draws | rows that claim it | kept | interval | worst draw | evaluations a row | p95 of the error |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for net in NETS:
        cells = [cell for key, cell in results.cells.items() if key.startswith(f"{net} ")]
        for side in (*SIDES, "uncalibrated") if cells else ():
            each = [dict(cell[side]) for cell in cells]  # type: ignore[call-overload]
            claim, within = (sum(one[name] for one in each) for name in ("claim", "within"))
            low = float(beta.ppf(0.025, within, claim - within + 1)) if claim else 0.0
            high = float(beta.ppf(0.975, within + 1, claim - within)) if claim > within else 1.0
            factors = [one["factor"] for one in each if "factor" in one]
            worst = min((one["within"] / one["claim"] for one in each if one["claim"]), default=0.0)
            spread = f"{min(factors):.2f}-{max(factors):.2f}" if factors else "1.50"
            evaluations = np.mean([one["evaluations"] for one in each])
            p95 = np.mean([one["p95"] for one in each if one["p95"] is not None])
            lines.append(
                f"| {net}, {side} | {spread} | {len(each)} | {claim:,} | {within / max(claim, 1):.2%} "
                f"| {low:.2%}-{high:.2%} | {worst:.1%} | {evaluations:.1f} | {p95:.3f} |"
            )
    return lines


if __name__ == "__main__":
    main()
