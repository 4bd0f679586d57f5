"""What is read of one file: its batches, rows and faults; texts to write into it."""

import csv
import io
from pathlib import Path

from hypothesis import strategies as st

from augment.config.sections import CorpusConfig
from augment.corpus.formats import SourceBatch, tables
from tests.texts import TEXTS

CELLS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30),
    st.sampled_from(TEXTS),
    st.sampled_from(
        ["\r", "\n", "\r\n", '"', '""', '",\n"', "\u2028", "\u0085", "\ufeff", "\ufeff\ufeff", "\\", "\t"]
    ),
)


PAIRS = st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=8)


def batches(path: Path, **options: object) -> list[SourceBatch]:
    """Return all batches of one file, three records each."""
    config = CorpusConfig.model_validate({"root": path.parent, "files": path.name, **options})
    return [
        batch
        for _, table in tables(config)
        for batch in table.batches(table.schema(whole=True), 3, {"text": (str,)})
    ]


def rows(path: Path, **options: object) -> list[dict[str, object]]:
    """Return all records of one file."""
    return [row for batch in batches(path, **options) for row in batch.rows.to_pylist()]


def faults(path: Path, **options: object) -> list[tuple[int, int, str]]:
    """Return row number, line and reason of all broken records."""
    return [(one.number, one.line, one.reason) for batch in batches(path, **options) for one in batch.faults]


def separated(pairs: list[tuple[str, str]], delimiter: str) -> str:
    """Return pairs as a quoted table with a header."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writerows([("text", "label"), *pairs])
    return stream.getvalue()
