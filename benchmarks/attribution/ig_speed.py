"""Measure what integrated gradients cost, beside Captum on the same model and texts, and whether promises are kept.

    python -m benchmarks.attribution.ig_speed --minilm FOLDER [--only sst2-minilm] [--texts 1000]

CPU seconds of one thread, in one process, float32 on both sides. The unit of cost is one text. Ours includes the
prediction, F at both ends, and calibration, spread over the texts (a calibration is made once for all modes of one
tolerance, and charged to each). Captum's `IntegratedGradients` is given the hook that
gives it our logits, the zero baseline and the predicted class: once with its defaults (50 Gauss-Legendre nodes, internal
batches of 256, texts by 32 as they come), once as an expert would (sorted by length, the smallest even number of nodes
whose 95th percentile of error is no larger than ours; the search for that number is free of charge).

Errors are sum |score - exact| / sum |exact| over pieces, on texts outside the calibration; exact is Gauss-Legendre with
96 nodes, whose own completeness is printed. `kept` counts the rows that claim the tolerance and are within it; in p95
and ranking mode all rows count. On a rough path there is no ratio: what is printed is the share of rows that tolerance
mode refuses. Measurements that stand in ig_speed.json are not made again.

With --turns, ours and Captum are measured again one after the other, twice, so that a machine that is now faster and
now slower is so for both; the ratios of the turns stand in a table of their own.

Measured before the bounds of a calibration were changed: their power of 0.6 takes fewer nodes than 1 did, their margin of 1.7 more than
1.15 did (rule_choices.md). untuned_nets.md is measured with both.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from captum.attr import IntegratedGradients
from tokenizers import Tokenizer
from tokenizers.decoders import ByteLevel as ByteLevelDecoder
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel
from tokenizers.processors import RobertaProcessing
from tokenizers.trainers import BpeTrainer
from torch import Tensor
from transformers import (
    GPT2Config,
    GPT2Model,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    RobertaConfig,
    RobertaModel,
)

from augment.attribution.calibration import Calibration, calibrate, choose
from augment.attribution.path_integral import Mode, ModelInputs, Plan, Scores, Traced, attribute, trace
from augment.attribution.rule_trials import effort
from augment.config.sections import ModelConfig, RunConfig
from augment.ig.quadrature import gauss_legendre, resampling
from augment.models.classifier import Classifier, open_classifier
from benchmarks.common import SHARED, Cell, Results, command_line, some_texts, write_page

RESULTS = Results("attribution/ig_speed")
DENSE = 96
REFUSED = 40
TURNS = 2
MODES: tuple[tuple[Mode, float], ...] = (
    ("tolerance", 0.05),
    ("p95", 0.05),
    ("tolerance", 0.01),
    ("p95", 0.01),
    ("ranking", 0.05),
)

# name: corpus, longest text in pieces, settings of `augment train`.
TUNED = ["train.limit=1500", "train.epochs=2", "train.learning_rate=0.0001"]
SCRATCH = ["train.limit=5000", "train.epochs=4", "train.learning_rate=0.0005"]
MODELS: dict[str, tuple[str, int, list[str]]] = {
    "sst2-minilm": ("sst2-en", 64, ["train.start={minilm}", *TUNED]),
    "trec-minilm": ("trec-en", 64, ["train.start={minilm}", *TUNED]),
    "takeaway-e5-4": ("takeaway-zh", 128, ["train.start={encoder}", "train.layers=4", *TUNED]),
    "hotel-e5-12": ("hotel-zh", 128, ["train.start={encoder}", *TUNED]),
    "news-bert-small": ("news-zh", 64, ["train.start=bert-small", "train.limit=5000", "train.epochs=4"]),
    "sst2-roberta": ("sst2-en", 64, ["train.start={roberta}", *SCRATCH]),
    "sst2-gpt2": ("sst2-en", 64, ["train.start={gpt2}", *SCRATCH]),
}
SHAPES = ("roberta", "gpt2")


def main() -> None:
    """Measure what is missing and write the tables."""
    arguments = _arguments()
    torch.set_num_threads(1)
    print(f"about {len(MODELS) * 40} minutes on one core for all models with 1,000 texts; resumable")
    for name, (corpus, length, settings) in MODELS.items():
        if arguments.only in (None, name) and not any(
            "{minilm}" in word and not arguments.minilm for word in settings
        ):
            bench = Bench(arguments, name, corpus, length, settings)
            bench.run()
            if arguments.turns:
                bench.turns()
    write_table()


class Bench:
    """The measurements of one model."""

    def __init__(
        self, arguments: argparse.Namespace, name: str, corpus: str, length: int, settings: list[str]
    ) -> None:
        """Train the model if it is not there, and open it with the texts."""
        self.name, self.work = name, arguments.work
        folder = arguments.work / name
        if not folder.exists():
            shapes = {shape: untrained(shape, corpus, arguments) for shape in SHAPES if name.endswith(shape)}
            positions = {"minilm": arguments.minilm, "encoder": arguments.encoder, **shapes}
            filled = [word.format(**positions) for word in settings]
            words = [word for setting in filled for word in ("--set", setting)]
            line = [sys.executable, "-m", "augment", "train", "-c", corpus, "--data", str(arguments.data)]
            line += [
                "--model",
                str(folder),
                "--set",
                f"model.max_length={length}",
                *words,
                "--json",
                "--quiet",
            ]
            done = subprocess.run(line, capture_output=True, text=True, check=True)
            save(f"{name} train", {"accuracy": json.loads(done.stdout)["accuracy"]})
        self.classifier = open_classifier(
            ModelConfig(path=str(folder), max_length=length), RunConfig(device="cpu", threads=1)
        )
        texts = some_texts(corpus, arguments.data, arguments.texts)
        encodings = self.classifier.encode(texts, [None] * len(texts))
        self.pieces = [row.pieces for row in encodings]
        self.segments = [row.segments for row in encodings]
        self.rows = self.predict()
        order = choose(self.rows.logits.argmax(-1).tolist(), len(texts))
        # As many judged texts as Captum can be given time for, none of which a calibration may see.
        self.judged, self.order = order[24:224], [*order[:24], *order[224:]]
        self.calibrations: dict[float, tuple[Calibration, float]] = {}

    def predict(self) -> ModelInputs:
        """Return the rows with their predicted classes, which costs a forward pass."""
        logits = self.classifier.answer(self.pieces, self.segments)
        return ModelInputs(self.pieces, self.segments, logits, logits.argmax(-1))

    def run(self) -> None:
        """Make every measurement that is missing."""
        if self.calibrated(0.05)[0].shape == "rough":
            if f"{self.name} rough" not in RESULTS.cells:
                save(f"{self.name} rough", self.refused())
            return
        dense = self.dense()
        for mode, tolerance in MODES:
            key = f"{self.name} ours {mode} {tolerance}"
            if key not in RESULTS.cells:
                save(key, self.ours(dense, mode, tolerance))
        if f"{self.name} captum defaults" not in RESULTS.cells:
            save(f"{self.name} captum defaults", self.captum(dense, 50, expert=False))
        for mode, tolerance in MODES[:4]:
            mine = RESULTS.cells[f"{self.name} ours {mode} {tolerance}"]
            nodes = fewest(dense, float(str(mine["p95"])))
            key = f"{self.name} captum expert {nodes}"
            if key not in RESULTS.cells:
                save(key, self.captum(dense, nodes, expert=True))
            save(f"{self.name} ours {mode} {tolerance}", {**mine, "expert_nodes": nodes})

    def turns(self) -> None:
        """Measure ours and Captum in turns: every mode, the defaults, and every expert, one after the other."""
        dense, modes = self.dense(), MODES[:4]
        nodes = [
            RESULTS.cells[f"{self.name} ours {mode} {tolerance}"]["expert_nodes"] for mode, tolerance in modes
        ]
        for turn in range(TURNS):
            key = f"{self.name} turn {turn}"
            if key in RESULTS.cells:
                continue
            others = {
                count: self.captum(dense, count, expert=True)["ms_per_text"]
                for count in sorted({int(str(count)) for count in nodes})
            }
            mine = {}
            for (mode, tolerance), count in zip(modes, nodes, strict=True):
                cell = self.ours(dense, mode, tolerance)
                save(f"{self.name} ours {mode} {tolerance}", {**cell, "expert_nodes": count})
                mine[f"{mode} {tolerance}"] = cell["ms_per_text"]
            defaults = self.captum(dense, 50, expert=False)["ms_per_text"]
            expert = dict(zip(mine, (others[int(str(count))] for count in nodes), strict=True))
            save(key, {"ours": mine, "defaults": defaults, "expert": expert})

    def dense(self) -> list[Traced]:
        """Return the judged texts' paths at many nodes, kept in a file."""
        file = self.work / f"{self.name}-dense-{len(self.pieces)}.npz"
        if not file.exists():
            began = time.process_time()
            paths = trace(self.classifier, self.rows.take(self.judged), Plan(), gauss_legendre(DENSE)[0])
            arrays: dict[str, Any] = {f"along{row}": path.along for row, path in enumerate(paths)}
            arrays["rest"] = np.asarray([[*path.values, path.start, path.end] for path in paths])
            np.savez_compressed(file, **arrays)
            print(f"{self.name} dense: {time.process_time() - began:.1f} s", flush=True)
        held = np.load(file)
        integrals = [
            Traced(held[f"along{row}"], line[:-2], float(line[-2]), float(line[-1]))
            for row, line in enumerate(held["rest"])
        ]
        if f"{self.name} dense" not in RESULTS.cells:
            gaps = [closes(path) for path in integrals]
            quantiles = [float(np.quantile(gaps, share)) for share in (0.5, 0.95, 1.0)]
            save(f"{self.name} dense", {"nodes": DENSE, "texts": len(integrals), "completeness": quantiles})
        return integrals

    def calibrated(self, tolerance: float) -> tuple[Calibration, float]:
        """Return the calibration for a tolerance, and the CPU seconds it took."""
        if tolerance not in self.calibrations:
            began = time.process_time()
            taught = self.rows.take(self.order[: effort(tolerance).texts])
            calibration, _ = calibrate(self.classifier, taught, Plan(tolerance=tolerance))
            self.calibrations[tolerance] = (calibration, time.process_time() - began)
        return self.calibrations[tolerance]

    def refused(self) -> Cell:
        """Return how many of a few rows tolerance mode refuses, and what ranking mode costs instead."""
        calibration, _ = self.calibrated(0.05)
        rows = self.rows.take(self.judged[:REFUSED])
        scores = attribute(self.classifier, rows, calibration.plan(Plan()))
        ranked = attribute(self.classifier, rows, replace(calibration.plan(Plan()), mode="ranking", top=3))
        return {
            "texts": len(rows.pieces),
            "refused": round(scores.status.count("not_converged") / len(scores.status), 4),
            "evals": [round(float(value), 2) for value in _spread(scores)],
            "ranking evals": [round(float(value), 2) for value in _spread(ranked)],
            "roughness": round(calibration.roughness, 4),
            "jump": round(calibration.jump, 4),
        }

    def ours(self, dense: list[Traced], mode: Mode, tolerance: float) -> Cell:
        """Return cost and errors of one of our modes, on all texts."""
        began = time.process_time()
        rows = self.predict()
        plan = replace(Plan(tolerance=tolerance), mode=mode, top=3)
        predicted = time.process_time() - began
        calibration, taught = self.calibrated(tolerance)
        known = set(self.order[: calibration.texts])
        others = [row for row in range(len(self.pieces)) if row not in known]
        began = time.process_time()
        scores = attribute(self.classifier, rows.take(others), calibration.plan(plan))
        spent = predicted + taught + time.process_time() - began
        position = {row: index for index, row in enumerate(others)}
        judged = [position[row] for row in self.judged]
        errors = np.asarray(
            [apart(scores.pieces[row], path) for row, path in zip(judged, dense, strict=True)]
        )
        settled = np.asarray([scores.status[row] != "not_converged" for row in judged])
        return {
            "texts": len(self.pieces),
            "ms_per_text": round(1000 * spent / len(self.pieces), 2),
            "calibration_ms_per_text": round(1000 * taught / len(self.pieces), 2),
            **_errors(errors[settled]),
            "kept": round(float((errors[settled] <= tolerance).mean()), 4),
            "marked": round(1 - float(settled.mean()), 4),
            "evals": [round(float(value), 2) for value in _spread(scores)],
            "top3": round(
                float(
                    np.mean(
                        [_top3(scores.pieces[row], path) for row, path in zip(judged, dense, strict=True)]
                    )
                ),
                4,
            ),
            "factor": round(calibration.factor, 3),
            "shape": calibration.shape,
            "roughness": round(calibration.roughness, 4),
        }

    def captum(self, dense: list[Traced], nodes: int, expert: bool) -> Cell:
        """Return cost and errors of Captum on the judged texts."""
        order = sorted(self.judged, key=lambda row: len(self.pieces[row])) if expert else sorted(self.judged)
        of_row: dict[int, np.ndarray] = {}
        began = time.process_time()
        for begin in range(0, len(order), 32):
            some = order[begin : begin + 32]
            for row, scores in zip(some, captum(self.classifier, self.batch(some), nodes), strict=True):
                of_row[row] = scores[: len(self.pieces[row])]
        spent = time.process_time() - began
        errors = [apart(of_row[row], path) for row, path in zip(self.judged, dense, strict=True)]
        return {
            "texts": len(order),
            "nodes": nodes,
            "ms_per_text": round(1000 * spent / len(order), 2),
            **_errors(np.asarray(errors)),
        }

    def batch(self, rows: Sequence[int]) -> dict[str, Tensor]:
        """Return the tensors of some rows."""
        return self.classifier.batch([self.pieces[row] for row in rows], [self.segments[row] for row in rows])


