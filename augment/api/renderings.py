"""Explanations as tables, pages and figures. They come as plain values, the `to_dict` of each."""

from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from augment.errors import RequestError, WrongTypeError
from augment.report.page import Page, draw
from augment.tables.columns import CORPUS, TOKENIZE, attribution
from augment.tables.files import write_text
from augment.version import __version__

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

Explanation = Mapping[str, Any]
# Texts in one figure: more would not be read.
_MOST_DRAWN = 50


def as_json(value: object) -> object:
    """Return a value as JSON has it: tuples as lists, anything else that JSON lacks as its text."""
    if isinstance(value, tuple | list):
        return [as_json(item) for item in value]
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def frame(records: Sequence[Explanation], index: Sequence[Hashable] | None) -> "pd.DataFrame":
    """Return a row a token; `row`, where several texts are explained, is the index of each."""
    import pandas as pd

    paired = any(record["text_pair"] is not None for record in records)
    columns: dict[str, list[object]] = {}
    for number, record in enumerate(records):
        shared = {token for both in record.get("common", ()) for token in both}
        for token, (start, end) in enumerate(record["spans"]):
            values = {
                **({} if index is None else {"row": index[number]}),
                "token": record["tokens"][token],
                "score": record["scores"][token],
                "side": record["side"][token],
                "start": start,
                "end": end,
                **({"common": token in shared} if paired else {}),
                **{name: record[name] for name in ("target", "prediction", "probability")},
            }
            for name, value in values.items():
                columns.setdefault(name, []).append(value)
    return pd.DataFrame(columns)


def counted(count: object) -> int:
    """Return a number of words as it is; WrongTypeError for what is none."""
    if not isinstance(count, int) or isinstance(count, bool):
        raise WrongTypeError("top", f"{type(count).__name__} is no number of words", "give an int, such as 5")
    return max(count, 0)


def file_of(path: object) -> Path | None:
    """Return the path of a file, None where none is given; WrongTypeError for what is no path."""
    if path is None:
        return None
    if not isinstance(path, str | Path) or not str(path):
        raise WrongTypeError("path", f"{type(path).__name__} is no path", 'give "explained.html" or a Path')
    return Path(path)


def page(records: Sequence[Explanation], path: str | Path | None, notices: Sequence[str] = ()) -> str:
    """Return the page of a report with explained texts alone, and write it if a path is given."""
    file = file_of(path)
    columns = (*CORPUS, *TOKENIZE, *attribution("ig"))
    rows = [_row(number, record) for number, record in enumerate(records)]
    arrays = {
        column.name: pa.array([row.get(column.name) for row in rows], column.type) for column in columns
    }
    units = {str(record["quantity"]) for record in records}
    methods = ", ".join(sorted({str(record["method"]) for record in records}))
    html = draw(
        Page(
            title="explained texts" if len(records) > 1 else "an explained text",
            facts=(("method", methods),),
            brief=("method",),
            notices=tuple(notices)
            or tuple(dict.fromkeys(note for one in records for note in one["notices"])),
            source_rows=pa.table(arrays),
            unit=units.pop() if len(units) == 1 else "",
            total_source_rows=len(records),
            made_by=f"augment {__version__}",
        )
    )
    if file is not None:
        write_text(file, html)
    return html


def figure(texts: Sequence[tuple[str, Any]], path: str | Path | None, font: str | None) -> "Figure":
    """Return a figure with coloured texts, saved if a path is given; RequestError for too many."""
    if len(texts) > _MOST_DRAWN:
        hint = f"draw a part, attributions[:{_MOST_DRAWN}], or use to_html"
        raise RequestError("plot", f"{len(texts)} texts do not fit one figure", hint)
    from augment.report.figure import draw_texts

    return draw_texts(texts, file_of(path), font)


def _row(number: int, record: Explanation) -> dict[str, object]:
    """Return a record as a row of a run has it."""
    names = {"target": "target", "prediction": "pred", "probability": "prob", "evaluations": "evals"}
    names |= {name: name for name in ("rest", "gap", "error", "status")}
    figures = {f"ig_{short}": record[name] for name, short in names.items()}
    return {
        "id": str(number),
        **{name: record[name] for name in ("text", "text_pair", "tokens", "side", "unseen")},
        "spans": [{"start": start, "end": end} for start, end in record["spans"]],
        "ig": record["scores"],
        **{
            name: str(value) if name in ("ig_target", "ig_pred") else value for name, value in figures.items()
        },
    }
