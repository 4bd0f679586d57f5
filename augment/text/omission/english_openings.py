"""What an English sentence is introduced or broken by, and may be left out."""

from collections.abc import Iterator

import regex

from augment.text.negation import is_negation
from augment.text.omission.english_sentence import English
from augment.text.omission.english_words import (
    CONJUNCTIONS,
    OPENING,
    PREPOSITIONS,
    PRONOUNS,
    SUBORDINATES,
    THIRD,
)
from augment.text.omission.line import Line, Match

_ASIDES = regex.compile(
    r"in my (?:humble )?opinion|in fact|in short|in general|in the end|in other words|in addition|in all|in conclusion|to be honest|to be fair|to be sure|"
    r"of course|for example|for instance|by the way|at first|at least|at last|after all|all in all|as always|as usual|as expected|on the whole|"
    r"on the other hand|overall|unfortunately|fortunately|luckily|sadly|happily|honestly|actually|basically|personally|frankly|seriously|surprisingly|"
    r"interestingly|obviously|clearly|certainly|admittedly|apparently|ultimately|indeed|however|moreover|furthermore|additionally|also|besides|"
    r"nevertheless|nonetheless|thankfully|hopefully|generally|first of all|well|yes|ok|okay|oh|i think|i believe|i guess|i suppose|needless to say|"
    r"to me|to say the least|so to speak|if you will|that said|having said that|mind you|in any case|at any rate|for that matter|in this case|all things considered|"
    r"at this point|in particular|for some reason|on top of that|for the record|as a result|as well as that|in reality|in theory|in other news|rest assured|"
    r"believe me|trust me|like i said|again|finally|still|for me|too|though|as well|in truth|in a word|no doubt|if you ask me|so far|i fear|i must say"
)
_OPINION = regex.compile(
    r"(?:(?:i|we) (?:also |really |just )?(?:think|believe|feel|guess|find|suppose|thought|found)|i (?:have to|must|can|would|'d|will) (?:say|admit|add))(?: that)?(?= )"
)
# Words that end a phrase of time.
_TIMES = frozenset(
    (
        "ago",
        "later",
        "time",
        "today",
        "yesterday",
        "tonight",
        "morning",
        "week",
        "month",
        "year",
        "recently",
        "now",
        "days",
        "again",
    )
)
# What can be left out wherever it is, as no other word needs it.
_FIXED = regex.compile(
    r"at times|in fact|of course|in general|once again|as well|so far|right away|by far|for some reason|at the same time|in my opinion|to be honest|"
    r"at first|in the end|after all|in particular|for sure|for example|in the first place|in the long run|from time to time|on the whole|over and over|"
    r"day after day|at last|as usual|as always|in the process|along the way|of sorts|a little bit|or so|of all time|in the world"
)
_FIRST_OF_FIXED = frozenset(phrase.split()[0] for phrase in _FIXED.pattern.split("|"))
_LONGEST_FIXED = 5
_BEFORE_FIXED = frozenset(
    ("the", "a", "that", "this", "some", "what", "same", "just", "and", "or", "'s", "is", "was")
)
_BEHIND_FIXED = frozenset(("as", "of", "that", "to", "and", "than"))
# What follows a dash with these can be the point: it grows on you -- like a rash.
_TURNING = ("not", "but", "like", "as", "if", "unless", "except", "until")
_DASHES = ("--", "—", "–")


def asides(line: Line) -> Iterator[Match]:
    """Yield what a sentence is introduced or broken by, with its commas: In my opinion, … ; …, of course, …."""
    for clause in line.clauses:
        if not _ASIDES.fullmatch(" ".join(line.words[clause.first : clause.last])):
            continue
        if clause.begins and not clause.ends and line.word(clause.last) == ",":
            yield Match("fronted", clause.first, clause.after)
        elif not clause.begins and line.word(clause.last) == "," == line.word(clause.first - 1):
            yield Match("parenthesis", clause.first - 1, clause.after)
        elif clause.ends and not clause.begins and line.word(clause.first - 1) == ",":
            yield Match("trailing", clause.first - 1, clause.last)


def fixed(line: Line) -> Iterator[Match]:
    """Yield fixed phrases that no other word needs: at times, once again."""
    for first in range(1, len(line)):
        before = line.word(first - 1)
        if line.word(first) not in _FIRST_OF_FIXED or before in _BEFORE_FIXED or line.is_mark(first - 1):
            continue
        for last in range(first + 2, min(first + _LONGEST_FIXED, len(line)) + 1):
            if (
                not is_negation(before)
                # Cool at times, dull at others.
                and "others" not in line.words[last:]
                and _FIXED.fullmatch(" ".join(line.words[first:last]))
                and line.word(last) not in _BEHIND_FIXED
            ):
                yield Match("adverb", first, last)


def before_subject(sentence: English) -> Iterator[Match]:
    """Yield a prepositional phrase or subordinate clause before the subject, up to its comma."""
    first, last = sentence.first, sentence.last
    comma = next((index for index in range(first, last) if sentence.word(index) == ","), None)
    if comma is None or comma - first < 2 or not sentence.is_clause(comma + 1):
        return
    # From the dull, surreal ache … rises …: the comma is one between adjectives.
    if sentence.is_a(comma - 1, "ADJ") and sentence.is_a(comma + 1, "ADJ"):
        return
    within = sentence.words(first, comma)
    if sentence.word(comma + 1) in PRONOUNS or THIRD & set(sentence.words(comma + 1, comma + 9)):
        return
    if "so" in within or "that" in within[:2]:
        return
    timed = within[-1] in _TIMES and not sentence.finite(first, comma) and len(within) < 5
    if timed or within[0] in (SUBORDINATES if sentence.finite(first, comma) else PREPOSITIONS):
        yield Match("fronted", first, comma + 1)


def opened(sentence: English) -> Iterator[Match]:
    """Yield what opens a sentence without a comma: I think (that) …, And …."""
    first = sentence.first
    opinion = _OPINION.match(" ".join(sentence.words(first, first + 5)))
    if opinion is not None:
        start = first + len(opinion[0].split())
        if sentence.is_clause(start) and not sentence.asks:
            yield Match("fronted", first, start)
    elif sentence.word(first) in CONJUNCTIONS | OPENING and sentence.is_clause(first + 1):
        yield Match("fronted", first, first + 1)


def dashed(sentence: English) -> Iterator[Match]:
    """Yield what is between two dashes, or behind the only one of a sentence."""
    first, last = sentence.first, sentence.last
    dashes = [index for index in range(first + 3, last) if sentence.word(index) in _DASHES]
    if len(dashes) == 2 and dashes[1] - dashes[0] > 1:
        yield Match("parenthesis", dashes[0], dashes[1] + 1)
        return
    if len(dashes) != 1 or last - dashes[0] < 3 or not sentence.finite(first, dashes[0]):
        return
    # It does not just slip -- it falls: the first half is not meant to be alone.
    half = {"not", "n't", "just", "only"} & set(sentence.words(first, dashes[0]))
    if not half and sentence.word(dashes[0] + 1) not in _TURNING:
        yield Match("trailing", dashes[0], last)
