"""Small English words that mean the same as each other, or that may be there or not."""

from collections.abc import Callable, Iterator
from functools import cache

from augment.text.negation import is_negation
from augment.text.omission.english_sentence import English
from augment.text.omission.english_words import BINDS, BOUND, COMPARED, KEEPS
from augment.text.rephrasing.proposal import Wording
from augment.text.rephrasing.words import (
    DRAWN,
    ENGLISH,
    EXTREME,
    MEASURES,
    NEGATED_VERBS,
    ONE_WAY,
    OWNERS,
    PEOPLE,
    PEOPLE_END,
    REVIEWED,
    SUBJECTS,
    THINKING,
    WHOLE,
)

_DONE = frozenset(("got", "been", "had", "become", "gotten"))
_COPULAS = frozenset(("is", "are", "was", "were", "'s", "it's", "'re"))
_NUMBERS = {"two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "ten": "10"}
_DEGREES = ("very", "really", "truly")
_ARTICLES = frozenset(("a", "an", "the", "some", "no", "plenty", "enough", "little", "much", "more"))
# Behind these a verb is none.
_BEFORE_NOUNS = frozenset(
    [
        "the",
        "a",
        "an",
        "from",
        "'s",
        "its",
        "his",
        "her",
        "their",
        "my",
        "your",
        "our",
        "this",
        "any",
        "each",
        "every",
        "no",
        "first",
        "second",
        "last",
    ]
)


def english_wordings(sentence: English) -> Iterator[Wording]:
    """Yield other words for the same in an English sentence."""
    yield from _groups(sentence)
    for index in range(sentence.first, sentence.last):
        yield from _contracted(sentence, index)
        yield from _negated(sentence, index)
        yield from _owned(sentence, index)
        yield from _that(sentence, index)
        yield from _degree(sentence, index)
        yield from _serial(sentence, index)
        yield from _limited(sentence, index)
    yield from _article(sentence)


@cache
def _table() -> dict[str, tuple[tuple[tuple[str, ...], tuple[tuple[str, ...], ...]], ...]]:
    """Return by first word what can be replaced: its words, and what by."""
    table: dict[str, list[tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]]] = {}
    for lines, ways in ((ENGLISH, None), (ONE_WAY, 1)):
        for group in lines.strip().split("\n"):
            members = [tuple(words.split()) for words in group.split(" | ")]
            for member in members[:ways]:
                table.setdefault(member[0], []).append(
                    (member, tuple(other for other in members if other != member))
                )
    return {first: tuple(entries) for first, entries in table.items()}


def _groups(sentence: English) -> Iterator[Wording]:
    """Yield words that mean the same as those of a sentence."""
    table = _table()
    for index in range(sentence.first, sentence.last):
        for member, others in table.get(sentence.word(index), ()):
            last = index + len(member)
            if (
                tuple(sentence.words(index, last)) != member
                or last > sentence.last
                or not _holds(sentence, index, last, member)
            ):
                continue
            for other in others:
                yield Wording("form", index, last, other, 0.93)


def _holds(sentence: English, first: int, last: int, member: tuple[str, ...]) -> bool:
    """Return whether words mean here what the words on their line of the list do."""
    before, behind = sentence.word(first - 1), sentence.word(last)
    named = sentence.line.token(first)[0].isupper() and not sentence.line.opens(first)
    if named or is_negation(before) or before in ("as", "so") or behind == "as":
        return False
    asks = _ONLY_WHERE.get(member)
    return asks is None or asks(sentence, first, last)


def _relates(sentence: English, first: int, last: int) -> bool:
    """Return whether a pronoun is the subject of a relative clause: a film (that) is long."""
    finite = last < sentence.last and "Fin" in sentence.tag(last)
    before = sentence.word(first - 1)
    if before in PEOPLE or before.endswith(PEOPLE_END):
        return False
    return finite and sentence.is_a(first - 1, "NOUN") and sentence.is_a(first, "PRON")


