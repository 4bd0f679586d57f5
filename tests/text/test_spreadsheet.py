"""No cell of a CSV for a spreadsheet is a formula there, and what is read back is what was written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.text.spreadsheet import cell, original


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "＝1", '=HYPERLINK("http://x","y")', "'=1", "''=1"]
)
def test_a_formula_has_an_apostrophe_before_it(text: str) -> None:
    assert cell(text) == f"'{text}"
    assert original(cell(text)) == text


@pytest.mark.parametrize("text", ["", "好", "1=1", "it's", "'quoted'", " =1", "…"])
def test_other_text_is_as_it_is(text: str) -> None:
    assert cell(text) == original(text) == text


@given(st.text(st.one_of(st.sampled_from("'=+-@\t\r\n＝＋－＠a好"), st.characters())))
def test_what_is_read_back_is_what_was_written(text: str) -> None:
    assert original(cell(text)) == text
    assert cell(text)[:1] not in ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
