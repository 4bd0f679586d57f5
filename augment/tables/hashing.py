"""Hash rows by their values, not by the bytes of a file: equal rows give equal hashes, however they were written.

`values` covers every column, floats bit for bit; `decisions` what a user would call the result: which rows there are,
their texts, labels, edits, methods and verdicts, without the scores of edits. Both see the order of the rows.

    hashes_of(table).decisions
"""

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as kinds

DECISIONS = ("id", "text", "text_pair", "label", "split", "source_id", "method", "edits", "verdict")


@dataclass(frozen=True)
class Hashes:
    """Hexadecimal hashes of a table's rows: of what was decided, and of every value."""

    decisions: str
    values: str


def hashes_of(table: pa.Table) -> Hashes:
    """Return the hashes of a table."""
    columns = {name: _hash(table.column(name)) for name in sorted(table.column_names)}
    decided = {name: columns[name] for name in DECISIONS if name in columns}
    if "edits" in decided:
        decided["edits"] = _hash(table.column("edits"), exact=False)
    return Hashes(_together(decided), _together(columns))


def _together(columns: dict[str, bytes]) -> str:
    """Return the hash of columns under their names."""
    whole = blake2b(digest_size=16)
    for name, column in columns.items():
        whole.update(name.encode() + b"\0" + column)
    return whole.hexdigest()


def _hash(column: pa.ChunkedArray, exact: bool = True) -> bytes:
    """Return the hash of one column, the same however it is cut into chunks; without its floats if it need not be exact."""
    whole = blake2b(digest_size=16)
    for part in _parts(column.combine_chunks() if column.num_chunks != 1 else column.chunk(0), exact):
        whole.update(part)
    return whole.digest()


def _parts(array: pa.Array, exact: bool) -> list[bytes]:
    """Return what makes up an array: its type, where it is null, its lengths, and the values of what it holds."""
    if kinds.is_floating(array.type) and not exact:
        return []
    valid = np.asarray(array.is_valid().to_numpy(zero_copy_only=False), dtype=bool)
    parts = [str(array.type).encode(), np.packbits(valid).tobytes()]
    if kinds.is_null(array.type):
        return parts
    if kinds.is_list(array.type) or kinds.is_large_list(array.type):
        lengths = pc.fill_null(pc.list_value_length(array), 0)
        return [*parts, _numbers(lengths), *_parts(array.flatten(), exact)]
    if kinds.is_struct(array.type):
        return [*parts, *(part for inner in array.flatten() for part in _parts(inner, exact))]
    if kinds.is_boolean(array.type):
        return [*parts, _numbers(pc.fill_null(array, False))]
    if kinds.is_primitive(array.type):
        return [*parts, _numbers(pc.fill_null(array, 0))]
    texts = pc.fill_null(array.cast(pa.large_string()), "")
    return [*parts, _numbers(pc.binary_length(texts)), "".join(texts.to_pylist()).encode()]


def _numbers(array: pa.Array) -> bytes:
    """Return the bytes of numbers without nulls."""
    return np.ascontiguousarray(array.to_numpy(zero_copy_only=False)).tobytes()
