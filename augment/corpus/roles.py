"""Which column plays which role: the one that the config names, else the one whose name usually does.

roles_of(config, schema, "a.csv")        # {"text": "review", "text_pair": None, "label": "label", ...}
readable(schema, roles)                  # text columns of bytes as text, lists of labels as labels
"""

from collections.abc import Iterable, Mapping

import pyarrow as pa

from augment.config.sections import CorpusConfig
from augment.corpus.formats import Record
from augment.corpus.formats.records import SEPARATED
from augment.errors import RequestError, few, nearest
from augment.tables.columns import CORPUS, SAMPLE
from augment.tables.output_names import OURS_DROPPED

# Column names by role, in lower case.
USUAL: Mapping[str, str] = {
    "text": "text sentence content review query sentence1 text_a text1 question question1 premise document title comment "
    "文本 文本1 评论 内容 句子 句子1 标题 正文 问题 问题1 文章 微博",
    "text_pair": "text_pair sentence2 text_b text2 question2 query2 hypothesis 文本2 文本对 句子2 问题2",
    "label": "label labels category sentiment class target 标签 类别 情感 分类 标注 情绪",
    "id": "id",
    "split": "split",
}
Roles = Mapping[str, str | None]
_TRUTHS = ({"0", "1"}, {"true", "false"}, {"0.0", "1.0"})
# Where the command line has an option for a role.
_OPTIONS = {"text": " (--text)", "text_pair": " (--pair)", "label": " (--label)"}
# What a run adds to a source is no label of it.
_OURS = (OURS_DROPPED - {column.name for column in CORPUS}) | {column.name for column in SAMPLE}


def roles_of(config: CorpusConfig, schema: pa.Schema, where: str) -> Roles:
    """Return the column of each role; RequestError if a named one is missing, or two could each be the one."""
    given = {role: getattr(config, role) for role in USUAL}
    named: dict[str, str | None] = {role: name or None for role, name in given.items()}
    for role, name in named.items():
        if name is not None and name not in schema.names:
            raise RequestError(
                where,
                f"no column `{name}`, named by `corpus.{role}`{_OPTIONS.get(role, '')}",
                nearest(name, schema.names),
            )
    free = [name for name in schema.names if name not in named.values()]
    settled = {role for role, name in given.items() if name is False}
    if config.hub is None:
        settled |= {
            role
            for role in ("label", "split")
            if all(getattr(file, role) is not None for file in config.files)
        }
    roles = {role: named[role] or (None if role in settled else _usual(role, free, where)) for role in USUAL}
    if roles["text"] is None:
        columns = ", ".join(f"`{name}`" for name in schema.names)
        raise RequestError(
            where,
            f"no column looks like the text; there are {columns}",
            "set `corpus.text: COLUMN` (--text COLUMN); if the first line is a row already, name the columns: `corpus.columns: [text, label]`",
        )
    return roles


def require_label(config: CorpusConfig, roles: Roles, heads: Iterable[Record], where: str) -> None:
    """Raise RequestError if no column is the label, although some hold 0 and 1, or true and false, and nothing else.

    heads: the first records. `corpus.label: false` means that none of the columns is the label.
    """
    given = config.hub is None and any(file.label is not None for file in config.files)
    if roles["label"] is not None or config.label is False or given:
        return
    labels: dict[str, set[str]] = {}
    for record in heads:
        for name, value in record.items():
            if value is not None and value != "":
                labels.setdefault(name, set()).add(str(value).lower())
    used = {*roles.values(), *_OURS}
    names = [name for name, values in labels.items() if name not in used and values in _TRUTHS]
    if names:
        what = (
            f"no column has the usual name of a label, and {few([f'`{name}`' for name in names])} could be it"
        )
        hint = f"set `corpus.label: {names[0]}` (--label {names[0]}), or `corpus.label: false` if the rows have no label"
        if len(names) > 1:
            hint += "; labels that are each a column of their own are not supported"
        raise RequestError(where, what, hint)


def readable(schema: pa.Schema, roles: Roles, separator: str | None = None) -> pa.Schema:
    """Return the schema with bytes as text in the columns of roles, and the label of a list in place of the list.

    separator: what joins the labels of a list to one text; the column of labels is noted to have lists, and it.
    """
    for name in roles.values():
        index = -1 if name is None else schema.get_field_index(name)
        if index >= 0:
            kind = schema.field(index).type
            listed = isinstance(kind, pa.ListType | pa.LargeListType | pa.FixedSizeListType)
            if name == roles["label"] and listed:
                kind = kind.value_type if separator is None else pa.string()
            field = schema.field(index).with_type(pa.string() if _is_bytes(kind) else kind)
            if name == roles["label"] and (listed or separator is not None):
                field = field.with_metadata({SEPARATED: (separator or "").encode()})
            schema = schema.set(index, field)
    return schema


def check_types(roles: Roles, schema: pa.Schema, where: str) -> None:
    """Raise RequestError if a text column holds no text, or the column of another role holds lists or objects."""
    for role, name in roles.items():
        if name is None:
            continue
        kind = schema.field(name).type
        if not _is_text(kind) if role in ("text", "text_pair") else pa.types.is_nested(kind):
            inner = [f"`{name}.{field.name}`" for field in kind] if isinstance(kind, pa.StructType) else []
            hint = f"set `corpus.{role}:` to another" + (
                f", or to a field of it: {few(inner)}" if inner else ""
            )
            raise RequestError(where, f"column `{name}` holds {kind}, not a {role}", hint)


def _usual(role: str, columns: list[str], where: str) -> str | None:
    """Return the one column whose name is usual for a role; RequestError if there are several."""
    hits = [name for name in columns if name.strip().lower() in USUAL[role].split()]
    if len(hits) > 1:
        both = " and ".join(f"`{name}`" for name in hits)
        raise RequestError(
            where, f"{both} could each be the {role}", f"set `corpus.{role}:` to one of them{_option(role)}"
        )
    return hits[0] if hits else None


def _option(role: str) -> str:
    """Return the option of the command line that names the column of a role, where there is one."""
    options = {"text": "--text", "text_pair": "--pair", "label": "--label"}
    return f" ({options[role]} COLUMN)" if role in options else ""


def _is_text(kind: pa.DataType) -> bool:
    """Return whether a column of this type holds strings; one without any value may."""
    tests = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view, pa.types.is_null)
    return any(test(kind) for test in tests)


def _is_bytes(kind: pa.DataType) -> bool:
    """Return whether a column of this type holds bytes, as some writers of Parquet make of text."""
    tests = (
        pa.types.is_binary,
        pa.types.is_large_binary,
        pa.types.is_binary_view,
        pa.types.is_fixed_size_binary,
    )
    return any(test(kind) for test in tests)
