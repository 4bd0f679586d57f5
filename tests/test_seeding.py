"""Chance is an argument: the same key gives the same choices, whatever was drawn before or elsewhere."""

from hypothesis import given, settings
from hypothesis import strategies as st

from augment.seeding import Chance, chance

KEYS = st.tuples(
    st.integers(0, 9), st.sampled_from(["delete_key", "换词"]), st.text(max_size=5), st.integers(0, 99)
)
QUICK = settings(max_examples=60)


def draws(key: tuple[int, str, str, int], count: int = 8) -> list[int]:
    """Return the first numbers below a million that a key gives."""
    source = chance(*key)
    return [source.below(1_000_000) for _ in range(count)]


@QUICK
@given(KEYS, KEYS)
def test_equal_keys_give_equal_choices_and_others_others(
    one: tuple[int, str, str, int], other: tuple[int, str, str, int]
) -> None:
    first = draws(one)
    chance(*other).sample(range(10), 5)
    assert draws(one) == first
    assert (draws(other) == first) == (one == other)


def test_the_choices_are_those_of_earlier_versions() -> None:
    """Pinned: if these change, the same request gives other samples, and running.ALGORITHM must be raised."""
    assert draws((0, "substitute_other", "酒店.csv:7", 2), 4) == [589577, 115883, 502717, 981330]
    assert chance(0, "delete_key", "r1", 0).sample("床前明月光", 5) == list("光床前明月")


@QUICK
@given(st.integers(0, 1 << 64), st.integers(1, 1000))
def test_a_number_below_is_below(seed: int, count: int) -> None:
    source = Chance(seed)
    assert all(0 <= source.below(count) < count for _ in range(20))


@QUICK
@given(st.integers(), st.lists(st.text(max_size=3)), st.integers(0, 12))
def test_a_sample_repeats_nothing_and_leaves_the_items_alone(seed: int, items: list[str], count: int) -> None:
    before = list(items)
    chosen = Chance(abs(seed)).sample(items, count)
    rest = list(items)
    for item in chosen:
        rest.remove(item)
    assert len(chosen) == min(count, len(items))
    assert items == before


def test_every_item_is_as_likely_as_any_other() -> None:
    """10,000 samples of 2 out of 5: each item is in 4,000 of them, give or take five standard deviations."""
    hits = dict.fromkeys("甲乙丙丁戊", 0)
    for number in range(10_000):
        for item in chance(0, "stage", "row", number).sample("甲乙丙丁戊", 2):
            hits[item] += 1
    assert all(3755 < count < 4245 for count in hits.values())
