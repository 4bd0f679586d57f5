"""Keep a part of an encoder as it is while the rest is trained: faster, and less is forgotten.

freeze(model, 2)        # the embeddings and the first two layers
"""

from torch import nn
from transformers import PreTrainedModel

from augment.errors import RequestError


def freeze(model: PreTrainedModel, count: int) -> None:
    """Leave out of training the embeddings and the first `count` layers; RequestError if the model has fewer."""
    layers = max(
        (module for module in model.modules() if isinstance(module, nn.ModuleList)), key=len, default=()
    )
    if count > len(layers):
        raise RequestError(
            f"train.freeze: {count}", f"the model has {len(layers)} layers", "freeze no more than it has"
        )
    embeddings = getattr(model.base_model, "embeddings", None) or model.get_input_embeddings()
    for module in (embeddings, *list(layers)[:count]):
        module.requires_grad_(False)
