"""The text in a file's bytes: which encoding it is in, its lines, and where the bytes cannot be read.

A wrong guess turns text into other text without a word, so a guess must decode every byte: UTF-8 first, then GB18030, and
nothing else. The bytes are read twice and never held whole; of a head only the first mebibyte is read.

    encoding = encoding_of(path, "auto")        # "utf-8" or "gb18030"
    for number, line in lines(path, encoding, whole=True):
        ...
"""

import codecs
import gzip
import io
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from augment.errors import DataError, RequestError

BLOCK = 1 << 20  # bytes read at a time, and as the head of a file
DAMAGED = 64  # bytes beyond one a character, all valid UTF-8; GB18030 text does not reach that by accident


def encoding_of(path: Path, wanted: str, whole: bool = True) -> str:
    """Return the codec that decodes the file (or its head); DataError with the byte offset if none does.

    `auto` is UTF-8 with or without BOM, else GB18030. A file that is valid UTF-8 for many characters and then fails
    is damaged UTF-8: GB18030 might decode it, to wrong characters, so it is refused.
    """
    _refuse_wide_or_empty(path)
    first = "utf-8" if wanted == "auto" else wanted
    failure = _failure(path, first, whole)
    if failure is None:
        return first
    offset, excess = failure
    if wanted == "auto" and excess < DAMAGED and _failure(path, "gb18030", whole) is None:
        return "gb18030"
    what = f"not {first.upper()} at byte {offset}" + (", and not GB18030" if wanted == "auto" else "")
    raise DataError(str(path), what, "repair the file, or set `corpus.encoding` (utf-8, gb18030, latin-1)")


def lines(path: Path, encoding: str, whole: bool) -> Iterator[tuple[int, str]]:
    """Yield every line with its number. Only LF and CRLF end a line: U+2028, U+0085 and others belong to the text."""
    with text(path, encoding, "\n", whole) as stream:
        for number, line in enumerate(stream, 1):
            yield number, line.removesuffix("\n").removesuffix("\r")


@contextmanager
def text(path: Path, encoding: str, newline: str, whole: bool) -> Iterator[Iterator[str]]:
    """Give the lines of a file or of its head, which ends with a line unless the first one is longer."""
    with _binary(path) as stream:
        source = stream if whole else io.BytesIO(_head(stream))
        with io.TextIOWrapper(source, encoding, "strict" if whole else "replace", newline) as decoded:
            yield _without_mark(decoded)


def blocks(path: Path, encoding: str, whole: bool) -> Iterator[str]:
    """Yield the text of a file, or of its first mebibyte, piece by piece, for a reader that does not go by lines."""
    with _binary(path) as stream:
        source = stream if whole else io.BytesIO(stream.read(BLOCK))
        with io.TextIOWrapper(source, encoding, "strict" if whole else "replace", "\n") as decoded:
            block = decoded.read(BLOCK).removeprefix("\ufeff")
            while block:
                yield block
                block = decoded.read(BLOCK)


def _head(stream: BinaryIO) -> bytes:
    """Return the lines at the start of a stream, about a mebibyte; no byte of a longer character is a line feed."""
    start = stream.read(BLOCK)
    return start if len(start) < BLOCK else start[: start.rfind(b"\n") + 1] or start


def _without_mark(lines: Iterable[str]) -> Iterator[str]:
    """Yield the lines, the first without the byte order mark it may have in UTF-8 and in GB18030."""
    for number, line in enumerate(lines):
        yield line if number else line.removeprefix("\ufeff")


@contextmanager
def _binary(path: Path) -> Iterator[BinaryIO]:
    """Give the bytes of a file, unpacked if it is gzip; DataError if the packing is damaged."""
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as stream:
            yield cast(BinaryIO, stream)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(str(path), f"damaged gzip file: {error}", "obtain it again") from None
    except OSError as error:
        raise RequestError(
            str(path), f"cannot be read: {error.strerror or error}", "check the permissions"
        ) from None


def _refuse_wide_or_empty(path: Path) -> None:
    """Raise DataError for a file that is UTF-16 or holds nothing."""
    with _binary(path) as stream:
        start = stream.read(4)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise DataError(str(path), "the file is UTF-16", "save it as UTF-8")
    if not start.removeprefix(codecs.BOM_UTF8):
        raise DataError(str(path), "the file is empty", "check how it was made")


def _failure(path: Path, codec: str, whole: bool) -> tuple[int, int] | None:
    """Return the offset of the first byte that cannot be decoded, and by how much bytes exceed characters before it."""
    decoder = codecs.getincrementaldecoder(codec)("strict")
    read = characters = 0
    with _binary(path) as stream:
        while True:
            block = stream.read(BLOCK)
            start = read - len(decoder.getstate()[0])
            try:
                characters += len(decoder.decode(block, final=not block))
            except UnicodeDecodeError as error:
                good = error.object[: error.start].decode(codec)
                return start + error.start, start + error.start - characters - len(good)
            read += len(block)
            if not block or not whole:
                return None
