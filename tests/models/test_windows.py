"""Windows over long texts: every piece is in one, the frame in all, and their logits are pooled."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.config.sections import ModelConfig, RunConfig
from augment.models.classifier import open_classifier
from augment.models.windows import Pooling, Windows
from tests.models.nets import NETS, save


@given(
    count=st.integers(1, 400),
    length=st.integers(4, 40),
    frame=st.tuples(st.integers(0, 1), st.integers(0, 1)),
    overlap=st.floats(0, 0.5),
)
def test_every_piece_is_in_a_window_and_the_frame_in_all(
    count: int, length: int, frame: tuple[int, int], overlap: float
) -> None:
    windows = Windows(length, *frame, overlap, 1000, "mean")
    parts = windows.of([range(count), range(3)])
    if count <= length:
        assert parts is None
        return
    assert parts is not None
    slots = [each for row, each in zip(parts.row, parts.slots, strict=True) if row == 0]
    assert set(np.concatenate(slots).tolist()) == set(range(count))
    for each in slots:
        assert len(each) == length
        assert (np.diff(each) > 0).all()
        assert set(range(frame[0])) | set(range(count - frame[1], count)) <= set(each.tolist())
    assert (parts.row[-1], parts.slots[-1].tolist()) == (1, [0, 1, 2])


@given(most=st.integers(1, 30), length=st.integers(4, 40), overlap=st.floats(0, 0.5))
def test_a_text_of_all_pieces_that_are_read_has_the_most_windows_and_no_more(
    most: int, length: int, overlap: float
) -> None:
    windows = Windows(length, 1, 1, overlap, most, "mean")
    assert (windows.of([range(windows.longest)]) is None) == (most == 1)
    parts = windows.of([range(windows.longest), range(length + 1)])
    assert parts is not None
    assert parts.counts()[0] == most
    assert Windows(length, 1, 1, overlap, most, "first").longest == length


@pytest.mark.parametrize(("pooling", "pooled"), [("mean", [2.0, 0.5]), ("max", [3.0, 1.0])])
def test_logits_are_those_of_the_windows_pooled(pooling: Pooling, pooled: list[float]) -> None:
    parts = Windows(4, 1, 1, 0.0, 9, pooling).of([range(4), range(6)])
    assert parts is not None
    assert parts.spread(["abcd", "uvwxyz"]) == ["abcd", list("uvwz"), list("uxyz")]
    logits = torch.tensor([[0.1, -0.0], [1.0, 1.0], [3.0, 0.0]])
    assert parts.pooled(logits).tolist() == [logits[0].tolist(), pooled]


@given(
    counts=st.tuples(st.integers(1, 200), st.integers(1, 200)),
    length=st.integers(8, 40),
    frame=st.tuples(st.integers(0, 1), st.integers(0, 1), st.integers(0, 2)),
    overlap=st.floats(0, 0.5),
    most=st.integers(60, 80),
)
@settings(max_examples=25)
def test_windows_of_a_pair_are_over_the_longer_text_and_all_have_the_shorter(
    counts: tuple[int, int], length: int, frame: tuple[int, int, int], overlap: float, most: int
) -> None:
    before, after, between = frame
    windows = Windows(length, before, after, overlap, most, "mean", between)
    sides = [None] * before + [0] * counts[0] + [None] * between + [1] * counts[1] + [None] * after
    read = windows.read_of_pair(sides)
    rest = sides if read is None else [sides[index] for index in read]
    assert read is None or read == sorted(set(read))
    second = before + rest.count(0) + between
    parts = windows.of([rest], [[int(index >= second) for index in range(len(rest))]])
    if len(sides) <= length:
        assert read is None
        assert parts is None
        return
    assert parts is not None
    assert len(parts.slots) <= most
    assert set(np.concatenate(parts.slots).tolist()) == set(range(len(rest)))
    longer = int(rest.count(1) > rest.count(0))
    kept = {index for index, side in enumerate(rest) if side != longer}
    for each in parts.slots:
        assert len(each) == length
        assert kept <= set(each.tolist())
    room = length - before - after - between
    assert rest.count(1 - longer) >= min(min(counts), round(0.75 * room))


def test_of_a_pair_that_is_cut_on_the_left_the_ends_are_read() -> None:
    windows = Windows(10, 1, 1, 0.0, 2, "mean", 1)
    sides = [None, *[0] * 40, None, *[1] * 3, None]
    assert windows.read_of_pair(sides) == [0, *range(1, 9), 41, *range(42, 45), 45]
    assert windows.read_of_pair(sides, from_end=True) == [0, *range(33, 41), 41, *range(42, 45), 45]


@pytest.mark.parametrize("name", ["bert", "roberta", "gpt2"])
def test_a_long_pair_is_read_whole(tmp_path: Path, name: str) -> None:
    """Its answer is the mean over windows that each are a pair."""
    folder = save(NETS[name], tmp_path / name)
    config = ModelConfig(path=str(folder), max_length=24, overlap=0.0)
    classifier = open_classifier(config, RunConfig(device="cpu", threads=1))
    text, pair = "房间很好", "the hotel was clean and the staff were very kind to all of us"
    (row,) = classifier.encode([text], [pair])
    assert len(row.pieces) > 24
    assert row.offsets[-1 - classifier.windows.after][1] == len(pair)
    parts = classifier.windows.of([row.pieces], [row.segments])
    assert parts is not None
    pieces, segments = parts.spread([row.pieces]), parts.spread([row.segments])
    logits = torch.stack(
        [classifier.answer([one], [kinds])[0] for one, kinds in zip(pieces, segments, strict=True)]
    )
    assert classifier.answer([row.pieces], [row.segments])[0].tolist() == pytest.approx(
        logits.mean(0).tolist(), abs=1e-5
    )
