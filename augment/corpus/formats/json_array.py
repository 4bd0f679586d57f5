"""The elements of one JSON array, one at a time, however the array is laid out in its file.

for line, record in elements(blocks, "reviews.json", whole=True):     # blocks: the text of the file, piece by piece
    line, record                                                     # the line it starts on; a reason if it is no object

Only the element at hand is in memory, with a block of what follows it.
"""

import json
import re
from collections.abc import Iterator

from augment.corpus.formats.json_types import record_of
from augment.corpus.formats.records import Records
from augment.errors import DataError

_SPACE = re.compile(r"[ \t\r\n]*")
# The decoder's messages for an element that may merely go on in the next block, wherever in it the fault is.
_OPEN = ("Unterminated string",)
# An error this near the end of what is read may be one of what is not read yet: `tru`, `\u12`, `-`.
_NEAR = 16


class _TextWindow:
    """The part of the text that is in memory, and the line it starts on."""

    def __init__(self, blocks: Iterator[str]) -> None:
        self._blocks = blocks
        self.text, self.at, self.line, self._before = "", 0, 1, 0

    def more(self) -> bool:
        """Take at least as much text as is held, so that a long element is parsed a few times only; False at the end."""
        self._before = self._column(self.at)
        self.text = self.text[self.at :]
        self.at = 0
        parts, size, wanted = [self.text], 0, len(self.text)
        while size <= wanted:
            block = next(self._blocks, None)
            if block is None:
                break
            parts.append(block)
            size += len(block)
        self.text = "".join(parts)
        return size > 0

    def error(self, name: str, ahead: int, what: str) -> DataError:
        """Return the error of a character some way ahead."""
        offset = self.at + ahead
        where = f"{name}:{self.line + self.text.count(chr(10), self.at, offset)}"
        hint = "write the file again, or one object a line (JSON lines)"
        return DataError(where, f"not JSON: {what} at column {self._column(offset) + 1}", hint)

    def _column(self, offset: int) -> int:
        """Return the number of characters before a place on its line."""
        start = self.text.rfind("\n", 0, offset)
        return self._before + offset if start < 0 else offset - start - 1

    def to(self, offset: int) -> None:
        """Move on to a place in the text."""
        self.line += self.text.count("\n", self.at, offset)
        self.at = offset

    def mark(self) -> str:
        """Return the next character that is no space, without passing it; empty at the end."""
        while True:
            space = _SPACE.match(self.text, self.at)
            self.to(space.end() if space else self.at)
            if self.at < len(self.text):
                return self.text[self.at]
            if not self.more():
                return ""


def elements(blocks: Iterator[str], name: str, whole: bool) -> Records[dict[str, object]]:
    """Yield each element with its line; DataError with line and column where the text is no array.

    whole: False if the text is the head of a file, which may end anywhere.
    """
    reading = _TextWindow(blocks)
    reading.mark()
    reading.to(reading.at + 1)
    mark = reading.mark()
    while mark and mark != "]":
        element = _element(reading, name, whole)
        if element is None:
            return
        yield element
        mark = reading.mark()
        if mark == ",":
            reading.to(reading.at + 1)
            mark = reading.mark()
            if mark == "]":
                raise reading.error(name, 0, "no value behind a comma")
        elif mark and mark != "]":
            raise reading.error(name, 0, "neither `,` nor `]` behind a value")
    if mark:
        reading.to(reading.at + 1)
    if whole and not mark:
        raise reading.error(name, 0, "the array is cut off")
    if whole and reading.mark():
        raise reading.error(name, 0, "text behind the end of the array")


def _element(reading: _TextWindow, name: str, whole: bool) -> tuple[int, dict[str, object] | str] | None:
    """Return the element that starts here with its line; None if the head of a file ends within it."""
    decoder = json.JSONDecoder()
    while True:
        start = reading.at
        try:
            value, end = decoder.raw_decode(reading.text, start)
        except json.JSONDecodeError as error:
            inside = error.pos < len(reading.text) - _NEAR and not error.msg.startswith(_OPEN)
            if not inside and reading.more():
                continue
            if not inside and not whole:
                return None
            raise reading.error(name, error.pos - start, error.msg) from None
        except (ValueError, RecursionError):
            raise reading.error(name, 0, "a number too long, or nesting too deep") from None
        # A number may go on in the next block.
        if end == len(reading.text) and not isinstance(value, dict | list | str) and reading.more():
            continue
        line, escaped = reading.line, reading.text.find("\\u", start, end) >= 0
        reading.to(end)
        return line, record_of(value, escaped)
