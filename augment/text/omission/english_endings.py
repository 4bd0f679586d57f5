"""What follows a whole English clause or a noun, and may be left out."""

from collections.abc import Iterator

from augment.text.omission.english_sentence import English
from augment.text.omission.english_words import (
    ADJUNCTS,
    COPULAS,
    NEEDY,
    POSSESSIVES,
    SUPERLATIVE,
    TRAILING,
    WHILE,
)
from augment.text.omission.line import Match

# Before these a clause of time or reason is needed.
_HOLDS_CLAUSE = frozenset(
    (
        "not",
        "just",
        "only",
        "simply",
        "mainly",
        "especially",
        "even",
        "ever",
        "it",
        "that",
        "this",
        "long",
        "day",
        "time",
        "moment",
        "as",
    )
)
# Nouns of which a clause with `that` is the content.
_CONTAINERS = frozenset(
    (
        "fact",
        "idea",
        "claim",
        "belief",
        "feeling",
        "impression",
        "hope",
        "sense",
        "notion",
        "proof",
        "evidence",
        "chance",
        "way",
        "reason",
    )
)
_RELATIVES = ("that", "which", "who")
_BEFORE_HEAD = frozenset(("a", "an", "the", "its", "some", "with", "of", "and", "in"))
_WHOLE_ADVERBS = frozenset(
    (
        "well",
        "fine",
        "perfectly",
        "easily",
        "better",
        "quickly",
        "today",
        "now",
        "here",
        "again",
        "faster",
        "smoothly",
    )
)
_HELD = POSSESSIVES | {"as", "than"}
_ORDERS = ("name", "tell", "define", "list")
# Tokens of a prepositional phrase, and of a relative clause before the verb of its sentence, at most.
_LONGEST_ADJUNCT, _LONGEST_RELATIVE = 7, 10


def behind_clause(sentence: English) -> Iterator[Match]:
    """Yield what follows a whole clause: `, which …`, `, making …`, `because …`, up to the end of the sentence."""
    first, last = sentence.first, sentence.last
    for index in range(first + 3, last - 2):
        rest = sentence.words(index + 1, last)
        if {"but", "yet"} & set(rest) or not sentence.finite(first, index):
            continue
        if sentence.word(index) == "," and not sentence.is_a(index - 1, "ADJ", "ADV", "DET"):
            if _follows(sentence, index):
                yield Match("trailing", index, last)
        elif sentence.word(index) in WHILE and "," not in rest and sentence.is_clause(index + 1):
            free = sentence.is_a(index - 1, "NOUN", "PRON", "ADV", "ADJ")
            if free and sentence.word(index - 1) not in _HOLDS_CLAUSE:
                yield Match("trailing", index, last)


def _follows(sentence: English, comma: int) -> bool:
    """Return whether what follows a comma goes on from the clause before it, and no other clause follows that."""
    word, last = sentence.word(comma + 1), sentence.last
    if any(sentence.word(index) == "," and sentence.finite(index, last) for index in range(comma + 1, last)):
        return False
    if sentence.is_a(comma + 1, "VERB") and word.endswith("ing"):
        listed = (
            sentence.is_a(comma + 2, "CCONJ")
            or "," in sentence.words(comma - 3, comma)
            or sentence.is_a(comma + 2, "PROPN")
        )
        return not listed
    combined = any(before.startswith("combin") for before in sentence.words(sentence.first, comma))
    return word in TRAILING and not (word == "with" and combined)


def apposition(sentence: English) -> Iterator[Match]:
    """Yield a noun phrase with an indefinite article that the only comma sets behind a whole clause."""
    first, last = sentence.first, sentence.last
    commas = [index for index in range(first, last) if sentence.word(index) == ","]
    if len(commas) != 1 or last - commas[0] < 4 or sentence.word(commas[0] + 1) not in ("a", "an"):
        return
    one = not {"and", "or", "but", "--"} & set(sentence.words(commas[0], last))
    if one and sentence.finite(first, commas[0]) and sentence.is_a(commas[0] - 1, "NOUN", "PROPN"):
        yield Match("trailing", commas[0], last)


