"""Windows over long texts: every piece is in one, the frame in all, and their logits are pooled."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from augment.models.windows import Pooling, Windows


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
