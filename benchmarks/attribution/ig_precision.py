"""Measure what fewer digits do to scores: bfloat16 and float16 under autocast, and tf32, beside float32.

    python -m benchmarks.attribution.ig_precision --model FOLDER [--corpus sst2-en] [--texts 100]

Both sides take the same 64 Gauss-Legendre nodes, so what is left between them is the arithmetic's. Printed for each type:
sum |score - score in float32| / sum |score in float32| of a text (median, 95th percentile, worst), the estimate that stops
a row (moment residual; its 95th percentile is the floor under which more nodes are wasted), how many of the three highest
pieces are the same, and the rank correlation of the pieces. tf32 is imitated where there is no such device: both factors
of every matrix product, forwards and backwards, are rounded to the 10 bits that it keeps.
"""

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import torch
from scipy.stats import spearmanr
from torch import Tensor
from torch._ops import OpOverload
from torch.utils._python_dispatch import TorchDispatchMode

from augment.attribution.path_integral import ModelInputs, Plan, trace
from augment.attribution.rule_trials import seen
from augment.config.sections import ModelConfig, RunConfig
from augment.ig.quadrature import Level, gauss_legendre
from augment.ig.residual import integrate
from augment.models.classifier import Classifier, open_classifier
from augment.models.device import Dtype
from benchmarks.common import HERE, command_line, some_texts, write_page

TABLE = HERE / "attribution/ig_precision.md"
NODES = 64
DTYPES: tuple[Dtype, ...] = ("float32", "tf32", "float16", "bfloat16")
PRODUCTS = {torch.ops.aten.mm, torch.ops.aten.bmm, torch.ops.aten.addmm, torch.ops.aten.baddbmm}


class Tf32(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Rounds both factors of every float32 matrix product to ten bits after the point."""

    def __torch_dispatch__(
        self,
        function: OpOverload,
        types: object,
        args: Sequence[object] = (),
        kwargs: Mapping[str, object] | None = None,
    ) -> object:
        """Round what a product is given: the last two tensors."""
        if function.overloadpacket in PRODUCTS:
            *rest, one, other = args
            args = [*rest, ten_bits(one), ten_bits(other)]
        return function(*args, **(kwargs or {}))


def ten_bits(values: object) -> object:
    """Return float32 numbers rounded to the nearest with ten bits after the point; anything else as it is."""
    if not isinstance(values, Tensor) or values.dtype != torch.float32:
        return values
    bits = values.contiguous().view(torch.int32)
    return ((bits + 0x1000) & ~0x1FFF).view(torch.float32)


def main() -> None:
    """Measure one model, and put its table in the place of the one before."""
    arguments = _arguments()
    torch.set_num_threads(1)
    lines = measured(arguments.model, arguments.corpus, arguments.data, arguments.texts)
    old = TABLE.read_text(encoding="utf-8").split("\n## ")[1:] if TABLE.exists() else []
    name = f"{arguments.model.name}, {arguments.corpus}"
    kept = [f"## {section}".strip() + "\n" for section in old if not section.startswith(name)]
    write_page(
        "attribution/ig_precision",
        "What fewer digits do to scores",
        __doc__,
        [*kept, f"## {name}", "", *lines],
    )


def measured(folder: Path, corpus: str, data: Path, count: int) -> list[str]:
    """Return the lines of a model's table, printing them as they come."""
    classifier = open_classifier(ModelConfig(path=str(folder)), RunConfig(device="cpu", threads=1))
    # Fused attention multiplies out of sight of the imitation.
    classifier.model.set_attn_implementation("eager")
    rows = some_rows(classifier, corpus, data, count)
    reference, _ = scores(classifier, rows)
    lines = [
        f"{count} texts, {NODES} Gauss-Legendre nodes, one CPU.",
        "",
        "| arithmetic | error median | p95 | worst | residual p95 | worst | top 3 | rank correlation |",
        "|" + "---|" * 8,
    ]
    for dtype in DTYPES:
        with computing_in(classifier, dtype):
            result, residuals = scores(classifier, rows)
        lines.append(line(dtype, result, residuals, reference))
        print(lines[-1], flush=True)
    return lines


@contextmanager
def computing_in(classifier: Classifier, dtype: Dtype) -> Iterator[None]:
    """Compute in an arithmetic within the block."""
    classifier.dtype = dtype
    try:
        imitation = cast(Callable[[], AbstractContextManager[None]], Tf32 if dtype == "tf32" else nullcontext)
        with imitation():
            yield
    finally:
        classifier.dtype = "float32"


def some_rows(classifier: Classifier, corpus: str, data: Path, count: int) -> ModelInputs:
    """Return the first rows of a shipped corpus, asked for the class that the model predicts."""
    texts = some_texts(corpus, data, count)
    encodings = classifier.encode(texts, [None] * len(texts))
    pieces, segments = [row.pieces for row in encodings], [row.segments for row in encodings]
    logits = classifier.answer(pieces, segments)
    return ModelInputs(pieces, segments, logits, logits.argmax(-1))


def scores(classifier: Classifier, rows: ModelInputs) -> tuple[list[np.ndarray], list[float]]:
    """Return the scores of each row, and the residual that would stop it."""
    nodes, weights = gauss_legendre(NODES)
    requested = replace(rows, logits=classifier.answer(rows.pieces, rows.segments))
    result = [integrate(seen([path]), Level(weights)) for path in trace(classifier, requested, Plan(), nodes)]
    return [one.scores[0].numpy() for one in result], [float(one.residual[0]) for one in result]


def line(
    dtype: str, result: Sequence[np.ndarray], residuals: Sequence[float], reference: Sequence[np.ndarray]
) -> str:
    """Return a line of the table."""
    pairs = list(zip(result, reference, strict=True))
    errors = [np.abs(one - other).sum() / np.abs(other).sum() for one, other in pairs]
    top = [
        len({*np.argsort(-one)[:3]} & {*np.argsort(-other)[:3]}) / min(3, len(one)) for one, other in pairs
    ]
    ranks = [float(spearmanr(one, other).statistic) for one, other in pairs if len(one) > 3]
    facts = [f"{value:.2g}" for value in (np.median(errors), np.quantile(errors, 0.95), max(errors))]
    facts += [f"{value:.2g}" for value in (np.quantile(residuals, 0.95), max(residuals))]
    return f"| {dtype} | " + " | ".join([*facts, f"{np.mean(top):.4f}", f"{np.mean(ranks):.5f}"]) + " |"


def _arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = command_line(__doc__)
    parser.add_argument("--model", type=Path, required=True, help="folder of a classifier")
    parser.add_argument("--corpus", default="sst2-en", help="a shipped corpus")
    parser.add_argument("--texts", type=int, default=100, help="texts that are measured")
    return parser.parse_args()


if __name__ == "__main__":
    main()
