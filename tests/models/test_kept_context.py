"""Answers from what other pieces had: whole rows where all or nothing is replaced, else what the definition gives."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from augment.models.classifier import Classifier
from augment.models.encoder_layers import encoder_layers
from augment.models.kept_context import KeptContext, PieceChange, RowContext, kept_context
from tests.attribution.test_gradient_methods import loaded
from tests.attribution.test_path_integral import opened
from tests.models.nets import NETS
from tests.texts import TEXTS

ENCODERS = ("bert", "roberta", "distilbert")
ROWS = [*TEXTS[:6], "a"]


def read(classifier: Classifier, texts: list[str]) -> tuple[KeptContext, list[list[int]], Tensor, RowContext]:
    """Return what keeps context, the pieces of texts, their logits and what they had."""
    kept = classifier.kept_context
    assert kept is not None
    pieces = [row.pieces for row in classifier.encode(texts, [None] * len(texts))]
    with torch.no_grad():
        logits, context = kept.read(
            classifier.batch(pieces, [[0] * len(row) for row in pieces]), classifier.logits
        )
    return kept, pieces, logits, context


def replacing(pieces: list[int], at: int, new: tuple[int, ...], size: int = 1) -> PieceChange:
    """Return a change of some pieces of a row."""
    positions = tuple(min(at + offset, len(pieces) - 1) for offset in range(len(new)))
    return PieceChange(new, positions, (0,) * len(new), tuple(range(at, at + size)))


@contextmanager
def held(layers: nn.ModuleList, others: Tensor, before: list[Tensor]) -> Iterator[None]:
    """Give pieces in each layer what they had before: of all rows, in place."""
    plain: list[Callable[..., object]] = [layer.forward for layer in layers]

    def forward(number: int) -> Callable[..., object]:
        """Return what a layer computes of what its pieces had."""

        def run(hidden_states: Tensor, *rest: object, **named: object) -> object:
            """Compute it."""
            mixed = torch.where(others[None, :, None], before[number], hidden_states)
            return plain[number](mixed, *rest, **named)

        return run

    try:
        for number, layer in enumerate(layers):
            layer.forward = forward(number)
        yield
    finally:
        for layer, each in zip(layers, plain, strict=True):
            layer.forward = each


def in_float32(operation: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Return an operation that computes in float32 and gives that."""
    return lambda tensor, *given, **named: operation(tensor.float(), *given, **named)


def _keeping(store: list[Tensor]) -> Callable[[nn.Module, tuple[Tensor, ...]], None]:
    """Return a hook that keeps what a layer is given."""
    return lambda _, given: store.append(given[0])


@pytest.mark.parametrize("name", ENCODERS)
def test_a_change_is_answered_as_by_whole_rows_whose_other_pieces_are_held(
    folders: dict[str, Path], name: str
) -> None:
    """By another way: the whole row is computed, and before each layer all other pieces get what they had without the change."""
    classifier = opened(folders[name])
    kept, pieces, _, context = read(classifier, ROWS)
    encoder = encoder_layers(classifier.model)
    assert encoder is not None
    for row, at in ((0, 1), (1, 2), (3, 1)):
        own = pieces[row]
        change = replacing(own, at, (own[-2],))
        answer = kept.answer(context, [(row, change)], classifier.logits)
        inputs: list[Tensor] = []
        handles = [layer.register_forward_pre_hook(_keeping(inputs)) for layer in encoder[0]]
        with torch.no_grad(), classifier.every_piece():
            classifier.logits(classifier.batch([own], [[0] * len(own)]))
            for handle in handles:
                handle.remove()
            changed = [*own]
            changed[at] = own[-2]
            others = torch.tensor([index not in (0, at) for index in range(len(own))])
            with held(encoder[0], others, inputs):
                expected = classifier.logits(classifier.batch([changed], [[0] * len(own)]))
        torch.testing.assert_close(answer, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ENCODERS)
def test_nothing_and_everything_replaced_are_whole_rows(folders: dict[str, Path], name: str) -> None:
    classifier = opened(folders[name])
    kept, pieces, logits, context = read(classifier, ROWS)
    nothing = [(row, PieceChange((), (), (), ())) for row in range(len(ROWS))]
    torch.testing.assert_close(kept.answer(context, nothing, classifier.logits), logits, rtol=1e-4, atol=1e-5)
    _, _, _, other = read(classifier, [text[::-1] for text in ROWS])
    length = other.batch["input_ids"].shape[1]
    whole = [
        (
            row,
            PieceChange(
                tuple(each[1:]), tuple(range(1, len(each))), (0,) * (len(each) - 1), tuple(range(1, length))
            ),
        )
        for row, each in enumerate(pieces)
    ]
    torch.testing.assert_close(kept.answer(other, whole, classifier.logits), logits, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ENCODERS)
def test_a_change_has_the_same_answer_in_other_company(folders: dict[str, Path], name: str) -> None:
    """More pieces, fewer and none in place of one; rows in any order, some without a change."""
    classifier = opened(folders[name])
    kept, pieces, _, context = read(classifier, ROWS)
    changes = [
        (row, replacing(pieces[row], at, tuple(pieces[0][1 : 1 + size])))
        for row in (4, 0, 2)
        for at in (1, 2)
        for size in (3, 1, 0)
    ]
    together = kept.answer(context, changes, classifier.logits)
    alone = torch.cat([kept.answer(context, [one], classifier.logits) for one in changes])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)
    part = kept.answer(
        context.of([2]), [(0, change) for row, change in changes if row == 2], classifier.logits
    )
    torch.testing.assert_close(part, together[-6:], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ENCODERS)
def test_in_fewer_digits_answers_are_nearly_the_same_where_sums_are_in_float32(
    folders: dict[str, Path], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The autocast of CUDA devices sums and takes softmax in float32, that of a CPU does not."""
    classifier = opened(folders[name])
    kept, pieces, _, context = read(classifier, ROWS)
    changes = [(row, replacing(pieces[row], 1, (pieces[0][1],))) for row in range(3)]
    exact = kept.answer(context, changes, classifier.logits)
    for part in ("sum", "softmax"):
        monkeypatch.setattr(Tensor, part, in_float32(getattr(Tensor, part)))
    monkeypatch.setattr(classifier, "dtype", "bfloat16")
    kept, _, _, context = read(classifier, ROWS)
    short = kept.answer(context, changes, classifier.logits)
    assert short.dtype == torch.float32
    torch.testing.assert_close(short, exact, rtol=0.1, atol=0.1 * float(exact.abs().max()))


@pytest.mark.parametrize("name", sorted(set(NETS) - set(ENCODERS)))
def test_models_of_another_form_have_none(folders: dict[str, Path], name: str) -> None:
    assert kept_context(loaded(folders[name])) is None


def test_a_model_that_answers_from_all_pieces_has_none(folders: dict[str, Path]) -> None:
    model = loaded(folders["bert"])
    layers = encoder_layers(model)
    assert layers is not None
    before = [layer.forward for layer in layers[0]]
    pooler = model.get_submodule("bert.pooler")
    plain = pooler.forward
    pooler.forward = lambda states: plain(states.mean(1, keepdim=True))
    assert kept_context(model) is None
    assert [layer.forward for layer in layers[0]] == before
