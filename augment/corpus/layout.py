"""How a corpus will be read, fixed before its first row is: its tables, and the role of each of their columns.

A column has the role that the config gives it, else the one that its name usually has.

    layout = lay_out(config, allow_download=False, whole=False)       # of the heads of the files
    layout.shape.text, layout.shape.label                             # "review", "label"
"""

import json
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace

import pyarrow as pa

from augment.errors import RequestError, few, nearest
from augment.formats import JsonTable, Table, tables
from augment.job import CorpusConfig, SourceFile

# Column names that say their role, in lower case.
USUAL: Mapping[str, str] = {
    "text": "text sentence content review query sentence1 text_a text1 question question1 premise document title comment "
    "文本 文本1 评论 内容 句子 句子1 标题 正文 问题 问题1 文章 微博",
    "text_pair": "text_pair sentence2 text_b text2 question2 query2 hypothesis 文本2 文本对 句子2 问题2",
    "label": "label labels category sentiment class target 标签 类别 情感 分类 标注 情绪",
    "id": "id",
    "split": "split",
}
Roles = Mapping[str, str | None]


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


@dataclass(frozen=True)
class Part:
    """One table, what the config says of its file, and the columns it has."""

    file: SourceFile
    table: Table
    schema: pa.Schema


@dataclass(frozen=True)
class Layout:
    """All that is fixed before the first row is read."""

    config: CorpusConfig
    parts: tuple[Part, ...]
    shape: Shape
    wanted: frozenset[str] | None


def lay_out(config: CorpusConfig, allow_download: bool, whole: bool) -> Layout:
    """Return the parts of a corpus and the roles of their columns."""
    found = tables(config, allow_download)
    parts = _together([Part(file, table, table.schema(whole)) for file, table in found])
    schema = _union(parts)
    where = _names(parts)
    roles = _roles(config, schema, where)
    _check_types(roles, schema, where)
    for part in parts:
        absent = [
            roles[role] for role in ("text", "text_pair") if roles[role] not in (None, *part.schema.names)
        ]
        if absent:
            what = f"no column `{absent[0]}`, which the other files have"
            raise RequestError(part.table.name, what, "give every file the same columns")
    shape = _shape(config, roles, schema)
    names = {name: label for label, name in shape.label_names.items()}
    wanted = None if config.labels is None else frozenset(names.get(label, label) for label in config.labels)
    return Layout(config, parts, shape, wanted)


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
        name for name, found in types.items() if len(found) > 1 and any(map(pa.types.is_nested, found))
    }
    return tuple(replace(part, schema=_as_text(part.schema, several - fixed)) for part in parts)


def _as_text(schema: pa.Schema, names: Set[str]) -> pa.Schema:
    """Return the schema with some of its columns as text."""
    for place, entry in enumerate(schema):
        if entry.name in names:
            schema = schema.set(place, entry.with_type(pa.string()))
    return schema


def _roles(config: CorpusConfig, schema: pa.Schema, where: str) -> Roles:
    """Return the column of each role: the one that the config names, else the one with a usual name."""
    named: dict[str, str | None] = {role: getattr(config, role) for role in USUAL}
    for role, name in named.items():
        if name is not None and name not in schema.names:
            raise RequestError(
                where, f"no column `{name}`, named by `corpus.{role}`", nearest(name, schema.names)
            )
    free = [name for name in schema.names if name not in named.values()]
    given = {
        role for role in ("label", "split") if all(getattr(file, role) is not None for file in config.files)
    }
    if config.hub is not None:
        given = set()
    found = {role: named[role] or (None if role in given else _usual(role, free, where)) for role in USUAL}
    if found["text"] is None:
        columns = ", ".join(f"`{name}`" for name in schema.names)
        raise RequestError(
            where,
            f"no column looks like the text; there are {columns}",
            "set `corpus.text: COLUMN`; if the first line is a row already, name the columns: `corpus.columns: [text, label]`",
        )
    return found


def _usual(role: str, columns: list[str], where: str) -> str | None:
    """Return the one column whose name is usual for a role; RequestError if there are several."""
    hits = [name for name in columns if name.strip().lower() in USUAL[role].split()]
    if len(hits) > 1:
        both = " and ".join(f"`{name}`" for name in hits)
        raise RequestError(where, f"{both} could each be the {role}", f"set `corpus.{role}:` to one of them")
    return hits[0] if hits else None


def _check_types(roles: Roles, schema: pa.Schema, where: str) -> None:
    """Raise RequestError if a text column holds no text, or the column of another role holds lists or objects."""
    for role, name in roles.items():
        if name is None:
            continue
        kind = schema.field(name).type
        if not _is_text(kind) if role in ("text", "text_pair") else pa.types.is_nested(kind):
            raise RequestError(
                where, f"column `{name}` holds {kind}, not a {role}", f"set `corpus.{role}:` to another"
            )


def _is_text(kind: pa.DataType) -> bool:
    """Return whether a column of this type holds strings; one without any value may."""
    tests = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view, pa.types.is_null)
    return any(test(kind) for test in tests)


def _shape(config: CorpusConfig, roles: Roles, schema: pa.Schema) -> Shape:
    """Return the shape, with the names of classes that the source's metadata holds."""
    names = _class_names(schema, roles["label"])
    label_names = config.label_names or {str(number): name for number, name in enumerate(names or ())}
    text = roles["text"] or ""
    pair, label, identity, split = (roles[role] for role in ("text_pair", "label", "id", "split"))
    return Shape(text, pair, label, identity, split, schema, names, label_names)


def _class_names(schema: pa.Schema, label: str | None) -> tuple[str, ...] | None:
    """Return the names that the `datasets` library noted for the label column, if it did."""
    noted = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
    feature = noted.get("info", {}).get("features", {}).get(label, {})
    is_class = isinstance(feature, dict) and feature.get("_type") == "ClassLabel"
    return tuple(feature["names"]) if is_class else None
