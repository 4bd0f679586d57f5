"""What a substitute must be besides fitting: no antonym, the same part of speech, frequent, near.

Every test can be switched off. They compare two words without the sentence, so results are cached per word.

    tests = WordTests(Filters(similarity=0.3), job, lexicons)
    tests.passing("good", ("fine", "bad", "goodness"))        # ("fine",)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from augment.candidates.antonyms import Antonyms
from augment.candidates.insults import is_insult
from augment.candidates.lexicon import Lexicon, read_pairs
from augment.config.job import Job
from augment.text.script import language
from augment.text.segment import per_million, segment, tag

# Tags of jieba's dictionary that are no part of speech: names (often wrong), idioms, phrases, letters, nothing.
_UNCLEAR = frozenset({"nr", "ns", "nt", "nrt", "nrfg", "nsf", "nz", "i", "l", "x", "eng"})
# Tags with two letters, of words that are used as both; z, words of state, are adjectives.
_BOTH = {"vn": "vn", "an": "an", "ad": "ad", "vd": "vd", "z": "a"}


@dataclass(frozen=True)
class Filters:
    """The tests: antonyms and pos are whether, frequency is the least in a million words, similarity the least cosine.

    mutual: whether a dictionary must have the token as a synonym of the word too, in its main sense. context is the share of unrelated words that it must be nearer than in the text, which needs an encoder: `Sources`
    asks it.
    """

    antonyms: bool = True
    pos: bool = True
    frequency: float = 0.0
    similarity: float | None = None
    context: float = 0.98
    mutual: bool = False


class WordTests:
    """The tests of a job, with what they need."""

    def __init__(self, filters: Filters, job: Job, lexicons: Sequence[Lexicon]) -> None:
        """Read the antonyms, and load the model if its embeddings are needed."""
        self._filters, self._lexicons = filters, lexicons
        names = job.resources.antonyms if filters.antonyms else ()
        pairs = [pair for name in names for pair in read_pairs(name, job.root, "resources.antonyms")]
        self._antonyms = Antonyms(lexicons, pairs)
        self._neighbours = None
        if filters.similarity is not None:
            from augment.candidates.neighbours import open_neighbours

            self._neighbours = open_neighbours(job, 1)

    def passing(self, token: str, words: Sequence[str]) -> tuple[str, ...]:
        """Return the words that pass all tests, in their order."""
        kept = [word for word in words if self._passes(token, word)]
        if self._neighbours is not None and self._filters.similarity is not None and kept:
            near = set(self._neighbours.close(token, kept, self._filters.similarity))
            kept = [word for word in kept if word in near]
        return tuple(kept)

    def _passes(self, token: str, word: str) -> bool:
        """Return whether a word passes the tests that ask no model. An insult is offered for another one only."""
        if is_insult(word) and not is_insult(token):
            return False
        if self._filters.antonyms and self._antonyms.opposes(token, word):
            return False
        # No dictionary has the part of speech of a phrase, or how often it is used: a user's own list is taken at its word.
        if _is_phrase(token) or _is_phrase(word):
            return True
        if self._filters.pos and not self._is_alike(token, word):
            return False
        return not self._filters.frequency or self._often(word) >= self._filters.frequency

    def _is_alike(self, token: str, word: str) -> bool:
        """Return whether two words share a part of speech, as far as dictionaries know."""
        return parts_agree(token, word, self._lexicons)

    def _often(self, word: str) -> float:
        """Return how often a word is used in a million; of English, without end where no dictionary has counts."""
        if language(word) == "zh":
            return per_million(word)
        counts = [count for lexicon in self._lexicons if (count := lexicon.per_million(word)) is not None]
        return max(counts, default=float("inf"))


@lru_cache(maxsize=1 << 16)
def _is_phrase(word: str) -> bool:
    """Return whether a word is of several tokens."""
    return len(segment(word)) > 1


def parts_agree(token: str, word: str, lexicons: Sequence[Lexicon]) -> bool:
    """Return whether two words share a part of speech, or that of one is not known: by jieba's tags, or dictionaries."""
    if language(word) == "zh":
        return _agree(_chinese(token), _chinese(word))
    # A word that a dictionary does not know as what the token is, is not that.
    return all(
        not (parts := lexicon.parts(token)) or bool(parts & lexicon.parts(word)) for lexicon in lexicons
    )


def _agree(one: frozenset[str], other: frozenset[str]) -> bool:
    """Return whether two words share a part of speech, or that of one is not known."""
    return not one or not other or bool(one & other)


def _chinese(word: str) -> frozenset[str]:
    """Return the parts of speech of a Chinese word, none where its tag has none."""
    tagged = tag(word)
    if tagged is None or tagged in _UNCLEAR:
        return frozenset()
    return frozenset(_BOTH.get(tagged, tagged[:1]))
