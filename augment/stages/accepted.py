"""The shortcuts that a user has accepted as such: in a file of `augment keywords`, in a short table of one's own, or by hand.

accepted(job)                                   # those of resources.flags and of resources.accept
read_flags(Path("flags.csv"))
by_hand("性价比=positive")                       # FlaggedNgram(Ngram("word", "性价比"), "positive", "性价比")
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from augment.config.job import Job
from augment.corpus.formats import encoding as decode
from augment.errors import AugmentError, RequestError, nearest
from augment.text.ngrams import KINDS, Ngram, NgramKind, folded
from augment.text.segment import tokens_of
from augment.text.spreadsheet import original


@dataclass(frozen=True)
class FlaggedNgram:
    """A shortcut that a user has accepted as one: the n-gram, the class it gives away, and how it is written."""

    ngram: Ngram
    label: str
    form: str


# What a user may write in the column `accept`.
_YES, _NO = ("yes", "y", "x", "1", "true", "是"), ("", "no", "n", "0", "false", "否")
_NEEDED = ("label", "text")
_HINT = "name a flags.csv of `augment keywords`, or a table with the columns text and label"


def accepted(job: Job) -> tuple[FlaggedNgram, ...]:
    """Return the shortcuts that a job names, each once; RequestError if a file cannot be read or a word is too long."""
    of_file = () if job.resources.flags is None else read_flags(job.root / job.resources.flags)
    return tuple(dict.fromkeys([*of_file, *map(by_hand, job.resources.accept)]))


def by_hand(word: str) -> FlaggedNgram:
    """Return the shortcut of a word `WORD=LABEL`, or `KIND:WORD=LABEL`; RequestError for three words or more."""
    name, _, label = word.rpartition("=")
    kind = next((kind for kind in KINDS if name.startswith(f"{kind}:") and name != f"{kind}:"), None)
    text = name if kind is None else name.removeprefix(f"{kind}:")
    return _named(text, label, kind, f"resources.accept: {word}")


def read_flags(path: Path) -> tuple[FlaggedNgram, ...]:
    """Return what is accepted in a table; RequestError if it cannot be read, is none, or accepts nothing.

    The columns text and label are needed. Without a column `accept` all lines are accepted. A spreadsheet may have saved
    it: in UTF-8 or GB18030, parted by commas, semicolons or tabs.
    """
    flags = []
    for number, row in _rows(path):
        where = f"{path}:{number}"
        values = {name: value for name, value in row.items() if value is not None}
        missing = next((name for name in row if name not in values), None)
        if missing is not None:
            raise RequestError(where, f"the line ends before the column `{missing}`", "complete or remove it")
        answer = values.get("accept", "yes").strip().casefold()
        if answer not in (*_YES, *_NO):
            raise RequestError(
                where, f"`accept` is `{values['accept']}`", "write yes or no (是 or 否), or leave it empty"
            )
        if answer in _YES:
            flags.append(_flag_of(values, where))
    if not flags:
        raise RequestError(
            str(path), "nothing is accepted", "write yes into the column `accept` of what is a shortcut"
        )
    return tuple(flags)


def require_labels(job: Job, labels: Iterable[str]) -> None:
    """Check that the accepted shortcuts are of classes that there are; RequestError naming one that is not, as `accepted`."""
    known = sorted(set(labels))
    for flag in accepted(job):
        if flag.label not in known:
            raise RequestError(
                str(job.root / job.resources.flags) if job.resources.flags else "resources.accept",
                f"`{flag.ngram.text}` is a shortcut to the label `{flag.label}`, which these rows do not have",
                f"labels: {', '.join(known)}",
            )


def _flag_of(row: dict[str, str], where: str) -> FlaggedNgram:
    """Return the shortcut of a line; RequestError for an unknown kind."""
    text, label, form = (original(row.get(name, "")) for name in ("text", "label", "form"))
    if not row.get("kind"):
        named = _named(text, label, None, where)
        return FlaggedNgram(named.ngram, label, form or named.form)
    kind = next((kind for kind in KINDS if kind == row["kind"]), None)
    if kind is None or not text:
        raise RequestError(where, f"`{row['kind']}` is no kind of unit", f"one of {', '.join(KINDS)}")
    return FlaggedNgram(Ngram(kind, text), label, form or text)


def _named(text: str, label: str, kind: NgramKind | None, where: str) -> FlaggedNgram:
    """Return a shortcut by its text; without a kind it is a word, or a phrase of two words in a row."""
    words = [folded(token) for token in tokens_of(text)]
    most = 2 if kind in (None, "phrase") else 1
    if not 1 <= len(words) <= most:
        what = f"`{text}` is {len(words)} words: {' | '.join(words) or 'none'}"
        raise RequestError(where, what, "a shortcut is one word, or two in a row: name one of these")
    usual: NgramKind = "word" if len(words) == 1 else "phrase"
    return FlaggedNgram(Ngram(kind or usual, " ".join(words)), label, text.strip())


def _rows(path: Path) -> list[tuple[int, dict[str, str | None]]]:
    """Return the lines of a table with their numbers; RequestError if it cannot be read or a column is missing."""
    try:
        with decode.text(path, decode.encoding_of(path, "auto"), "", whole=True) as stream:
            lines = list(stream)
        read = csv.DictReader(lines, delimiter=max(",;\t", key=lines[0].count), strict=True)
        rows = [(read.line_num, row) for row in read]
    except (OSError, csv.Error, AugmentError) as error:
        reason = getattr(error, "what", None) or getattr(error, "strerror", None) or error
        what = f"cannot be read: {str(reason).removeprefix('cannot be read: ')}"
        raise RequestError(str(path), what, _HINT) from None
    columns = [str(name) for name in read.fieldnames or ()]
    missing = next((name for name in _NEEDED if name not in columns), None)
    if missing is not None:
        raise RequestError(
            f"{path}:1",
            f"no column `{missing}`",
            f"{nearest(missing, columns)} {_HINT}" if columns else _HINT,
        )
    return rows
