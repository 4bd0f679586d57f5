"""An English sentence as the rules see it: its tokens, and their parts of speech by the tagger."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from augment.text.omission.line import Line

# What a subject may begin with.
_SUBJECTS = ("DET", "PRON", "NOUN", "PROPN", "NUM", "ADJ")
# Tokens between the beginning of a subject and its verb at most.
_LONGEST_SUBJECT = 6


@dataclass(frozen=True)
class English:
    """The tokens `first` to before `last` of a line with the tags of the line; the final mark goes to before `after`."""

    line: Line
    tags: Sequence[str]
    first: int
    last: int
    after: int

    def word(self, index: int) -> str:
        """Return the word of the line at an index."""
        return self.line.word(index)

    def words(self, first: int, last: int) -> list[str]:
        """Return the words from one index to before another, none before the sentence."""
        return self.line.words[max(first, self.first) : last]

    def tag(self, index: int) -> str:
        """Return the tag of a token of the line; that of a mark, "", outside it."""
        return self.tags[index] if 0 <= index < len(self.tags) else ""

    def is_a(self, index: int, *parts: str) -> bool:
        """Return whether a token has one of some parts of speech."""
        return self.tag(index).startswith(parts)

    @property
    def asks(self) -> bool:
        """Whether it is a question."""
        return "?" in "".join(self.line.words[self.last : self.after])

    def finite(self, first: int, last: int) -> bool:
        """Return whether there is a finite verb among tokens."""
        return any("Fin" in tag for tag in self.tags[first:last])

    def may_be_subject(self, index: int) -> bool:
        """Return whether a subject may begin at an index."""
        return self.is_a(index, *_SUBJECTS)

    def is_clause(self, first: int) -> bool:
        """Return whether a subject and its finite verb begin at an index, with no other clause and no mark before the verb."""
        for index in range(first, min(first + _LONGEST_SUBJECT, self.last)):
            if "Fin" in self.tags[index]:
                return self.may_be_subject(first) and (index > first or "+" in self.tags[index])
            if not self.tags[index] or self.is_a(index, "SCONJ", "CCONJ", "VERB"):
                return False
        return False


def english_sentences(line: Line, tags: Sequence[str]) -> Iterator[English]:
    """Yield the sentences of a line that have no Chinese."""
    for sentence in line.sentences:
        if not line.has_han(sentence.first, sentence.last):
            yield English(line, tags, *sentence)