def last_relative(sentence: English) -> Iterator[Match]:
    """Yield a relative clause that ends its sentence, behind a noun that already has an adjective."""
    first, last = sentence.first, sentence.last
    for index in range(first + 3, last - 2):
        if not _is_relative(sentence, index) or sentence.word(first) in ("it", "it's"):
            continue
        if SUPERLATIVE & set(sentence.words(index - 7, index)) or {"but", "yet", ",", "--"} & set(
            sentence.words(index, last)
        ):
            continue
        start = index - 1
        while start > first and sentence.is_a(start - 1, "ADJ", "NOUN"):
            start -= 1
        described = (
            any(sentence.is_a(at, "ADJ") for at in range(start, index))
            and sentence.word(start - 1) in _BEFORE_HEAD
        )
        if described or (sentence.word(index) == "which" and sentence.finite(first, index)):
            yield Match("trailing", index, last)


def _is_relative(sentence: English, index: int) -> bool:
    """Return whether a relative clause with a finite verb begins behind a noun."""
    if (
        sentence.word(index) not in _RELATIVES
        or not sentence.is_a(index - 1, "NOUN")
        or sentence.word(index - 1) in _CONTAINERS
    ):
        return False
    return "Fin" in sentence.tag(index + 1) or sentence.is_clause(index + 1)


def inner_relative(sentence: English) -> Iterator[Match]:
    """Yield a relative clause between a subject and its `is`: The software (that comes with it) is easy to use."""
    for index in range(sentence.first + 2, sentence.last - 3):
        if not _is_relative(sentence, index) or "Fin" not in sentence.tag(index + 1):
            continue
        if sentence.finite(sentence.first, index) or not sentence.is_a(sentence.first, "DET"):
            continue
        end = min(index + _LONGEST_RELATIVE, sentence.last)
        stop = next((at for at in range(index + 2, end) if "Fin" in sentence.tag(at)), None)
        if (
            stop is None
            or sentence.tag(stop) != "AUX|Fin"
            or not sentence.is_a(stop - 1, "NOUN", "PROPN", "PRON", "ADV", "NUM")
        ):
            continue
        if not {",", "and", "but", "that"} & set(sentence.words(index + 1, stop)):
            yield Match("adjunct", index, stop)


def adjuncts(sentence: English) -> Iterator[Match]:
    """Yield a prepositional phrase behind a noun, at the end of the sentence or before its verb."""
    first, last = sentence.first, sentence.last
    for index in range(first + 2, last - 1):
        if sentence.word(index) not in ADJUNCTS or not sentence.is_a(index, "ADP"):
            continue
        stop = _phrase_end(sentence, index)
        if stop is None or not (
            sentence.is_a(index - 1, "NOUN") or sentence.word(index - 1) in _WHOLE_ADVERBS
        ):
            continue
        if _is_free(sentence, index, stop):
            yield Match("adjunct", index, stop)


def _is_free(sentence: English, first: int, stop: int) -> bool:
    """Return whether no word needs a prepositional phrase: it is the last of a clause, or before the verb of the sentence."""
    begin = sentence.first
    if stop < sentence.last:
        predicate = sentence.tag(stop) in ("AUX|Fin", "VERB|Fin")
        return predicate and not sentence.finite(begin, first) and sentence.may_be_subject(begin)
    near = set(sentence.words(first - 4, first))
    # In this comedy: what the text is about.
    if sentence.word(first + 1) in ("this", "these"):
        return False
    # It is a phone with …; had their hearts in …: the rest is what is meant.
    if sentence.word(first) == "for" or (sentence.word(first) in ("with", "by") and COPULAS & near):
        return False
    if near & _HELD or NEEDY & near or "," in sentence.words(first - 6, first):
        return False
    # The U.N. Fund (for Population Activities) is one name.
    name = sentence.line.token(first - 1)[0].isupper() and sentence.line.token(stop - 1)[0].isupper()
    return not name and sentence.finite(begin, first - 1) and sentence.word(begin) not in _ORDERS


def _phrase_end(sentence: English, preposition: int) -> int | None:
    """Return the token behind a noun phrase that follows a preposition, its `of` included; None if there is none, or a long one."""
    stop = preposition + 1
    while stop < sentence.last and stop - preposition <= _LONGEST_ADJUNCT:
        of = sentence.word(stop) == "of" and stop > preposition + 1
        nominal = sentence.is_a(stop, "DET", "ADJ", "NOUN", "PROPN", "NUM", "PRON", "PART|-")
        if not (of or nominal) or sentence.word(stop) in ("which", "who", "that", "what", "all", "it", "to"):
            break
        stop += 1
    ends = sentence.is_a(stop - 1, "NOUN", "PROPN") and stop - preposition > 1
    return stop if ends and stop - preposition <= _LONGEST_ADJUNCT else None
