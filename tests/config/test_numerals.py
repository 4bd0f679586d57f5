"""Labels that are numbers are compared by value, and only those that are written as whole numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.config.numerals import plain, whole_or_truth


@given(number=st.integers(), zeros=st.integers(0, 3))
def test_a_whole_number_is_one_label_however_it_is_written(number: int, zeros: int) -> None:
    assert plain(str(number)) == str(number)
    assert plain(f"{number}.{'0' * zeros}" if zeros else str(number)) == str(number)
    assert plain("-0.0") == "0"


@given(label=st.text())
def test_reading_twice_is_reading_once(label: str) -> None:
    assert plain(plain(label)) == plain(label)


@pytest.mark.parametrize("label", ["007", "1.10", "1e5", "+1", "1.", ".0", "１", " 1", "1,0", "", "nan"])
def test_what_is_written_otherwise_stays(label: str) -> None:
    assert plain(label) == label


@pytest.mark.parametrize(
    ("labels", "kind"),
    [
        (["0", "1", "-3"], "int64"),
        (["1.0", "0"], "int64"),
        (["True", "False"], "bool"),
        (["true"], "bool"),
        (["True", "false"], None),
        (["1", "True"], None),
        (["1", "01"], None),
        (["1", "0.5"], None),
        ([str(1 << 63)], None),
        ([], None),
    ],
)
def test_labels_have_a_type_if_all_of_them_do(labels: list[str], kind: str | None) -> None:
    assert whole_or_truth(labels) == kind