def _concedes(sentence: English, first: int, last: int) -> bool:
    """Return whether a word opens a clause."""
    return sentence.word(first - 1) != "even" and sentence.is_a(first, "SCONJ") and sentence.is_clause(last)


def _concedes_even(sentence: English, first: int, last: int) -> bool:
    """Return whether two words open a clause: even though it works."""
    return sentence.is_clause(last)


def _ends(sentence: English, first: int, last: int) -> bool:
    """Return whether a sentence ends with some words."""
    return last == sentence.last


def _only(sentence: English, first: int, last: int) -> bool:
    """Return whether a word of degree follows a copula: is (simply) great."""
    return sentence.is_a(last, "ADJ", "DET") and sentence.word(first - 1) in _COPULAS


def _somewhat(sentence: English, first: int, last: int) -> bool:
    """Return whether a word of degree is before a quality."""
    return sentence.is_a(last, "ADJ", "ADV")


def _kinds(sentence: English, first: int, last: int) -> bool:
    """Return whether words are of degree, or a noun has a determiner."""
    determined = sentence.word(first - 1) in ("some", "any", "this", "that", "the")
    return determined or sentence.is_a(last, "ADJ", "VERB")


def _may(sentence: English, first: int, last: int) -> bool:
    """Return whether an auxiliary is before its verb."""
    return sentence.is_a(first, "AUX") and sentence.is_a(last, "VERB", "AUX", "ADV")


def _turns(sentence: English, first: int, last: int) -> bool:
    """Return whether a word turns a sentence, or joins two qualities: it works , (but) slowly; long (but) good."""
    before = sentence.words(sentence.first, first)
    if (
        any(map(is_negation, before))
        or "n't" in before
        or sentence.word(last) in ("also", "for", "not", "another", "then")
    ):
        return False
    joins = sentence.is_a(first - 1, "ADJ") and sentence.is_a(last, "ADJ", "ADV")
    return joins or (
        before[-1:] == [","] and sentence.is_a(last, "PRON", "DET", "ADV", "ADP", "PROPN", "SCONJ")
    )


def _nearly(sentence: English, first: int, last: int) -> bool:
    """Return whether a number with its measure follows."""
    return sentence.is_a(last, "NUM") and sentence.is_a(last + 1, "NOUN") and sentence.word(last) != "one"


def _measured(sentence: English, first: int, last: int) -> bool:
    """Return whether something is counted that is also written with digits."""
    before = sentence.word(first - 1)
    part = (
        before.endswith(("/", ".", "~", "-"))
        or before[-1:].isdigit()
        or before in ("or", "and", "the", "these", "those")
    )
    return sentence.word(last) in MEASURES and not part


def _looks(sentence: English, first: int, last: int) -> bool:
    """Return whether a verb means how something looks: seems to, appears that."""
    return sentence.word(last) in ("to", "that") or (
        sentence.is_a(last, "ADJ") and not sentence.is_a(last + 1, "NOUN")
    )


def _many(sentence: English, first: int, last: int) -> bool:
    """Return whether things follow, and no verb that needs `of` is before: reminded me (a lot of) it."""
    return sentence.is_a(last, "NOUN", "ADJ") and not sentence.is_a(first - 1, "PRON", "NOUN", "PROPN")


def _begins(sentence: English, first: int, last: int) -> bool:
    """Return whether a word is a verb: from (start) to finish it is none."""
    before = sentence.word(first - 1)
    return sentence.is_a(first, "VERB") and before not in _BEFORE_NOUNS


def _attempts(sentence: English, first: int, last: int) -> bool:
    """Return whether a verb of trying has another verb behind it: (attempts to) heal, not his attempts to heal."""
    before = sentence.is_a(first - 1, "DET", "ADJ", "NUM", "ADP") or sentence.word(first - 1) in _BEFORE_NOUNS
    return sentence.is_a(first, "VERB") and sentence.is_a(last, "VERB", "AUX") and not before


def _offers(sentence: English, first: int, last: int) -> bool:
    """Return whether a verb has what it gives behind it: (offers) a look."""
    return (
        sentence.is_a(first, "VERB")
        and sentence.word(last) in _ARTICLES
        and sentence.word(first - 1) not in _BEFORE_NOUNS
    )


