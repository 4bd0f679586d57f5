"""What an attack may put in place of each token of a row, and of neighbouring tokens together.

offers = AttackOffers(sources, masked, ...)
offers.give(rows, attempts, every=False)        # fills attempt.offers
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import pairwise
from typing import Literal

import numpy as np

from augment.adversarial.attempts import AttackedText, Attempt, WordChoice
from augment.candidates.masked_edits import MaskedEdits
from augment.candidates.natural import is_vague
from augment.candidates.naturalness import TokenEdit, naturalness, word_naturalness
from augment.candidates.plausibility import Plausibility
from augment.candidates.slot import Slot
from augment.candidates.sources import Sources, load_job_lexicons
from augment.config.job import Job
from augment.stages.editing import Row, slots_of
from augment.text.editable import COMPARING
from augment.text.script import language
from augment.text.segment import tokens_of

MaskedKind = Literal["replace", "insert", "merge"]


@dataclass(frozen=True)
class AttackedTokens:
    """Which tokens of a row may be edited: content words, and for a second pass those that join them too.

    reworded: other wordings that tokens and groups may give way to.
    """

    row: Row
    content: tuple[int, ...]
    rest: tuple[int, ...]
    reworded: Mapping[int, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class AttackOffers:
    """What offers candidates, and what they must be.

    masked: what a masked model puts in other than words for words, by the kinds `masked_kinds`; natural: how natural an edit is by plain
    text, at least `least`; is_clear: whether a token has few enough meanings to be edited; deletes: whether tokens may be left out.
    """

    sources: Sources
    masked: MaskedEdits | None
    masked_kinds: Collection[MaskedKind]
    senses: bool
    natural: Plausibility | None
    least: float
    is_clear: Callable[[str], bool] | None
    deletes: bool

    def give(self, rows: Sequence[AttackedTokens], attempts: Sequence[Attempt], every: bool) -> None:
        """Give each attempt the candidates of its tokens, of those that join others too where `every` is set."""
        slots: list[tuple[Attempt, Slot]] = []
        for each, attempt in zip(rows, attempts, strict=True):
            row = replace(each.row, free=(*each.content, *(each.rest if every else ())))
            slots += [(attempt, slot) for slot in slots_of(row) if self._is_open(slot.word)]
            attempt.offers = {}
            attempt.order = (*attempt.order, *(each.rest if every else ()))
        alone = [slot for _, slot in slots]
        offered = [
            tuple(word for word in words if _is_as_long(slot.word, word))
            for slot, words in zip(alone, self.sources.offer_union(alone, self.senses), strict=True)
        ]
        if self.masked is not None and "insert" in self.masked_kinds:
            inserted = self.masked.inserted(alone)
            offered = [(*words, *more) for words, more in zip(offered, inserted, strict=True)]
        self._keep(slots, offered)
        if self.masked is not None and "merge" in self.masked_kinds:
            groups = [
                (attempt, slot)
                for each, attempt in zip(rows, attempts, strict=True)
                for slot in _group_slots(each.row)
            ]
            self._keep(groups, self.masked.merged([slot for _, slot in groups]))
        for each, attempt in zip(rows, attempts, strict=True):
            for token, words in each.reworded.items():
                attempt.offers[token] = tuple(dict.fromkeys((*words, *attempt.offers.get(token, ()))))

    def _is_open(self, word: str) -> bool:
        """Return whether a token may be edited for what it is."""
        return self.is_clear is None or self.is_clear(word)

    def _keep(self, slots: Sequence[tuple[Attempt, Slot]], offered: Sequence[tuple[str, ...]]) -> None:
        """Give the attempts what of some candidates is natural enough, the most natural first, and deletions where these are tried."""
        sides: dict[int, tuple[tuple[list[str], list[str]], list[int]]] = {}
        for (attempt, slot), words in zip(slots, offered, strict=True):
            if self.natural is not None and words:
                if id(attempt) not in sides:
                    sides[id(attempt)] = _sides(attempt.row)
                words = self._natural(attempt, slot, words, sides[id(attempt)])
            words = (*words, "") if self.deletes else words
            if words:
                attempt.offers[slot.token] = words

    def _natural(
        self,
        attempt: Attempt,
        slot: Slot,
        words: tuple[str, ...],
        split: tuple[tuple[list[str], list[str]], list[int]],
    ) -> tuple[str, ...]:
        """Return the words that are natural enough in a slot, the most natural first."""
        assert self.natural is not None
        texts, indices = split
        members = attempt.row.members(slot.token)
        tokens, at = texts[slot.side], indices[members[0]]
        if len(members) == 1:
            chances = word_naturalness(self.natural, tokens, at, words)
        else:
            changes = [TokenEdit(0, at, at + len(members), tuple(tokens_of(word))) for word in words]
            chances = [naturalness(self.natural, [tokens], [change]) for change in changes]
        ranked = sorted(zip(np.round(chances, 5).tolist(), words, strict=True), key=lambda each: -each[0])
        return tuple(word for chance_of, word in ranked if chance_of >= self.least)


def with_groups(row: Row, tokens: Collection[int]) -> Row:
    """Return a row with each two neighbours of some tokens as a group, where only a space or nothing is between them."""
    groups = []
    for one, two in pairwise(sorted(tokens)):
        whole = row.text_pair if row.side[one] and row.text_pair is not None else row.text
        between = whole[row.spans[one][1] : row.spans[two][0]]
        if two == one + 1 and row.side[one] == row.side[two] and between in ("", " "):
            groups.append((one, two))
    return replace(row, groups=tuple(groups))


def _group_slots(row: Row) -> list[Slot]:
    """Return a slot for each group of a row."""
    whole = (row.text, row.text_pair)
    return [
        Slot(
            row.id,
            len(row.spans) + number,
            *whole,
            row.side[first],
            row.spans[first][0],
            row.spans[last][1],
            row.neighbour(first, -1),
        )
        for number, (first, last) in enumerate((group[0], group[-1]) for group in row.groups)
        if last == first + 1
    ]


def clear_words(job: Job) -> Callable[[str], bool]:
    """Return whether a word has few enough meanings for its synonyms to fit most texts: no `go`, `find`, `too`."""
    lexicons = [lexicon for lexicon in load_job_lexicons(job) if lexicon.meanings("good")]

    @lru_cache(maxsize=1 << 16)
    def is_clear(word: str) -> bool:
        """Return whether a word is one; Chinese ones are, and those of no dictionary that counts meanings."""
        word = word.casefold()
        return not (word.isascii() and (word in COMPARING or is_vague(word, lexicons)))

    return is_clear


def naturalness_of(plausibility: Plausibility, row: AttackedText, choice: WordChoice) -> float:
    """Return how natural the edits of a choice are."""
    sides, indices = _sides(row)
    changes = []
    for token in sorted(choice, key=row.members):
        members = row.members(token)
        first, last = members[0], members[-1]
        new = tuple(tokens_of(choice[token]))
        changes.append(TokenEdit(row.side[first], indices[first], indices[last] + 1, new))
    return naturalness(plausibility, sides, changes)


def _is_as_long(token: str, word: str) -> bool:
    """Return whether a word is no saying for a word: in Chinese, at most one character longer than the token."""
    return language(word) != "zh" or len(word) <= len(token) + 1


def _sides(row: AttackedText) -> tuple[tuple[list[str], list[str]], list[int]]:
    """Return the tokens of either text, and for each token its index among those of its text."""
    sides: tuple[list[str], list[str]] = ([], [])
    indices = []
    for side, (start, end) in zip(row.side, row.spans, strict=True):
        whole = row.text_pair if side and row.text_pair is not None else row.text
        indices.append(len(sides[side]))
        sides[side].append(whole[start:end])
    return sides, indices
