"""Measure integrated gradients on a GPU: a net of BERT-base's shape, ours in bfloat16 beside Captum.

    python -m benchmarks.attribution.ig_gpu                              # cuda, 10,000 texts
    python -m benchmarks.attribution.ig_gpu --device cpu --texts 40 --layers 2 --width 128

The net has random weights drawn so that its paths bend; speed does not depend on what it knows. Wall seconds after a
warm-up, the device synchronised. Captum is measured on a sample of the texts and compared by text: with its defaults in
float32 (50 nodes, 32 texts as they come, internal batches of 256) and, as an expert would, in bfloat16, sorted by
length, with the number of nodes whose 95th percentile of error is no larger than ours. The share of the ceiling is our
rate of multiply-adds (forward and backward through every layer) over that of one large matrix product in bfloat16.
"""

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import numpy as np
import torch
from scipy.stats import spearmanr
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

from augment.attribution.calibration import calibrate
from augment.attribution.path_integral import ModelInputs, Plan, attribute, trace
from augment.attribution.rule_trials import effort
from augment.config.sections import ModelConfig, RunConfig
from augment.ig.quadrature import gauss_legendre
from augment.models.classifier import Classifier
from benchmarks.attribution.ig_speed import apart, captum, fewest
from benchmarks.common import HERE, write_page

Result = TypeVar("Result")


def main() -> None:
    """Measure and write ig_gpu.json and ig_gpu.md."""
    arguments = _arguments()
    reduced, exact = (build(arguments, dtype) for dtype in ("bfloat16", "float32"))
    pieces = some_rows(arguments.texts)
    rows = predicted(exact, pieces)
    sample = list(range(min(len(pieces), arguments.sample)))
    dense = trace(exact, rows.take(sample), Plan(), gauss_legendre(96)[0])
    calibration, _ = calibrate(reduced, rows.take(sample[: effort(Plan().tolerance).texts]), Plan())
    plan = calibration.plan(replace(Plan(), mode="p95"))
    timed(arguments.device, lambda: attribute(reduced, rows.take(sample), plan))
    seconds, scores = timed(arguments.device, lambda: attribute(reduced, predicted(reduced, pieces), plan))
    errors = [apart(scores.pieces[row], path) for row, path in zip(sample, dense, strict=True)]
    nodes = fewest(dense, float(np.quantile(errors, 0.95)))
    ordered = sorted(sample, key=lambda row: len(pieces[row]))
    slow, _ = timed(arguments.device, lambda: by_captum(exact, pieces, sample, 50, "float32"))
    expert, _ = timed(arguments.device, lambda: by_captum(reduced, pieces, ordered, nodes, "bfloat16"))
    ranks = [
        float(spearmanr(scores.pieces[row], gauss_legendre(96)[1] @ path.along).statistic)
        for row, path in zip(sample, dense, strict=True)
    ]
    mine, ceiling = seconds / len(pieces), matmul_rate(arguments.device)
    work = (
        4 * multiply_adds(arguments, pieces) * float(scores.evals.mean()) / seconds
    )  # 2 operations each, there and back
    result = {
        "device": torch.cuda.get_device_name() if arguments.device.startswith("cuda") else "cpu",
        "texts": len(pieces),
        "ours_ms_per_text": 1000 * mine,
        "evals": float(scores.evals.mean()),
        "p95_error": float(np.quantile(errors, 0.95)),
        "captum_defaults_float32_ms_per_text": 1000 * slow / len(sample),
        "captum_expert_bfloat16_ms_per_text": 1000 * expert / len(sample),
        "captum_expert_nodes": nodes,
        "over_defaults": slow / len(sample) / mine,
        "over_expert": expert / len(sample) / mine,
        "teraflops": work / 1e12,
        "share_of_matmul_ceiling": work / ceiling,
        "rank_agreement_median": float(np.median(ranks)),
        "rank_agreement_worst": float(min(ranks)),
    }
    (HERE / "attribution/ig_gpu.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    lines = ["| what | value |", "|---|---|"]
    lines += [
        f"| {name} | {value if isinstance(value, str) else f'{value:.4g}'} |"
        for name, value in result.items()
    ]
    write_page("attribution/ig_gpu", "Integrated gradients on a GPU", __doc__, lines)
    print("\n".join(lines[-len(result) :]))


def build(arguments: argparse.Namespace, dtype: str) -> Classifier:
    """Return the net, the same weights each time."""
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=5000,
        hidden_size=arguments.width,
        num_hidden_layers=arguments.layers,
        num_attention_heads=arguments.width // 64,
        intermediate_size=4 * arguments.width,
        num_labels=2,
        initializer_range=0.04,
    )
    words = {f"w{number}": number for number in range(5000)}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="w1"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="w0", unk_token="w1")
    run = RunConfig.model_validate(
        {"device": arguments.device, "dtype": dtype, "token_budget": arguments.budget}
    )
    return Classifier(
        BertForSequenceClassification(config), fast, ModelConfig(path="none", max_length=512), run, ("0", "1")
    )


