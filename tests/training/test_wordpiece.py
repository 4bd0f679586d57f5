"""A tokenizer learned from a corpus: Chinese by character, the rest by pieces, each at its place in the text."""

from itertools import pairwise
from pathlib import Path

import pytest
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from augment.training.wordpiece import learn
from tests.texts import TEXTS

CORPUS = [*TEXTS, "这家酒店很好", "这家酒店很差", "a great movie", "a great story", "the movie was great"]


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    """Return a tokenizer of the awkward texts."""
    return learn(CORPUS, size=400, max_length=64)


def cut(tokenizer: PreTrainedTokenizerFast, text: str) -> list[str]:
    """Return what each piece of a text covers, special pieces left out."""
    offsets = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
    return [text[start:end] for start, end in offsets]


@pytest.mark.parametrize("text", TEXTS)
def test_pieces_are_in_order_and_cover_all_that_is_visible(
    tokenizer: PreTrainedTokenizerFast, text: str
) -> None:
    offsets = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
    assert all(start < end <= following for (start, end), (following, _) in pairwise(offsets))
    covered = {index for start, end in offsets for index in range(start, end)}
    hidden = [mark for index, mark in enumerate(text) if index not in covered]
    assert not any(mark.isalnum() for mark in hidden)


def test_chinese_is_cut_by_character_and_frequent_words_are_whole(tokenizer: PreTrainedTokenizerFast) -> None:
    assert cut(tokenizer, "这家酒店，好𠮷！") == ["这", "家", "酒", "店", "，", "好", "𠮷", "！"]
    assert cut(tokenizer, "a very great movie") == ["a", "very", "great", "movie"]


def test_case_does_not_matter_and_accents_do(tokenizer: PreTrainedTokenizerFast) -> None:
    assert tokenizer("Great MOVIE")["input_ids"] == tokenizer("great movie")["input_ids"]
    assert tokenizer("résumé")["input_ids"] != tokenizer("resume")["input_ids"]


def test_a_text_is_between_its_marks_and_a_pair_is_known_by_its_types(
    tokenizer: PreTrainedTokenizerFast,
) -> None:
    row = tokenizer("好", "great")
    assert tokenizer.convert_ids_to_tokens(row["input_ids"]) == ["[CLS]", "好", "[SEP]", "great", "[SEP]"]
    assert row["token_type_ids"] == [0, 0, 0, 1, 1]
    assert tokenizer("")["input_ids"] == [tokenizer.cls_token_id, tokenizer.sep_token_id]


def test_what_was_never_seen_is_one_unknown_piece(tokenizer: PreTrainedTokenizerFast) -> None:
    assert tokenizer("鑫", add_special_tokens=False)["input_ids"] == [tokenizer.unk_token_id]


def test_padding_is_piece_zero_as_a_textcnn_expects() -> None:
    few = learn(["好的", "好的", "no"], size=100, max_length=8)
    assert few.pad_token_id == 0
    assert few.model_max_length == 8
    pieces = few.convert_ids_to_tokens(list(range(len(few))))
    assert pieces[:5] == ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    assert {"好", "的", "n", "##o"} <= set(pieces[5:])


def test_the_same_texts_give_the_same_pieces_each_time(tokenizer: PreTrainedTokenizerFast) -> None:
    # The trainer hashes with a new seed each time, so one repetition could agree by chance.
    again = [learn(iter(CORPUS), size=400, max_length=64).get_vocab() for _ in range(3)]
    assert again == [tokenizer.get_vocab()] * 3


def test_no_more_pieces_are_learned_than_requested() -> None:
    assert len(learn(["great movie", "great story", "好电影"] * 3, size=40, max_length=64)) <= 40


def test_a_saved_tokenizer_cuts_as_before(tokenizer: PreTrainedTokenizerFast, tmp_path: Path) -> None:
    tokenizer.save_pretrained(tmp_path)
    again = AutoTokenizer.from_pretrained(tmp_path)
    for text in TEXTS:
        assert again(text)["input_ids"] == tokenizer(text)["input_ids"]
