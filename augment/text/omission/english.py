"""English phrases that may be left out: sentences, joined clauses, free adverbs, attributive adjectives, what is put before or behind.

Parts of speech are those of the tagger; without one only rules that need none apply.
"""

from collections.abc import Iterator, Sequence

import regex

from augment.text.negation import is_negation
from augment.text.omission.english_words import (
    BECAUSE,
    BINDS,
    DEGREE,
    DETERMINERS,
    FREE,
    KEEPS,
    LIGHT,
    NO_MODIFIER,
    PREPOSITIONS,
    REFERS,
    SUBORDINATES,
    TRAILING,
    TURNS,
)
from augment.text.omission.line import HAN, Clause, Line, Match
from augment.text.tagger import WordParts, tagger

_ASIDES = regex.compile(
    r"(?:in my (?:humble )?opinion|in fact|in short|in general|in the end|in other words|in addition|in all|in conclusion|to be honest|to be fair|to be sure|of course|for example|for instance|"
    r"by the way|at first|at least|at last|after all|all in all|as always|as usual|as expected|as such|on the whole|on the other hand|overall|unfortunately|fortunately|luckily|sadly|happily|honestly|"
    r"actually|basically|personally|frankly|seriously|surprisingly|interestingly|obviously|clearly|certainly|admittedly|apparently|ultimately|indeed|however|moreover|furthermore|additionally|also|"
    r"besides|nevertheless|nonetheless|thankfully|hopefully|generally|first of all|well|yes|ok|okay|oh|i think|i believe|i guess|i suppose|needless to say|believe me|trust me|like i said|again|finally|still|for me)"
)
_LIKE_ADJECTIVE = regex.compile(
    r"^(?!.*\d)..+(?:ous|ful|ive|able|ible|al|ic|ish|less|[^aeiou]y|ing|ed|ent|ant|ary|some|like|-.+)$"
)
_QUOTES = frozenset(('"', "''", "``", "“", "”"))


def english(line: Line, parts: WordParts) -> Iterator[Match]:
    """Yield the English phrases of a line that may be left out; without a tagger only those that need none."""
    yield from _asides(line)
    known = tagger()
    if known is None:
        return
    tags = known.tags([line.token(index) for index in range(len(line))], parts)
    # An adjective is surely one if the treebank or a dictionary has it as that, or it ends like one.
    tags = [
        tag
        if tag != "ADJ|-" or known.knows(word) or "a" in parts(word) or _LIKE_ADJECTIVE.search(word)
        else "X|-"
        for word, tag in zip(line.words, tags, strict=True)
    ]
    yield from _sentences(line, tags)
    yield from _joined(line, tags)
    yield from _before(line, tags)
    yield from _behind(line, tags)
    yield from _adverbs(line, tags)
    yield from _adjectives(line, tags)
    yield from _pairs(line, tags)


def sentences(line: Line) -> list[tuple[int, int, int]]:
    """Return each sentence as first token, token behind its last word, and token behind its final mark."""
    matches: list[tuple[int, int, int]] = []
    first = None
    for clause in line.clauses:
        first = clause.first if first is None else first
        if clause.ends:
            after = clause.after
            while after < len(line) and line.word(after) in ('"', "''", "”", ")") and not line.is_end(after):
                after += 1
            matches.append((first, clause.last, after))
            first = None
    return matches


def _finite(tags: Sequence[str], first: int, last: int) -> bool:
    """Return whether there is a finite verb among tokens."""
    return any("Fin" in tag for tag in tags[first:last])


def _subject(tags: Sequence[str], line: Line, index: int) -> bool:
    """Return whether a subject may begin at an index."""
    return (
        index < len(line)
        and tags[index].split("|")[0].split("+")[0] in ("DET", "PRON", "NOUN", "PROPN", "NUM", "ADJ")
        and "VERB" not in tags[index]
    )


def _sentences(line: Line, tags: Sequence[str]) -> Iterator[Match]:
    """Yield whole sentences that nothing behind refers to."""
    whole = sentences(line)
    if len(whole) < 2:
        return
    for number, (first, last, after) in enumerate(whole):
        if line.has_han(first, last) or last - first < 3 or line.word(first) in REFERS:
            continue
        asks = "?" in "".join(line.words[last:after])
        behind = whole[number + 1] if number + 1 < len(whole) else None
        if behind is not None and (
            asks
            or line.word(behind[0]) in REFERS
            or {"it", "this", "that", "they", "he", "she"} & set(line.words[behind[0] : behind[0] + 3])
        ):
            continue
        before = whole[number - 1] if number else None
        if before is not None and (
            "?" in "".join(line.words[before[1] : before[2]]) or line.word(before[1]) == ":"
        ):
            continue
        if _finite(tags, first, last):
            yield Match("sentence", first, after)


