"""The text in a file's bytes: which encoding it is in, its lines, and where the bytes cannot be read.

A wrong guess turns text into other text silently, so every byte must be read, and what the text does not settle is
left to the user. The bytes are read twice and never held whole; of a head only the first mebibyte is read.

    encoding = encoding_of(path, "auto")        # "utf-8", "gb18030", …
    for number, line in lines(path, encoding, whole=True):
        ...
"""

import codecs
import io
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

from augment.corpus.formats.guessing import UTF_16, guess
from augment.corpus.formats.unpacking import unpacked
from augment.errors import DataError

BLOCK = 1 << 20  # bytes read at a time, and as the head of a file
DAMAGED = 64  # bytes beyond one a character, all valid UTF-8; text in another encoding does not reach that by accident
SAMPLE = 1 << 14  # bytes that a guess is made of
# UTF-32 first: its mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"\x84\x31\x95\x33", "gb18030"),
)
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")
_NAMES = "utf-8, utf-16, gb18030, big5, cp1252, or another that Python names"
_HINT = f"repair the file, or set `corpus.encoding` to what it is in: {_NAMES}"


class _Survey(NamedTuple):
    """The offset of the first byte that cannot be decoded, if any, and by how much bytes exceed characters before it."""

    failure: int | None
    excess: int


def encoding_of(path: Path, wanted: str, whole: bool = True) -> str:
    """Return the codec that decodes the file (or its head); DataError with the byte offset if none does.

    `auto` finds UTF-8, UTF-16, GB18030, Big5 and Windows-1252 where the bytes can be no other, and else asks.
    """
    with unpacked(path) as stream:
        start = stream.read(SAMPLE)
    mark, codec = next(((mark, codec) for mark, codec in _MARKS if start.startswith(mark)), (b"", ""))
    if len(start) == len(mark):
        raise DataError(str(path), "the file is empty", "check how it was made")
    if wanted != "auto":
        return _named(path, wanted, start, whole)
    return _decoding(path, (codec,), whole) if codec else _detected(path, start, whole)


def lines(path: Path, encoding: str, whole: bool) -> Iterator[tuple[int, str]]:
    """Yield every line with its number. Only LF and CRLF end a line: U+2028, U+0085 and others belong to the text."""
    with text(path, encoding, "\n", whole) as stream:
        for number, line in enumerate(stream, 1):
            yield number, line.removesuffix("\n").removesuffix("\r")


def head_of(path: Path, wanted: str) -> list[str]:
    """Return the lines of the head of a file, with their ends."""
    with text(path, encoding_of(path, wanted, whole=False), "\n", whole=False) as stream:
        return list(stream)


@contextmanager
def text(path: Path, encoding: str, newline: str, whole: bool) -> Iterator[Iterator[str]]:
    """Give the lines of a file or of its head, which ends with a line unless the first one is longer."""
    with unpacked(path) as stream:
        if not whole:
            yield _without_mark(io.StringIO(_head(stream, encoding), newline))
            return
        with io.TextIOWrapper(stream, encoding, "strict", newline) as decoded:
            yield _without_mark(decoded)


