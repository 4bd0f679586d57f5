"""The labels of a row as one text, and back."""

from hypothesis import given
from hypothesis import strategies as st

from augment.config.label_sets import joined, parted

NAMES = st.text(st.characters(codec="utf-8", categories=("L", "N")), min_size=1, max_size=6)


@given(labels=st.lists(NAMES), separator=st.sampled_from([";", "|", ", ", "；"]))
def test_labels_come_back_sorted_and_once(labels: list[str], separator: str) -> None:
    assert parted(joined(labels, separator), separator) == tuple(sorted(set(labels)))


def test_blanks_around_labels_are_no_part_of_them() -> None:
    assert parted(" rude ;clean; ", ";") == ("clean", "rude")
    assert parted("[]", ";") == ()
