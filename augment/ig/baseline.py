"""What a path starts from: an input without information.

start = replaced(inputs, filler, speaks)     # the filler in place of the text, special pieces as they are
"""

from typing import Literal

import torch
from torch import Tensor

# One embedding in place of every piece of the text.
FillerName = Literal["zero", "mask", "pad", "unk", "mean"]


def zero(embeddings: Tensor) -> Tensor:
    """Return the zero embedding for every piece, [B, T, D]; positions and segments stay as the model adds them."""
    return torch.zeros_like(embeddings)


def replaced(embeddings: Tensor, filler: Tensor, speaks: Tensor) -> Tensor:
    """Return embeddings [B, T, D] with `filler` [D] at the pieces of the text, where `speaks` [B, T] is true.

    Pieces that frame the text ([CLS], [SEP]) keep their embeddings, so their share is exactly zero.
    """
    return torch.where(speaks[:, :, None], filler.to(embeddings), embeddings)
