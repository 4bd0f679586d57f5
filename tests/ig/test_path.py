"""The straight path: every row at its own place, and ends that are exact."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.ig.path import point

FLOATS = st.floats(-1e6, 1e6, width=32)


@given(
    st.lists(st.tuples(FLOATS, FLOATS), min_size=1, max_size=8),
    st.sampled_from([torch.float32, torch.float64]),
)
@settings(max_examples=40)
def test_the_ends_of_the_path_are_its_baseline_and_its_input_bit_for_bit(
    pairs: list[tuple[float, float]], dtype: torch.dtype
) -> None:
    baseline, inputs = torch.tensor(pairs, dtype=dtype).T[:, None, :, None]
    assert torch.equal(point(baseline, inputs, torch.zeros(1)), baseline)
    assert torch.equal(point(baseline, inputs, torch.ones(1)), inputs)


def test_every_row_has_its_own_place_on_the_path() -> None:
    baseline, inputs = torch.zeros(3, 2, 4), torch.ones(3, 2, 4)
    positions = torch.tensor([0.0, 0.25, 1.0])
    assert torch.equal(point(baseline, inputs, positions), positions[:, None, None].expand(3, 2, 4))
