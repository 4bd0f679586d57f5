"""Where substitutes come from: several sources, of which the first that offers anything for a token is used.

sources = open_sources(("lexicon", "neighbours"), job, most=8)
sources.offer([Place("r1", 3, "这家酒店很好", None, 0, 2, 4, "这家")])       # [("旅馆", "宾馆", ...)]
"""

from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal, Protocol

from augment.candidates.lexicon import Lexicon, load_lexicons, locate
from augment.candidates.place import Place
from augment.job import Job
from augment.text.choose import Protection, editable
from augment.text.inflect import fits_article, match_case
from augment.text.script import language
from augment.text.segment import segment

SourceName = Literal["lexicon", "masked_lm", "neighbours"]


class Source(Protocol):
    """Something that offers words for places."""

    def offer(self, places: Sequence[Place]) -> list[tuple[str, ...]]:
        """Return for each place the words offered, nearest first."""
        ...


class LexiconSource:
    """The synonyms of every lexicon that is installed, in the order the job names them."""

    def __init__(self, lexicons: Sequence[Lexicon]) -> None:
        """Keep the lexicons."""
        self._lexicons = lexicons

    def offer(self, places: Sequence[Place]) -> list[tuple[str, ...]]:
        """Return the synonyms of each token from the first lexicon that has any."""
        known = {word: self.synonyms(word) for word in dict.fromkeys(place.word for place in places)}
        return [known[place.word] for place in places]

    def synonyms(self, word: str) -> tuple[str, ...]:
        """Return a word's synonyms; a loose lexicon is not asked for words that name things or deeds."""
        named = any(lexicon.parts(word) & {"n", "v"} for lexicon in self._lexicons)
        asked = (lexicon for lexicon in self._lexicons if not (named and lexicon.loose))
        return next((found for lexicon in asked if (found := lexicon.synonyms(word))), ())


class Sources:
    """Sources in order, and the tests every word they offer must pass."""

    def __init__(self, sources: Sequence[Source], most: int, lexicons: Sequence[Lexicon]) -> None:
        """Keep the sources; `most` words are offered for a token; lexicons tell English words from fragments."""
        self._sources = sources
        self._most = most
        self._english = [lexicon for lexicon in lexicons if lexicon.synonyms("good")]

    def offer(self, places: Sequence[Place]) -> list[tuple[str, ...]]:
        """Return for each place the words of the first source that has any that pass, at most `most`."""
        result: list[tuple[str, ...]] = [()] * len(places)
        for source in self._sources:
            open_places = [index for index, words in enumerate(result) if not words]
            offers = source.offer([places[index] for index in open_places])
            for index, words in zip(open_places, offers, strict=True):
                result[index] = self._passing(places[index], words)
        return result

    def _passing(self, place: Place, words: Sequence[str]) -> tuple[str, ...]:
        """Return the words that fit the place: other than the token, one content word, right after `a` or `an`."""
        cased = dict.fromkeys(match_case(place.word, word) for word in words)
        fitting = [word for word in cased if _fits(place, word) and self._is_like(place.word, word)]
        return tuple(fitting[: self._most])

    def _is_like(self, token: str, word: str) -> bool:
        """Return whether English dictionaries, where there are any, know a word, and as the token's part of speech."""
        if not self._english or language(word) != "en":
            return True
        if not any(lexicon.knows(word) for lexicon in self._english):
            return False
        return all(
            not (parts := lexicon.parts(token)) or parts & lexicon.parts(word) for lexicon in self._english
        )


def open_sources(names: Sequence[SourceName], job: Job, most: int) -> Sources:
    """Return the sources that the job has what is needed for: a masked model only where one is named."""
    sources: list[Source] = []
    for name in names:
        if name == "lexicon":
            sources.append(LexiconSource(_lexicons(job)))
        elif name == "masked_lm" and job.resources.masked_lm:
            from augment.candidates.masked_lm import MaskedWords

            sources.append(MaskedWords(job.resources.masked_lm, job.run, most))
        elif name == "neighbours":
            from augment.candidates.neighbours import Neighbours

            sources.append(Neighbours(job.needs_model(), job.run, most))
    return Sources(sources, most, _lexicons(job) if "lexicon" in names else ())


def any_synonyms(job: Job) -> Callable[[str], tuple[str, ...]]:
    """Return the function that gives every synonym of a word in the job's lexicons, tested by nothing."""
    return LexiconSource(_lexicons(job)).synonyms


def lexicon_notices(job: Job) -> tuple[str, ...]:
    """Return what lexicons the job names and this machine lacks, with how to install them."""
    return locate(job.resources.lexicons, job.root)[1]


def lexicon_hashes(job: Job) -> dict[str, str]:
    """Return the content hash of every lexicon that is used."""
    return {lexicon.name: lexicon.content_hash for lexicon in _lexicons(job)}


def _lexicons(job: Job) -> tuple[Lexicon, ...]:
    """Return the lexicons of a job that are installed, read once in a process."""
    return _read_once(job.resources.lexicons, job.root)


@cache
def _read_once(names: tuple[str, ...], root: Path) -> tuple[Lexicon, ...]:
    """Return the lexicons that `load_lexicons` gives, kept for the process."""
    return load_lexicons(names, root)[0]


def _fits(place: Place, word: str) -> bool:
    """Return whether a word may stand at a place."""
    if word.casefold() == place.word.casefold() or not fits_article(place.before, word):
        return False
    return _is_one_word(word) and language(word) == language(place.word)


# Candidates repeat from row to row; cutting each of them again took a tenth of a run.
@lru_cache(maxsize=1 << 16)
def _is_one_word(word: str) -> bool:
    """Return whether a candidate is a single content word that may be edited."""
    spaced = any(mark.isspace() for mark in word)
    return not spaced and editable([word], Protection(frozenset(), ()))[0] and len(segment(word)) == 1
