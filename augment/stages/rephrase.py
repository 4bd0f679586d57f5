"""Make samples that have the same meaning in other words: words, phrases, the order of parts, small words; few edits, from all kinds.

Of all that may be edited in a row something is drawn by its chance and by how often people write it, and more of other clauses as long as the
product of the chances stays above `natural`. So a row of few single edits has samples that combine them.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import ClassVar, Literal, NamedTuple

import pyarrow as pa
from pydantic import Field

from augment.candidates.entities import Entities
from augment.candidates.filters import Filters
from augment.candidates.model_scores import open_models
from augment.candidates.natural import SUREST, NaturalWords
from augment.candidates.sources import SourceName, load_job_lexicons, open_sources, word_parts
from augment.candidates.wordings import Counted, Wordings, likely
from augment.config.job import Job
from augment.seeding import Chance
from augment.stages.delete import likely_phrases
from augment.stages.editing import Row, protection, reached_rows
from augment.stages.editor import Draw, Drawer, Editor, Lookup
from augment.stages.evidence import open_plausibility
from augment.stages.natural_draws import NaturalDraws, clauses_of, weighted
from augment.stages.touching import may_go, scored_edit, touched
from augment.text.editable import Protection, editable
from augment.text.edits import Edit
from augment.text.negation import negations
from augment.text.rephrasing import Rephrasing, RephrasingKind, rephrasings
from augment.text.tagger import PACKAGE, WordParts

EditKind = Literal["word", "phrase"] | RephrasingKind
# How likely it is that a further edit is tried.
_MORE = 0.5
# What phrases left out and parts in another order weigh next to words, which people write as often as what they replace.
_WEIGHT = 0.5


class Rewording(NamedTuple):
    """Edits that may be made together, the chance that they read well, their weight, and the clauses they are in.

    share: how much of the time people write what is new there, and not what it replaces.
    """

    kind: EditKind
    edits: tuple[Edit, ...]
    chance: float
    weight: float
    clauses: frozenset[int]
    share: float = 0.5


class Rephrase(Editor):
    """Samples that mean the same in other words, by edits of all kinds that read well, a few in each; key words stay."""

    # With many more draws a row of few options has the rare ones as often as the usual, and samples can be distinguished by them.
    draws: ClassVar[int | None] = 4
    kind: Literal["rephrase"] = "rephrase"
    samples: int = Field(default=4, ge=1)
    natural: float = Field(
        default=0.8,
        gt=0,
        le=1,
        description="edit only while the chance that all edits of a sample read as if a person had written them is at least this, and no "
        "clause twice; learned by a stage `evidence` before this one",
    )
    edits: tuple[EditKind, ...] = Field(
        default=("word", "phrase", "order", "form", "added", "dropped"),
        min_length=1,
        description="word: synonyms, as `substitute` with `natural`; phrase: left out, as `delete` with `by: phrase`; order: clauses, joined "
        "words and what is fronted change places; form: other small words of the same meaning, contractions; added, dropped: "
        "words of degree, particles, introductions, that",
    )
    score: str = "ig"
    name: str | None = Field(default=None, pattern=r"^[a-z][a-z0-9_]*$")

    @property
    def needs(self) -> tuple[str, ...]:
        """Tokens, their scores and which are key."""
        return ("tokens", "owner", "key", self.score)

    @property
    def reads_tables(self) -> tuple[str, ...]:
        """What was learned of how people write."""
        return ("evidence",)

    @property
    def shortfall_reason(self) -> str:
        """Why a row has no samples where every draw is empty."""
        return "no other wording"

    @property
    def word_sources(self) -> tuple[SourceName, ...]:
        """Where its words and parts of speech come from."""
        return ("lexicon",)

    @property
    def packages(self) -> tuple[str, ...]:
        """The tagger that finds English phrases."""
        return (PACKAGE,)

    def rows(self, batch: pa.RecordBatch, guard: Protection) -> list[Row]:
        """Return the source rows of a batch with the tokens that the model is fed and none locks."""
        return reached_rows(batch, guard, self.score)

    def lookup(self, job: Job, state: Path | None) -> Lookup:
        """Load the lexicons and what was learned; return what finds the edits of some rows, once."""
        lexicons, guard, plausibility = load_job_lexicons(job), protection(job), open_plausibility(state)
        sources = open_sources(("lexicon",), job, 8, Filters())
        words = NaturalWords(plausibility, sources, lexicons, open_models(job), self.natural)
        draws = NaturalDraws(words, self.natural, 1.0, self.count, Entities(lexicons), job.seed)
        wordings, parts = Wordings(plausibility), word_parts(job)

        def looked_up(rows: list[Row]) -> Drawer:
            """Return what draws the samples of some rows."""
            options: dict[str, list[Rewording]] = {row.id: [] for row in rows}
            clauses = {row.id: clauses_of(row) for row in rows}
            if "word" in self.edits:
                own = [replace(row, free=_other_content(row, guard)) for row in rows]
                for row, of_row in zip(own, draws.options(own).values(), strict=True):
                    options[row.id] += [
                        Rewording(
                            "word",
                            row.edits({token: fitting.word}),
                            fitting.chance,
                            fitting.weight,
                            frozenset([clause]),
                            min(1.0, fitting.weight / fitting.chance),
                        )
                        for token, fitting, clause in of_row
                    ]
            for row in rows:
                if "phrase" in self.edits:
                    options[row.id] += self._phrases(row, clauses[row.id], parts)
            if {"order", "form", "added", "dropped"} & set(self.edits):
                for row, others in zip(rows, self._rephrasings(rows, clauses, parts, wordings), strict=True):
                    options[row.id] += others
            return partial(self.drawn, {row.id: offered(row, options[row.id], draws) for row in rows})

        return looked_up

    def _phrases(self, row: Row, clauses: Sequence[int], parts: WordParts) -> list[Rewording]:
        """Return the phrases without key words that may be left out of a row."""
        key = set(row.key)
        return [
            Rewording(
                "phrase",
                (edit,),
                min(chance, SUREST),
                _WEIGHT * chance,
                frozenset(clauses[token] for token in tokens),
            )
            for edit, tokens, chance in likely_phrases(row, parts)
            if chance >= self.natural and not key & set(tokens)
        ]

    def _rephrasings(
        self, rows: Sequence[Row], clauses: Mapping[str, Sequence[int]], parts: WordParts, wordings: Wordings
    ) -> list[list[Rewording]]:
        """Return for each row its other orders and small words that read well."""
        matches = [
            (number, side, one)
            for number, row in enumerate(rows)
            if row.free
            for side, text in enumerate((row.text, row.text_pair))
            if text
            for one in rephrasings(text, parts)
            if one.kind in self.edits
        ]
        tests = iter(wordings.offer([words for _, _, one in matches for words in one.wordings]))
        options: list[list[Rewording]] = [[] for _ in rows]
        free = [_free(row, False) for row in rows]
        for number, side, one in matches:
            tested = [next(tests) for _ in one.wordings]
            option = self._option(rows[number], side, one, tested, clauses[rows[number].id], free[number])
            if option is not None:
                options[number].append(option)
        return [_by_position(of_row) for of_row in options]

    def _option(
        self,
        row: Row,
        side: int,
        one: Rephrasing,
        tested: Sequence[Counted],
        clauses: Sequence[int],
        free: frozenset[int],
    ) -> Rewording | None:
        """Return another wording of a part of a row; None where it does not read well, or a word has to stay."""
        chance = likely(one, tested)
        if chance < self.natural:
            return None
        may = _free(row, True) if one.negates else free
        way = next((way for way in one.ways if may_go(row, side, way, may)), None)
        if way is None:
            return None
        tokens = touched(row, side, one.start, one.end) or touched(row, side, one.start - 1, one.end + 1)
        edits = tuple(scored_edit(row, side, *change) for change in way)
        weight = chance * (tested[0].share if tested and one.kind != "order" else _WEIGHT)
        share = tested[0].share if tested and one.kind != "order" else 0.5
        return Rewording(
            one.kind, edits, chance, weight, frozenset(clauses[token] for token in tokens), share
        )

    def drawn(
        self, options: Mapping[str, Sequence[Rewording]], row: Row, rng: Chance, number: int
    ) -> Draw | None:
        """Return a sample: something drawn, and by chance more of other clauses while the budget lasts."""
        left, budget = list(options[row.id]), self.natural
        edits: tuple[Edit, ...] = ()
        if not left:
            return None
        while left:
            one = left[weighted([option.weight for option in left], rng)]
            edits += one.edits
            budget /= one.chance
            left = [other for other in left if other.chance >= budget and _apart(one, other)]
            if rng.share() >= _MORE:
                break
        return Draw(tuple(sorted(edits, key=lambda edit: edit[:3])))


def _other_content(row: Row, guard: Protection) -> tuple[int, ...]:
    """Return the content words of a row that are free and not key."""
    may = editable(row.tokens, guard)
    return tuple(token for token in row.free if may[token] and token not in row.key)


def offered(row: Row, options: Sequence[Rewording], draws: NaturalDraws) -> Sequence[Rewording]:
    """Return the options of a row that it is to have, the likeliest alone where that would be none.

    What people seldom write in place of what is there is offered in a part of the rows (the acceptance of Metropolis et al. 1953), since
    a row of one option has it in every sample; so is a pair of words that the corpus would have in very many samples.
    """
    left = [
        option
        for option in options
        if option.kind in ("phrase", "order")
        or (
            draws.balances(row, option.edits[0], option.share)
            and (option.kind == "word" or draws.is_usual(row, *_pair(option)))
        )
    ]
    return left or [max(options, key=lambda option: option.weight)] if options else []


def _pair(option: Rewording) -> tuple[str, str, float]:
    """Return what an option replaces, what by, and its weight."""
    edit = option.edits[0]
    return edit.old, edit.new, option.weight


def _free(row: Row, negates: bool) -> frozenset[int]:
    """Return the tokens that are not locked, unreached or key; with negations where one may give way to its other form."""
    free = frozenset(row.free) | (negations(row.tokens) & row.locked if negates else frozenset())
    return free - frozenset(row.key)


def _apart(one: Rewording, other: Rewording) -> bool:
    """Return whether two options are of different clauses, and no edit of one meets one of the other."""
    if one.clauses & other.clauses:
        return False
    return not any(
        mine.side == its.side and mine.start <= its.end and its.start <= mine.end
        for mine in one.edits
        for its in other.edits
    )


def _by_position(options: Sequence[Rewording]) -> list[Rewording]:
    """Return options of which those of one kind for one place weigh together what one does."""
    positions = Counter((option.kind, option.edits[0][:3]) for option in options)
    return [
        option._replace(weight=option.weight / positions[option.kind, option.edits[0][:3]])
        for option in options
    ]