def _affirmed(sentence: English, first: int, last: int) -> bool:
    """Return whether nothing is negated before a word: it does not (exactly) shine."""
    before = sentence.words(sentence.first, first)
    return not any(map(is_negation, before)) and not {"n't", "'t"} & set(before)


def _pretty(sentence: English, first: int, last: int) -> bool:
    """Return whether a word of degree is before a quality that a copula gives: is (quite) long."""
    return sentence.is_a(last, "ADJ") and sentence.word(first - 1) in _COPULAS


def _all(sentence: English, first: int, last: int) -> bool:
    """Return whether all of some things are meant: all (of) the actors, not all the time."""
    return sentence.word(last).endswith("s") and sentence.is_a(last, "NOUN")


def _such(sentence: English, first: int, last: int) -> bool:
    """Return whether a word gives an example of things: films (like) this one."""
    things = sentence.is_a(first - 1, "NOUN") and sentence.word(first - 1).endswith("s")
    return (
        things
        and sentence.is_a(first, "ADP", "SCONJ")
        and sentence.is_a(last, "DET", "PRON", "NOUN", "PROPN")
    )


# Where some words mean what the words on their line of the list do; the others do so anywhere.
_ONLY_WHERE: dict[tuple[str, ...], Callable[[English, int, int], bool]] = {
    ("which",): _relates,
    ("that",): _relates,
    ("although",): _concedes,
    ("even", "though"): _concedes_even,
    ("though",): _concedes,
    ("but",): _turns,
    ("yet",): _turns,
    ("about",): _nearly,
    ("around",): _nearly,
    ("over",): _nearly,
    ("more", "than"): _nearly,
    ("a", "lot", "of"): _many,
    ("lots", "of"): _many,
    ("plenty", "of"): _many,
    ("truly",): _somewhat,
    ("genuinely",): _somewhat,
    **{(word,): _looks for word in ("seem", "seems", "seemed", "appear", "appears", "appeared")},
    **{(word,): _measured for word in (*_NUMBERS, *_NUMBERS.values())},
    ("rather", "than"): lambda sentence, first, last: (
        sentence.is_a(last, "ADJ", "NOUN", "DET") or sentence.word(last).endswith("ing")
    ),
    **{(word,): _begins for word in ("begin", "begins", "began", "start", "starts", "started")},
    **{(word, "to"): _attempts for word in ("attempt", "attempts", "attempted", "attempting")},
    **{(word, "to"): _attempts for word in ("try", "tries", "tried", "trying")},
    **{(word,): _offers for word in ("offer", "offers", "offering", "provide", "provides", "providing")},
    **{(word,): _affirmed for word in ("exactly", "precisely")},
    ("film",): lambda sentence, first, last: sentence.is_a(
        first - 1, "DET", "ADJ", "NOUN", "PROPN", "PRON", "NUM"
    ),
    ("buy",): lambda sentence, first, last: sentence.word(first - 1) != "best",
    **{(word,): _pretty for word in ("quite", "rather", "fairly", "pretty")},
    ("i", "think"): _concedes_even,
    ("i", "believe"): _concedes_even,
    ("i", "guess"): _concedes_even,
    ("i", "suppose"): _concedes_even,
    ("all", "the"): _all,
    ("such", "as"): lambda sentence, first, last: sentence.is_a(first - 1, "NOUN") and last < sentence.last,
    ("like",): _such,
    ("too",): _ends,
    ("as", "well"): _ends,
    ("simply",): _only,
    ("just",): _only,
    ("a", "bit"): _somewhat,
    ("a", "little"): _somewhat,
    ("kind", "of"): _kinds,
    ("sort", "of"): _kinds,
    ("may",): _may,
    ("might",): _may,
    ("each",): lambda sentence, first, last: sentence.is_a(last, "NOUN"),
    ("every",): lambda sentence, first, last: sentence.is_a(last, "NOUN"),
    ("whether",): lambda sentence, first, last: sentence.word(last) != "or",
}


