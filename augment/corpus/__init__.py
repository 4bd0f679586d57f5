"""The corpus as rows: which column is the text, which the label, which rows are used, and where each one is.

Whatever the source looks like, its rows come out with the same six columns, and `source` keeps every column it had
under its own name and type, so that samples can be written back in the form the user gave.

    shape = inspect(config)                  # heads of the files only: what will be read as what
    for chunk in read(config):               # peek(config): rows and labels of the heads
        chunk.rows, chunk.rejects, chunk.skipped

Every row of the files is in one of the three. `skipped` counts rows that the config leaves out.
"""

from augment.corpus.column_roles import USUAL, Shape
from augment.corpus.folds import fold_of, with_folds
from augment.corpus.inspecting import (
    Peek,
    corpus_hashes,
    few_valued,
    inspect,
    peek,
    repeats_of_heads,
    require_splits,
    require_unchanged,
    with_label_names,
)
from augment.corpus.label_types import LabelTypes, typed
from augment.corpus.reading import Chunk, read, settled_shape

__all__ = [
    "USUAL",
    "Chunk",
    "LabelTypes",
    "Peek",
    "Shape",
    "corpus_hashes",
    "few_valued",
    "fold_of",
    "inspect",
    "peek",
    "read",
    "repeats_of_heads",
    "require_splits",
    "require_unchanged",
    "settled_shape",
    "typed",
    "with_folds",
    "with_label_names",
]
