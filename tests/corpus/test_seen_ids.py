"""Values that were met: known again, whatever their number, and no other is."""

from hypothesis import given
from hypothesis import strategies as st

from augment.corpus.seen_ids import SeenHashes
from tests.texts import TEXTS


@given(st.lists(st.one_of(st.sampled_from(TEXTS), st.text(max_size=3)), max_size=60))
def test_a_value_is_new_once(values: list[str]) -> None:
    seen, known = SeenHashes(), set[str]()
    for value in values:
        assert seen.add(value) == (value not in known)
        known.add(value)


def test_many_values_are_all_known_again_in_few_bytes() -> None:
    seen = SeenHashes()
    assert all(seen.add(f"行{number}") for number in range(50_000))
    assert not any(seen.add(f"行{number}") for number in range(0, 50_000, 7))
    assert seen.add("行50000")
