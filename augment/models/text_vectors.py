"""The vector a model answers from: what goes into the last linear layer, one for each text.

Two texts that a model cannot distinguish have the same vector, whatever their words. In BERT and its kin it is the pooled
first piece, in `textcnn` the largest response of each filter, in decoders the last piece that is no padding. A model whose
logits do not come from a linear layer has none; the mean of its word embeddings, over all pieces, is used instead. A text
that is read in windows has the mean of theirs.

    vectors(classifier, ["很好", "很好！"], [None, None])          # [2, W] float32, of length 1
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from augment.models.classifier import Classifier


def vectors(classifier: Classifier, texts: Sequence[str], pairs: Sequence[str | None]) -> np.ndarray:
    """Return the vector of each text or pair, scaled to length 1, [N, W] float32; one of zeros stays so."""
    encodings = classifier.encode(texts, pairs)
    pieces: Sequence[Sequence[int]] = [row.pieces for row in encodings]
    segments: Sequence[Sequence[int]] = [row.segments for row in encodings]
    parts = classifier.windows.of(pieces, segments)
    if parts is not None:
        pieces, segments = parts.spread(pieces), parts.spread(segments)
    result: list[Tensor | None] = [None] * len(pieces)
    last = last_linear(classifier.model, len(classifier.classes))

    def enter(rows: list[int]) -> None:
        """Pool one batch."""
        batch = classifier.batch([pieces[row] for row in rows], [segments[row] for row in rows])
        for row, vector in zip(rows, _pooled(classifier, last, batch).cpu(), strict=True):
            result[row] = vector

    classifier.in_batches([len(row) for row in pieces], enter)
    kept = [vector for vector in result if vector is not None]
    if not kept:
        return np.zeros((0, 0), np.float32)
    pooled = torch.stack(kept) if parts is None else parts.mean(torch.stack(kept))
    return np.asarray((pooled / pooled.norm(dim=-1, keepdim=True).clamp_min(1e-12)).numpy())


def last_linear(model: nn.Module, classes: int) -> nn.Linear | None:
    """Return the linear layer that gives the logits, None if there is none."""
    linear = (part for part in model.modules() if isinstance(part, nn.Linear))
    return next((part for part in reversed(list(linear)) if part.out_features == classes), None)


def _pooled(classifier: Classifier, last: nn.Linear | None, batch: dict[str, Tensor]) -> Tensor:
    """Return what goes into the last linear layer, [B, W] float32, or mean embeddings where it is never called."""
    given: list[Tensor] = []
    handle = (
        None
        if last is None
        else last.register_forward_pre_hook(lambda _, inputs: given.append(inputs[0].detach()))
    )
    try:
        with torch.no_grad():
            if handle is not None:
                classifier.logits(batch)
            pooled = given[-1].float() if given else classifier.embed(batch)
    finally:
        if handle is not None:
            handle.remove()
    mask = batch["attention_mask"]
    if not given:
        return (pooled * mask[:, :, None]).sum(1) / mask.sum(1, keepdim=True)
    if pooled.dim() == 3:
        return pooled[torch.arange(len(mask), device=mask.device), mask.sum(1) - 1]
    return pooled
