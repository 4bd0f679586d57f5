"""The table of a user with its samples: every source row followed by its samples, the user's columns and types kept.

columns = columns_of(df.columns, "review", "stars", None)
with_samples(df, samples, columns)              # samples have the index of their source row, as `DataFrame.explode` gives
batch_with_samples({"text": [...], "label": [...]}, samples, columns)
"""

from collections.abc import Callable, Iterable, Mapping, Sequence, Sized
from dataclasses import dataclass
from typing import TYPE_CHECKING

from augment.corpus import USUAL
from augment.errors import RequestError, WrongTypeError, few, nearest

if TYPE_CHECKING:
    import pandas as pd

    from augment.api.sample import Sample

_METHOD = "method"
_IN_OTHER_FORMS = "give a DataFrame; for a list, augmenter(texts, labels); for a dataset, dataset.map(augmenter.batch, batched=True)"


@dataclass(frozen=True)
class TableColumns:
    """Which columns hold the text, the label and the second text; method: the name of the one that is added."""

    text: str
    label: str | None
    text_pair: str | None
    method: str


def require_frame(table: object) -> None:
    """Raise WrongTypeError, with what to call for it, for what is no DataFrame of pandas."""
    if not hasattr(table, "iloc") or not hasattr(table, "columns"):
        raise WrongTypeError("transform", f"{type(table).__name__} is no DataFrame", _IN_OTHER_FORMS)


def require_batch(batch: object) -> list[str]:
    """Return the columns of a batch of a dataset; WrongTypeError for a single row, or what has no columns."""
    names = list(batch) if isinstance(batch, Mapping) else []
    cells = [batch[name] for name in names] if isinstance(batch, Mapping) else []
    if not names or any(isinstance(cell, str) or not isinstance(cell, Sized) for cell in cells):
        hint = "use dataset.map(augmenter.batch, batched=True)"
        raise WrongTypeError("batch", "this is no batch of rows", hint)
    return names


def columns_of(
    names: Iterable[object], text: str | None, label: str | None, text_pair: str | None
) -> TableColumns:
    """Return the columns that are named, or those with a usual name; RequestError if one is missing or there twice."""
    known = [str(name) for name in names]
    given = {"text": text, "label": label, "text_pair": text_pair}
    for role, name in given.items():
        if name is not None and not isinstance(name, str):
            raise WrongTypeError(role, f"{type(name).__name__} is no name of a column", "give a str")
        if name is not None and name not in known:
            raise RequestError(role, f"no column `{name}`", nearest(name, known))
        if name is not None and known.count(name) > 1:
            raise RequestError(role, f"two columns are called `{name}`", "rename one of them")
    chosen = {role: name or _usual(role, known) for role, name in given.items()}
    text_column = chosen["text"]
    if text_column is None:
        hint = f"name it: text=COLUMN; there are {few(known)}"
        raise RequestError("text", "no column looks like the text", hint)
    method = _METHOD if _METHOD not in known else f"augment_{_METHOD}"
    return TableColumns(text_column, chosen["label"], chosen["text_pair"], method)


def with_samples(table: "pd.DataFrame", samples: Sequence["Sample"], columns: TableColumns) -> "pd.DataFrame":
    """Return the rows of a table, each followed by its samples, with a column of the method, missing on source rows."""
    import pandas as pd

    order = _order(len(table), samples)
    rows = table.iloc[[source for source, _ in order]].copy()

    def put(name: str, value_of: Callable[["Sample"], object]) -> None:
        """Set a column on the samples, and keep its type where it can hold the values."""
        old = table[name]
        kind = old.dtype if not isinstance(old.dtype, pd.CategoricalDtype) else old.cat.categories.dtype
        given = old.tolist()
        values = [given[source] if made is None else value_of(made) for source, made in order]
        rows[name] = pd.Series(values, index=rows.index, dtype=kind).array

    if samples:
        put(columns.text, lambda made: made.text)
        if columns.text_pair is not None:
            put(columns.text_pair, lambda made: made.text_pair)
        if columns.label is not None and any(made.moves_label for made in samples):
            put(columns.label, lambda made: made.label)
    methods = [None if made is None else made.method for _, made in order]
    rows[columns.method] = pd.array(methods, dtype="string")
    return rows


def batch_with_samples(
    batch: Mapping[str, Sequence[object]], samples: Sequence["Sample"], columns: TableColumns
) -> dict[str, list[object]]:
    """Return the rows of a batch of a dataset, each followed by its samples, with a column of the method."""
    order = _order(len(batch[columns.text]), samples)
    rows = {name: [values[source] for source, _ in order] for name, values in batch.items()}
    values_of: dict[str | None, Callable[[Sample], object]] = {
        columns.text: lambda made: made.text,
        columns.text_pair: lambda made: made.text_pair,
        columns.label: lambda made: made.label,
    }
    for name, value_of in values_of.items():
        if name is not None:
            rows[name] = [
                old if made is None else value_of(made)
                for old, (_, made) in zip(rows[name], order, strict=True)
            ]
    rows[columns.method] = [None if made is None else made.method for _, made in order]
    return rows


def _order(count: int, samples: Sequence["Sample"]) -> list[tuple[int, "Sample | None"]]:
    """Return each source row by its number, and behind it its samples."""
    of_row: dict[int, list[Sample]] = {}
    for made in samples:
        of_row.setdefault(made.source, []).append(made)
    return [(source, made) for source in range(count) for made in (None, *of_row.get(source, ()))]


def _usual(role: str, names: Sequence[str]) -> str | None:
    """Return the column with the usual name of a role, in the order of those; None if there is none."""
    by_name = {name.casefold(): name for name in reversed(names)}
    return next((by_name[usual] for usual in USUAL[role].split() if usual in by_name), None)
