"""Samples with a few edits, each where a person would have written the word: drawn by chance, within a budget.

Of what fits its place (`candidates.natural`) a word is drawn by its chance and by how often people write it there rather than
the other one; with such weights a word is put in place as often as it is taken away, so samples do not drift to rare words
(Barker 1965). Edits are added in other clauses while the product of their chances stays above the budget. A pair of words
that the corpus would have in very many samples is offered in a part of its rows only, chosen by the row's id.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from augment.candidates.entities import Entities
from augment.candidates.natural import Fitting, NaturalWords, Opening
from augment.candidates.slot import Slot
from augment.seeding import Chance, chance, key_of
from augment.stages.editing import Row, slots_of
from augment.stages.editor import Draw, Drawer
from augment.text.edits import Edit
from augment.text.quoted import is_quoted

# Of all edits of a run, about, what one pair of words may make at most; samples that a row has, as a rule.
_PAIR_SHARE, _USUAL = 0.05, 2
# How many times more seldom people may write new words than the old for these to be offered in every row.
_RARER = 10
# What ends a clause.
_MARKS = frozenset("，。！？；：、…~,.!?;:()（）\n")

# A token, what may take its place, and the clause it is in.
Option = tuple[int, Fitting, int]


@dataclass(frozen=True)
class NaturalDraws:
    """What draws the samples of rows.

    words: what offers words; least: the budget of a sample; share: the most of a row's content words that is edited; count: how
    many samples a row is to have; entities: what finds names, which stay, if anything does.
    """

    words: NaturalWords
    least: float
    share: float
    count: int
    entities: Entities | None
    seed: int

    def lookup(self, rows: list[Row]) -> Drawer:
        """Return what draws the samples of some rows, all of whose words are looked up together."""
        return partial(self._draw, self.options(rows))

    def options(self, rows: list[Row]) -> dict[str, list[Option]]:
        """Return for each row by its id which of its tokens may give way to which words."""
        openings = [(row, opening) for row in rows for opening in _openings(row)]
        openings = [(row, opening) for row, opening in openings if not in_quotation(opening.slot)]
        if self.entities is not None:
            openings = [(row, opening) for row, opening in openings if not self.entities.names(opening.slot)]
        options: dict[str, list[Option]] = defaultdict(list)
        clauses = {row.id: clauses_of(row) for row in rows}
        offers = self.words.offer([opening for _, opening in openings])
        for (row, opening), fitting_words in zip(openings, offers, strict=True):
            token = opening.slot.token
            clause = clauses[row.id][token]
            options[row.id] += [
                (token, fitting, clause) for fitting in fitting_words if fitting.chance >= self.least
            ]
        return {row.id: self._thinned(row, options[row.id]) for row in rows}

    def _thinned(self, row: Row, options: list[Option]) -> list[Option]:
        """Return the options of a row without those pairs of words that are offered in other rows only."""
        total = sum(fitting.weight for _, fitting, _ in options)
        return [
            (token, fitting, clause)
            for token, fitting, clause in options
            if self.is_usual(row, row.tokens[token], fitting.word, fitting.weight / total)
        ]

    def is_usual(self, row: Row, old: str, new: str, weight: float) -> bool:
        """Return whether a pair of words is offered in a row: one of which the corpus has many, in a part of its rows only.

        weight: the part of the row's samples that would have it, about.
        """
        expected = min(1.0, self.count * weight) * self.words.often(old)
        share = _PAIR_SHARE * _USUAL * self.words.rows / expected if expected else 1.0
        return share >= 1 or chance(self.seed, "pair", row.id, key_of(old, new)).share() < share

    def balances(self, row: Row, edit: Edit, share: float) -> bool:
        """Return whether an edit is offered in a row: one to words that are written more seldom in a part of the rows only.

        share: how much of the time people write the new words there, and not the old.
        """
        offered = _RARER * share / (1 - share) if share < 1 else 1.0
        key = key_of(edit.old, edit.new, str(edit.start))
        return offered >= 1 or chance(self.seed, "rarer", row.id, key).share() < offered

    def _draw(
        self, options: Mapping[str, Sequence[Option]], row: Row, rng: Chance, number: int
    ) -> Draw | None:
        """Return a sample: one word more while the budget lasts, at most one in a clause."""
        left = list(options.get(row.id, ()))
        if not left:
            return None
        choice: dict[int, str] = {}
        budget, most = self.least, row.quota(self.share)
        while left and len(choice) < most:
            token, fitting, clause = left[weighted([option[1].weight for option in left], rng)]
            choice[token] = fitting.word
            budget /= fitting.chance
            left = [option for option in left if option[2] != clause and option[1].chance >= budget]
        return Draw(row.edits(choice))


def in_quotation(slot: Slot) -> bool:
    """Return whether a place is in a title, a quoted name or a quoted term."""
    return is_quoted(slot.whole, slot.start, slot.end)


def weighted(weights: Sequence[float], rng: Chance) -> int:
    """Return an index, drawn in proportion to its weight."""
    drawn = rng.share() * sum(weights)
    for index, weight in enumerate(weights):
        drawn -= weight
        if drawn < 0:
            return index
    return len(weights) - 1


def _openings(row: Row) -> list[Opening]:
    """Return the slots of a row that may be edited, with the tokens around them."""
    return [Opening(slot, slot.before or "", row.neighbour(slot.token, 1) or "") for slot in slots_of(row)]


def clauses_of(row: Row) -> list[int]:
    """Return the number of the clause of each token."""
    clause, numbers = 0, []
    for index, token in enumerate(row.tokens):
        if index and row.side[index] != row.side[index - 1]:
            clause += 1
        numbers.append(clause)
        clause += token[0] in _MARKS
    return numbers
