"""English sentences and joined clauses that may be left out."""

from collections.abc import Iterator, Sequence

from augment.text.omission.english_sentence import English
from augment.text.omission.english_words import PRONOUNS, REFERS, SUBORDINATES, THIRD, TURNS
from augment.text.omission.line import Match

_JOINS_MORE = SUBORDINATES | {"if", "either", "both", "not", "that", "which", "who"}


def whole_sentences(sentences: Sequence[English]) -> Iterator[Match]:
    """Yield whole sentences that nothing behind refers to."""
    for number, sentence in enumerate(sentences):
        if (
            len(sentences) < 2
            or sentence.last - sentence.first < 3
            or sentence.word(sentence.first) in REFERS
        ):
            continue
        behind = sentences[number + 1] if number + 1 < len(sentences) else None
        if behind is not None and (sentence.asks or _leans(behind)):
            continue
        before = sentences[number - 1] if number else None
        if before is not None and (before.asks or sentence.word(before.last) in (":", ";")):
            continue
        marks = range(sentence.last, sentence.after)
        smiling = any(sentence.word(at)[:1] in (":", ";", "-") for at in marks)
        if not smiling and sentence.finite(sentence.first, sentence.last) and not _trails_off(sentence):
            yield Match("sentence", sentence.first, sentence.after)


def _leans(sentence: English) -> bool:
    """Return whether a sentence refers to the one before."""
    words = sentence.words(sentence.first, sentence.first + 10)
    return words[0] in REFERS or bool(PRONOUNS & set(words[:3])) or bool(THIRD & set(words))


def _trails_off(sentence: English) -> bool:
    """Return whether a sentence may be a part of one: it is next to dots, or goes on in lower case."""
    line = sentence.line
    marks = sentence.word(sentence.first - 1), sentence.word(sentence.last)
    cased = line.token(line.sentences[0].first)[0].isupper()
    if cased and any(
        line.token(at)[0].islower() for at in (sentence.first, sentence.after) if at < len(line)
    ):
        return True
    return any(mark == "…" or mark[:2] in ("..", "//", ";") for mark in marks)


def joined(sentence: English) -> Iterator[Match]:
    """Yield one of two clauses that `and` joins, each with a subject and a finite verb."""
    first, last = sentence.first, sentence.last
    for index in range(first + 2, last - 2):
        comma = sentence.word(index) == ","
        start = index + 2 if comma else index + 1
        if sentence.word(start - 1) != "and" or (not comma and sentence.word(index - 1) == ","):
            continue
        if not comma and sentence.is_a(start, "NOUN", "ADJ", "NUM"):
            continue
        if not sentence.finite(first, index) or not sentence.is_clause(start):
            continue
        rest = set(sentence.words(start, last))
        if "," in rest or TURNS & rest or _JOINS_MORE & set(sentence.words(first, index)):
            continue
        yield Match("clause", index, last)
        if comma and sentence.word(start) not in REFERS and sentence.word(first) not in REFERS:
            yield Match("clause", first, start)


def second_predicate(sentence: English) -> Iterator[Match]:
    """Yield the second of two predicates of one subject: … and makes sense."""
    first, last = sentence.first, sentence.last
    for index in range(first + 3, last - 2):
        start = index + 1
        while start < last and sentence.is_a(start, "ADV"):
            start += 1
        if sentence.word(index) != "and" or sentence.tag(start) not in ("VERB|Fin", "AUX|Fin"):
            continue
        # Beany and Cecil sailed: names are no verbs.
        if sentence.line.token(index + 1)[0].isupper():
            continue
        rest = set(sentence.words(start, last))
        if not sentence.finite(first, index - 1) or {",", "--"} & rest or TURNS & rest:
            continue
        listed = "," in sentence.words(index - 6, index - 1)
        if listed:
            continue
        if sentence.word(index - 1) not in ("--", "-") and not {"both", "either", "not"} & set(
            sentence.words(first, index)
        ):
            yield Match("addition", index - 1 if sentence.word(index - 1) == "," else index, last)
