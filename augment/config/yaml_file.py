"""Read a YAML file and check it against a model, so that every error names the file, the line and the key.

Only `true` and `false` are booleans here and numbers are plain decimals: `no`, `on`, `007` and `1_000` stay the
strings a user meant as labels. Aliases, tags, files over 1 MiB, over 32 levels of nesting, numbers beyond 64 bits and
text that no file can hold are refused; a configuration needs none of them.

`ruamel.yaml` was tried for the line numbers and replaces one function, `_record`: it reads `007` as 7, `1_000` as 1000 and
2020-01-01 as a date, and accepts aliases and tags, so the resolvers and `_refuse_extras` would stay, on 1.3 times the time.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from augment.errors import RequestError, nearest, nearest_of

# What is wrong with a word of --set, and an example.
NOT_A_SETTING = "not of the form section.key=value"
SETTING = "for example --set run.dtype=bfloat16, or --set attack.delete=false for a stage"
Key = str | int
Validated = TypeVar("Validated", bound=BaseModel)
LARGEST = 1 << 20
# Levels of nesting; the shipped files have five. The parsers of YAML and of its values call themselves once a level.
_DEEPEST = 32
# What no part of augment can hold as a whole number: 64 bits.
_BOUND = 1 << 63
# Where pydantic speaks of Python types, what to write instead.
_HINTS = {
    "model_type": "write `name: value` lines below it, or {name: value}",
    "model_attributes_type": "write `name: value` lines below it, or {name: value}",
    "dict_type": "write `name: value` lines below it, or {name: value}",
    "tuple_type": "write a list: [a, b]",
    "too_short": "give at least one",
    "bool_type": "write true or false",
    "bool_parsing": "write true or false",
    "int_type": "write a whole number",
    "int_parsing": "write a whole number",
    "int_from_float": "write a whole number",
    "float_type": "write a number",
    "float_parsing": "write a number",
}


class _Loader(yaml.SafeLoader):
    """A safe loader with YAML 1.2 booleans and plain decimal numbers."""


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"^(?:true|false)$", "tf"),
    ("null", r"^(?:null|~|)$", ["n", "~", ""]),
    ("int", r"^-?(?:0|[1-9][0-9]*)$", "-0123456789"),
    ("float", r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+(?:[eE][-+]?[0-9]+)?|[eE][-+]?[0-9]+)$", "-0123456789"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), list(_first))

_OPENING = (
    yaml.FlowSequenceStartToken,
    yaml.FlowMappingStartToken,
    yaml.BlockSequenceStartToken,
    yaml.BlockMappingStartToken,
)
_CLOSING = (yaml.FlowSequenceEndToken, yaml.FlowMappingEndToken, yaml.BlockEndToken)


@dataclass(frozen=True)
class Document:
    """A mapping read from a file, and the line of each of its keys."""

    path: Path
    values: dict[str, object]
    lines: dict[tuple[Key, ...], int] = field(default_factory=dict)

    def where(self, keys: tuple[Key, ...] = ()) -> str:
        """Return `file:line` of the deepest known part of a key path; the name alone for values that no file gives."""
        if self.values and not self.lines:
            return str(self.path)
        while keys and keys not in self.lines:
            keys = keys[:-1]
        return f"{self.path}:{self.lines.get(keys, 1)}"


def parse(text: str, path: Path) -> Document:
    """Return the mapping written in `text`; RequestError with file:line if it is not a plain YAML mapping."""
    if len(text) > LARGEST:
        raise RequestError(str(path), "the file is larger than 1 MiB", "is this the right file?")
    try:
        _refuse_extras(text, path)
        node = yaml.compose(text, Loader=_Loader)
        lines: dict[tuple[Key, ...], int] = {}
        if node is not None:
            _record(node, (), lines)
        values = yaml.load(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise RequestError(
            f"{path}:{line}", f"not valid YAML: {error.problem}", "check the indentation and quotes"
        ) from None
    except yaml.YAMLError as error:
        raise RequestError(str(path), f"not valid YAML: {error}", "save the file as UTF-8 text") from None
    except ValueError as error:
        # A number of more digits than Python reads.
        raise RequestError(str(path), f"a value cannot be read: {error}", "write a shorter number") from None
    if values is None:
        values = {}
    if not isinstance(values, dict) or not all(isinstance(key, str) for key in values):
        raise RequestError(
            f"{path}:1", "the file is not a mapping of names to values", "start it with `name: value`"
        )
    return Document(path, values, lines)


def load(path: Path) -> Document:
    """Return the mapping in a file; RequestError if the file is missing or is not UTF-8 YAML."""
    try:
        with path.open(encoding="utf-8-sig") as stream:
            # A device has no end.
            return parse(stream.read(LARGEST + 1), path)
    except FileNotFoundError:
        raise RequestError(str(path), "the file does not exist", "check the path") from None
    except IsADirectoryError:
        raise RequestError(str(path), "this is a folder, not a file", "name a YAML file") from None
    except UnicodeDecodeError as error:
        raise RequestError(str(path), f"not UTF-8 at byte {error.start}", "save the file as UTF-8") from None


def setting(word: str) -> tuple[list[str], object]:
    """Return the keys and the value of a word `section.key=value`, read as YAML; RequestError for any other word."""
    name, equals, value = word.partition("=")
    keys = name.split(".")
    if not equals or not all(keys):
        raise RequestError(f"--set {word}", NOT_A_SETTING, SETTING)
    return keys, parse(f"value: {value}", Path(f"--set {name}")).values["value"]


def checked(
    model: type[Validated], document: Document, values: object, at: tuple[Key, ...] = ()
) -> Validated:
    """Return `values` as a `model`; RequestError naming file:line, the key, and the nearest right key or value."""
    for location, what, hint in _unusable(values):
        raise RequestError(document.where(at + location), what, hint)
    try:
        validated = model.model_validate(values)
    except ValidationError as error:
        first, *others = error.errors()
        location = _plain(first["loc"], values)
        what, hint = _explain(model, first, _dotted(location))
        if isinstance(first["input"], str | int | float):
            # A value that may be of several kinds is refused once for each.
            same = [other for other in others if _plain(other["loc"], values) == location]
            hint = ", or ".join([hint, *(_explain(model, other, "")[1] for other in same)])
        raise RequestError(document.where(at + location), what, hint) from None
    for location, truth in _truths(values, validated):
        what = f"`{_dotted(location)}` cannot be {json.dumps(truth)}"
        raise RequestError(document.where(at + location), what, _HINTS["float_type"])
    return validated


def _truths(values: object, made: object, at: tuple[Key, ...] = ()) -> Iterator[tuple[tuple[Key, ...], bool]]:
    """Yield where true or false was written and a number was made of it, and which; pydantic takes true for 1."""
    if isinstance(values, bool):
        if not isinstance(made, bool) and isinstance(made, int | float):
            yield at, values
    elif isinstance(values, dict):
        for key, value in values.items():
            inner = made.get(key) if isinstance(made, dict) else getattr(made, str(key), None)
            yield from _truths(value, inner, (*at, key))
    elif isinstance(values, list) and isinstance(made, list | tuple):
        for index, (value, inner) in enumerate(zip(values, made, strict=False)):
            yield from _truths(value, inner, (*at, index))


def _plain(location: tuple[Key, ...], values: object) -> tuple[Key, ...]:
    """Return a pydantic location without the union and discriminator names that no file contains."""
    kept: list[Key] = []
    here = values
    for key in location:
        if isinstance(here, dict) and key in here:
            here = here[key]
        elif isinstance(here, list) and key in range(len(here)):
            here = here[int(key)]
        else:
            continue
        kept.append(key)
    if location and location[-1] not in kept[-1:] and isinstance(here, dict):
        kept.append(location[-1])
    return tuple(kept)


def _explain(model: type[BaseModel], error: ErrorDetails, key: str) -> tuple[str, str]:
    """Return what is wrong with a key and what to do, in words, for one pydantic error."""
    if error["type"] == "extra_forbidden":
        homes = _homes(model, key) if len(error["loc"]) == 1 else []
        hint = (
            f"did you mean {' or '.join(homes)}?" if homes else nearest(key, _known(model, error["loc"][:-1]))
        )
        return f"unknown key `{key}`", hint
    if error["type"] == "missing":
        return f"`{key}` is missing", f"add `{key}:`"
    if error["type"] == "union_tag_invalid":
        context = error["ctx"]
        tags = [tag.strip("' ") for tag in str(context["expected_tags"]).split(",")]
        return f"no stage of kind `{context['tag']}`", nearest(str(context["tag"]), tags)
    if error["type"] == "union_tag_not_found":
        return "a stage needs a `kind`", "add `kind:`; `augment list` shows the kinds"
    given = error["input"]
    if error["type"] == "literal_error":
        # Texts are in quotes, true and false are not.
        literals = re.findall(r"'([^']*)'|\b(True|False|None|\d+)\b", str(error["ctx"]["expected"]))
        values = [text or word.lower() for text, word in literals]
        listed = nearest_of(str(given), values, f"one of {', '.join(values)}")
        return f"`{key}` cannot be {given!r}", listed if len(values) > 1 else f"`{values[0]}`"
    message = error["msg"].removeprefix("Value error, ")
    message = message[0].lower() + message[1:]
    shown = repr(given) if isinstance(given, str | int | float) else "this value"
    if given is None or isinstance(given, bool):
        shown = json.dumps(given)
    if error["type"] == "tuple_type" and isinstance(given, str | int | float):
        return f"`{key}` cannot be {shown}", f"write a list: [{given}]"
    return f"`{key}` cannot be {shown}", _HINTS.get(error["type"], message)


def _dotted(location: tuple[Key, ...]) -> str:
    """Return the last part of a location, an item of a list together with the list."""
    if len(location) > 1 and isinstance(location[-1], int):
        return f"{location[-2]}[{location[-1]}]"
    return str(location[-1]) if location else ""


def _homes(model: type[BaseModel], key: str) -> list[str]:
    """Return `section.key` for every section of a model that has the key."""
    return [
        f"`{name}.{key}`"
        for name, info in model.model_fields.items()
        if get_origin(info.annotation) is not tuple
        if any(key in section.model_fields for section in _models_in(info.annotation))
    ]


def _known(model: type[BaseModel], location: tuple[Key, ...]) -> list[str]:
    """Return the keys allowed at a location, walking the fields of nested models and unions."""
    models: list[type[BaseModel]] = [model]
    for key in location:
        inner = [inner_model for owner in models for inner_model in _field_models(owner, key)]
        models = inner or models
    return sorted({name for owner in models for name in owner.model_fields})


def _field_models(owner: type[BaseModel], key: Key) -> list[type[BaseModel]]:
    """Return the models one step inside a field, or the union member whose kind is `key`."""
    info = owner.model_fields.get(str(key))
    if info is None:
        kind = owner.model_fields.get("kind")
        return [owner] if kind is not None and key in get_args(kind.annotation) else []
    return _models_in(info.annotation)


def _models_in(annotation: object) -> list[type[BaseModel]]:
    """Return every model class mentioned in a type annotation."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models_in(part)]


