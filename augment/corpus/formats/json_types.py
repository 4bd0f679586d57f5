"""The Arrow types of JSON lines: for each column the narrowest one that holds its values without loss, else JSON text.

seen = Seen()
seen.add(["red", "small"])
seen.type()                                     # list<item: string>
as_type(pa.string(), ["red", 5])                # '["red", 5]'
"""

import json
import math

import pyarrow as pa

# Values deeper than this stay JSON text.
_DEEPEST = 16
_PLAIN = {
    frozenset[str](): pa.null(),
    frozenset({"bool"}): pa.bool_(),
    frozenset({"str"}): pa.string(),
    frozenset({"int"}): pa.int64(),
    frozenset({"long"}): pa.int64(),
    frozenset({"int", "long"}): pa.int64(),
    frozenset({"float"}): pa.float64(),
    frozenset({"int", "float"}): pa.float64(),
    # NaN is what pandas writes where a value is missing.
    frozenset({"nan"}): pa.float64(),
    frozenset({"int", "nan"}): pa.float64(),
    frozenset({"float", "nan"}): pa.float64(),
    frozenset({"int", "float", "nan"}): pa.float64(),
    frozenset({"str", "nan"}): pa.string(),
    frozenset({"bool", "nan"}): pa.bool_(),
}


class ValueTypes:
    """The values of one place of the records: of a column, of the items of its lists, of one key of its objects."""

    def __init__(self, depth: int = 0) -> None:
        """Begin without a value."""
        self._depth = depth
        self._kinds: set[str] = set()
        self._inner: dict[str, ValueTypes] = {}

    def add(self, value: object) -> None:
        """Take one value into account; null is a value of any kind."""
        if isinstance(value, list):
            self._kinds.add("list")
            self._into([("", item) for item in value])
        elif isinstance(value, dict):
            known = "object" not in self._kinds or self._inner.keys() == value.keys()
            self._kinds.update({"object"} if value and known else {"object", "uneven"})
            self._into(list(value.items()) if known else [])
        elif value is not None:
            self._kinds.add(_kind(value))

    def type(self) -> pa.DataType:
        """Return the type of a column: string where no other holds all values, the null type where there are none."""
        exact = self._exact()
        return pa.string() if exact is None else exact

    def _into(self, values: list[tuple[str, object]]) -> None:
        """Take the items of a list, or what the keys of an object hold, into account."""
        if self._depth == _DEEPEST:
            self._kinds.add("deep")
            return
        for key, value in values:
            self._inner.setdefault(key, ValueTypes(self._depth + 1)).add(value)

    def _exact(self) -> pa.DataType | None:
        """Return the type that holds all values as they are, or None."""
        kinds = self._kinds
        if kinds == {"list"}:
            items = self._inner[""]._exact() if self._inner else pa.null()
            return None if items is None else pa.list_(items)
        if kinds == {"object"}:
            fields = [(key, inner._exact()) for key, inner in self._inner.items()]
            return None if any(kind is None for _, kind in fields) else pa.struct(fields)
        return _PLAIN.get(frozenset(kinds))


def as_type(kind: pa.DataType, value: object) -> object:
    """Return a JSON value as a column of this type takes it."""
    if isinstance(value, float) and math.isnan(value) and not pa.types.is_floating(kind):
        return None
    if value is None or isinstance(value, str) or kind != pa.string():
        return value
    return json.dumps(value, ensure_ascii=False)


def _kind(value: object) -> str:
    """Return the kind of a plain JSON value; integers by what can hold them."""
    if isinstance(value, int) and not isinstance(value, bool):
        return "int" if abs(value) <= 1 << 53 else "long" if -(1 << 63) <= value < 1 << 63 else "endless"
    return "nan" if isinstance(value, float) and math.isnan(value) else type(value).__name__


def record_of(value: object, escaped: bool) -> dict[str, object] | str:
    """Return an object, or the reason why a JSON value is none; escaped: whether it has escapes."""
    if escaped:
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            return "not text: half of a surrogate pair"
    return value if isinstance(value, dict) else f"JSON {type(value).__name__}, not an object"
