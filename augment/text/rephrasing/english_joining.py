"""Small English words that join clauses and verbs, and may be there or not, or be others: that, who, where, while, however, to."""

from collections.abc import Iterator

from augment.text.omission.english_sentence import English
from augment.text.rephrasing.proposal import Wording
from augment.text.rephrasing.words import (
    ABSTRACT,
    HEADS,
    OPENERS,
    PEOPLE,
    SCENES,
    SPEAKERS,
    TIMES,
    UNIQUE,
)

_HELPS = frozenset(("help", "helps", "helped", "helping"))
_SEEMS = frozenset(("seem", "seems", "seemed", "appear", "appears", "appeared"))
_BE = frozenset(("am", "is", "are", "'s", "'re", "'m", "been", "while"))
_CONCESSIVE = ("although", "though", "while")
# Tokens before a noun in which what makes it one of a kind may be.
_NEAR = 4
# Before these a clause follows its preposition: by the time we came.
_LEADS = frozenset(
    ("in", "on", "at", "for", "by", "with", "from", "since", "after", "before", "during", "until", "as")
)


def english_joining(sentence: English) -> Iterator[Wording]:
    """Yield other words that join the parts of an English sentence."""
    yield from _opening(sentence)
    yield from _conceding(sentence)
    if sentence.asks:
        return
    for index in range(sentence.first + 1, sentence.last - 1):
        yield from _people(sentence, index)
        yield from _scene(sentence, index)
        yield from _object(sentence, index)
        yield from _verbs(sentence, index)


def _opening(sentence: English) -> Iterator[Wording]:
    """Yield another word or phrase that opens a sentence: overall , all in all ,; but, however ,."""
    first = sentence.first
    for group in OPENERS:
        for phrase in group:
            last = first + len(phrase)
            if (
                sentence.words(first, last) == list(phrase)
                and sentence.word(last) == ","
                and not sentence.asks
            ):
                for other in group:
                    if other != phrase:
                        yield Wording("form", first, last, other, 0.92)
    if sentence.word(first) == "but" and sentence.is_clause(first + 1):
        yield Wording("form", first, first + 1, ("however", ","), 0.92)
    comma = sentence.word(first + 1) == ","
    if sentence.word(first) == "however" and comma and sentence.is_clause(first + 2):
        yield Wording("form", first, first + 2, ("but",), 0.92)


def _conceding(sentence: English) -> Iterator[Wording]:
    """Yield another word that concedes a clause before its sentence: while it is long , it works."""
    first, last = sentence.first, sentence.last
    word = sentence.word(first)
    if word not in _CONCESSIVE or not sentence.is_clause(first + 1):
        return
    comma = next((index for index in range(first, last) if sentence.word(index) == ","), None)
    if comma is None or not sentence.is_clause(comma + 1):
        return
    # While I was waiting, it rang.
    timed = any(
        sentence.word(index) in ("was", "were", "had")
        or (sentence.word(index).endswith("ing") and sentence.word(index - 1) in _BE)
        for index in range(first, comma)
    )
    for other in _CONCESSIVE:
        if other != word and "while" in (word, other) and not (word == "while" and timed):
            yield Wording("form", first, first + 1, (other,), 0.92)


def _people(sentence: English, index: int) -> Iterator[Wording]:
    """Yield the other of `who` and `that` as the subject of a clause about people: a man who waits."""
    word, before = sentence.word(index), sentence.word(index - 1)
    if (
        word not in ("who", "that")
        or "Fin" not in sentence.tag(index + 1)
        or not sentence.is_a(index, "PRON")
    ):
        return
    if before in PEOPLE - {"one", "those"} and "so" not in sentence.words(index - _NEAR, index):
        yield Wording("form", index, index + 1, ("that" if word == "who" else "who",), 0.92)


def _scene(sentence: English, index: int) -> Iterator[Wording]:
    """Yield `where` for `in which` behind what has scenes, and the other way round: a film in which nothing happens."""
    if sentence.word(index - 1) not in SCENES:
        return
    if sentence.words(index, index + 2) == ["in", "which"] and sentence.is_clause(index + 2):
        yield Wording("form", index, index + 2, ("where",), 0.93)
    if sentence.word(index) == "where" and sentence.is_clause(index + 1):
        yield Wording("form", index, index + 1, ("in", "which"), 0.92)


def _object(sentence: English, index: int) -> Iterator[Wording]:
    """Yield the `that` of a clause whose object is before it, or the clause without: the only film (that) i know."""
    before = sentence.word(index - 1)
    known = before in HEADS or sentence.is_a(index - 1, "NOUN")
    if not known or before in ABSTRACT | TIMES:
        return
    around = sentence.words(index - _NEAR, index)
    if {"so", "such"} & set(around):
        return
    if sentence.word(index) == "that" and _speaks(sentence, index + 1):
        yield Wording("dropped", index, index + 1, (), 0.9, tested=False)
    # In the end it works: what follows is the sentence itself.
    unique = before in HEADS or UNIQUE & set(around[:-1]) or any(word.endswith("est") for word in around[:-1])
    if unique and not _LEADS & set(around) and _speaks(sentence, index):
        yield Wording("added", index, index, ("that",), 0.9, tested=False)


def _speaks(sentence: English, index: int) -> bool:
    """Return whether a pronoun and its verb are at an index."""
    return (
        sentence.word(index) in SPEAKERS
        and index + 1 < sentence.last
        and "Fin" in sentence.tag(index + 1)
        and sentence.is_a(index + 1, "VERB", "AUX")
    )


def _verbs(sentence: English, index: int) -> Iterator[Wording]:
    """Yield `to` behind `help`, and `to be` behind `seem`, or these without: helps (to) make; seems (to be) long."""
    before = sentence.word(index - 1)
    if before in _HELPS and sentence.is_a(index - 1, "VERB"):
        if sentence.word(index) == "to" and sentence.tag(index + 1).startswith("VERB|Inf"):
            yield Wording("dropped", index, index + 1, (), 0.92, tested=False)
        if sentence.tag(index).startswith("VERB|Inf"):
            yield Wording("added", index, index, ("to",), 0.9, tested=False)
    if before not in _SEEMS:
        return
    if sentence.words(index, index + 2) == ["to", "be"] and _is_quality(sentence, index + 2):
        yield Wording("dropped", index, index + 2, (), 0.92, tested=False)
    if _is_quality(sentence, index) and not sentence.word(index).endswith("ed"):
        yield Wording("added", index, index, ("to", "be"), 0.9, tested=False)


def _is_quality(sentence: English, index: int) -> bool:
    """Return whether an adjective is at an index that belongs to no noun, after a word of degree or none."""
    index += sentence.word(index) in ("very", "quite", "rather", "pretty", "a")
    return (
        index < sentence.last and sentence.is_a(index, "ADJ") and not sentence.is_a(index + 1, "NOUN", "ADJ")
    )
