"""Count the rows that a model computes forwards and backwards within a block.

with counted_rows(predictor) as rows:
    method.attribute(predictor, texts)
rows.forward, rows.backward
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor, nn

    from augment.models.predictor import Predictor


@dataclass
class RowCounts:
    """How many rows were computed; a text and its baseline are two."""

    forward: int = 0
    backward: int = 0


@contextmanager
def counted_rows(predictor: "Predictor") -> Iterator[RowCounts]:
    """Yield the counts; of a Python function nothing is counted."""
    import torch

    from augment.models.classifier import Classifier
    from augment.models.textcnn import TextCNN

    counts = RowCounts()
    if not isinstance(predictor, Classifier):
        yield counts
        return

    def look(_: "nn.Module", __: object, output: object) -> None:
        """Count a batch, and once more when a gradient comes back through it."""
        logits = torch.as_tensor(getattr(output, "logits", output))
        counts.forward += len(logits)
        if logits.requires_grad:
            add_hook: Callable[..., object] = logits.register_hook
            add_hook(back)

    def back(gradient: "Tensor") -> None:
        """Count the rows of a gradient."""
        counts.backward += len(gradient)

    net = predictor.model
    # The closed form of a TextCNN calls its layers, not the model.
    handle = (net.classifier if isinstance(net, TextCNN) else net).register_forward_hook(look)
    try:
        yield counts
    finally:
        handle.remove()