def blocks(path: Path, encoding: str, whole: bool) -> Iterator[str]:
    """Yield the text of a file, or of its first mebibyte, piece by piece, for a reader that does not go by lines."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    with unpacked(path) as stream:
        block, first = stream.read(BLOCK), True
        while block:
            after = stream.read(BLOCK) if whole else b""
            decoded = decoder.decode(block, final=not after and (whole or len(block) < BLOCK))
            yield decoded.removeprefix("\ufeff") if first else decoded
            block, first = after, False


def _head(stream: BinaryIO, encoding: str) -> str:
    """Return the lines at the start of a stream, about a mebibyte, without the character that the end may cut."""
    block = stream.read(BLOCK)
    start = codecs.getincrementaldecoder(encoding)("strict").decode(block, final=len(block) < BLOCK)
    return start if len(block) < BLOCK else start[: start.rfind("\n") + 1] or start


def _without_mark(lines: Iterable[str]) -> Iterator[str]:
    """Yield the lines, the first without the byte order mark it may have."""
    for number, line in enumerate(lines):
        yield line if number else line.removeprefix("\ufeff")


def _named(path: Path, wanted: str, start: bytes, whole: bool) -> str:
    """Return the codec of an encoding that the user names.

    As in browsers Latin-1 means Windows-1252, which has quotes where Latin-1 has controls that no text uses; it is
    Latin-1 only where Windows-1252 has no character. UTF-16 without a mark may begin with either byte of a character.
    """
    codec = codecs.lookup(wanted).name
    if codec == "iso8859-1" and _survey(path, "cp1252", whole).failure is None:
        return "cp1252"
    if codec == "utf-16" and not start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        guessed = guess(start, cut=len(start) == SAMPLE, families=UTF_16).encoding
        if guessed is None:
            what = "UTF-16 without a byte order mark, and too little text to determine the order of its bytes"
            raise DataError(str(path), what, "set `corpus.encoding` to utf-16-le or utf-16-be")
        return _decoding(path, (guessed,), whole)
    return _decoding(path, (wanted,), whole)


def _decoding(path: Path, codecs: tuple[str, ...], whole: bool) -> str:
    """Return the first of some codecs that decodes the file; DataError if none does."""
    failures = []
    for codec in codecs:
        failure = _survey(path, codec, whole).failure
        if failure is None:
            return codec
        failures.append(failure)
    raise DataError(str(path), f"not {codecs[0].upper()} at byte {failures[0]}", _HINT)


def _detected(path: Path, start: bytes, whole: bool) -> str:
    """Return the codec that the bytes of a file show; DataError with the choices if they show none.

    A file that is valid UTF-8 for many characters and then fails is damaged UTF-8: others might decode it, to wrong characters.
    """
    failure, excess = _survey(path, "utf-8", whole)
    if failure is None and (excess >= DAMAGED or not excess) and 0 not in start:
        return "utf-8"
    if failure is not None and excess >= DAMAGED:
        raise DataError(str(path), f"not UTF-8 at byte {failure}", _HINT)
    sample, cut = (start, len(start) == SAMPLE) if 0 in start else _sample(path, whole)
    if failure is None and _is_doubled(sample):
        return "utf-8"
    guessed, choices = guess(sample, cut)
    if failure is None and (guessed is None or (guessed,) not in UTF_16):
        # Few letters beyond ASCII may be valid UTF-8 by accident: 学 in GB18030 is ѧ in UTF-8.
        if guessed in (None, "utf-8", "cp1252"):
            return "utf-8"
        guessed = None
    if guessed is None:
        first = f"not UTF-8 at byte {failure}" if failure is not None else "hardly UTF-8"
        named = f"; it looks most like {', '.join(choices)}" if choices else ""
        what = f"{first}, and too little text to detect another encoding{named}"
        raise DataError(str(path), what, f"set `corpus.encoding` to what it is in: {_NAMES}")
    return _decoding(path, (guessed, "big5hkscs") if guessed == "cp950" else (guessed,), whole)


def _is_doubled(sample: bytes) -> bool:
    """Return whether valid UTF-8 is UTF-8 that was read as Windows-1252 or Latin-1 and written as UTF-8 again: â€“ for –."""
    marks = _BEYOND_ASCII.findall(sample.decode("utf-8", "ignore"))
    return bool(marks) and any(_was(marks, codec) for codec in ("latin-1", "cp1252"))


def _was(marks: Iterable[str], codec: str) -> bool:
    """Return whether every run of characters is UTF-8 in the bytes of a codec."""
    try:
        for run in marks:
            run.encode(codec).decode("utf-8")
    except UnicodeError:
        return False
    return True


def _sample(path: Path, whole: bool) -> tuple[bytes, bool]:
    """Return bytes of the lines of a file, or of its head, that are not ASCII, and whether their end is cut.

    No longer character has a line feed in it.
    """
    sampled, read = b"", 0
    with unpacked(path) as stream:
        for line in stream:
            sampled += b"" if line.isascii() else line
            read += len(line)
            if len(sampled) >= SAMPLE or (read >= BLOCK and not whole):
                break
    return sampled[:SAMPLE], len(sampled) > SAMPLE


def _survey(path: Path, codec: str, whole: bool) -> _Survey:
    """Return where a file, or its head, cannot be decoded."""
    decoder = codecs.getincrementaldecoder(codec)("strict")
    read = characters = 0
    with unpacked(path) as stream:
        while True:
            block = stream.read(BLOCK)
            start = read - len(decoder.getstate()[0])
            try:
                characters += len(decoder.decode(block, final=not block))
            except UnicodeDecodeError as error:
                good = len(error.object[: error.start].decode(codec, "ignore"))
                return _Survey(start + error.start, start + error.start - characters - good)
            read += len(block)
            if not block or not whole:
                return _Survey(None, read - characters)
