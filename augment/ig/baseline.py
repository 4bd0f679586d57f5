"""What a path starts from: an input that stands for "nothing is said".

start = zero(embeddings)
"""

from typing import Literal

import torch
from torch import Tensor

BaselineName = Literal["zero"]


def zero(embeddings: Tensor) -> Tensor:
    """Return the zero embedding for every piece, [B, T, D]; positions and segments stay as the model adds them."""
    return torch.zeros_like(embeddings)
