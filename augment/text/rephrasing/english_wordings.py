"""Small English words that stand for each other, or that may be there or not."""

from collections.abc import Iterator
from functools import cache

from augment.text.negation import is_negation
from augment.text.omission.english_sentence import English
from augment.text.omission.english_words import BINDS, BOUND, COMPARED, KEEPS
from augment.text.rephrasing.proposal import Wording

# What is on one line can be put for each other.
_SAME = """
perhaps | maybe
almost | nearly
often | frequently
completely | totally | entirely
mostly | largely | mainly
especially | particularly
clearly | obviously
certainly | definitely | surely
basically | essentially
everyone | everybody
anyone | anybody
someone | somebody
toward | towards
for example | for instance
a bit | a little
kind of | sort of
because of | due to
as if | as though
a lot of | lots of | plenty of
at times | sometimes
movie | film
movies | films
kids | children
tv | television
begins | starts
begin | start
began | started
buy | purchase
bought | purchased
whole | entire
whether | whether or not
in spite of | despite
until | till
although | though
simply | just
absolutely | utterly
too | as well
needs to | has to
need to | have to
which | that
"""
# What is drawn to a pronoun, and the verb that it is.
_DRAWN = {"'s": "is", "’s": "is", "'re": "are", "’re": "are", "'m": "am", "’m": "am", "'ve": "have", "’ve": "have", "'ll": "will", "’ll": "will"}
_WHOLE = {
    "is": ("'s", frozenset(("it", "that", "there", "he", "she", "what", "here", "who"))),
    "are": ("'re", frozenset(("they", "you", "we"))),
    "am": ("'m", frozenset(("i",))),
    "will": ("'ll", frozenset(("it", "they", "you", "we", "i", "he", "she"))),
    "have": ("'ve", frozenset(("i", "they", "you", "we"))),
}
_THINKING = frozenset("think thinks thought believe believes know knows knew feel feels felt hope hopes guess say says said suggest suggests suspect wish realize realizes find".split())
_SUBJECTS = frozenset("it he she they we you i this there the".split())
_DEGREES = ("very", "really", "truly")


def english_wordings(sentence: English) -> Iterator[Wording]:
    """Yield other words for the same in an English sentence."""
    yield from _groups(sentence)
    for index in range(sentence.first, sentence.last):
        yield from _contracted(sentence, index)
        yield from _that(sentence, index)
        yield from _degree(sentence, index)
        yield from _serial(sentence, index)
    yield from _article(sentence)


@cache
def _table() -> dict[str, tuple[tuple[tuple[str, ...], tuple[tuple[str, ...], ...]], ...]]:
    """Return by first word what can be replaced: its words, and what by."""
    table: dict[str, list[tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]]] = {}
    for group in _SAME.strip().split("\n"):
        members = [tuple(words.split()) for words in group.split(" | ")]
        for member in members:
            table.setdefault(member[0], []).append((member, tuple(other for other in members if other != member)))
    return {first: tuple(entries) for first, entries in table.items()}


def _groups(sentence: English) -> Iterator[Wording]:
    """Yield words that mean the same as those of a sentence."""
    table = _table()
    for index in range(sentence.first, sentence.last):
        for member, others in table.get(sentence.word(index), ()):
            last = index + len(member)
            if tuple(sentence.words(index, last)) != member or last > sentence.last or not _holds(sentence, index, last, member):
                continue
            for other in others:
                yield Wording("form", index, last, other, 0.93)


def _holds(sentence: English, first: int, last: int, member: tuple[str, ...]) -> bool:
    """Return whether words mean here what their line of the list says."""
    word, before, behind = member[0], sentence.word(first - 1), sentence.word(last)
    named = sentence.line.token(first)[0].isupper() and not sentence.line.opens(first)
    if named or is_negation(before) or before in ("as", "so") or behind == "as":
        return False
    if word in ("which", "that"):
        verb = last < sentence.last and "Fin" in sentence.tags[last]
        return verb and sentence.is_a(first - 1, "NOUN") and sentence.is_a(first, "PRON")
    if word == "whether":
        return behind != "or"
    if word in ("although", "though"):
        return sentence.is_a(first, "SCONJ") and sentence.is_clause(last)
    if word in ("too",):
        return last == sentence.last
    if member == ("as", "well"):
        return last == sentence.last
    if word in ("simply", "just"):
        return sentence.is_a(last, "ADJ", "DET") and before in ("is", "are", "was", "'s")
    if member in (("a", "bit"), ("a", "little")):
        return sentence.is_a(last, "ADJ", "ADV")
    if member in (("kind", "of"), ("sort", "of")):
        return sentence.is_a(last, "ADJ", "VERB") or before in ("some", "any", "this", "that", "the")
    return True


