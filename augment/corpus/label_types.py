"""The type of labels that a text format writes as text, so that a trainer gets numbers where the source has numbers.

types = LabelTypes("stars")
types.add(chunk.rows)                        # each chunk of the corpus
typed(column, types.label_type)                   # ["1", "5"] as int64 if every label is a whole number
"""

import pyarrow as pa
import pyarrow.compute as pc

from augment.config.numerals import LabelType, plain, whole_or_truth


class LabelTypes:
    """What all labels of a corpus have in common, as its source writes them."""

    def __init__(self, column: str | None) -> None:
        """Begin without a label; column: that of the labels in the source."""
        self._column = column
        self._kinds = set[LabelType | None]()

    def add(self, rows: pa.RecordBatch) -> None:
        """Take the rows of a chunk into account."""
        source = rows.column("source")
        index = -1 if self._column is None else source.type.get_field_index(self._column)
        if index < 0 or not rows.num_rows:
            return
        if not pa.types.is_string(source.type.field(index).type):
            self._kinds.add(None)
            return
        labels = pc.unique(source.field(index)).drop_null().to_pylist()
        if labels:
            self._kinds.add(whole_or_truth(labels))

    @property
    def label_type(self) -> LabelType | None:
        """The type that all labels have as text; None if they are no numbers, or the source has types of its own."""
        return next(iter(self._kinds)) if len(self._kinds) == 1 else None


def typed(column: pa.ChunkedArray | pa.Array, kind: LabelType | None) -> pa.ChunkedArray | pa.Array:
    """Return the labels of the source with this type, if they are text."""
    if kind is None or not pa.types.is_string(column.type):
        return column
    labels = column.to_pylist()
    if kind == "bool":
        return pa.array([None if label is None else label.lower() == "true" for label in labels], pa.bool_())
    return pa.array([None if label is None else int(plain(label)) for label in labels], pa.int64())
