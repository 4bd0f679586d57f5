"""The weights by which a TextCNN pools its windows, as scores of pieces: what readers of such models looked at before gradients.

    max: w_t = the sum of the pooled responses whose maximum is at t (GlobalMaxPooling)
    average, attention, minimum_variance: w_t, the weight itself, which sums to 1 over a text

of_class: with the head's weights in place of ones, sum_k W_ck w_tk A_tk, which sums to the logit without its bias exactly.
"""

import torch
from torch import Tensor

from augment.attribution.activation_maps import over_pieces
from augment.attribution.row_parts import RowPart, Shares
from augment.errors import RequestError
from augment.models.classifier import Classifier
from augment.models.textcnn import TextCNN


def require_windows(classifier: Classifier) -> TextCNN:
    """Return the net of a classifier; RequestError if it does not pool windows."""
    if isinstance(classifier.model, TextCNN):
        return classifier.model
    what = f"a {classifier.model.config.model_type} model does not pool windows of pieces"
    raise RequestError(
        "method: pooling_weights", what, "use a textcnn, or `method: gradient`, which fits every model"
    )


def pooled(part: RowPart, of_class: bool) -> Shares:
    """Return the weights of a batch."""
    net = require_windows(part.classifier)
    mask = part.batch["attention_mask"]
    with torch.no_grad():
        responses = net.responses(part.batch["input_ids"], mask).float()
        weights = net.window_weights(responses, mask)
        seen = weights * responses
        floor = part.value(net.of_responses(torch.zeros_like(responses), mask)) if of_class else None
        if of_class:
            seen = seen * _rows_of_head(part, net)[:, None, :]
        elif net.config.pooling != "max":
            return Shares(_even(part, net, weights.squeeze(-1)))
    pieces, first = torch.zeros(mask.shape, device=mask.device), 0
    for width in net.config.windows:
        some = seen[:, :, first : first + net.config.filters].sum(-1)
        pieces += over_pieces(some, part.present, width)
        first += net.config.filters
    return Shares(pieces, floor)


def _rows_of_head(part: RowPart, net: TextCNN) -> Tensor:
    """Return the weights of the head that make F of what is pooled, [B, filters]; RequestError where F is not linear in logits."""
    table = torch.as_tensor(net.classifier.weight).float()
    if part.plan.quantity == "logit":
        return table[part.target]
    if part.plan.quantity == "difference":
        return table[part.target] - table[part.against]
    what = f"`quantity: {part.plan.quantity}` is not linear in what is pooled"
    raise RequestError("method: pooling_weights", what, "use `quantity: logit` or `difference`")


def _even(part: RowPart, net: TextCNN, weights: Tensor) -> Tensor:
    """Return window weights [B, T] as those of pieces, the mean over the widths of windows."""
    each = [over_pieces(weights, part.present, width) for width in net.config.windows]
    return torch.stack(each).mean(0)
