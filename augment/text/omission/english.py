"""English phrases that may be left out: clauses and what is put before or behind them, free adverbs, adjectives, joined words, items.

Parts of speech are those of the tagger; without one only rules that need none apply.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache

import regex

from augment.text.negation import is_negation
from augment.text.omission.english_clauses import joined, second_predicate, whole_sentences
from augment.text.omission.english_endings import (
    adjuncts,
    apposition,
    behind_clause,
    inner_relative,
    last_relative,
)
from augment.text.omission.english_openings import asides, before_subject, dashed, fixed, opened
from augment.text.omission.english_sentence import english_sentences
from augment.text.omission.english_words import (
    BEHIND_HEAD,
    BINDS,
    BOTH,
    BOUND,
    COMPARED,
    COPULAS,
    DEGREE,
    DETERMINERS,
    FREE,
    KEEPS,
    LAST,
    LIGHT,
    NO_MODIFIER,
    POSSESSIVES,
)
from augment.text.omission.line import Line, Match
from augment.text.tagger import WordParts, tagger

_LATIN = regex.compile(r"\p{Latin}")
_LIKE_ADJECTIVE = regex.compile(
    r"^(?!.*\d)..+(?:ous|ful|ive|able|ible|al|ic|ish|less|[^aeiou]y|ing|ed|ent|ant|ary|some|like|-.+)$"
)
_COMPARES = regex.compile(r"...+(?:est|er|ier)|better|worse|less|more")
_OF_SENTENCES = (before_subject, opened, dashed)
# Both halves of a question, and what follows, narrow down what it is about.
_OF_STATEMENTS = (
    joined,
    second_predicate,
    behind_clause,
    apposition,
    last_relative,
    inner_relative,
    adjuncts,
)
# Verbs that `and` ties to the next: come and see.
_TIED = frozenset(
    ("come", "go", "try", "wait", "sit", "stop", "stay", "trying", "going", "sat", "went", "came")
)
# Tokens in which what follows from `so` may begin.
_CONSEQUENCE = 14
# Adverbs that narrow down what is before a comma, words that need a time, and verbs of how something looks.
_NARROWS = frozenset(("particularly", "especially", "mainly", "mostly", "notably", "specifically"))
_UNTIL = frozenset(("till", "until", "by", "from", "since", "for", "right", "even", "up"))
_SEEMS = frozenset(("look", "looks", "looked", "feel", "feels", "felt", "seem", "seems", "seemed", "sounds"))
# Tokens of an item at most.
_LONGEST = 5


def english(line: Line, parts: WordParts) -> Iterator[Match]:
    """Yield the English phrases of a line that may be left out; without a tagger only those that need none."""
    yield from asides(line)
    tags = english_tags(line, parts)
    if tags is None:
        return
    sentences = list(english_sentences(line, tags))
    yield from fixed(line)
    yield from whole_sentences(sentences)
    for sentence in sentences:
        for rule in _OF_SENTENCES if sentence.asks else _OF_SENTENCES + _OF_STATEMENTS:
            yield from rule(sentence)
    yield from _adverbs(line, tags)
    yield from _adjectives(line, tags)
    yield from _pairs(line, tags)
    yield from _items(line, tags)


@lru_cache(maxsize=1 << 12)
def english_tags(line: Line, parts: WordParts) -> list[str] | None:
    """Return the part of speech of each token of a line; None without a tagger, or where no letter is Latin."""
    known = tagger()
    if known is None or not _LATIN.search(line.text):
        return None
    tags = known.tags(_whole_negations([line.token(index) for index in range(len(line))]), parts)
    # An adjective is surely one if the treebank or a dictionary has it as that, or it ends like one.
    return [
        tag
        if tag != "ADJ|-" or known.knows(word) or "a" in parts(word) or _LIKE_ADJECTIVE.search(word)
        else "X|-"
        for word, tag in zip(line.words, tags, strict=True)
    ]


def _whole_negations(tokens: list[str]) -> list[str]:
    """Return tokens with `n't` in place of a negation that is cut: don + 't, does + n + 't; the last 't is given the same."""
    for index in range(1, len(tokens)):
        if tokens[index] in ("'t", "’t") and len(tokens[index - 1]) > 1 and tokens[index - 1].endswith("n"):
            stem = tokens[index - 1]
            tokens[index - 1 : index + 1] = [stem if stem in ("can", "wo", "ca") else stem[:-1], "n't"]
        elif tokens[index] in ("'t", "’t") and tokens[index - 1] == "n":
            tokens[index - 1 : index + 1] = ["n't", "n't"]
    return tokens