def _contracted(sentence: English, index: int) -> Iterator[Wording]:
    """Yield a pronoun and its verb apart where they are drawn together, and together where they are apart."""
    word, behind = sentence.word(index), sentence.word(index + 1)
    if index + 1 >= sentence.last or is_negation(behind):
        return
    before = sentence.word(index - 1) if index > sentence.first else ""
    stem, mark, rest = word.partition("'") if "'" in word else word.partition("’")
    whole = DRAWN.get(mark + rest)
    if whole and (stem or before) in WHOLE[whole][1]:
        # It's been is it has been; it's made may be either; I'd better is I had better.
        if whole == "is" and behind in _DONE:
            whole = "has"
        form = sentence.tag(index + 1)
        if not (whole == "is" and form.startswith("VERB|Part")) and (whole != "would" or "Inf" in form):
            yield Wording("form", index, index + 1, (stem, whole) if stem else (whole,), 0.95)
        return
    if word not in WHOLE or before not in WHOLE[word][1] or not sentence.tag(index).startswith("AUX"):
        return
    needed = behind == "that" or sentence.asks or not sentence.tag(index + 1)
    needs = {"have": "Part", "would": "Inf"}.get(word, "")
    if not needed and needs in sentence.tag(index + 1):
        short = WHOLE[word][0]
        yield Wording("form", index - 1, index + 1, (before + short,), 0.95)
        yield Wording("form", index, index + 1, (short,), 0.95)


def _negated(sentence: English, index: int) -> Iterator[Wording]:
    """Yield `does not` for `doesn't`, and the other way round, as the text is cut: does n't, doesn 't, does n 't."""
    if sentence.asks or index + 1 >= sentence.last or sentence.word(index - 1) in ("why", "if", "or"):
        return
    here = tuple(word.replace("’", "'") for word in sentence.words(index, min(index + 3, sentence.last)))
    for drawn, apart in _negations().get(here[0], ()):
        for ways, others in ((drawn, apart), (apart, drawn)):
            for way in ways:
                last = index + len(way)
                if here[: len(way)] == way and (ways is drawn or sentence.tag(last)):
                    for other in others:
                        yield Wording("form", index, last, other, 0.95, negates=True)


@cache
def _negations() -> dict[str, tuple[tuple[tuple[tuple[str, ...], ...], tuple[tuple[str, ...], ...]], ...]]:
    """Return by first word the negated verbs that it may begin: as they are drawn together and cut, and apart."""
    table: dict[str, list[tuple[tuple[tuple[str, ...], ...], tuple[tuple[str, ...], ...]]]] = {}
    for whole, apart in NEGATED_VERBS.items():
        stem, rest = whole[:-3], whole[:-2]
        drawn = ((whole,), (stem, "n't"), (rest, "'t"), (stem, "n", "'t"))
        for first in dict.fromkeys(way[0] for way in (*drawn, *apart)):
            table.setdefault(first, []).append((drawn, apart))
    return {first: tuple(entries) for first, entries in table.items()}


def _owned(sentence: English, index: int) -> Iterator[Wording]:
    """Yield the premise of the film for the film 's premise, and the other way round."""
    words, line = sentence.words(index, sentence.last), sentence.line
    if len(words) < 4 or words[0] not in ("the", "this") or line.token(index)[0].isupper():
        return
    behind = sentence.tag(index + 4) if index + 4 < sentence.last else ""
    owner = words[1].removesuffix("'s")
    drawn = owner != words[1]
    thing = index + (2 if drawn else 3)
    if owner in OWNERS and (drawn or words[2] == "'s") and sentence.is_a(thing, "NOUN"):
        last = thing + 1
        if last >= sentence.last or not sentence.is_a(last, "NOUN", "PROPN", "ADP"):
            new = ("the", sentence.word(thing), "of", words[0], owner)
            yield Wording("form", index, last, new, 0.93, tested=False)
    if (
        len(words) > 4
        and words[0] == "the"
        and words[2] == "of"
        and words[3] in ("the", "this")
        and words[4] in OWNERS
    ):
        free = not line.word(index - 1).endswith("of") and not sentence.is_a(
            index + 5, "NOUN", "PROPN", "PART", "PRON", "ADP"
        )
        if free and behind and sentence.is_a(index + 1, "NOUN") and line.word(index + 5) != "'s":
            apart = any(word == "'s" for word in line.words)
            owners = (words[4], "'s") if apart else (words[4] + "'s",)
            yield Wording("form", index, index + 5, (words[3], *owners, words[1]), 0.9, tested=False)


