"""Parts of an English sentence that may change places."""

from collections.abc import Iterator

import regex

from augment.text.negation import is_negation
from augment.text.omission.cut import article_before
from augment.text.omission.english_clauses import joined
from augment.text.omission.english_openings import before_subject
from augment.text.omission.english_sentence import English
from augment.text.omission.english_words import BINDS, COMPARED, REFERS, THIRD, TURNS, WHILE
from augment.text.rephrasing.proposal import Exchange

# Pairs that are said in one order.
_ONE_ORDER = frozenset(
    "black white pros cons ups downs ins outs rock roll back forth up down in out on off here there now then more again over time and "
    "come go try wait sit stop ladies gentlemen men women boys girls mr mrs dead alive bits pieces cut paste copy plug play name number "
    "first last high low trial error supply demand cat mouse good evil life death love hate war peace father son mother daughter "
    "beginning end start finish before after far wide loud clear safe sound sick tired through nice easy short sweet body soul heart mind "
    "flesh blood sight sounds sound fury rise fall crime punishment cops robbers adam eve romeo juliet science fiction arts crafts day night "
    "said done north south east west left right top bottom".split()
)
_ENDS = ("ADJ", "ADV", "NOUN", "VERB")
_ASIDES = regex.compile(
    r"in the end|in general|of course|in my opinion|to be honest|unfortunately|fortunately|as usual|as always|at first|for me|overall|on the whole|"
    r"at times|in fact|ultimately|indeed|sadly|thankfully|luckily|however"
)


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
        if COMPARED & {sentence.word(left), sentence.word(right)} or sentence.word(left - 1) in ("more", "less", "most"):
            continue
        behind, before = sentence.tags[right + 1] if right + 1 < sentence.last else "", sentence.tags[left - 1] if left > sentence.first else ""
        noun = sentence.is_a(left, "NOUN")
        # The shock and curiosity factors; funny and touching film: both are about what follows.
        if noun and (behind.startswith(("NOUN", "PROPN", "ADP")) or before.startswith(("NOUN", "ADJ", "PROPN", "NUM"))):
            continue
        if not noun and before.startswith("ADV") and sentence.word(left - 1) not in BINDS and sentence.is_a(left, "VERB"):
            continue
        if before.startswith("ADV") or sentence.word(right + 1) in ("to", "that", "than", "as", "of", "with", "by", "from", "about"):
            continue
        if sentence.is_a(left, "VERB") and not behind.startswith(("PUNCT",)) and right + 1 < sentence.last and behind:
            continue
        if _article_stays(sentence, left, right):
            yield Exchange(left, left + 1, right, right + 1, 0.93, tested=False)


def _alike(sentence: English, left: int, right: int) -> bool:
    """Return whether two words have one part of speech and form, and no fixed order."""
    one, other = sentence.word(left), sentence.word(right)
    if one == other or {one, other} & _ONE_ORDER or any(map(is_negation, (one, other))):
        return False
    if min(len(one), len(other)) < 3 or any(mark.isdigit() for mark in one + other):
        return False
    tags = sentence.tags[left], sentence.tags[right]
    named = [sentence.line.token(at)[0].isupper() for at in (left, right)]
    return tags[0] == tags[1] and tags[0].startswith(_ENDS) and not any(named) and (one.endswith("s") == other.endswith("s") or not tags[0].startswith("NOUN"))


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
        if sentence.is_a(right + 1, "NOUN") and sentence.is_a(left - 1, "DET", "ADP", "VERB", "PRON", "AUX") and _article_stays(sentence, left, right):
            if not COMPARED & {sentence.word(left), sentence.word(right)}:
                yield Exchange(left, left + 1, right, right + 1, 0.93, tested=False)


def _clauses(sentence: English) -> Iterator[Exchange]:
    """Yield two clauses that `and` joins, neither of which refers to the other."""
    found = list(joined(sentence))
    for whole in found:
        for rest in found:
            if whole.first == sentence.first and rest.last == sentence.last and rest.first < whole.last and _lower(sentence, whole.first):
                if not THIRD & set(sentence.words(whole.last, rest.last)) and not REFERS & {sentence.word(whole.last)}:
                    yield Exchange(whole.first, rest.first, whole.last, rest.last, 0.92, tested=False)


def _lower(sentence: English, first: int) -> bool:
    """Return whether a sentence begins in lower case."""
    return sentence.line.token(first)[0].islower()


def _fronted(sentence: English) -> Iterator[Exchange]:
    """Yield what is before the subject with the rest of its sentence: in the end , it works."""
    for match in before_subject(sentence):
        rest = sentence.words(match.last, sentence.last)
        if "," in rest or TURNS & set(rest) or {"and", "--", ":", ";"} & set(rest) or not _lower(sentence, match.first):
            continue
        if sentence.is_a(match.last - 2, "NOUN", "PROPN", "NUM", "PRON", "ADV") and not sentence.finite(match.first, match.last) and sentence.last - match.last < 12:
            yield Exchange(match.first, match.last - 1, match.last, sentence.last, 0.9, tested=False)


def _behind(sentence: English) -> Iterator[Exchange]:
    """Yield a whole clause with the clause of time or reason behind it: it works , because …."""
    first, last = sentence.first, sentence.last
    for index in range(first + 3, last - 3):
        if sentence.word(index) not in WHILE - {"while", "though", "until"} or not sentence.is_clause(index + 1) or not _lower(sentence, first):
            continue
        rest, before = set(sentence.words(index, last)), set(sentence.words(first, index))
        if {",", "and", "but", "--", ":", "that"} & (rest | before) or (THIRD | TURNS) & (rest | before) or not sentence.is_clause(first):
            continue
        if sentence.is_a(index - 1, "NOUN", "PRON", "ADJ") and sentence.word(first) not in REFERS:
            yield Exchange(first, index, index, last, 0.9, tested=False)
