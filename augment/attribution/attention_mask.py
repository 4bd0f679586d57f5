"""The mask of attention as `scaled_dot_product_attention` takes it: which keys no query looks at.

masked(query @ key.mT, attn_mask, is_causal).softmax(-1)
"""

import torch
from torch import Tensor


def masked(energies: Tensor, mask: Tensor | None, is_causal: bool) -> Tensor:
    """Return energies [..., Q, K] with minus infinity where nothing is looked at, by a boolean mask, or with a mask of numbers added."""
    if is_causal:
        later = torch.ones(energies.shape[-2:], dtype=torch.bool, device=energies.device).triu(1)
        energies = energies.masked_fill(later, -torch.inf)
    if mask is None:
        return energies
    return energies.masked_fill(~mask, -torch.inf) if mask.dtype == torch.bool else energies + mask
