"""What a label may depend on in a text: a word, two words in a row, or a word in first or last position.

>>> runs = ngrams(["Good", "film", "!"], [0, 0, 0])
>>> runs[Ngram("word", "good")], runs[Ngram("phrase", "good film")], runs[Ngram("last", "!")]
([(0,)], [(0, 1)], [(2,)])
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import regex

# A mark written three times or more is one unit, however often: !!! and !!!!!.
_RUN = regex.compile(r"^(\p{P}|\p{S})\1{2,}$")
_LETTER = regex.compile(r"[\p{Latin}\p{N}]")
NgramKind = Literal["word", "phrase", "first", "last"]
KINDS: tuple[NgramKind, ...] = ("word", "phrase", "first", "last")


class Ngram(NamedTuple):
    """A word, two words in a row (a space between), or a word in first or last position; without regard to case."""

    kind: NgramKind
    text: str

    @property
    def words(self) -> tuple[str, ...]:
        """The words that it is made of."""
        return tuple(self.text.split(" ")) if self.kind == "phrase" else (self.text,)


def ngrams(tokens: Sequence[str], side: Sequence[int]) -> dict[Ngram, list[tuple[int, ...]]]:
    """Return the units of a row, each with the tokens of each of its occurrences, in the order of the text."""
    runs: dict[Ngram, list[tuple[int, ...]]] = {}
    words = [folded(token) for token in tokens]
    for index, word in enumerate(words):
        begins = not index or side[index - 1] != side[index]
        ends = index + 1 == len(words) or side[index + 1] != side[index]
        runs.setdefault(Ngram("word", word), []).append((index,))
        if begins:
            runs.setdefault(Ngram("first", word), []).append((index,))
        if ends:
            runs.setdefault(Ngram("last", word), []).append((index,))
        else:
            runs.setdefault(Ngram("phrase", f"{word} {words[index + 1]}"), []).append((index, index + 1))
    return runs


def folded(token: str) -> str:
    """Return a token without regard to case, a mark written three times or more as three."""
    return str(_RUN.sub(r"\1\1\1", token.casefold()))


def pattern_of(ngram: Ngram) -> str:
    """Return the regular expression (RE2) of the texts that contain a unit."""
    parts = []
    for word in ngram.words:
        marks = _RUN.match(word)
        parts.append(f"{regex.escape(marks[1])}{{3,}}" if marks else regex.escape(word))
    words = r"\s*".join(parts)
    before = r"^\s*" if ngram.kind == "first" else _border(ngram.words[0][:1], "^")
    behind = r"\s*$" if ngram.kind == "last" else _border(ngram.words[-1][-1:], "$")
    return f"(?i){before}{words}{behind}"


def _border(letter: str, end: str) -> str:
    """Return what must be next to a word that begins or ends with a letter: none of its kind, or the end of the text."""
    return rf"(?:{end}|[^\p{{Latin}}\p{{N}}])" if _LETTER.match(letter) else ""
