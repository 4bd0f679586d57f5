"""Samples of another class that read well and that their words bear out, or none.

A key word gives way to a key word of the other class which people write between its neighbours (`candidates.plausibility`),
rows of that class among them, and which is used as the old one is, or is its antonym. What a negation speaks of and fixed
strings stay. Key words are replaced, the most important first, until the words of the text are those of the other class
(`candidates.class_evidence`), most of what spoke for the old class is replaced, and so is what is joined to a replaced word: of
"a dull and dumb film" not one alone. Where that never is, or the chances of all edits fall below the budget, there is no sample.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from augment.candidates.class_evidence import ClassEvidence, is_adverb
from augment.candidates.entities import Entities
from augment.candidates.fixed_strings import fixed
from augment.candidates.natural import SUREST, Fitting
from augment.candidates.plausibility import Plausibility, Spoken, spoken_of
from augment.seeding import Chance
from augment.stages.editing import Row, slots_of
from augment.stages.editor import Draw
from augment.stages.natural_draws import in_quotation
from augment.text.editable import governed, is_content
from augment.text.negation import negations

# How used alike an antonym is: as a synonym in a dictionary may be.
_ANTONYM = 0.9
# How much more often rows of their own class have an old word, and those of the new class a new one, in nats: 1.5 and 5 times.
_OLD_LEANS, _NEW_LEANS = 0.4, 1.6
# The words of a sample must be those of its class four times as likely as those of another, in nats; the words that give way must be
# so much of what speaks for the class of the row, by the scores of its content words.
_MARGIN, _PART = 1.4, 0.6
# How much likelier the rest may be in the old class by its words, in nats, and how likely by the model.
_REST, _REST_CHANCE = 0.2, 0.55
# Other content words that a text may have: of what a longer text expresses by them, neither classifier knows enough.
_OTHER_WORDS = 3
# Words that take back an opinion, set it against something, or make it a condition or the highest of its kind: with one of
# these, or a superlative, another word of opinion makes no opposite ("passable, if uneven", 还不错, the best thing about it).
_TURNS_WRITTEN = """
but yet though although if unless despite otherwise however nevertheless nonetheless while whereas except only even still almost
nearly could would should might may than instead rather supposedly like
但 但是 可是 不过 虽然 虽说 尽管 就是 只是 除了 除 还 才 居然 竟然 如果 要是 假如 却 反而 本来 原来 以前 之前 终于 幸好 幸亏 枉费 不枉 以为 再 比 相比
"""
_TURNS = frozenset(_TURNS_WRITTEN.split())
_SUPERLATIVES = frozenset(["best", "worst", "most", "least"])
# How much two words must share of what they are near to, a cosine: English words are near to more different ones.
_ONE_KIND: dict[Spoken, float] = {"zh": 0.3, "en": 0.05}
# How sure it must be that a word is used as the old one is, in a clause with other content words and without: less sure in English,
# where the vectors of its rare words of judgement know less.
_ALIKE: dict[Spoken, tuple[float, float]] = {"zh": (0.6, 0.75), "en": (0.4, 0.4)}
# How surely the words that are used as a new word is must tell classes, in nats, and how many of them are looked at.
_TELLING, _NEAREST = 0.8, 20
# In Cilin: the classes of qualities, and that of what is good or bad as a whole; words of degree that words begin with.
_QUALITY, _WHOLE, _DEGREES = "E", "Ed03", frozenset("很太超极最挺真好巨")
_JOINING = frozenset([",", "and", "or", "but", "yet", "&", "、", "又", "和", "且", "而"])


@dataclass(frozen=True)
class ContrastDraws:
    """What draws the samples of rows.

    offered: the words of a class that may replace a token, cased and behind its article; opposes: whether two words are
    antonyms; target: the class of a sample by its number; least: the budget of a sample; most: how many words are replaced at
    most; moves: whether the class is another one than that of the row; rest: how likely the class of a row is by the model for its
    text without the words that are replaced; kinds: the groups of a dictionary by subject that a word is in.
    """

    plausibility: Plausibility
    known: ClassEvidence
    offered: Callable[[Row, int, str], Sequence[str]]
    opposes: Callable[[str, str], bool]
    target: Callable[[Row, int], str | None]
    entities: Entities
    least: float
    most: int
    moves: bool
    rest: Callable[[Row, Mapping[int, str]], float] = lambda row, choice: 0.0
    kinds: Callable[[str], frozenset[str]] = lambda word: frozenset()
    _options: dict[tuple[str, str], Mapping[int, tuple[Fitting, ...]]] = field(default_factory=dict)
    _known_telling: dict[str, float] = field(default_factory=dict)

    def draw(self, row: Row, rng: Chance, number: int) -> Draw | None:
        """Return a sample: key words one after the other until the text is of the other class by its words."""
        label = self.target(row, number)
        if label is None or (self.moves and _is_turned(row)):
            return None
        options = self._of(row, label)
        if not options:
            return None
        order = list(options) if number == 0 else rng.sample(list(options), len(options))
        choice: dict[int, str] = {}
        budget = self.least
        for token in order:
            fitting = [each for each in options[token] if each.chance >= budget]
            if not fitting or len(choice) == self.most:
                continue
            word = fitting[0] if number == 0 else fitting[rng.below(len(fitting))]
            choice[token] = word.word
            budget /= word.chance
            if self._is_of(row, choice, label) and (not self.moves or self._is_moved(row, choice)):
                return Draw(row.edits(choice), label if self.moves else None)
        return Draw(())

    def _is_moved(self, row: Row, choice: Mapping[int, str]) -> bool:
        """Return whether what was replaced is what spoke for the class of a row: nothing joined to it is left, nor does the rest speak for it."""
        rest = [word for token, word in enumerate(row.tokens) if token not in choice]
        likeliest, more = self.known.by_words(rest)
        stays = likeliest == row.label and more > _REST
        others = sum(map(is_content, rest))
        if stays or others > _OTHER_WORDS or not self._speaks(row, choice) or self._is_half(row, choice):
            return False
        return round(self.rest(row, choice), 5) <= _REST_CHANCE

    def _speaks(self, row: Row, choice: Mapping[int, str]) -> bool:
        """Return whether the replaced words are most of what speaks for the class of a row, by their scores."""
        speaking = {
            token: score
            for token, score in enumerate(row.scores)
            if score > 0 and is_content(row.tokens[token])
        }
        return sum(speaking.get(token, 0.0) for token in choice) >= _PART * sum(speaking.values())

    def _is_half(self, row: Row, choice: Mapping[int, str]) -> bool:
        """Return whether a word was replaced and another one that is joined to it was not: of "dull and dumb" only one."""
        return any(
            other not in choice
            for token in choice
            for step in (-1, 1)
            if (other := _joined(row, token, step)) is not None
        )

    def _is_of(self, row: Row, choice: Mapping[int, str], label: str) -> bool:
        """Return whether a text is of a class by its words, by the margin."""
        words = (choice.get(token, word) for token, word in enumerate(row.tokens))
        likeliest, more = self.known.by_words(words)
        return likeliest == label and more >= _MARGIN

    def _of(self, row: Row, label: str) -> Mapping[int, tuple[Fitting, ...]]:
        """Return what may replace the key tokens of a row, in rank order, the likeliest first."""
        if (row.id, label) not in self._options:
            self._options.clear()
            names = {slot.token for slot in slots_of(row) if self.entities.names(slot) or in_quotation(slot)}
            kept = names | governed(row.tokens, row.side)
            able = {token: self._fitting(row, token, label) for token in row.free if token not in kept}
            self._options[row.id, label] = {token: words for token, words in able.items() if words}
        return self._options[row.id, label]

    def _fitting(self, row: Row, token: int, label: str) -> tuple[Fitting, ...]:
        """Return the words of a class that fit the place of a token."""
        old, before, behind = row.tokens[token], row.neighbour(token, -1) or "", row.neighbour(token, 1) or ""
        text, at = row.on_side(token)
        own_class = row.label or ""
        speaks = self.known.leaning(old, own_class)
        if self.moves and speaks is not None and speaks < _OLD_LEANS:
            return ()
        offered = [
            word
            for word in self.offered(row, token, label)
            if (self.known.leaning(word, label) or 0.0) >= _NEW_LEANS
        ]
        attested = set(self.known.attested(label, text, at, offered))
        of_kind = {word: self._of_kind(old, word) for word in offered}
        words = [
            word
            for word in offered
            if (of_kind[word] if word not in attested else of_kind[word] is not False)
            and (of_kind[word] or self._is_like(old, word))
        ]
        if not words:
            return ()
        counts, spoken = self.plausibility.evidence, spoken_of(old)
        left, own, right = (
            counts.ids([word]) if word else np.zeros(1, np.int64) for word in (before, old, behind)
        )
        if fixed(counts, left, own, right)[0]:
            return ()
        ids = counts.ids(words)
        alike = self.plausibility.same(np.repeat(own, len(ids)), ids, spoken)
        antonyms = np.array([of_kind[word] or self.opposes(old, word) for word in words], bool)
        alike = np.maximum(alike, np.where(antonyms, _ANTONYM, 0.0))
        reads = self.plausibility.fits(np.repeat(left, len(ids)), ids, np.repeat(right, len(ids)), spoken)
        sure = _ALIKE[spoken][not self.known.has_topic(text, at)]
        chances = np.where(alike >= sure, np.minimum(reads * alike, SUREST), 0.0)
        made = [
            Fitting(word, round(float(chance), 4), float(chance))
            for word, chance in zip(words, chances, strict=True)
            if chance >= self.least
        ]
        return tuple(sorted(made, key=lambda each: (-each.chance, each.word)))

    def _of_kind(self, old: str, word: str) -> bool | None:
        """Return whether a dictionary by subject has two words in one group, such as 快 and 慢; None where it does not know.

        It knows for a quality; what is good or bad as a whole may be put for what is ordinary. Antonyms need no group.
        """
        one, other = (self.kinds(each) or self.kinds(_bare(each)) for each in (old, word))
        if not any(kind.startswith(_QUALITY) for kind in one) or not other or self.opposes(old, word):
            return None
        return bool(one & other) or (None if _WHOLE in other else False)

    def _is_like(self, old: str, word: str) -> bool:
        """Return whether a word describes the same things as an old one, and is its antonym, or words that are used as it is tell classes too."""
        shared = self.known.of_one_kind(old, word)
        if shared is not None and shared < _ONE_KIND[spoken_of(old)]:
            return False
        return not self.moves or self.opposes(old, word) or self._telling(word) >= _TELLING

    def _telling(self, word: str) -> float:
        """Return how surely the words that are used most as a word is tell their classes, in nats, in the mean; 0 for a word without a vector.

        Of `gem` it is more than of `portrait`, which is as frequent in praise only because films are portraits.
        """
        if word not in self._known_telling:
            own, (ids, telling) = self.plausibility.evidence.id(word), self._tellers
            cosines = self.plausibility.senses.cosine(np.full(len(ids), own), ids)
            nearest = np.argsort(-np.where(ids == own, -1.0, cosines), kind="stable")[:_NEAREST]
            near = nearest[(cosines[nearest] > -1) & (ids[nearest] != own)]
            self._known_telling[word] = float(telling[near].mean()) if len(near) else 0.0
        return self._known_telling[word]

    @cached_property
    def _tellers(self) -> tuple[np.ndarray, np.ndarray]:
        """The ids of the words of the rows that have a vector, [W] int64, and how surely each is one of a class, [W] float64."""
        counts, senses = self.plausibility.evidence, self.plausibility.senses
        numbers = ((counts.id(word), word) for word in sorted(self.known.shares))
        words = [(number, word) for number, word in numbers if number >= 0 and senses.vector_of[number] >= 0]
        telling = [self.known.telling(word) for _, word in words]
        return np.array([number for number, _ in words], np.int64), np.array(telling, np.float64)


def _bare(word: str) -> str:
    """Return a Chinese word without the word of degree that it begins with: 棒 of 很棒."""
    return word[1:] if len(word) > 1 and word[0] in _DEGREES else word


def _is_turned(row: Row) -> bool:
    """Return whether a text has a negation, or another word by which it does not mean what its words of opinion mean."""
    return bool(negations(row.tokens)) or any(
        word.lower() in _TURNS or word.lower() in _SUPERLATIVES or (word[0] == "最" and len(word) > 1)
        for word in row.tokens
    )


def _joined(row: Row, token: int, step: int) -> int | None:
    """Return the content word that is joined to a token by a comma or by and, on one side of it; None if there is none."""
    at, joined = token + step, False
    while 0 <= at < len(row.tokens) and row.side[at] == row.side[token]:
        word = row.tokens[at]
        if word.lower() in _JOINING:
            joined = True
        elif not is_adverb(word):
            return at if joined and is_content(word) else None
        at += step
    return None