def _joined(line: Line, tags: Sequence[str]) -> Iterator[Match]:
    """Yield one of two clauses that a comma and `and` join, each with a subject and a finite verb."""
    for first, last, _ in sentences(line):
        for index in range(first + 3, last - 3):
            if line.word(index) != "," or line.word(index + 1) != "and" or line.has_han(first, last):
                continue
            if (
                not _subject(tags, line, index + 2)
                or not _finite(tags, index + 3, last)
                or not _finite(tags, first, index)
            ):
                continue
            rest = line.words[index + 2 : last]
            if "," in rest or TURNS & set(rest) or not _predicates(tags, index + 2, last):
                continue
            if not (SUBORDINATES | {"if", "either", "both", "not"}) & set(line.words[first:index]):
                yield Match("clause", index, last)
                if line.word(index + 2) not in REFERS and line.word(first) not in REFERS:
                    yield Match("clause", first, index + 2)


def _predicates(tags: Sequence[str], first: int, last: int) -> bool:
    """Return whether a subject and its finite verb begin a clause: no relative or other clause before that verb."""
    for index in range(first, min(first + 6, last)):
        if "Fin" in tags[index]:
            return index > first or "+" in tags[index]
        if tags[index].startswith(("SCONJ", "CCONJ", "VERB")):
            return False
    return False


def _asides(line: Line) -> Iterator[Match]:
    """Yield what a sentence is introduced or broken by, with its commas: In my opinion, … ; …, of course, …."""
    for clause in line.clauses:
        text = " ".join(line.words[clause.first : clause.last])
        if not _ASIDES.fullmatch(text):
            continue
        if clause.begins and not clause.ends and line.word(clause.last) == ",":
            yield Match("fronted", clause.first, clause.after)
        elif not clause.begins and line.word(clause.last) == "," == line.word(clause.first - 1):
            yield Match("parenthesis", clause.first - 1, clause.after)
        elif clause.ends and not clause.begins and line.word(clause.first - 1) == ",":
            yield Match("trailing", clause.first - 1, clause.last)


def _before(line: Line, tags: Sequence[str]) -> Iterator[Match]:
    """Yield a prepositional phrase or subordinate clause before the subject, up to its comma."""
    for first, last, _ in sentences(line):
        comma = next((index for index in range(first, last) if line.word(index) == ","), None)
        if (
            comma is None
            or comma - first < 2
            or line.has_han(first, last)
            or not _subject(tags, line, comma + 1)
        ):
            continue
        head, subject = line.word(first), line.word(comma + 1)
        if subject in (
            "it",
            "he",
            "she",
            "they",
            "its",
            "his",
            "her",
            "their",
            "this",
            "that",
            "it's",
            "him",
            "them",
            "which",
            "who",
            "one",
        ) or not _predicates(tags, comma + 1, last):
            continue
        within = line.words[first:comma]
        if (
            (
                (head in SUBORDINATES and _finite(tags, first, comma))
                or (head in PREPOSITIONS and not _finite(tags, first, comma))
            )
            and "so" not in within
            and "that" not in within[:2]
        ):
            yield Match("fronted", first, comma + 1)


def _behind(line: Line, tags: Sequence[str]) -> Iterator[Match]:
    """Yield what follows a whole clause: `, which …`, `, making …`, `because …`, up to the end of the sentence."""
    for first, last, after in sentences(line):
        if line.has_han(first, last) or "?" in "".join(line.words[last:after]):
            continue
        for index in range(first + 3, last - 2):
            word, rest = line.word(index + 1), line.words[index + 1 : last]
            comma = line.word(index) == ","
            if {"but", "yet"} & set(rest) or not _finite(tags, first, index):
                continue
            if tags[index - 1].startswith(("ADJ", "ADV", "DET")):
                continue
            if comma and (
                word in TRAILING
                or tags[index + 1] == "VERB|Ger"
                or (tags[index + 1] == "VERB|Part" and word.endswith("ing"))
            ):
                if not _coordinated(line, tags, index + 1, last):
                    yield Match("trailing", index, last)
            elif (
                line.word(index) in BECAUSE
                and line.word(index - 1) not in ("not", "just", "only", "is", "was", "simply", "mainly", ",")
                and "," not in rest
            ):
                yield Match("trailing", index, last)


def _coordinated(line: Line, tags: Sequence[str], first: int, last: int) -> bool:
    """Return whether a phrase goes on into another clause of the sentence: a comma, and a subject with its verb."""
    return any(line.word(index) == "," and _finite(tags, index, last) for index in range(first, last))


