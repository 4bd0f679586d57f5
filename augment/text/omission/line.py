"""A line of a text as the rules see it, and what they find in it: which phrases may be left out."""

from collections.abc import Iterator
from functools import cached_property, lru_cache
from typing import Literal, NamedTuple, get_args

import regex

from augment.text.align import Span
from augment.text.editable import simplified
from augment.text.segment import segment

OmissionKind = Literal[
    "sentence",
    "clause",
    "addition",
    "fronted",
    "trailing",
    "adjunct",
    "parenthesis",
    "adverb",
    "modifier",
    "possessor",
    "coordination",
    "item",
]
KINDS: tuple[OmissionKind, ...] = get_args(OmissionKind)
HAN = regex.compile(r"\p{Han}")
_LINES = regex.compile(r"[^\r\n\v\f\x85\u2028\u2029]+")
_WORD = regex.compile(r"\p{L}|\p{N}")
_END = regex.compile(r"[。！？!?…；;～~．]+|[。.．]{2,}|\.")
_SOFT = regex.compile(r"[，,：:—–]+|-{2,}")
_CLOSING = frozenset(('"', "''", "”", ")"))
_INITIAL = regex.compile(r"[a-hj-z]")
_ABBREVIATED = frozenset(
    ["mr", "mrs", "ms", "dr", "st", "jr", "sr", "vs", "etc", "prof", "inc", "no", "co", "al", "ltd", "fig"]
)


class Match(NamedTuple):
    """What a rule found: the tokens `first` to before `last` of a line, with the marks that go too."""

    kind: OmissionKind
    first: int
    last: int


class Clause(NamedTuple):
    """The tokens `first` to before `last` between two marks; the mark behind goes from `last` to before `after`.

    begins, ends: whether it is the first, and the last, of its sentence.
    """

    first: int
    last: int
    after: int
    begins: bool
    ends: bool


class Sentence(NamedTuple):
    """The tokens `first` to before `last` of a sentence; its final mark goes from `last` to before `after`."""

    first: int
    last: int
    after: int


class Line:
    """A line of a text: its tokens, where they are, and each in simplified script and lower case (`words`)."""

    def __init__(self, text: str) -> None:
        """Cut a line into tokens."""
        self.text = text
        plain = simplified(text)
        self.spans: list[Span] = segment(plain)
        self.words = [plain[start:end].lower() for start, end in self.spans]

    def __len__(self) -> int:
        """Return the number of tokens."""
        return len(self.spans)

    def word(self, index: int) -> str:
        """Return the word at an index, the empty string outside of the line."""
        return self.words[index] if 0 <= index < len(self.words) else ""

    def token(self, index: int) -> str:
        """Return a token as it is written."""
        start, end = self.spans[index]
        return self.text[start:end]

    def opens(self, index: int) -> bool:
        """Return whether a token begins a sentence, or what a quote or bracket opens."""
        return not index or self.is_end(index - 1) or self.word(index - 1) in ('"', "“", "(", "（", ":")

    def has_han(self, first: int, last: int) -> bool:
        """Return whether there is Chinese among tokens."""
        return any(HAN.search(word) for word in self.words[first:last])

    def is_end(self, index: int) -> bool:
        """Return whether a token ends a sentence; the point of an abbreviation, an initial or a number does not."""
        before, behind = self.word(index - 1), self.word(index + 1)
        if self.word(index) == "." and (before in _ABBREVIATED or _INITIAL.fullmatch(before)):
            return False
        if self.word(index) == "." and (
            (before[-1:].isdigit() and behind[:1].isdigit())
            or (len(before) == 1 == len(behind) and behind.isalpha())
        ):
            return False
        return bool(_END.fullmatch(self.word(index)))

    def is_mark(self, index: int) -> bool:
        """Return whether a token has no letter or number."""
        return not _WORD.search(self.word(index))

    @cached_property
    def clauses(self) -> tuple[Clause, ...]:
        """The clauses: what is between marks, or in Chinese between spaces."""
        return tuple(self._clauses())

    @cached_property
    def sentences(self) -> tuple[Sentence, ...]:
        """The sentences, each with the quotes and brackets that close behind its mark."""
        sentences: list[Sentence] = []
        first: int | None = None
        for clause in self.clauses:
            first = clause.first if first is None else first
            if clause.ends:
                after = clause.after
                while self.word(after) in _CLOSING:
                    after += 1
                sentences.append(Sentence(first, clause.last, after))
                first = None
        return tuple(sentences)

    def _clauses(self) -> Iterator[Clause]:
        """Yield the clauses."""
        first, begins = 0, True
        while first < len(self):
            last = first
            while (
                last < len(self) and not self._separates(last) and not (last > first and self._spaced(last))
            ):
                last += 1
            after = last
            while after < len(self) and self._separates(after):
                after += 1
            ends = after == len(self) or any(self.is_end(index) for index in range(last, after))
            if last > first:
                yield Clause(first, last, after, begins, ends)
                begins = ends
            first = after

    def _separates(self, index: int) -> bool:
        """Return whether a token is a mark between clauses."""
        return self.is_end(index) or bool(_SOFT.fullmatch(self.word(index)))

    def _spaced(self, index: int) -> bool:
        """Return whether a space sets a Chinese word off from the one before."""
        if not HAN.match(self.word(index)) or not HAN.match(self.word(index - 1)[-1:]):
            return False
        return self.spans[index - 1][1] < self.spans[index][0]


# The stages behind each other look at the same texts, and the draws of `evaluate` do so again.
@lru_cache(maxsize=1 << 12)
def lines_of(text: str) -> tuple[tuple[int, Line], ...]:
    """Return the lines of a text, each with the code point at which it begins."""
    return tuple((whole.start(), Line(whole[0])) for whole in _LINES.finditer(text))
