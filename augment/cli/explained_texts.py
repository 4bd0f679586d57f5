"""The texts that `augment explain` is given: words of the command line, lines of the standard input, rows of files.

texts = texts_of(["reviews.csv"], Columns(text="review"), limit=100)
texts.ids[0], texts.texts[0]            # ("reviews.csv:2", "很好")
"""

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from augment.cli.job_options import is_corpus
from augment.config.sections import CorpusConfig
from augment.config.yaml_file import Document, checked
from augment.corpus import read
from augment.corpus.formats import require_files
from augment.errors import RequestError

# One text: what it is called, itself, and the second text of a pair.
NamedText = tuple[str, str, str | None]


@dataclass(frozen=True)
class Columns:
    """How files are read: the columns with the text and the second text, and the format; None: by their names."""

    text: str | None = None
    pair: str | None = None
    format: str | None = None


@dataclass(frozen=True)
class ExplainedTexts:
    """N texts, what each is called, and the second text of each or None."""

    ids: tuple[str, ...]
    texts: tuple[str, ...]
    pairs: tuple[str | None, ...]
    notices: tuple[str, ...] = ()


def texts_of(given: list[str], columns: Columns, limit: int | None = None) -> ExplainedTexts:
    """Return the texts that are given, at most `limit`; RequestError if there are none, DataError for unreadable files."""
    if columns.pair is not None and len({_is_file(word) for word in given}) > 1:
        what = "it is a column of the file, and the second text of a text"
        raise RequestError(
            f"--pair {columns.pair}", what, "explain the file and the text one after the other"
        )
    rejected: list[str] = []
    named = list(islice(_named(given, columns, rejected), limit))
    if not named:
        raise RequestError(
            "the texts", "there is nothing to explain", "give a text, a file, or lines on stdin"
        )
    notices = (f"texts that cannot be used: {len(rejected):,} ({rejected[0]})",) if rejected else ()
    ids, texts, pairs = zip(*named, strict=True)
    return ExplainedTexts(ids, texts, pairs, notices)


def require_new(page: Path, overwrite: bool) -> None:
    """Raise RequestError for a page that cannot be written, or that is there already."""
    if page.is_dir():
        raise RequestError(str(page), "this is a folder", "name a file, such as out.html")
    if page.exists() and not overwrite:
        raise RequestError(str(page), "the file exists", "name another, or add --overwrite")
    if not page.parent.is_dir():
        raise RequestError(str(page), f"there is no folder {page.parent}", "create it first")


def _named(given: list[str], columns: Columns, rejected: list[str]) -> Iterator[NamedText]:
    """Yield every text with its name; the reasons of rows that cannot be used are added to `rejected`."""
    only = len(given) == 1
    for number, word in enumerate(given, start=1):
        if word == "-":
            yield from ((name, text, columns.pair) for name, text in _lines())
        elif _is_file(word):
            yield from _rows(word, columns, rejected)
        else:
            _require_text(word, columns)
            yield "the text" if only else f"text {number}", word, columns.pair


def _is_file(word: str) -> bool:
    """Return whether a word names a file, a folder with a slash, or a data file that is not there."""
    if len(os.fsencode(word)) > 255 or "\n" in word or "\0" in word:
        return False
    if os.path.isdir(word):
        return os.sep in word
    return os.path.exists(word) or (is_corpus(word) and not any(map(str.isspace, word)))


def _require_text(word: str, columns: Columns) -> None:
    """Raise RequestError for an empty text, or options of files where there is none."""
    if not word.strip():
        raise RequestError("the text", "it is empty", "give a text with at least one word")
    option = "--text" if columns.text else "--format" if columns.format else None
    if option:
        shown = word if len(word) < 40 else f"{word[:40]}…"
        raise RequestError(option, f"it is for a file, and `{shown}` is none", "leave it out, or name a file")


def _rows(word: str, columns: Columns, rejected: list[str]) -> Iterator[NamedText]:
    """Yield the texts of a file, in its order; labels are not read."""
    values = {"text": columns.text, "text_pair": columns.pair, "format": columns.format}
    given = {key: value for key, value in values.items() if value is not None}
    sections = {"root": ".", "files": word, "label": False, **given}
    config = checked(CorpusConfig, Document(Path(word), sections), sections)
    require_files(config, lambda: "the command line")
    for chunk in read(config):
        rejected += [reject.reason for reject in chunk.rejects]
        rows = chunk.rows.select(["id", "text", "text_pair"]).to_pydict()
        yield from zip(rows["id"], rows["text"], rows["text_pair"], strict=True)


def _lines() -> Iterator[tuple[str, str]]:
    """Yield the lines of the standard input that are not blank; RequestError if they are not UTF-8."""
    for number, line in enumerate(sys.stdin.buffer, start=1):
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8").removesuffix("\n").removesuffix("\r")
        except UnicodeDecodeError as error:
            what = f"line {number} is not UTF-8 at byte {error.start}"
            raise RequestError("the standard input", what, "convert it: iconv -f gb18030 -t utf-8") from None
        if text.strip():
            yield f"line {number}", text