def untrained(shape: str, corpus: str, arguments: argparse.Namespace) -> Path:
    """Return a folder with a small net of a shape, its weights drawn at random, and a tokenizer of the corpus."""
    folder = Path(arguments.work / f"untrained-{shape}")
    pieces = Tokenizer(BPE())
    pieces.pre_tokenizer, pieces.decoder = ByteLevel(add_prefix_space=False), ByteLevelDecoder()
    trainer = BpeTrainer(
        vocab_size=8000,
        special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"],
        initial_alphabet=ByteLevel.alphabet(),
        show_progress=False,
    )
    pieces.train_from_iterator(some_texts(corpus, arguments.data, 20000), trainer)
    if shape == "roberta":
        pieces.post_processor = RobertaProcessing(("</s>", 2), ("<s>", 0), trim_offsets=False)
    names = {"bos_token": "<s>", "pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
    fields = ["input_ids", "attention_mask"]
    words = PreTrainedTokenizerFast(
        tokenizer_object=pieces, mask_token="<mask>", model_input_names=fields, **names
    )
    ends = {"vocab_size": len(words), "pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2}
    torch.manual_seed(0)
    net: PreTrainedModel
    if shape == "roberta":
        sizes = {
            "hidden_size": 256,
            "num_hidden_layers": 4,
            "num_attention_heads": 4,
            "intermediate_size": 1024,
        }
        net = RobertaModel(RobertaConfig(**ends, **sizes, max_position_embeddings=130, type_vocab_size=1))
    else:
        net = GPT2Model(GPT2Config(**ends, n_embd=256, n_layer=4, n_head=4, n_positions=128))
    net.save_pretrained(folder)
    words.save_pretrained(folder)
    return folder


def captum(classifier: Classifier, batch: dict[str, Tensor], nodes: int) -> np.ndarray:
    """Return Captum's score of every piece, [B, T], for the predicted class."""
    module, names = classifier.model.get_input_embeddings(), list(batch)

    def forward(embeddings: Tensor, *rest: Tensor) -> Tensor:
        """Return the logits with `embeddings` in place of the embedding module's output."""
        handle = module.register_forward_hook(lambda *_: embeddings)
        try:
            # The model as it is, without what ours spares.
            with classifier.every_piece():
                return torch.as_tensor(classifier.model(**dict(zip(names, rest, strict=True))).logits)
        finally:
            handle.remove()

    with torch.no_grad(), classifier.every_piece():
        target = classifier.model(**batch).logits.argmax(-1)
        inputs = module(batch["input_ids"])
    scores = IntegratedGradients(forward).attribute(
        inputs,
        baselines=torch.zeros_like(inputs),
        target=target,
        additional_forward_args=tuple(batch.values()),
        n_steps=nodes,
        internal_batch_size=256,
    )
    return np.asarray(scores.sum(-1).detach().double().numpy())


def fewest(dense: list[Traced], error: float) -> int:
    """Return the smallest even number of Gauss-Legendre nodes whose 95th percentile of error is at most `error`."""
    for nodes in range(4, DENSE, 2):
        positions, weights = gauss_legendre(nodes)
        table = resampling(DENSE, positions)
        errors = [apart(weights @ (table @ path.along), path) for path in dense]
        if np.quantile(errors, 0.95) <= error:
            return nodes
    return DENSE


def apart(scores: np.ndarray, path: Traced) -> float:
    """Return sum |score - exact| / sum |exact|."""
    exact = gauss_legendre(DENSE)[1] @ path.along
    return float(np.abs(scores - exact).sum() / max(np.abs(exact).sum(), 1e-12))


def closes(path: Traced) -> float:
    """Return how far the dense rule is from completeness, relative to F(x) - F(x')."""
    change = path.end - path.start
    return abs(float((gauss_legendre(DENSE)[1] @ path.along).sum()) - change) / max(abs(change), 1e-9)


def _errors(errors: np.ndarray) -> Cell:
    """Return median, 95th percentile and largest error."""
    return {
        "median": round(float(np.median(errors)), 6),
        "p95": round(float(np.quantile(errors, 0.95)), 6),
        "max": round(float(errors.max()), 6),
    }


def _spread(scores: Scores) -> list[float]:
    """Return mean, median and 95th percentile of evaluations a text."""
    return [scores.evals.mean(), np.median(scores.evals), np.quantile(scores.evals, 0.95)]


def _top3(scores: np.ndarray, path: Traced) -> float:
    """Return the share of the three highest pieces that are the exact ones."""
    exact = gauss_legendre(DENSE)[1] @ path.along
    return len(set(np.argsort(-scores)[:3]) & set(np.argsort(-exact)[:3])) / min(3, len(exact))


def save(key: str, cell: Cell) -> None:
    """Add a measurement to the results, and draw the tables again."""
    RESULTS.save(key, cell)
    write_table()


def write_table() -> None:
    """Write ig_speed.md from the results."""
    cells = RESULTS.cells
    lines: list[str] = []
    for name in MODELS:
        if f"{name} rough" in cells:
            lines += _refusals(name, cells)
        elif f"{name} dense" in cells:
            lines += _section(name, cells)
    write_page("attribution/ig_speed", "What integrated gradients cost", __doc__, lines)


def _refusals(name: str, cells: dict[str, Cell]) -> list[str]:
    """Return what there is of a model whose paths are rough."""
    rough, dense = cells[f"{name} rough"], cells.get(f"{name} dense")
    reported = [
        f"Its paths are rough: the median residual at 12 nodes is {rough['roughness']}. At tolerance 0.05, asked for in so many words, "
        f"{float(str(rough['refused'])):.0%} of {rough['texts']} texts are refused, after {rough['evals']} evaluations (mean, median, "
        f"p95); what is done instead, the order of the highest tokens, takes {rough['ranking evals']}."
    ]
    if dense:
        median, tail, _ = [float(value) for value in list(dense["completeness"])]  # type: ignore[call-overload]
        reported += [
            f"{dense['nodes']} Gauss-Legendre nodes leave {median:.1%} of F(x) - F(x') open in the median of {dense['texts']} texts and "
            f"{tail:.0%} in the 95th percentile, so there is no reference to hold errors against, and no ratio."
        ]
    return [f"## {name}", "", *reported, ""]


def _section(name: str, cells: dict[str, Cell]) -> list[str]:
    """Return the table of one model."""
    dense = cells[f"{name} dense"]
    lines = [
        f"## {name}",
        "",
        f"Reference: {dense['texts']} texts, {dense['nodes']} nodes, completeness median, 95th percentile, worst: {dense['completeness']}.",
        "",
    ]
    lines += [
        "| run | texts | ms a text | of it calibration | evaluations mean, median, p95 | error median | p95 | worst | kept | marked | top 3 | over defaults | over the expert |",
        "|" + "---|" * 13,
    ]
    defaults = cells.get(f"{name} captum defaults")
    for key, cell in cells.items():
        if key.startswith(f"{name} ours"):
            expert = cells.get(f"{name} captum expert {cell.get('expert_nodes')}")
            ratios = [_ratio(other, cell) for other in (defaults, expert)]
            words = key.removeprefix(f"{name} ")
            facts = [cell["texts"], cell["ms_per_text"], cell["calibration_ms_per_text"], cell["evals"]]
            facts += [
                cell["median"],
                cell["p95"],
                cell["max"],
                cell["kept"],
                cell["marked"],
                cell["top3"],
                *ratios,
            ]
            lines.append(f"| {words} | " + " | ".join(str(fact) for fact in facts) + " |")
        elif key.startswith(f"{name} captum"):
            words = key.removeprefix(f"{name} ")
            facts = [
                cell["texts"],
                cell["ms_per_text"],
                "",
                cell["nodes"],
                cell["median"],
                cell["p95"],
                cell["max"],
            ]
            lines.append(f"| {words} | " + " | ".join(str(fact) for fact in facts) + " | | | | | |")
    return [*lines, "", *_turns(name, cells)]


def _turns(name: str, cells: dict[str, Cell]) -> list[str]:
    """Return the table of what was measured in turns, if anything was."""
    turns: list[dict[str, Any]] = [
        cells[f"{name} turn {turn}"] for turn in range(TURNS) if f"{name} turn {turn}" in cells
    ]
    if not turns:
        return []
    lines = [
        f"| {name}, in turns | ms a text: ours | defaults | expert | over defaults | over the expert |",
        "|" + "---|" * 6,
    ]
    for mode in turns[0]["ours"]:
        times = np.asarray([[turn["ours"][mode], turn["defaults"], turn["expert"][mode]] for turn in turns])
        columns = [" / ".join(f"{value:.1f}" for value in column) for column in times.T]
        for column in (times[:, 1:] / times[:, :1]).T:
            each = ", ".join(f"{value:.2f}" for value in column)
            columns.append(f"{column.mean():.2f}x ({each})")
        lines.append(f"| {mode} | " + " | ".join(columns) + " |")
    return [*lines, ""]


def _ratio(other: Cell | None, cell: Cell) -> str:
    """Return how many times cheaper ours is."""
    if other is None:
        return ""
    return f"{float(str(other['ms_per_text'])) / float(str(cell['ms_per_text'])):.2f}x"


def _arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = command_line(__doc__, "ig_speed")
    parser.add_argument(
        "--encoder", type=Path, default=SHARED / "models" / "e5-small-zh-en", help="a Chinese encoder"
    )
    parser.add_argument("--minilm", type=Path, default=None, help="an English encoder")
    parser.add_argument("--only", default=None, choices=list(MODELS), help="only this model")
    parser.add_argument("--turns", action="store_true", help="measure ours and Captum in turns as well")
    parser.add_argument("--texts", type=int, default=1000, help="texts that ours is measured on")
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    return arguments


if __name__ == "__main__":
    main()
