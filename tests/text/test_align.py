"""Owners of pieces, against the definition and with real tokenizers of four families."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from augment.text.align import Span, owners
from augment.text.segment import segment
from tests.texts import TEXTS

SENTENCES = [text for text in TEXTS if len(text) < 100] * 3


def wordpiece() -> Tokenizer:
    """Return a BERT tokenizer whose pieces are words, and characters where a word is rare."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[UNK]", "[CLS]", "[SEP]"]
    tokenizer.train_from_iterator(
        SENTENCES, trainers.WordPieceTrainer(vocab_size=300, special_tokens=special)
    )
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 2), ("[CLS]", 1))
    return tokenizer


def byte_level(trim_offsets: bool) -> Tokenizer:
    """Return a GPT-2 tokenizer; without trimming, the space before a word counts to its first piece."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(SENTENCES, trainers.BpeTrainer(vocab_size=320, initial_alphabet=alphabet))
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=trim_offsets)
    return tokenizer


def unigram() -> Tokenizer:
    """Return a sentencepiece tokenizer, where ▁ may be a piece of its own."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(vocab_size=200, special_tokens=["<unk>"], unk_token="<unk>")
    tokenizer.train_from_iterator(SENTENCES, trainer)
    return tokenizer


FAMILIES: dict[str, Callable[[], Tokenizer]] = {
    "wordpiece": wordpiece,
    "byte-level": lambda: byte_level(trim_offsets=False),
    "byte-level-trimmed": lambda: byte_level(trim_offsets=True),
    "unigram": unigram,
}


@pytest.fixture(scope="module", params=FAMILIES)
def tokenizer(request: pytest.FixtureRequest) -> Tokenizer:
    """One tokenizer of each family, trained on the awkward texts."""
    return FAMILIES[request.param]()


SPANS = st.lists(st.integers(1, 4), max_size=16).map(
    lambda steps: [(sum(steps[:i]), sum(steps[: i + 1])) for i in range(0, len(steps), 2)]
)
PIECE = st.tuples(
    st.tuples(st.integers(0, 30), st.integers(0, 6)).map(lambda piece: (piece[0], piece[0] + piece[1])),
    st.sampled_from([0, 1, None]),
)


@given(SPANS, SPANS, st.lists(PIECE, max_size=20), st.booleans())
def test_a_piece_belongs_to_the_first_token_it_overlaps_most(
    first: list[Span], second: list[Span], pieces: list[tuple[Span, int | None]], ordered: bool
) -> None:
    if ordered:
        pieces.sort(key=lambda piece: (piece[1] or 0, piece[0]))
    spans, sides = first + second, [0] * len(first) + [1] * len(second)
    offsets, piece_sides = [piece[0] for piece in pieces], [piece[1] for piece in pieces]

    def defined(piece: Span, side: int | None) -> int:
        shared = [
            min(end, piece[1]) - max(start, piece[0]) if at == side else 0
            for (start, end), at in zip(spans, sides, strict=True)
        ]
        return shared.index(max(shared)) if shared and max(shared) > 0 else -1

    expected = [defined(piece, side) for piece, side in pieces]
    assert owners(spans, sides, offsets, piece_sides) == expected


@pytest.mark.parametrize("text", TEXTS)
def test_pieces_of_real_tokenizers_belong_to_the_token_they_are_in(tokenizer: Tokenizer, text: str) -> None:
    spans = segment(text)
    encoding = tokenizer.encode(text)
    owner = owners(spans, [0] * len(spans), encoding.offsets, encoding.sequence_ids)
    assert len(owner) == len(encoding.ids)
    for token, (start, end), side in zip(owner, encoding.offsets, encoding.sequence_ids, strict=True):
        if token >= 0:
            assert spans[token][0] < end
            assert start < spans[token][1]
        else:
            assert side is None or not text[start:end].strip()
    owned = [token for token in owner if token >= 0]
    assert owned == sorted(owned)


@pytest.mark.parametrize("pair", [("房间很好", "the room is good"), ("good", ""), ("", "好")])
def test_both_sides_of_a_pair_keep_their_own_tokens(tokenizer: Tokenizer, pair: tuple[str, str]) -> None:
    cut = [segment(text) for text in pair]
    encoding = tokenizer.encode(*pair)
    sides = [0] * len(cut[0]) + [1] * len(cut[1])
    owner = owners(cut[0] + cut[1], sides, encoding.offsets, encoding.sequence_ids)
    owned = {
        (sides[token], side) for token, side in zip(owner, encoding.sequence_ids, strict=True) if token >= 0
    }
    assert all(token_side == piece_side for token_side, piece_side in owned)
    assert set(range(len(sides))) <= set(owner)


def test_the_bytes_of_one_emoji_share_its_token() -> None:
    spans = segment("hi 👨‍👩‍👧 ok")
    encoding = byte_level(trim_offsets=False).encode("hi 👨‍👩‍👧 ok")
    owner = owners(spans, [0, 0, 0], encoding.offsets, encoding.sequence_ids)
    assert owner.count(1) > 5
    owned = [token for token in owner if token >= 0]
    assert owned == sorted(owned)


def test_specials_spaces_and_empty_pieces_have_no_owner() -> None:
    spans, sides = [(1, 3), (4, 6)], [0, 0]
    assert owners(spans, sides, [(0, 0), (0, 1), (3, 4), (2, 2), (6, 9)], [None, 0, 0, 0, 0]) == [-1] * 5
    assert owners([], [], [(0, 2)], [0]) == [-1]
    assert owners(spans, sides, [], []) == []


def test_a_piece_across_two_tokens_goes_to_the_larger_share() -> None:
    assert owners([(0, 1), (1, 4)], [0, 0], [(0, 3), (0, 2)], [0, 0]) == [1, 0]
