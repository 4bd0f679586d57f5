"""Parts of an English sentence that may change places."""

from collections.abc import Iterator

from augment.text.negation import is_negation
from augment.text.omission.cut import article_before
from augment.text.omission.english_clauses import joined
from augment.text.omission.english_openings import before_subject
from augment.text.omission.english_sentence import English
from augment.text.omission.english_words import COMPARED, REFERS, THIRD, TURNS, WHILE
from augment.text.rephrasing.proposal import Exchange
from augment.text.rephrasing.words import ONE_ORDER

# Behind two words these go with the second.
_NEEDED = frozenset(("to", "that", "than", "as", "of", "with", "by", "from", "about"))
_ENDS = ("ADJ", "ADV", "NOUN", "VERB")


def english_order(sentence: English) -> Iterator[Exchange]:
    """Yield the parts of an English sentence that may change places."""
    yield from _pairs(sentence)
    yield from _adjectives(sentence)
    if not sentence.asks:
        yield from _clauses(sentence)
        yield from _fronted(sentence)
        yield from _behind(sentence)


def _pairs(sentence: English) -> Iterator[Exchange]:
    """Yield two words of one part of speech that `and` or `or` joins."""
    for index in range(sentence.first + 1, sentence.last - 1):
        left, right = index - 1, index + 1
        if sentence.word(index) not in ("and", "or") or not _alike(sentence, left, right):
            continue
        if COMPARED & {sentence.word(left), sentence.word(right)} or sentence.word(right + 1) in _NEEDED:
            continue
        if _free(sentence, left, right) and _article_stays(sentence, left, right):
            yield Exchange(left, left + 1, right, right + 1, 0.93, tested=False)


def _free(sentence: English, left: int, right: int) -> bool:
    """Return whether nothing before two words or behind them goes with one of them alone: an adverb, an adjective, an object."""
    behind = sentence.tag(right + 1) if right + 1 < sentence.last else ""
    before = sentence.tag(left - 1) if left > sentence.first else ""
    if before.startswith("ADV") or sentence.word(left - 1) in ("more", "less", "most"):
        return False
    if sentence.is_a(left, "NOUN"):
        # The shock and curiosity factors; strong acting and music.
        return not behind.startswith(("NOUN", "PROPN", "ADP")) and not before.startswith(
            ("NOUN", "ADJ", "PROPN", "NUM")
        )
    return not (sentence.is_a(left, "VERB") and behind)


def _alike(sentence: English, left: int, right: int) -> bool:
    """Return whether two words have one part of speech and form, and no fixed order."""
    one, other = sentence.word(left), sentence.word(right)
    if one == other or {one, other} & ONE_ORDER or any(map(is_negation, (one, other))):
        return False
    if min(len(one), len(other)) < 3 or any(mark.isdigit() for mark in one + other):
        return False
    tags = sentence.tag(left), sentence.tag(right)
    named = [sentence.line.token(at)[0].isupper() for at in (left, right)]
    return (
        tags[0] == tags[1]
        and tags[0].startswith(_ENDS)
        and not any(named)
        and (one.endswith("s") == other.endswith("s") or not tags[0].startswith("NOUN"))
    )


def _article_stays(sentence: English, left: int, right: int) -> bool:
    """Return whether an article before two words would be the same before the second."""
    article = sentence.word(left - 1)
    return article not in ("a", "an") or article_before(sentence.word(right)) == article


def _adjectives(sentence: English) -> Iterator[Exchange]:
    """Yield two adjectives with a comma between them before a noun: a dark , funny film."""
    for index in range(sentence.first + 1, sentence.last - 2):
        left, right = index - 1, index + 1
        if sentence.word(index) != "," or not sentence.is_a(left, "ADJ") or not _alike(sentence, left, right):
            continue
        if (
            sentence.is_a(right + 1, "NOUN")
            and sentence.is_a(left - 1, "DET", "ADP", "VERB", "PRON", "AUX")
            and _article_stays(sentence, left, right)
        ) and not COMPARED & {sentence.word(left), sentence.word(right)}:
            yield Exchange(left, left + 1, right, right + 1, 0.93, tested=False)


def _clauses(sentence: English) -> Iterator[Exchange]:
    """Yield two clauses that `and` joins, neither of which refers to the other."""
    matches = list(joined(sentence))
    for whole in matches:
        for rest in matches:
            if (
                (
                    whole.first == sentence.first
                    and rest.last == sentence.last
                    and rest.first < whole.last
                    and _lower(sentence, whole.first)
                )
                and not THIRD & set(sentence.words(whole.last, rest.last))
                and not (REFERS & {sentence.word(whole.last)})
                and "such" not in sentence.words(whole.last, rest.last)
            ):
                yield Exchange(whole.first, rest.first, whole.last, rest.last, 0.92, tested=False)


def _lower(sentence: English, first: int) -> bool:
    """Return whether a sentence begins in lower case."""
    return sentence.line.token(first)[0].islower()


def _fronted(sentence: English) -> Iterator[Exchange]:
    """Yield what is before the subject with the rest of its sentence: in the end , it works."""
    for match in before_subject(sentence):
        rest = sentence.words(match.last, sentence.last)
        if (
            "," in rest
            or TURNS & set(rest)
            or {"and", "--", ":", ";"} & set(rest)
            or not _lower(sentence, match.first)
        ):
            continue
        if (
            sentence.is_a(match.last - 2, "NOUN", "PROPN", "NUM", "PRON", "ADV")
            and not sentence.finite(match.first, match.last)
            and sentence.last - match.last < 12
        ):
            yield Exchange(match.first, match.last - 1, match.last, sentence.last, 0.9, tested=False)


def _behind(sentence: English) -> Iterator[Exchange]:
    """Yield a whole clause with the clause of time or reason behind it: it works , because …."""
    first, last = sentence.first, sentence.last
    for index in range(first + 3, last - 3):
        if (
            sentence.word(index) not in WHILE - {"while", "though", "until"}
            or not sentence.is_clause(index + 1)
            or not _lower(sentence, first)
        ):
            continue
        rest, before = set(sentence.words(index, last)), set(sentence.words(first, index))
        if (
            {",", "and", "but", "--", ":", "that"} & (rest | before)
            or (THIRD | TURNS) & (rest | before)
            or not sentence.is_clause(first)
        ):
            continue
        if sentence.is_a(index - 1, "NOUN", "PRON", "ADJ") and sentence.word(first) not in REFERS:
            yield Exchange(first, index, index, last, 0.9, tested=False)