def _contracted(sentence: English, index: int) -> Iterator[Wording]:
    """Yield a pronoun and its verb apart where they are drawn together, and together where they are apart."""
    word, behind = sentence.word(index), sentence.word(index + 1)
    if index + 1 >= sentence.last or is_negation(behind):
        return
    stem, mark, rest = word.partition("'") if "'" in word else word.partition("’")
    whole = _DRAWN.get(mark + rest)
    done = sentence.tags[index + 1].startswith("VERB|Part") or behind in ("got", "been", "had", "become", "gotten")
    if whole and stem and stem in _WHOLE[whole][1] and not (whole == "is" and done):
        yield Wording("form", index, index + 1, (stem, whole), 0.95)
    if whole and not stem and sentence.word(index - 1) in _WHOLE[whole][1] and not (whole == "is" and done):
        yield Wording("form", index, index + 1, (whole,), 0.95)
    if word in _WHOLE and sentence.word(index - 1) in _WHOLE[word][1] and index > sentence.first and sentence.tags[index].startswith("AUX"):
        short, subject = _WHOLE[word][0], sentence.word(index - 1)
        if behind in (",", ".", ";", ":", "?", "!", "that") or sentence.asks or not sentence.tags[index + 1]:
            return
        if word == "have" and not sentence.tags[index + 1].startswith("VERB|Part"):
            return
        yield Wording("form", index - 1, index + 1, (subject + short,), 0.95)
        yield Wording("form", index, index + 1, (short,), 0.95)


def _that(sentence: English, index: int) -> Iterator[Wording]:
    """Yield `that` after a verb of saying or thinking, or the verb without: i think (that) it works."""
    if sentence.word(index) not in _THINKING or not sentence.is_a(index, "VERB") or sentence.asks:
        return
    if sentence.word(index + 1) == "that" and sentence.word(index + 2) in _SUBJECTS and sentence.is_clause(index + 2):
        yield Wording("dropped", index + 1, index + 2, (), 0.95)
    if sentence.word(index + 1) in _SUBJECTS - {"this"} and sentence.is_clause(index + 1):
        yield Wording("added", index + 1, index + 1, ("that",), 0.93)


def _degree(sentence: English, index: int) -> Iterator[Wording]:
    """Yield a word of degree before an adjective that says how something is: is (very) funny."""
    word = sentence.word(index)
    if not sentence.is_a(index, "ADJ") or sentence.word(index - 1) not in ("is", "are", "was", "were", "'s", "it's", "'re"):
        return
    if word.endswith(("ed", "ing")) and sentence.is_a(index + 1, "ADP", "PART", "VERB"):
        return
    if word in COMPARED | BOUND | KEEPS or word.endswith(("est", "er")) or is_negation(word) or any(mark.isdigit() for mark in word):
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
    part = sentence.tags[last].split("|")[0]
    if sentence.word(last - 1) != "," or part not in ("ADJ", "NOUN") or not sentence.is_a(index + 1, part) or not sentence.is_a(last - 2, part):
        return
    if comma:
        yield Wording("form", index - 1, index + 1, (sentence.word(index),), 0.95)


def _article(sentence: English) -> Iterator[Wording]:
    """Yield another article before a subject that begins its sentence: this film is …, the film is …."""
    first = sentence.first
    if sentence.asks or not sentence.is_clause(first) or not sentence.line.token(first)[0].islower():
        return
    if sentence.word(first) in ("this", "the") and sentence.is_a(first + 1, "NOUN") and "Fin" in sentence.tags[first + 2]:
        if sentence.word(first) == "this":
            yield Wording("form", first, first + 1, ("the",), 0.93)
        elif sentence.word(first + 1) in ("film", "movie", "picture", "book", "phone", "camera", "player", "product", "router"):
            yield Wording("form", first, first + 1, ("this",), 0.93)
