"""The order of training rows: every row once, like lengths together, another order each pass."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers import DataCollatorWithPadding

from augment.training.length_buckets import LengthBuckets, padding
from augment.training.wordpiece import learn


@given(st.lists(st.integers(1, 200), min_size=1, max_size=300), st.integers(1, 16))
def test_every_row_comes_once_in_every_pass(lengths: list[int], batch: int) -> None:
    sampler = LengthBuckets(lengths, batch, seed=0)
    assert sorted(sampler) == sorted(sampler) == list(range(len(lengths)))
    assert len(sampler) == len(lengths)


def test_batches_hold_like_lengths_and_come_in_no_order() -> None:
    lengths = [number % 100 for number in range(4000)]
    rows = list(LengthBuckets(lengths, 16, seed=0))
    batches = [[lengths[row] for row in rows[at : at + 16]] for at in range(0, 4000, 16)]
    assert max(max(batch) - min(batch) for batch in batches) <= 3
    firsts = [batch[0] for batch in batches]
    assert firsts not in (sorted(firsts), sorted(firsts, reverse=True))


def test_copies_of_few_rows_do_not_fill_a_batch() -> None:
    lengths = [number % 50 for number in range(3000)]
    rows = list(LengthBuckets(lengths, 32, seed=0))
    batches = [[lengths[row] for row in rows[at : at + 32]] for at in range(0, 3000, 32)]
    assert min(len(set(batch)) for batch in batches[:-1]) > 16


def test_the_seed_decides_the_order() -> None:
    lengths = [number % 7 for number in range(100)]
    assert (
        list(LengthBuckets(lengths, 4, 1))
        == list(LengthBuckets(lengths, 4, 1))
        != list(LengthBuckets(lengths, 4, 2))
    )


@pytest.mark.parametrize("side", ["right", "left"])
def test_batches_are_padded_as_by_transformers_on_the_right_whatever_the_tokenizer_does(side: str) -> None:
    tokenizer = learn(["房间 很 干净", "a lovely film"], 300, 64)
    tokenizer.padding_side = side
    texts = ["房间 很 干净 👍🏽", "a", "a lovely film film film"]
    encoded = tokenizer(texts)
    rows = [
        {**{name: column[number] for name, column in encoded.items()}, "labels": number, "length": 7}
        for number in range(len(texts))
    ]
    ours = padding(tokenizer)(rows)
    tokenizer.padding_side = "right"
    theirs = DataCollatorWithPadding(tokenizer)([dict(row) for row in rows])
    assert set(ours) == set(theirs)
    for name, column in ours.items():
        assert column.dtype == theirs[name].dtype
        assert column.tolist() == theirs[name].tolist()
