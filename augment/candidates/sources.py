"""The sources of substitutes: the first that offers anything for a token is used.

Most offer words, which must pass the tests of words. Forms (typing errors, homophones) are not meant to be any.

sources = open_sources(("lexicon", "neighbours"), job, most=8)
sources.offer([Slot("r1", 3, "这家酒店很好", None, 0, 2, 4, "这家")])       # [("旅馆", "宾馆", ...)]
"""

from collections.abc import Callable, Collection, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal, Protocol

from augment.candidates.filters import Filters, WordTests
from augment.candidates.fluency import fluency_notices
from augment.candidates.forms import FORMS, FormName, form_notices, open_form
from augment.candidates.lexicon import Lexicon, load_lexicons, locate
from augment.candidates.slot import Proposed, Slot
from augment.config.job import Job
from augment.text.editable import Protection, editable
from augment.text.inflect import fits_article, match_case
from augment.text.negation import is_negation, negations
from augment.text.script import Language, language
from augment.text.segment import segment, tokens_of
from augment.text.tagger import WordParts

SourceName = Literal["lexicon", "masked_lm", "neighbours"] | FormName
_UNPROTECTED = Protection()


class Source(Protocol):
    """Something that offers words for slots; `are_words`: whether they are meant to be words."""

    are_words: bool

    def offer(self, slots: Sequence[Slot]) -> list[tuple[str, ...]]:
        """Return for each place the words offered, nearest first."""
        ...

    def offer_all(self, slots: Sequence[Slot]) -> list[Proposed]:
        """Return for each place the words that mean the same in any sense, for whoever tests which do; none if that is unknown."""
        ...


