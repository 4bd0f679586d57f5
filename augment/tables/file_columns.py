"""The columns of each file of a run, as the stages declare them; no file keeps a list of its own.

files = file_columns([stage.adds for stage in stages])
files.data                 # {"id", "source_id", "method", "edits", "verdict", ...}
"""

from collections.abc import Sequence
from dataclasses import dataclass

from augment.tables.columns import CORPUS, FOLD, KEEP, SAMPLE, Column


@dataclass(frozen=True)
class FileColumns:
    """Names of the columns of ours in each file, next to those of the source.

    data: in data/ and probes/; dropped: in dropped.parquet; source_rows, samples: in the two files of explain/.
    """

    data: frozenset[str]
    dropped: frozenset[str]
    source_rows: frozenset[str]
    samples: frozenset[str]


def file_columns(added: Sequence[Sequence[Column]]) -> FileColumns:
    """Return the columns of each file of a run, given those that each stage adds, in order.

    A column on both kinds of rows is on samples only if its stage runs when there are some. Every run has the columns of
    the corpus and of samples, which are null where no stage makes any.
    """
    makers = [index for index, columns in enumerate(added) if SAMPLE[0] in columns]
    first = makers[0] if makers else len(added)
    every = (*CORPUS, *SAMPLE, *KEEP)
    before = [FOLD, *(column for columns in added[:first] for column in columns)]
    after = [*every, *(column for columns in added[first:] for column in columns)]
    both = [*before, *after]
    return FileColumns(
        data=_names([column for column in both if column.public]),
        dropped=_names([column for column in both if column.public or column.dropped]),
        source_rows=_names([column for column in both if column.on != "sample"]),
        samples=_names(
            [column for column in before if column.on == "sample"]
            + [column for column in after if column.on != "row"]
        ),
    )


def _names(columns: Sequence[Column]) -> frozenset[str]:
    """Return the names of columns."""
    return frozenset(column.name for column in columns)