def _adverbs(line: Line, tags: Sequence[str]) -> Iterator[Match]:
    """Yield adverbs before what needs none."""
    for index, word in enumerate(line.words[:-1]):
        if not tags[index].startswith("ADV") or word in KEEPS or _bound(line, index):
            continue
        behind, before = tags[index + 1], line.word(index - 1)
        if word not in DEGREE and line.word(index + 1).endswith("ed"):
            continue
        if (
            behind.startswith(("ADJ", "ADV"))
            and not is_negation(line.word(index + 1))
            and (word in DEGREE or word.endswith("ly"))
        ):
            if before not in ("the", "this", "that") or word.endswith("ly") or word in ("very", "really"):
                yield Match("adverb", index, index + 1)
        elif (
            behind.startswith(("VERB|Fin", "VERB|Inf"))
            and (word in FREE or word.endswith("ly"))
            and before != "to"
        ) or (behind.startswith("VERB|Part") and word in DEGREE | FREE):
            yield Match("adverb", index, index + 1)


def _bound(line: Line, index: int) -> bool:
    """Return whether an adverb is one of a comparison or negated, so that another word needs it."""
    around = {line.word(index - 1), line.word(index - 2)}
    behind = line.word(index + 1)
    return (
        bool(around & BINDS)
        or is_negation(line.word(index - 1))
        or is_negation(line.word(index - 2))
        or behind
        in (
            "as",
            "so",
            "enough",
            "to",
            "of",
            "like",
            "best",
            "worst",
            "much",
            "many",
            "few",
            "little",
            "more",
            "less",
            "well",
            "often",
            "far",
            "long",
        )
    )


def _adjectives(line: Line, tags: Sequence[str]) -> Iterator[Match]:
    """Yield an adjective between a determiner and a noun, and one of several before a noun."""
    asks = any("?" in word for word in line.words)
    for index in range(len(line) - 1):
        word = line.word(index)
        if not tags[index].startswith("ADJ") or word in NO_MODIFIER or _superlative(word):
            continue
        if any(is_negation(before) for before in line.words[max(index - 4, 0) : index]):
            continue
        if (
            line.word(index + 1) == ","
            and index + 2 < len(line)
            and tags[index + 2].startswith("ADJ")
            and _chain(line, tags, index)
            and not _bound(line, index)
        ):
            yield Match("modifier", index, index + 2)
        elif not asks and _attributive(line, tags, index):
            yield Match("modifier", index, index + 1)


def _superlative(word: str) -> bool:
    """Return whether an adjective compares: best, funniest, better."""
    return (len(word) > 4 and word.endswith(("est", "er", "ier"))) or word in (
        "better",
        "worse",
        "less",
        "more",
    )


def _chain(line: Line, tags: Sequence[str], index: int) -> bool:
    """Return whether adjectives with commas between them, of which one may go, lead up to a noun or the end of their clause."""
    at = index + 2
    while at + 1 < len(line) and (tags[at].startswith(("ADJ", "ADV")) or line.word(at) in (",", "and")):
        if line.word(at) == "," and line.word(at + 1) == "and":
            return at > index + 4 and tags[at + 2 if at + 2 < len(line) else at].startswith(("ADJ", "ADV"))
        at += 1
    return tags[at].startswith("NOUN") and line.word(at - 1) != ","


def _attributive(line: Line, tags: Sequence[str], index: int) -> bool:
    """Return whether an adjective alone is between a determiner and a noun that is not empty without it."""
    determiner, head = line.word(index - 1), index + 1
    left = tags[index - 1].startswith("ADJ") if index else False
    more = left
    while head < len(line) and tags[head].startswith("ADJ"):
        head, more = head + 1, True
    if head >= len(line) or not tags[head].startswith("NOUN") or line.word(head) in LIGHT:
        return False
    if determiner in DETERMINERS:
        return True
    return more and (determiner in ("a", "an") or left)


def _pairs(line: Line, tags: Sequence[str]) -> Iterator[Match]:
    """Yield one of two adjectives or adverbs that `and` joins."""
    for index in range(1, len(line) - 1):
        if line.word(index) != "and" or line.word(index - 2) in ("both", "between", ","):
            continue
        left, right = tags[index - 1], tags[index + 1]
        same = (left.startswith("ADJ") and right.startswith("ADJ")) or (
            left.startswith("ADV")
            and right.startswith("ADV")
            and line.word(index - 1).endswith("ly")
            and line.word(index + 1).endswith("ly")
        )
        behind = tags[index + 2] if index + 2 < len(line) else ""
        if not same or behind.startswith(("ADJ", "ADV", "CCONJ")):
            continue
        if {"both", "between"} & set(line.words[max(index - 4, 0) : index]) or (
            line.word(index - 3) == "," and line.word(index - 2) == ","
        ):
            continue
        if not behind.startswith(("ADP", "SCONJ", "PART", "ADJ")):
            yield Match("coordination", index, index + 2)
        if line.word(index - 2) not in BINDS:
            yield Match("coordination", index - 1, index + 1)


__all__ = ["HAN", "Clause", "english", "sentences"]