class InText(Protocol):
    """A test of words in their texts."""

    def passing(self, slots: Sequence[Slot], offered: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
        """Return the words that fit, of those offered for each slot."""
        ...


class LexiconSource:
    """The synonyms of every lexicon that is installed, in the order the job names them."""

    are_words: bool = True

    def __init__(self, lexicons: Sequence[Lexicon], mutual: bool = False) -> None:
        """Keep the lexicons, and what they gave for a word; mutual: of a dictionary, offer only words of which the token is a synonym too."""
        self._lexicons, self._mutual = lexicons, mutual
        self.synonyms = lru_cache(maxsize=1 << 16)(self._synonyms)
        self.of_any_sense = lru_cache(maxsize=1 << 16)(self._of_any_sense)

    def offer(self, slots: Sequence[Slot]) -> list[tuple[str, ...]]:
        """Return the synonyms of each token from the first lexicon that has any."""
        return [self.synonyms(slot.word) for slot in slots]

    def offer_all(self, slots: Sequence[Slot]) -> list[Proposed]:
        """Return the synonyms of each token in any sense; loose lexicons, which list what only belongs to it, have none."""
        return [self.of_any_sense(slot.word) for slot in slots]

    def _of_any_sense(self, word: str) -> Proposed:
        """Return a word's synonyms in any sense."""
        strict = [lexicon for lexicon in self._lexicons if not lexicon.loose]
        main = dict.fromkeys(other for lexicon in strict for other in lexicon.synonyms(word))
        every = dict.fromkeys(other for lexicon in strict for other in lexicon.of_any_sense(word))
        return Proposed(tuple(main), tuple(other for other in every if other not in main))

    def _synonyms(self, word: str) -> tuple[str, ...]:
        """Return a word's synonyms; a loose lexicon is not used for words that name things or deeds."""
        named = any(lexicon.parts(word) & {"n", "v"} for lexicon in self._lexicons)
        lexicons = (lexicon for lexicon in self._lexicons if not (named and lexicon.loose))
        for lexicon in lexicons:
            words = lexicon.synonyms(word)
            if words and self._mutual and not lexicon.values:
                words = tuple(other for other in words if _has(lexicon.synonyms(other), word))
            if words:
                return words
        return ()


class Sources:
    """Sources in order, and the tests every word they offer must pass."""

    def __init__(
        self,
        sources: Sequence[Source],
        most: int,
        lexicons: Sequence[Lexicon],
        tests: WordTests | None = None,
        context: InText | None = None,
    ) -> None:
        """Keep the sources; `most` words are offered for a token; lexicons distinguish English words from fragments."""
        self._context = context
        self._sources = sources
        self._most = most
        self._english = [lexicon for lexicon in lexicons if lexicon.synonyms("good")]
        self._own = frozenset[str]().union(*(lexicon.values for lexicon in lexicons))
        self._tests = tests
        # A token gets nearly the same words everywhere, and testing them again took a third of the time. The same
        # word is offered for many tokens.
        self._words = lru_cache(maxsize=1 << 16)(self._words_passing)
        self._all = lru_cache(maxsize=1 << 16)(self._all_passing)
        self._forms = lru_cache(maxsize=1 << 16)(self._forms_passing)
        self._language = lru_cache(maxsize=1 << 16)(self._language_of_offered)

    def offer(self, slots: Sequence[Slot]) -> list[tuple[str, ...]]:
        """Return for each place the words of the first source that has any that pass, at most `most`."""
        result: list[tuple[str, ...]] = [()] * len(slots)
        for source in self._sources:
            open_indices = [index for index, words in enumerate(result) if not words]
            open_slots = [slots[index] for index in open_indices]
            offers = source.offer(open_slots)
            passing = self._words if source.are_words else self._forms
            offered = [
                passing(slot.word, words, _article(slot.before)) if words else ()
                for slot, words in zip(open_slots, offers, strict=True)
            ]
            if self._context is not None and source.are_words:
                offered = self._context.passing(open_slots, offered)
            for index, words in zip(open_indices, offered, strict=True):
                result[index] = words
        return result

    def offer_union(self, slots: Sequence[Slot], senses: bool = False) -> list[tuple[str, ...]]:
        """Return for each slot the words of all sources that pass, those of the first source first, at most `most`.

        senses: words of other senses too, behind the rest. Forms, which are no words, always have their share.
        """
        offered: list[dict[str, None]] = [{} for _ in slots]
        for source in self._sources:
            passing = self._words if source.are_words else self._forms
            words = [
                passing(slot.word, offer, _article(slot.before)) if offer else ()
                for slot, offer in zip(slots, source.offer(slots), strict=True)
            ]
            if self._context is not None and source.are_words:
                words = self._context.passing(slots, words)
            for known, new in zip(offered, words, strict=True):
                known.update(dict.fromkeys(new))
        if senses:
            for known, proposed in zip(offered, self.offer_all(slots), strict=True):
                known.update(dict.fromkeys((*proposed.synonyms, *proposed.senses)))
        return [tuple(known)[: self._most] for known in offered]

    def passing(self, slot: Slot, token: str, words: tuple[str, ...]) -> tuple[str, ...]:
        """Return those of some words that pass the tests of words for a token of a slot, however they were found."""
        return self._all(token, words, _article(slot.before)) if words else ()

    def offer_all(self, slots: Sequence[Slot]) -> list[Proposed]:
        """Return for each place the words of all sources of words that pass the tests of words."""
        words: list[tuple[dict[str, None], ...]] = [({}, {}) for _ in slots]
        for source in self._sources:
            offers = source.offer_all(slots) if source.are_words else [Proposed()] * len(slots)
            for groups, slot, offer in zip(words, slots, offers, strict=True):
                article = _article(slot.before)
                for passing, proposed in zip(groups, (offer.synonyms, offer.senses), strict=True):
                    passing.update(dict.fromkeys(self._all(slot.word, proposed, article) if proposed else ()))
        return [
            Proposed(tuple(main), tuple(word for word in other if word not in main)) for main, other in words
        ]

    def _words_passing(self, token: str, words: tuple[str, ...], article: str) -> tuple[str, ...]:
        """Return the nearest of the words that fit."""
        return self._all(token, words, article)[: self._most]

    def _all_passing(self, token: str, words: tuple[str, ...], article: str) -> tuple[str, ...]:
        """Return the words that fit: other than the token, one content word, right after `a` or `an`, and like the token."""
        own = language(token)
        fitting = [word for word in _cased(token, words, article) if self._language(word) == own]
        return tuple(fitting if self._tests is None else self._tests.passing(token, fitting))

    def _forms_passing(self, token: str, words: tuple[str, ...], article: str) -> tuple[str, ...]:
        """Return the forms that fit: they may be no word or several, but no other English word, and negate nothing."""
        fitting = [
            word
            for word in _cased(token, words, article)
            if _is_form(token, word) and not any(lexicon.knows(word) for lexicon in self._english)
        ]
        return tuple(fitting[: self._most])

    def _language_of_offered(self, word: str) -> Language | None:
        """Return the language of a word that may be offered; None for what is not one, or no English dictionary knows.

        What a user's own list offers may have several words; it may not negate.
        """
        if word.casefold() in self._own and len(parts := tokens_of(word)) > 1:
            return None if negations(parts) else language(word)
        if not _is_one_word(word):
            return None
        own = language(word)
        unknown = own == "en" and self._english and not any(lexicon.knows(word) for lexicon in self._english)
        return None if unknown else own


def open_sources(names: Sequence[SourceName], job: Job, most: int, filters: Filters | None = None) -> Sources:
    """Return the sources that the job has what is needed for: a masked model only where one is named.

    filters: the tests words must pass; those that are on by default where none are given.
    """
    lexicons = load_job_lexicons(job)
    sources: list[Source] = []
    for name in names:
        if name == "lexicon":
            sources.append(LexiconSource(lexicons, filters is not None and filters.mutual))
        elif name == "masked_lm" and job.resources.masked_lm:
            from augment.candidates.masked_lm import MaskedWords

            sources.append(MaskedWords(job.resources.masked_lm, job.run, most))
        elif name == "neighbours":
            from augment.candidates.neighbours import open_neighbours

            sources.append(open_neighbours(job, most))
        elif name in FORMS and (form := open_form(name)) is not None:
            sources.append(form)
    filters = filters or Filters()
    return Sources(sources, most, lexicons, WordTests(filters, job, lexicons), _context(job, filters.context))


def _context(job: Job, share: float) -> InText | None:
    """Return the test of words in their texts, where the job names an encoder and the stage uses it."""
    if job.resources.encoder is None or share == 0:
        return None
    from augment.candidates.context import InContext

    return InContext.of(job.resources.encoder, job.run, share)


def any_synonyms(job: Job) -> Callable[[str], tuple[str, ...]]:
    """Return the function that gives every synonym of a word in the job's lexicons but negations, tested by nothing else."""
    source = LexiconSource(load_job_lexicons(job))

    @lru_cache(maxsize=1 << 16)
    def synonyms(word: str) -> tuple[str, ...]:
        """Return the synonyms of a word that negate nothing."""
        return tuple(synonym for synonym in source.synonyms(word) if not negations(tokens_of(synonym)))

    return synonyms


def word_parts(job: Job) -> WordParts:
    """Return the function that gives the parts of speech that the job's lexicons have a word as."""
    lexicons = load_job_lexicons(job)

    @lru_cache(maxsize=1 << 16)
    def parts(word: str) -> frozenset[str]:
        """Return the parts of speech of a word."""
        return frozenset[str]().union(*(lexicon.parts(word) for lexicon in lexicons))

    return parts


def without_embeddings(names: tuple[SourceName, ...], job: Job) -> tuple[tuple[SourceName, ...], str | None]:
    """Return the sources that a model without embeddings has, and a notice if one is left out."""
    left = tuple(name for name in names if name != "neighbours")
    if job.resources.encoder is not None or left == names:
        return names, None
    notice = "no words near in the embeddings of the model (neighbours): it has none, and resources.encoder names no encoder"
    return left, notice


def source_notices(names: Collection[str], job: Job) -> tuple[str, ...]:
    """Return what the sources of a pipeline would use and this machine lacks, with how to install it."""
    if not names:
        return ()
    lexicons = locate(job.resources.lexicons, job.root)[1]
    return (*lexicons, *form_notices(names), *fluency_notices(job))


def lexicon_hashes(job: Job) -> dict[str, str]:
    """Return the content hash of every lexicon that is used."""
    return {lexicon.name: lexicon.content_hash for lexicon in load_job_lexicons(job)}


def load_job_lexicons(job: Job) -> tuple[Lexicon, ...]:
    """Return the lexicons of a job that are installed, read once in a process."""
    return _read_once(job.resources.lexicons, job.root)


@cache
def _read_once(names: tuple[str, ...], root: Path) -> tuple[Lexicon, ...]:
    """Return the lexicons that `load_lexicons` gives, kept for the process."""
    return load_lexicons(names, root)[0]


def _has(words: Sequence[str], word: str) -> bool:
    """Return whether a word is among some, whatever its case."""
    return word.casefold() in {other.casefold() for other in words}


def _article(before: str | None) -> str:
    """Return the token before a place where it is `a` or `an`, which not every word may follow."""
    article = (before or "").lower()
    return article if article in ("a", "an") else ""


def _cased(token: str, words: Sequence[str], article: str) -> list[str]:
    """Return words cased like a token, each once, without the token and without what does not follow the article before it."""
    cased = dict.fromkeys(match_case(token, word) for word in words)
    return [word for word in cased if word.casefold() != token.casefold() and fits_article(article, word)]


def _is_one_word(word: str) -> bool:
    """Return whether a candidate is a single content word that may be edited."""
    return _is_content(word) and len(segment(word)) == 1


def _is_form(token: str, word: str) -> bool:
    """Return whether a word may pass for a token: content, of the same script, without a negation that was not there."""
    if not _is_content(word) or language(word) != language(token):
        return False
    return not any(is_negation(mark) for mark in word if mark not in token)


def _is_content(word: str) -> bool:
    """Return whether a candidate has no space in it, and is of the content words that may be edited."""
    return word.split() == [word] and editable([word], _UNPROTECTED)[0]