def _adverbs(line: Line, tags: Sequence[str]) -> Iterator[Match]:
    """Yield adverbs before what needs none."""
    for index in range(len(line) - 1):
        if _intensifies(line, tags, index) or (tags[index].startswith("ADV") and _free(line, tags, index)):
            yield Match("adverb", index, index + 1)
        elif _a_little(line, tags, index):
            yield Match("adverb", index, index + 2)


def _a_little(line: Line, tags: Sequence[str], index: int) -> bool:
    """Return whether `a bit` or its like is before a predicate: is a little slow, a lot better."""
    if line.word(index) != "a" or line.word(index + 1) not in ("little", "bit", "tad", "lot", "touch"):
        return False
    behind, further = index + 2, index + 3
    if (
        behind >= len(line)
        or line.word(behind) in ("more", "less", "of", "longer")
        or not tags[behind].startswith(("ADJ", "ADV"))
    ):
        return False
    held = further < len(line) and tags[further].startswith(("NOUN", "ADJ", "PROPN"))
    return not held and line.word(index - 1) not in BINDS | {"quite", "just", "such", "for"}


def _intensifies(line: Line, tags: Sequence[str], index: int) -> bool:
    """Return whether a word only strengthens what is behind it: much better, so good (not: so good that)."""
    word, behind = line.word(index), line.word(index + 1)
    if word in ("much", "far", "even") and behind in COMPARED:
        return line.word(index - 1) not in BINDS | {"very", "by", "or"} and not is_negation(
            line.word(index - 1)
        )
    if word != "so" or not tags[index + 1].startswith("ADJ") or behind in BOUND:
        return False
    if line.word(index - 1) not in COPULAS | _SEEMS:
        return False
    return not {"that", "as", "to", "i", "you", "we", "not"} & set(
        line.words[index + 2 : index + _CONSEQUENCE]
    ) and not any(is_negation(before) for before in line.words[max(index - 2, 0) : index])


def _free(line: Line, tags: Sequence[str], index: int) -> bool:
    """Return whether what is behind an adverb reads well without it."""
    word, behind, before = line.word(index), tags[index + 1], line.word(index - 1)
    if word in KEEPS or _bound(line, index) or (word not in DEGREE and line.word(index + 1).endswith("ed")):
        return False
    # Products, particularly electrical; absolutely, inescapably gorgeous.
    if before == "," and (word in _NARROWS or (index > 1 and tags[index - 2].startswith("ADV"))):
        return False
    if behind.startswith(("ADJ", "ADV")):
        if is_negation(line.word(index + 1)) or not (word in DEGREE or word.endswith("ly")):
            return False
        return before not in ("the", "this", "that") or word.endswith("ly") or word in ("very", "really")
    if not behind:
        return (
            word in LAST
            and before not in _UNTIL
            and tags[index - 1].startswith(("NOUN", "PRON"))
            and line.is_end(index + 1)
        )
    if behind.startswith("AUX|Fin"):
        return word in FREE and tags[index - 1].startswith(("PRON", "NOUN"))
    if behind.startswith(("VERB|Fin", "VERB|Inf")):
        return (word in FREE or word.endswith("ly")) and before != "to"
    return behind.startswith("VERB|Part") and word in DEGREE | FREE