def _that(sentence: English, index: int) -> Iterator[Wording]:
    """Yield `that` after a verb of thinking, or the verb without: i think (that) it works."""
    if sentence.word(index) not in THINKING or not sentence.is_a(index, "VERB") or sentence.asks:
        return
    if (
        sentence.word(index + 1) == "that"
        and sentence.word(index + 2) in SUBJECTS
        and sentence.is_clause(index + 2)
    ):
        yield Wording("dropped", index + 1, index + 2, (), 0.95)
    if sentence.word(index + 1) in SUBJECTS - {"this"} and sentence.is_clause(index + 1):
        yield Wording("added", index + 1, index + 1, ("that",), 0.93)


def _degree(sentence: English, index: int) -> Iterator[Wording]:
    """Yield a word of degree before an adjective on how something is: is (very) funny."""
    word = sentence.word(index)
    if not sentence.is_a(index, "ADJ") or sentence.word(index - 1) not in _COPULAS:
        return
    if word.endswith(("ed", "ing")) and sentence.is_a(index + 1, "ADP", "PART", "VERB"):
        return
    if (
        word in COMPARED | BOUND | KEEPS | EXTREME
        or word.endswith(("est", "er"))
        or is_negation(word)
        or sentence.line.words.count(word) > 1
        or any(mark.isdigit() for mark in word)
    ):
        return
    if BINDS & set(sentence.words(index - 4, index)) or sentence.asks or sentence.is_a(index + 1, "NOUN"):
        return
    for degree in _DEGREES:
        yield Wording("added", index, index, (degree,), 0.88)


def _serial(sentence: English, index: int) -> Iterator[Wording]:
    """Yield a list with the comma before its `and`, or without: A , B(,) and C."""
    if sentence.word(index) not in ("and", "or") or index + 1 >= sentence.last:
        return
    comma = sentence.word(index - 1) == ","
    last = index - 1 - comma
    part = sentence.tag(last).split("|")[0]
    if (
        sentence.word(last - 1) != ","
        or part not in ("ADJ", "NOUN")
        or not sentence.is_a(index + 1, part)
        or not sentence.is_a(last - 2, part)
    ):
        return
    if comma:
        yield Wording("form", index - 1, index + 1, (sentence.word(index),), 0.95)


def _limited(sentence: English, index: int) -> Iterator[Wording]:
    """Yield the other of `only` and `just` before an amount: only two days, just a few days."""
    few = sentence.words(index + 1, index + 3) in (["a", "few"], ["a", "couple"])
    for word, other in (("only", "just"), ("just", "only")):
        if sentence.word(index) == word and (few or sentence.is_a(index + 1, "NUM")):
            yield Wording("form", index, index + 1, (other,), 0.92)


def _article(sentence: English) -> Iterator[Wording]:
    """Yield another article before a subject that begins its sentence: this film is …, the film is …."""
    first = sentence.first
    if sentence.asks or not sentence.is_clause(first) or not sentence.line.token(first)[0].islower():
        return
    if (
        sentence.word(first) in ("this", "the")
        and sentence.is_a(first + 1, "NOUN")
        and "Fin" in sentence.tag(first + 2)
    ):
        if sentence.word(first) == "this":
            yield Wording("form", first, first + 1, ("the",), 0.93)
        elif sentence.word(first + 1) in REVIEWED:
            yield Wording("form", first, first + 1, ("this",), 0.93)
