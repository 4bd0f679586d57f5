"""Of a long text only as much is tokenized as the model can see, and the pieces are those of the whole text."""

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from augment.errors import ModelError
from augment.models.bounded import encode, require_bounded
from augment.training.wordpiece import learn
from tests.texts import TEXTS

SENTENCES = (
    "这家酒店的房间很干净，服务也不错。",
    "The room wasn't clean! ",
    "房間非常好 👍🏽\n",
    "ＯＫ café é ",
    "a",
    "，",
)
WORDS = [*SENTENCES, *TEXTS] * 4


@cache
def tokenizer(kind: str, side: str) -> PreTrainedTokenizerFast:
    """Return a small tokenizer of a family: WordPiece, byte-level BPE, or Unigram on marked spaces."""
    if kind == "wordpiece":
        result = learn(WORDS, 300, 64)
    else:
        special = ["[UNK]", "[PAD]"]
        if kind == "bpe":
            inner = Tokenizer(models.BPE())
            inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
            trainer: trainers.Trainer = trainers.BpeTrainer(
                vocab_size=400, special_tokens=special, show_progress=False
            )
        else:
            inner = Tokenizer(models.Unigram())
            inner.normalizer = normalizers.NFKC()
            inner.pre_tokenizer = pre_tokenizers.Metaspace()
            trainer = trainers.UnigramTrainer(
                vocab_size=200, special_tokens=special, unk_token="[UNK]", show_progress=False
            )
        inner.train_from_iterator(WORDS, trainer)
        result = PreTrainedTokenizerFast(tokenizer_object=inner, unk_token="[UNK]", pad_token="[PAD]")
    result.truncation_side = side
    return result


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize("kind", ["wordpiece", "bpe", "unigram"])
@settings(max_examples=15)
@given(parts=st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=8), times=st.integers(1, 60))
def test_pieces_and_offsets_are_those_of_the_whole_text_cut(
    kind: str, side: str, parts: list[str], times: int
) -> None:
    text, bounded = "".join(parts) * times, tokenizer(kind, side)
    whole = bounded([text], truncation=True, max_length=24, return_offsets_mapping=True)
    result = encode(bounded, [text], None, 24, return_offsets_mapping=True)
    assert result["input_ids"] == whole["input_ids"]
    assert list(map(tuple, result["offset_mapping"][0])) == list(map(tuple, whole["offset_mapping"][0]))


@pytest.mark.parametrize("side", ["right", "left"])
@settings(max_examples=15)
@given(one=st.integers(1, 200), other=st.integers(1, 4))
def test_pairs_are_cut_as_whole_pairs_are(side: str, one: int, other: int) -> None:
    pair, bounded = (SENTENCES[0] * one, SENTENCES[1] * other), tokenizer("wordpiece", side)
    whole = bounded([pair[0]], [pair[1]], truncation=True, max_length=48, return_offsets_mapping=True)
    result = encode(bounded, [pair[0]], [pair[1]], 48, return_offsets_mapping=True)
    assert result["input_ids"] == whole["input_ids"]
    assert list(map(tuple, result["offset_mapping"][0])) == list(map(tuple, whole["offset_mapping"][0]))


@pytest.mark.parametrize("text", [" " * 1_500_000, "x" * 1_500_000, "好" * 3_000_000, "a b " * 1_000_000])
def test_a_text_of_megabytes_costs_what_its_beginning_costs(text: str) -> None:
    result = encode(tokenizer("wordpiece", "right"), [text, "short"], None, 64, return_offsets_mapping=True)
    assert [len(row) <= 64 for row in result["input_ids"]] == [True, True]


def multiplying(*steps: normalizers.Normalizer) -> PreTrainedTokenizerFast:
    """Return a tokenizer with these normalizers."""
    inner = Tokenizer(models.WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    inner.normalizer = normalizers.Sequence(list(steps))
    return PreTrainedTokenizerFast(tokenizer_object=inner, unk_token="[UNK]", pad_token="[UNK]")


def test_a_tokenizer_that_multiplies_text_is_refused() -> None:
    for steps in (
        [normalizers.Replace("a", "a" * 100_000)],
        [normalizers.Replace("a", "aa")] * 40,
        [normalizers.Replace(Regex("."), "xy" * 9), normalizers.Replace("x", "zz")],
        [normalizers.Prepend("a" * 1_000_000)],
    ):
        with pytest.raises(ModelError, match="times as long"):
            require_bounded(multiplying(*steps), "model")


def test_ordinary_normalizers_are_not_refused() -> None:
    usual = [
        normalizers.NFKC(),
        normalizers.Lowercase(),
        normalizers.Replace("``", '"'),
        normalizers.Replace(Regex(" {2,}"), "▁"),
        normalizers.Prepend("▁"),
    ]
    require_bounded(multiplying(*usual), "model")
    for kind in ("wordpiece", "bpe", "unigram"):
        require_bounded(tokenizer(kind, "right"), kind)


def test_a_pattern_that_never_ends_is_an_error_of_the_model() -> None:
    endless = multiplying(normalizers.Replace(Regex("(a+)+$"), "b"))
    with pytest.raises(ModelError, match="breaks down"):
        encode(endless, ["a" * 60 + "!"], None, 64)