def some_rows(count: int) -> list[list[int]]:
    """Return rows of 8 to 256 pieces, most of them short, as reviews are."""
    chance = np.random.default_rng(0)
    lengths = np.clip(chance.lognormal(3.8, 0.6, count), 8, 256).astype(int)
    return [chance.integers(2, 5000, length).tolist() for length in lengths]


def predicted(classifier: Classifier, pieces: list[list[int]]) -> ModelInputs:
    """Return the rows with their predicted classes."""
    segments = [[0] * len(row) for row in pieces]
    logits = classifier.answer(pieces, segments)
    return ModelInputs(pieces, segments, logits, logits.argmax(-1))


def by_captum(
    classifier: Classifier, pieces: list[list[int]], order: list[int], nodes: int, dtype: str
) -> None:
    """Let Captum score rows by 32, under autocast for bfloat16."""
    for begin in range(0, len(order), 32):
        some = [pieces[row] for row in order[begin : begin + 32]]
        batch = classifier.batch(some, [[0] * len(row) for row in some])
        with torch.autocast(classifier.device.type, torch.bfloat16, enabled=dtype == "bfloat16"):
            captum(classifier, batch, nodes)


def timed(device: str, work: Callable[[], Result]) -> tuple[float, Result]:
    """Return wall seconds and result of some work, the device idle before and after."""
    _wait(device)
    began = time.perf_counter()
    result = work()
    _wait(device)
    return time.perf_counter() - began, result


def matmul_rate(device: str) -> float:
    """Return the operations per second of a large matrix product in bfloat16."""
    size = 8192 if device.startswith("cuda") else 1024
    left, right = (torch.randn(size, size, device=device, dtype=torch.bfloat16) for _ in range(2))
    timed(device, lambda: left @ right)
    seconds, _ = timed(device, lambda: [left @ right for _ in range(10)])
    return 10 * 2 * size**3 / seconds


def multiply_adds(arguments: argparse.Namespace, pieces: list[list[int]]) -> float:
    """Return the multiply-adds of one forward pass over all rows.

    An evaluation is that pass and the way back to the inputs, which costs as much: the weights are frozen.
    """
    width = arguments.width
    dense = sum(len(row) for row in pieces) * 12 * width**2
    attention = sum(2 * len(row) ** 2 * width for row in pieces)
    return float(arguments.layers * (dense + attention))


def _wait(device: str) -> None:
    """Wait until the device is idle."""
    if device.startswith("cuda"):
        torch.cuda.synchronize()


def _arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", default="cuda", help="cuda, or cpu to try the script")
    parser.add_argument("--texts", type=int, default=10000, help="texts of ours")
    parser.add_argument("--sample", type=int, default=320, help="texts of Captum and of the reference")
    parser.add_argument("--layers", type=int, default=12, help="layers of the net")
    parser.add_argument("--width", type=int, default=768, help="width of the net")
    parser.add_argument("--budget", type=int, default=131072, help="pieces in one forward pass")
    return parser.parse_args()


if __name__ == "__main__":
    main()
