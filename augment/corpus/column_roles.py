"""How a corpus will be read, fixed before its first row is: its tables, and the role of each of their columns.

A column has the role that the config gives it, else the one that its name usually has.

    layout = lay_out(config, allow_download=False, whole=False)       # of the heads of the files
    layout.shape.text, layout.shape.label                             # "review", "label"
"""

import json
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace

import pyarrow as pa

from augment.config.label_sets import joined, parted
from augment.config.sections import CorpusConfig, SourceFile
from augment.corpus.formats import JsonTable, Table, tables
from augment.corpus.roles import USUAL, Roles, check_types, readable, require_label, roles_of
from augment.errors import RequestError, few

__all__ = ["HEAD", "USUAL", "Layout", "Part", "Shape", "lay_out"]
# Records of each file that are read to settle what no name does.
HEAD = 1000


@dataclass(frozen=True)
class Shape:
    """Which column plays which role (None: no column does), and the source's columns; of JSON, as the head has them.

    `class_names` are the names of the labels 0, 1, … where the source defines them. `label_names` gives the name of
    each label that has one, from the config or else the source; rows hold the name, and `source` what was written.
    """

    text: str
    text_pair: str | None
    label: str | None
    id: str | None
    split: str | None
    schema: pa.Schema
    class_names: tuple[str, ...] | None
    label_names: Mapping[str, str]
    separator: str | None = None

    def named(self, label: str | None) -> str | None:
        """Return the name of a label as files have it, each of several by itself."""
        if label is None or self.separator is None:
            return self.label_names.get(label or "", label)
        names = (self.label_names.get(each, each) for each in parted(label, self.separator))
        return joined(names, self.separator)

    def each(self, label: str) -> tuple[str, ...]:
        """Return the labels that a row's label is made of."""
        return (label,) if self.separator is None else parted(label, self.separator)


@dataclass(frozen=True)
class Part:
    """One table, the config's entry for its file, and its columns."""

    file: SourceFile
    table: Table
    schema: pa.Schema


@dataclass(frozen=True)
class Layout:
    """All that is fixed before the first row is read; `wanted` are the labels as files have them, None for all."""

    config: CorpusConfig
    parts: tuple[Part, ...]
    shape: Shape
    wanted: frozenset[str] | None
    notices: tuple[str, ...] = ()


def lay_out(config: CorpusConfig, allow_download: bool, whole: bool) -> Layout:
    """Return the parts of a corpus and the roles of their columns."""
    files = tables(config, allow_download)
    parts = _together([Part(file, table, table.schema(whole)) for file, table in files])
    where = _names(parts)
    roles = roles_of(config, _union(parts), where)
    parts = tuple(
        replace(part, schema=readable(part.schema, roles, config.label_separator)) for part in parts
    )
    schema = _union(parts)
    check_types(roles, schema, where)
    heads = (record for part in parts for record in part.table.peek(part.schema, HEAD))
    require_label(config, roles, heads, where)
    for part in parts:
        absent = [
            roles[role] for role in ("text", "text_pair") if roles[role] not in (None, *part.schema.names)
        ]
        if absent:
            what = f"no column `{absent[0]}`, which the other files have"
            raise RequestError(part.table.name, what, "give every file the same columns")
    shape = _shape(config, roles, schema)
    return Layout(config, parts, shape, _wanted(config, shape.label_names))


def _wanted(config: CorpusConfig, names: Mapping[str, str]) -> frozenset[str] | None:
    """Return the labels of the files that `corpus.labels` names, all those of a name that several have."""
    if config.labels is None:
        return None
    wanted = set(config.labels)
    of_names = {label for label, name in names.items() if name in wanted}
    return frozenset(of_names | (wanted - set(names.values())))


def _names(parts: Sequence[Part]) -> str:
    """Return the first few files, for a message."""
    return few([part.table.name for part in parts])


def _union(parts: tuple[Part, ...]) -> pa.Schema:
    """Return the columns of all parts; RequestError if a column has types that do not go together."""
    plain = [pa.schema([pa.field(entry.name, entry.type) for entry in part.schema]) for part in parts]
    try:
        joined = pa.unify_schemas(plain, promote_options="permissive")
    except pa.ArrowException as error:
        what = f"a column has different types in different files: {error}"
        raise RequestError(_names(parts), what, "write all files with the same types") from None
    # A column that is null in every file is text by default; null in one, it has the type of the others.
    joined = pa.schema(
        [entry.with_type(pa.string()) if pa.types.is_null(entry.type) else entry for entry in joined]
    )
    hugging = (parts[0].schema.metadata or {}).get(b"huggingface")
    return joined.with_metadata({b"huggingface": hugging}) if hugging else joined


def _together(parts: Sequence[Part]) -> tuple[Part, ...]:
    """Return the parts; lists and objects of JSON lines that have another type in another file as JSON text in all."""
    types: dict[str, set[pa.DataType]] = {}
    fixed: set[str] = set()
    for part in parts:
        for entry in part.schema:
            types.setdefault(entry.name, set()).update({entry.type} - {pa.null()})
            if pa.types.is_nested(entry.type) and not isinstance(part.table, JsonTable):
                fixed.add(entry.name)
    several = {
        name for name, kinds in types.items() if len(kinds) > 1 and any(map(pa.types.is_nested, kinds))
    }
    return tuple(replace(part, schema=_as_text(part.schema, several - fixed)) for part in parts)


def _as_text(schema: pa.Schema, names: Set[str]) -> pa.Schema:
    """Return the schema with some of its columns as text."""
    for index, entry in enumerate(schema):
        if entry.name in names:
            schema = schema.set(index, entry.with_type(pa.string()))
    return schema


def _shape(config: CorpusConfig, roles: Roles, schema: pa.Schema) -> Shape:
    """Return the shape, with the names of classes that the source's metadata holds."""
    names = _class_names(schema, roles["label"])
    label_names = config.label_names or {str(number): name for number, name in enumerate(names or ())}
    _require_parted(label_names, config.label_separator)
    text = roles["text"] or ""
    pair, label, identity, split = (roles[role] for role in ("text_pair", "label", "id", "split"))
    return Shape(text, pair, label, identity, split, schema, names, label_names, config.label_separator)


def _require_parted(names: Mapping[str, str], separator: str | None) -> None:
    """Raise RequestError if what is between labels is in the name of one, which would then be two."""
    inside = next((name for name in names.values() if separator is not None and separator in name), None)
    if inside is not None:
        what = f"{separator!r} is in the name `{inside}` of a label"
        raise RequestError("corpus.label_separator", what, "choose another separator, or rename the label")


def _class_names(schema: pa.Schema, label: str | None) -> tuple[str, ...] | None:
    """Return the names that the `datasets` library noted for the label column, if it did."""
    noted = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
    feature = noted.get("info", {}).get("features", {}).get(label, {})
    if isinstance(feature, dict) and feature.get("_type") in ("Sequence", "List", "LargeList"):
        feature = feature.get("feature", {})
    is_class = isinstance(feature, dict) and feature.get("_type") == "ClassLabel"
    return tuple(feature["names"]) if is_class else None
