"""Excel workbooks (.xlsx): the first row of a sheet names the columns, a row below it is a record.

WorkbookTable("reviews.xlsx", Path("data/reviews.xlsx")).schema(whole=True)        # text: string, stars: int64

Needs openpyxl, the extra `xlsx`. Formulas are read as the values that Excel last had for them.
"""

import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from augment.corpus.formats.json_lines import JsonTable
from augment.corpus.formats.records import Records, distinct
from augment.errors import DataError, RequestError, few

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook

# A workbook is a zip archive; more than this unpacked is not read.
_UNPACKED = 2 << 30


@dataclass(frozen=True)
class WorkbookTable(JsonTable):
    """The one sheet with rows of a workbook. A column keeps the type of its cells; where no one type holds them it is text."""

    def _objects(self, whole: bool) -> Records[dict[str, object]]:
        """Yield the rows below the header that hold anything, with their numbers in the sheet."""
        with _open(self.path) as book:
            rows = _only_sheet(book, self.path)
            number, header = next(rows)
            width = max(column for column, name in enumerate(header, 1) if name not in (None, ""))
            titles = [str(name or f"column_{column}") for column, name in enumerate(header[:width], 1)]
            names = distinct(titles, f"{self.path}:{number}", "column")
            for number, cells in rows:
                if any(cell is not None for cell in cells[len(names) :]):
                    yield number, f"{len(cells)} cells where {len(names)} columns are named"
                else:
                    yield number, {name: _plain(cell) for name, cell in zip(names, cells, strict=False)}


def _only_sheet(book: "Workbook", path: Path) -> Iterator[tuple[int, tuple[object, ...]]]:
    """Return the rows, with their numbers, of the one sheet that has any; RequestError if there are several."""
    filled = [sheet for sheet in book.worksheets if next(_rows(sheet.iter_rows(values_only=True)), None)]
    if len(filled) > 1:
        names = few([f"`{sheet.title}`" for sheet in filled])
        hint = "keep one sheet a workbook, or save each as a CSV file of its own"
        raise RequestError(str(path), f"several sheets hold rows: {names}", hint)
    if not filled:
        raise DataError(str(path), "no sheet holds any row", "check how it was made")
    return _rows(filled[0].iter_rows(values_only=True))


def _rows(rows: Iterator[tuple[object, ...]]) -> Iterator[tuple[int, tuple[object, ...]]]:
    """Yield the rows in which a cell is filled, from the first on."""
    return (
        (number, cells)
        for number, cells in enumerate(rows, 1)
        if any(cell not in (None, "") for cell in cells)
    )


def _plain(cell: object) -> object:
    """Return a cell as a plain value: dates and times as ISO 8601."""
    if isinstance(cell, datetime | date | time):
        return cell.isoformat()
    return str(cell) if isinstance(cell, timedelta) else cell


@contextmanager
def _open(path: Path) -> Iterator["Workbook"]:
    """Give the open workbook; RequestError without openpyxl, DataError for a file that is none."""
    try:
        from openpyxl import load_workbook
    except ImportError:
        hint = "install it: `pip install 'augment-ig[xlsx]'`, or save the sheet as a CSV file"
        raise RequestError(str(path), "reading .xlsx needs the package openpyxl", hint) from None
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
        if size > _UNPACKED:
            raise DataError(str(path), f"it unpacks to {size:,} bytes", "save the sheet as a CSV file")
        with warnings.catch_warnings():
            # Of styles and other things that do not matter here.
            warnings.simplefilter("ignore")
            book = load_workbook(path, read_only=True, data_only=True)
        with closing(book):
            yield book
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, ValueError, OSError, SyntaxError) as error:
        hint = "save it again as .xlsx, without a password"
        raise DataError(str(path), f"not a sound workbook: {error}", hint) from None