def _bound(line: Line, index: int) -> bool:
    """Return whether an adverb is one of a comparison or negated, so that another word needs it."""
    around = line.words[max(index - 2, 0) : index]
    return bool(BINDS & set(around)) or any(map(is_negation, around)) or line.word(index + 1) in BOUND


def _adjectives(line: Line, tags: Sequence[str]) -> Iterator[Match]:
    """Yield an adjective between a determiner and a noun, and one of several before a noun."""
    asks = any("?" in word for word in line.words)
    for index in range(len(line) - 1):
        word = line.word(index)
        if (
            word == "own"
            and line.words.count("own") == 1
            and line.word(index - 1) in POSSESSIVES
            and tags[index + 1].startswith("NOUN")
        ):
            yield Match("modifier", index, index + 1)
        if not tags[index].startswith("ADJ") or word in NO_MODIFIER or _COMPARES.fullmatch(word):
            continue
        if any(letter.isdigit() for letter in word):
            continue
        if any(map(is_negation, line.words[max(index - 4, 0) : index])) or _part_of_name(line, index):
            continue
        if word.endswith("ed") and tags[index - 1 if index else 0].startswith(("ADJ", "ADV")):
            continue
        if line.word(index + 1) == "," and _chain(line, tags, index) and not _bound(line, index):
            yield Match("modifier", index, index + 2)
        elif not asks and _attributive(line, tags, index):
            yield Match("modifier", index, index + 1)


def _part_of_name(line: Line, index: int) -> bool:
    """Return whether a word is capitalised in a sentence, as those of names are."""
    return line.token(index)[:1].isupper() and not line.opens(index)


def _chain(line: Line, tags: Sequence[str], index: int) -> bool:
    """Return whether adjectives with commas between them, of which one may go, lead up to a noun."""
    at = index + 2
    if at >= len(line) or not tags[at].startswith("ADJ"):
        return False
    while at + 1 < len(line) and (tags[at].startswith(("ADJ", "ADV")) or line.word(at) in (",", "and")):
        if line.word(at) == "," and line.word(at + 1) == "and":
            return at > index + 4
        at += 1
    return tags[at].startswith("NOUN") and line.word(at - 1) != ","


def _attributive(line: Line, tags: Sequence[str], index: int) -> bool:
    """Return whether an adjective is between a determiner and a noun that is not empty, or another, without it."""
    head, first = index + 1, index
    while head < len(line) and tags[head].startswith("ADJ"):
        head += 1
    while first and tags[first - 1].startswith("ADJ"):
        first -= 1
    if head >= len(line) or not first or not tags[head].startswith("NOUN"):
        return False
    behind = head
    while behind < len(line) and tags[behind].startswith("NOUN"):
        behind += 1
    if line.word(behind - 1) in LIGHT or line.word(index).endswith("ing"):
        return False
    if line.word(index - 1) in COMPARED | NO_MODIFIER | BINDS or line.word(index + 1) in NO_MODIFIER:
        return False
    determiner = line.word(first - 1)
    if determiner in DETERMINERS or (determiner in ("a", "an") and head - first > 1):
        return True
    # Which one it is has to be clear from elsewhere: the capable cast is …; a moving tale of ….
    known = line.word(behind) in BEHIND_HEAD
    if determiner == "the":
        return known or (behind < len(line) and tags[behind] in ("VERB|Fin", "AUX|Fin"))
    return known and determiner in ("a", "an") and not COPULAS & set(line.words[max(first - 4, 0) : first])


