"""Cells of a CSV that people open in a spreadsheet: text that would be a formula there has an apostrophe before it.

A word of a corpus such as `=HYPERLINK(…)` or `+1` is run, or changed, by the spreadsheet that opens the file.

    cell("=1+1"), original("'=1+1")       # "'=1+1", "=1+1"
"""

import re

# What a spreadsheet takes for the beginning of a formula, or skips before one; full-width signs too.
_FORMULA = re.compile(r"[=+\-@\t\r\n＝＋－＠]")
# What we have written before: reading takes one apostrophe away, so a text with its own needs one more.
_MARKED = re.compile(r"'+[=+\-@\t\r\n＝＋－＠]")


def cell(text: str) -> str:
    """Return text as it is written into a CSV for a spreadsheet."""
    return f"'{text}" if _FORMULA.match(text) or _MARKED.match(text) else text


def original(text: str) -> str:
    """Return the text that `cell` wrote so."""
    return text[1:] if _MARKED.match(text) else text
