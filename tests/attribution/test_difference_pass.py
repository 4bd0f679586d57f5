"""DeepLIFT's pass: exact on nine architectures as they are, equal to Captum where Captum is exact, and to the closed form."""

from collections.abc import Callable

import pytest
import torch
from captum.attr import DeepLift as Captum
from torch import Tensor, nn

from augment.attribution.difference_pass import changes_of
from augment.models.textcnn import TextCNN, TextCNNConfig
from tests.attribution.nine import NINE, NORMED_FIRST, answer, net_of, six_rows
from tests.attribution.twins import Twin

MOST = {torch.float32: 1e-6, torch.float64: 1e-12}
ATTENTION = {name: ("eager",) if name == "deberta-v2" else ("eager", "sdpa") for name in NINE}
CASES = [(name, kind) for name, kinds in ATTENTION.items() for kind in kinds]


@pytest.mark.parametrize("dtype", MOST, ids=["float32", "float64"])
@pytest.mark.parametrize(("name", "attention"), CASES)
def test_scores_sum_to_the_change_of_the_answer_on_a_model_as_it_is(
    name: str, attention: str, dtype: torch.dtype
) -> None:
    model = net_of(name, dtype, attention)
    ids, mask = six_rows()
    table = model.get_input_embeddings()
    inputs = table(ids).detach()
    baselines = {"row": table(torch.full_like(ids, 4)).detach()}
    if name not in NORMED_FIRST:
        baselines["zero"] = torch.zeros_like(inputs)
    plain = answer(model)[:, 1].detach()
    for which, baseline in baselines.items():
        changes = changes_of(lambda both: answer(model, both), inputs, baseline, lambda logits: logits[:, 1])
        change = changes.value.double() - changes.floor.double()
        gap = (changes.pieces.sum(-1) - change).abs() / change.abs().clamp_min(1)
        assert gap.max() <= MOST[dtype], (which, gap.max())
        # Some compute parts in float32 whatever their weights are; the rules do not.
        rounding = 1e-5 if name in NORMED_FIRST else 20 * torch.finfo(dtype).eps
        torch.testing.assert_close(changes.value, plain, rtol=0, atol=rounding)
        assert not changes.pieces[mask == 0].any(), which


def _net() -> TextCNN:
    """Return a TextCNN with weights and biases that make kinks."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        net = TextCNN(TextCNNConfig(vocab_size=300, hidden_size=24, filters=20, num_labels=3))
        net.double().eval().requires_grad_(False)
        for parameter in net.parameters():
            nn.init.normal_(parameter, std=0.4)
    return net


def captum_texts() -> tuple[TextCNN, Tensor, Tensor]:
    """Return a net, six texts and their embeddings. No piece comes twice: of equal windows Captum takes the first."""
    net = _net()
    ids = 1 + torch.randperm(299, generator=torch.Generator().manual_seed(4))[:120].view(6, 20)
    return net, ids, net.embedding(ids).detach()


def plain_forward(net: TextCNN, ids: Tensor) -> Callable[[Tensor], Tensor]:
    """Return the function from embeddings to logits, whole multiples of the texts."""

    def forward(embeddings: Tensor) -> Tensor:
        handle = net.embedding.register_forward_hook(lambda *_: embeddings)
        try:
            return net.plain_logits(ids.repeat(len(embeddings) // len(ids), 1))
        finally:
            handle.remove()

    return forward


@pytest.mark.filterwarnings("ignore:Setting forward, backward hooks")
def test_scores_of_a_textcnn_are_those_of_captum_and_of_the_closed_form() -> None:
    net, ids, inputs = captum_texts()
    zero, classes = torch.zeros_like(inputs), torch.tensor([0, 1, 2, 0, 1, 2])

    def value(logits: Tensor) -> Tensor:
        return logits.gather(-1, classes.repeat(len(logits) // 6)[:, None])[:, 0]

    forward = plain_forward(net, ids)
    ours = changes_of(forward, inputs, zero, value)
    captum = Captum(Twin(net)).attribute(inputs.clone().requires_grad_(True), zero, target=classes).sum(-1)
    torch.testing.assert_close(ours.pieces, captum, rtol=0, atol=1e-10)
    here = inputs.clone().requires_grad_(True)
    handle = net.embedding.register_forward_hook(lambda *_: here)
    (secant,) = torch.autograd.grad(value(net.secant_logits(ids)).sum(), here)
    handle.remove()
    torch.testing.assert_close(ours.pieces, (secant * inputs).sum(-1), rtol=0, atol=1e-10)
    torch.testing.assert_close(forward(inputs), net(ids).logits, rtol=0, atol=1e-10)
