"""Parts of a Chinese sentence that may change places."""

from collections.abc import Iterator, Sequence

from augment.text.negation import is_negation
from augment.text.omission.chinese_clauses import independent, is_separate, predicates
from augment.text.omission.chinese_words import ALSO, REFERS, THIRD, TURNS
from augment.text.omission.line import HAN, Clause, Line
from augment.text.rephrasing.proposal import Exchange
from augment.text.rephrasing.words import ENDINGS, FIXED, STATES, THINGS, WHEN, WHO

_JOINS = frozenset(("和", "与", "、", "及"))
_SUBJECTS = ("n", "vn", "s")
_QUALITIES = ("a", "z", "i", "l")


def chinese_order(line: Line, tags: Sequence[str]) -> Iterator[Exchange]:
    """Yield the parts of a Chinese line that may change places."""
    yield from _descriptions(line, tags)
    yield from _joined(line, tags)
    yield from _times(line, tags)


def _descriptions(line: Line, tags: Sequence[str]) -> Iterator[Exchange]:
    """Yield two clauses next to each other each of which describes a thing of its own: 味道不错，送餐很快."""
    every = line.clauses
    for number in range(len(every) - 1):
        one, other = every[number], every[number + 1]
        if not (_describes(line, one, tags) and _describes(line, other, tags)):
            continue
        if line.words[one.first] == line.words[other.first] or not _commas(line, one, other):
            continue
        before = every[number - 1] if number else None
        behind = every[number + 2] if number + 2 < len(every) else None
        if (
            before is not None
            and not one.begins
            and not _describes(line, before, tags)
            and not (predicates(tags, before) and is_separate(line, before, tags))
        ):
            continue
        own = behind is None or (independent(line, behind) and (other.ends or _own(line, behind, tags)))
        if own:
            yield Exchange(one.first, one.last, other.first, other.last, 0.93, tested=False)


def _commas(line: Line, one: Clause, other: Clause) -> bool:
    """Return whether marks, and no colon or question mark, are behind two clauses; a space alone is none."""
    marks = "".join(line.words[one.last : one.after] + line.words[other.last : other.after])
    return one.after > one.last and not set(marks) & set(':：?？—–-…(（)）"“”')


def _own(line: Line, clause: Clause, tags: Sequence[str]) -> bool:
    """Return whether a clause begins with a subject of its own."""
    return tags[clause.first].startswith((*_SUBJECTS, "r"))


def _describes(line: Line, clause: Clause, tags: Sequence[str]) -> bool:
    """Return whether a clause is a short one on how something is: a subject, and a quality at its end."""
    words = line.words[clause.first : clause.last]
    if not 2 <= len(words) <= 8 or len("".join(words)) > 14 or not is_separate(line, clause, tags):
        return False
    if not _is_subject(line, clause.first, tags):
        return False
    if (FIXED | ALSO | TURNS | THIRD | REFERS) & set(words) - {"都"}:
        return False
    last = clause.last - 1
    while last > clause.first and line.words[last] in ENDINGS:
        last -= 1
    word = line.words[last]
    quality = tags[last].startswith(_QUALITIES) or word in STATES or (word[0] in "很超挺" and len(word) == 2)
    between = tags[clause.first + 1 : last]
    return (
        last > clause.first and quality and not any(each.startswith(("p", "c", "r", "t")) for each in between)
    )


def _is_subject(line: Line, index: int, tags: Sequence[str]) -> bool:
    """Return whether a word can be what a clause is about: a noun, what no dictionary has, or a verb with its object."""
    unknown = not tags[index] and len(line.word(index)) > 1 and bool(HAN.match(line.word(index)))
    acts = tags[index] == "v" and tags[index + 1][:1] in ("n", "v")
    return tags[index].startswith(_SUBJECTS) or unknown or acts or line.word(index) in THINGS


def _joined(line: Line, tags: Sequence[str]) -> Iterator[Exchange]:
    """Yield two words that 和 or 、 joins: nouns or qualities of two syllables and more."""
    for clause in line.clauses:
        for index in range(clause.first + 1, clause.last - 1):
            if line.word(index) not in _JOINS or not _pair(line, tags, index):
                continue
            listed = line.word(index) == "、" or "、" in (line.word(index - 2), line.word(index + 2))
            starts = (
                index - 1 == clause.first or listed or tags[index - 2].startswith(("v", "p", "c", "d", "u"))
            )
            ends = index + 2 == clause.last or listed or tags[index + 2].startswith(("d", "a", "v", "zg"))
            if (starts and ends and line.word(index + 2) != "的") or (
                tags[index - 1].startswith("a") and starts
            ):
                yield Exchange(index - 1, index, index + 1, index + 2, 0.93, tested=False)


def _pair(line: Line, tags: Sequence[str], index: int) -> bool:
    """Return whether two nouns or two qualities are on both sides of a word."""
    pair = (line.word(index - 1), line.word(index + 1))
    if (
        min(map(len, pair)) < 2
        or not all(map(HAN.match, pair))
        or any(map(is_negation, pair))
        or pair[0] == pair[1]
    ):
        return False
    left, right = tags[index - 1], tags[index + 1]
    return left == right == "n" or (left.startswith("a") and right.startswith("a"))


def _times(line: Line, tags: Sequence[str]) -> Iterator[Exchange]:
    """Yield when and who, at the beginning of a clause: 今天我…, 我今天…."""
    for clause in line.clauses:
        first = clause.first
        if clause.last - first < 4:
            continue
        pair = {line.word(first), line.word(first + 1)}
        if len(pair & WHEN) == 1 == len(pair & WHO) and tags[first + 2][:1] in ("v", "p", "d"):
            yield Exchange(first, first + 1, first + 1, first + 2, 0.93, tested=False)