def _record(node: yaml.Node, at: tuple[Key, ...], lines: dict[tuple[Key, ...], int]) -> None:
    """Note the line of every key and item below a node."""
    lines.setdefault(at, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if (*at, str(key.value)) in lines:
                raise yaml.constructor.ConstructorError(
                    None, None, f"`{key.value}` is given twice", key.start_mark
                )
            lines[(*at, str(key.value))] = key.start_mark.line + 1
            _record(value, (*at, str(key.value)), lines)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _record(value, (*at, index), lines)


def _refuse_extras(text: str, path: Path) -> None:
    """Raise RequestError on what a config does without: an alias can hide a size bomb, a deep nest ends the parser."""
    depth = 0
    for token in yaml.scan(text, Loader=_Loader):
        where = f"{path}:{token.start_mark.line + 1}"
        if isinstance(token, yaml.AliasToken | yaml.AnchorToken):
            raise RequestError(where, "YAML anchors and aliases are not read here", "write the value out")
        if isinstance(token, yaml.TagToken):
            raise RequestError(where, "YAML tags are not read here", "write the plain value; quote a text")
        depth += isinstance(token, _OPENING) - isinstance(token, _CLOSING)
        if depth > _DEEPEST:
            raise RequestError(
                where,
                f"nested more than {_DEEPEST} levels deep",
                "is this the right file? close the brackets",
            )


def _unusable(values: object, at: tuple[Key, ...] = ()) -> Iterator[tuple[tuple[Key, ...], str, str]]:
    """Yield where a value is that no file, model or table can hold, what it is and what to do."""
    named = f"`{_dotted(at)}`"
    if isinstance(values, str) and any(letter == "\0" or "\ud800" <= letter <= "\udfff" for letter in values):
        yield (
            at,
            f"{named} has a character that no file can hold",
            "remove the escape \\0 or \\uD800 … \\uDFFF",
        )
    elif isinstance(values, int | float) and not -_BOUND < values < _BOUND:
        yield at, f"{named} is too large a number", "write a smaller one"
    elif isinstance(values, dict):
        for key, value in values.items():
            yield from _unusable(key if isinstance(key, str) else "", (*at, key))
            yield from _unusable(value, (*at, key))
    elif isinstance(values, list):
        for index, value in enumerate(values):
            yield from _unusable(value, (*at, index))