def _pairs(line: Line, tags: Sequence[str]) -> Iterator[Match]:
    """Yield one of two adjectives, adverbs, verbs or nouns that `and` joins."""
    for index in range(1, len(line) - 1):
        before = line.words[max(index - 6, 0) : index]
        if line.word(index) != "and" or line.word(index - 2) == "," or BOTH & set(before):
            continue
        if COMPARED & {line.word(index - 1), line.word(index + 1)}:
            continue
        if any(_part_of_name(line, at) for at in (index - 1, index + 1)):
            continue
        yield from _one_of_two(line, tags, index)
        if tags[index - 1].startswith("NOUN"):
            yield from _second(line, tags, index)


def _one_of_two(line: Line, tags: Sequence[str], index: int) -> Iterator[Match]:
    """Yield each of two words that `and` joins that can be alone: adjectives, adverbs in -ly; of verbs the second."""
    left, right = tags[index - 1], tags[index + 1]
    behind = tags[index + 2] if index + 2 < len(line) else ""
    verbs = left.startswith("VERB") and left == right and line.word(index - 1) not in _TIED
    whole = behind.startswith(("DET", "PRON")) or line.word(index + 2) in ("by", "in", "with", "at", "from")
    if verbs and whole:
        yield Match("coordination", index, index + 2)
    adverbs = left.startswith("ADV") and right.startswith("ADV")
    ly = line.word(index - 1).endswith("ly") and line.word(index + 1).endswith("ly")
    if not (left.startswith("ADJ") and right.startswith("ADJ")) and not (adverbs and ly):
        return
    if behind.startswith(("ADV", "CCONJ")):
        return
    if not behind.startswith(("ADP", "SCONJ", "PART")):
        yield Match("coordination", index, index + 2)
    if line.word(index - 2) not in BINDS:
        yield Match("coordination", index - 1, index + 1)


def _second(line: Line, tags: Sequence[str], index: int) -> Iterator[Match]:
    """Yield the second of two joined nouns that are the object of a verb or preposition, at the end of a clause."""
    stop = _item_end(line, tags, index + 1)
    ends = stop == len(line) or line.word(stop) in (".", "!", "?", ",", ";")
    if not ends or not tags[stop - 1].startswith("NOUN") or stop - index > _LONGEST:
        return
    start = index - 1
    while start and tags[start].startswith(("NOUN", "ADJ", "DET", "NUM")):
        start -= 1
    # Of the shock and curiosity factors both words are about factors.
    shared = stop - index > 2 and tags[start + 1].startswith("DET") and tags[index + 1].startswith("NOUN")
    held = tags[start].startswith(("VERB", "ADP")) and line.word(start) not in (
        "like",
        "than",
        "as",
        "between",
    )
    if held and not shared:
        yield Match("coordination", index, stop)


def _item_end(line: Line, tags: Sequence[str], first: int) -> int:
    """Return the token behind a noun phrase or adjective that begins at an index."""
    stop = first
    while stop < len(line) and tags[stop].startswith(("NOUN", "ADJ", "DET", "NUM", "ADV", "PROPN")):
        stop += 1
    return stop


def _items(line: Line, tags: Sequence[str]) -> Iterator[Match]:
    """Yield the item of a list that is before its last: A(, B) and C ; A(, B,) and C."""
    for index in range(2, len(line) - 1):
        if line.word(index) != "and" or BOTH & set(line.words[max(index - 8, 0) : index]):
            continue
        oxford = line.word(index - 1) == ","
        last = index - 1 if oxford else index
        comma = next(
            (at for at in range(last - 1, max(last - _LONGEST, 0), -1) if line.word(at) == ","), None
        )
        if comma is None or _item_end(line, tags, comma + 1) != last:
            continue
        # Yesterday, the clock and calendar …: the first is no item.
        if comma == 1 and tags[comma + 1].startswith("DET"):
            continue
        kinds = tags[comma - 1][:4], tags[last - 1][:4], tags[_item_end(line, tags, index + 1) - 1][:4]
        if len(set(kinds)) == 1 and kinds[0] in ("NOUN", "ADJ|"):
            yield Match("item", comma, index if oxford else last)
