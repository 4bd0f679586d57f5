"""Texts and labels as a Python program has them: lists, tuples, pandas Series, columns of a dataset. Checked once, here.

given_texts(df["review"]).index           # the index of the Series
given_labels(df["stars"], 3)              # (1, 5, 1): as they are, one a text
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from os import PathLike
from os.path import isfile

from augment.errors import DataError, RequestError, WrongTypeError, few

_TAKEN = (
    "give a text, or a list, tuple, pandas Series or dataset column of texts, or a list of pairs of texts"
)


@dataclass(frozen=True)
class GivenTexts:
    """N texts. pairs: the second text of each or None. index: what each is called; numbers from 0, or those of a Series."""

    texts: tuple[str, ...]
    pairs: tuple[str | None, ...]
    index: tuple[Hashable, ...]

    @property
    def paired(self) -> bool:
        """Whether there are second texts."""
        return any(pair is not None for pair in self.pairs)


def given_texts(texts: object, text_pair: object = None) -> GivenTexts:
    """Return the texts, each checked.

    WrongTypeError for what is no list of texts; RequestError for no texts, empty ones, or second texts that do not match;
    DataError for missing ones.
    """
    if isinstance(texts, str):
        _require_no_file(texts)
        if text_pair is not None and not isinstance(text_pair, str):
            raise WrongTypeError("text_pair", f"{_named(text_pair)}, and the text is a str", "give a str")
        return _checked([texts], [text_pair], (0,))
    values = sequence_of(texts, "texts", _TAKEN)
    if not values:
        raise RequestError("texts", "there are none", "give one text or more")
    index = tuple(getattr(texts, "index", range(len(values)))) if _is_series(texts) else range(len(values))
    if text_pair is not None:
        return _checked(values, _same_length(text_pair, len(values), "text_pair"), tuple(index))
    halves = [_halves(value) for value in values]
    return _checked([first for first, _ in halves], [second for _, second in halves], tuple(index))


def given_labels(labels: object, count: int, name: str = "labels") -> tuple[Hashable, ...]:
    """Return one label a text, numbers of numpy as Python's; DataError for missing ones, WrongTypeError for what is no label."""
    values = _same_length(labels, count, name)
    _require_no_gaps(values, name, "label")
    for number, value in enumerate(values):
        if not isinstance(value, Hashable):
            hint = "give one label a text: a str, an int, …"
            raise WrongTypeError(f"{name}[{number}]", f"{_named(value)} is no label", hint)
    return tuple(_python(value) for value in values)


def sequence_of(values: object, name: str, taken: str) -> list[object]:
    """Return the values of a list or the like; WrongTypeError, which names what is taken, for what has no order or is a table."""
    table = _columns_of(values)
    if table is not None:
        hint = f"give one column of it: {table}" if table else taken
        raise WrongTypeError(name, f"{_named(values)} is a table", hint)
    if isinstance(values, set | frozenset):
        hint = f"give sorted({name}), so that the order is known"
        raise WrongTypeError(name, f"a {_named(values)} has no order", hint)
    if isinstance(values, str | bytes | PathLike | Mapping) or not isinstance(values, Iterable):
        is_path = isinstance(values, PathLike)
        hint = f"read it first: {name} = Path(…).read_text().splitlines()" if is_path else taken
        raise WrongTypeError(name, f"{_named(values)} is not taken", hint)
    reading: Callable[[], list[object]] | None = getattr(values, "to_pylist", None)
    return reading() if reading is not None else list(values)


def is_missing(value: object) -> bool:
    """Return whether a value is None, NaN, or what pandas has where there is none."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, float) and value != value


def _checked(texts: list[object], pairs: list[object], index: tuple[Hashable, ...]) -> GivenTexts:
    """Return texts and second texts, all of which are texts with something in them."""
    first = tuple(_texts(texts, "texts"))
    if all(pair is None for pair in pairs):
        return GivenTexts(first, (None,) * len(first), index)
    return GivenTexts(first, tuple(_texts(pairs, "text_pair")), index)


def _texts(values: list[object], name: str) -> Iterator[str]:
    """Yield the values as plain strings; an error for the first that is no text."""
    _require_no_gaps(values, name, "text")
    for number, value in enumerate(values):
        where = f"{name}[{number}]" if values[1:] else ("the text" if name == "texts" else name)
        if not isinstance(value, str):
            raise WrongTypeError(where, f"{_named(value)} is no text", _hint_for(value))
        if not value.strip():
            raise RequestError(where, "it is empty", "give a text with at least one word")
        try:
            value.encode()
        except UnicodeEncodeError as error:
            what = f"character {error.start} is half of a surrogate pair, which no file can hold"
            raise DataError(where, what, 'decode the text again, or text.encode("utf-8", "ignore")') from None
        yield str(value)


def _hint_for(value: object) -> str:
    """Return what to do about a value that is no text."""
    if isinstance(value, bytes):
        return 'decode it: value.decode("utf-8")'
    if isinstance(value, list | tuple):
        return "give whole texts, or pairs of two texts; words are cut here"
    return "give texts; numbers with texts.astype(str)"


def _halves(value: object) -> tuple[object, object]:
    """Return the first and the second text of a pair; a single text with None."""
    if isinstance(value, tuple | list) and len(value) == 2:
        return value[0], value[1]
    return value, None


def _same_length(values: object, count: int, name: str) -> list[object]:
    """Return one value a text; RequestError if they are more or fewer."""
    matching = sequence_of(values, name, f"give a list of {count}, one a text")
    if len(matching) != count:
        what = f"there are {len(matching)}, and {count} texts"
        raise RequestError(name, what, "give one for each text, in the same order")
    return matching


def _require_no_gaps(values: list[object], name: str, what: str) -> None:
    """Raise DataError, with where they are, for missing values."""
    gaps = [str(number) for number, value in enumerate(values) if is_missing(value)]
    if gaps:
        where = f"{name}[{few(gaps)}]"
        hint = f"leave these rows out, for example df.dropna(subset=[…]) for a column of {what}s"
        raise DataError(where, f"{len(gaps)} of {len(values)} have no {what} (None or NaN)", hint)


def _require_no_file(text: str) -> None:
    """Raise RequestError for a text that is the name of a file."""
    if isfile(text):
        hint = f"read it first: Path({text!r}).read_text()"
        raise RequestError(text, "this is the name of a file; its content would not be explained", hint)


def _is_series(values: object) -> bool:
    """Return whether something has an index of its own, as a Series of pandas."""
    return hasattr(values, "index") and not callable(getattr(values, "index", None))


def _columns_of(values: object) -> str | None:
    """Return how columns of a table are written, None for what is no table."""
    names = getattr(values, "columns", None)
    names = getattr(values, "column_names", None) if names is None else names
    if names is None or isinstance(values, str):
        return None
    flat = [str(name) for name in names] if isinstance(names, Iterable) else []
    return ", ".join(f'["{name}"]' for name in flat[:5])


def _python(value: object) -> Hashable:
    """Return a number of numpy as one of Python."""
    plain = value.item() if hasattr(value, "item") and hasattr(value, "dtype") else value
    assert isinstance(plain, Hashable)
    return plain


def _named(value: object) -> str:
    """Return the name of a value's type."""
    return type(value).__name__
