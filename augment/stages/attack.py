"""Search for small edits that change the model's prediction, all rows of a shard together.

The default search screens every (word, candidate) pair by one gradient and measures only what looks best
(`augment.adversarial.searches.Screened`). `order: scores` walks the key words as an attribution ranked them instead, and
`recipe` names attacks of the literature. What fails is tried again with every word that may be edited and every sense.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, Self

import numpy as np
import pyarrow as pa
from pydantic import Field, ValidationInfo, field_validator, model_validator

from augment.adversarial.attempts import AttackedText, Attempt, WordChoice
from augment.adversarial.chance_level import ENOUGH, require_victim
from augment.adversarial.constraints import Constraint, Naturalness, NotBlank, Similarity
from augment.adversarial.goals import Goal
from augment.adversarial.guides import ByDeletion, Guide, InOrder
from augment.adversarial.recipes import RecipeName, with_recipe
from augment.adversarial.searches import Beam, Greedy, Reduced, Screened, SearchStrategy, Tools, Weighted
from augment.adversarial.victims import BlackBox, Victim
from augment.candidates.filters import Filters
from augment.candidates.forms import FORMS
from augment.candidates.natural import is_vague
from augment.candidates.naturalness import TokenEdit, naturalness, word_naturalness
from augment.candidates.plausibility import Plausibility
from augment.candidates.slot import Slot
from augment.candidates.sources import (
    SourceName,
    Sources,
    load_job_lexicons,
    open_sources,
    without_embeddings,
)
from augment.config.job import Job
from augment.config.sections import StrictBool
from augment.errors import RequestError
from augment.models.labels import LabelMap, listed
from augment.seeding import chance
from augment.stages.editing import Context, Row, editable_rows, protection, slots_of, whole_rows
from augment.stages.editor import Editor
from augment.stages.evidence import open_plausibility
from augment.stages.protocol import Stage, Step, idle, idle_keys
from augment.tables.columns import ATTACK, SAMPLE, Column
from augment.tables.rows import Missing, NewSample, with_columns, with_samples
from augment.text.editable import COMPARING, Protection, editable, is_connective, is_replaceable
from augment.text.foreign import FOREIGN
from augment.text.script import language
from augment.text.segment import tokens_of

if TYPE_CHECKING:
    from augment.models.classifier import Classifier
    from augment.models.function import Function

SearchName = Literal["screened", "beam", "greedy", "weighted", "reduced"]
OrderName = Literal["gradient", "deletion", "scores", "random"]
_ONLY_SCREENED = ("words", "each")
_SCREENED = ("screened", "beam")
# Where the literature and the default differ most: how many candidates a token has in the second pass.
_WIDER = 3
_DONE = ("changed", "reduced")
_REASONS = {"skipped": "already predicted wrong", "exempt": "has the target's label"}


@dataclass(frozen=True)
class _Tokens:
    """Which tokens of a row may be edited: content words, and for a second pass those that join them too."""

    row: Row
    content: tuple[int, ...]
    rest: tuple[int, ...]


class Attack(Editor):
    """One adversarial sample for each row whose prediction can be changed; the given label stays on it."""

    kind: Literal["attack"] = "attack"
    gpu: ClassVar[bool] = True
    redraws: ClassVar[bool] = False
    recipe: RecipeName | None = Field(
        default=None,
        description="an attack of the literature, in place of the defaults below; keys that are given still hold",
    )
    search: SearchName = Field(
        default="screened",
        description="screened: measure what is expected to do most, and combine it; beam: the same from the best four sets at a time; greedy: every candidate of one word after the "
        "other; weighted: every candidate of every word first; reduced: leave words out while the answer stays",
    )
    order: OrderName = Field(
        default="gradient",
        description="what decides which words matter: one gradient, leaving each out, `score` of an earlier stage, or chance; a model "
        "without gradients by leaving out",
    )
    target: str | None = Field(default=None, description="the label to reach; null: any other than the row's")
    margin: float = Field(default=0.0, ge=0, description="how far the new class must lead, in logits")
    sources: tuple[SourceName, ...] = Field(
        default=("lexicon", "masked_lm"), description="all that offer any, the first one's words first"
    )
    delete: bool = Field(default=False, validate_default=True, description="also try to leave the token out")
    senses: StrictBool = Field(
        default=False,
        description="words of any sense of a token, not of its main sense alone: more succeeds and less reads well",
    )
    most: int = Field(default=8, ge=1, description="candidates a token, three times that in the second pass")
    words: int = Field(default=6, ge=1, description="words measured at a time")
    each: int = Field(default=2, ge=1, description="candidates measured of each")
    second_pass: StrictBool = Field(
        default=True,
        description="try what fails again with more candidates and with connectives, measuring more",
    )
    every_word: StrictBool = Field(
        default=False,
        description="edit connectives, numbers and names too where they have candidates",
    )
    pos: StrictBool = Field(default=True, description="offer only words of the token's part of speech")
    share: float = Field(
        default=0.3, gt=0, le=1, description="largest share of the content words to be edited"
    )
    most_edits: int | None = Field(default=None, ge=1, description="most words edited")
    context: Context = 0.0
    frequency: float = Field(
        default=1.0,
        ge=0,
        description="least occurrences of a word that is offered in a million words of jieba's dictionary, or of the texts "
        "WordNet was counted on",
    )
    similarity: float | None = Field(
        default=None,
        ge=-1,
        le=1,
        description="least cosine of the text before and after, by resources.encoder",
    )
    natural: float | None = Field(
        default=None,
        gt=0,
        le=1,
        description="least naturalness of the edits; learned by a stage `evidence` before this one",
    )
    most_queries: int = Field(
        default=200, ge=1, description="rows the model computes for a row, backward ones too"
    )
    any_victim: StrictBool = Field(
        default=False, description="attack a model that is no better than chance or always gives one answer"
    )
    score: str = "ig"

    @model_validator(mode="before")
    @classmethod
    def _of_recipe(cls, values: object) -> object:
        """Put the settings of the recipe under those that are given."""
        return with_recipe(values) if isinstance(values, dict) else values

    @field_validator("delete")
    @classmethod
    def _tries_something(cls, value: bool, info: ValidationInfo) -> bool:
        """Refuse an attack that has nothing to try."""
        if not value and not info.data.get("sources", True):
            raise ValueError("without `sources` nothing is tried: name some, or set `delete: true`")
        return value

    @field_validator("most", "context")
    @classmethod
    def _of_candidates(cls, value: object, info: ValidationInfo) -> object:
        """Refuse to choose among words where none are offered, or to test forms, which are not meant to be words."""
        sources = set(info.data.get("sources", ("lexicon",)))
        why = None
        if not sources:
            why = "where `sources` is empty and tokens are only left out"
        elif info.field_name == "context" and sources <= set(FORMS):
            why = f"where all `sources` are forms of the token ({', '.join(FORMS)})"
        fitting = "leave it out, or name `sources` such as `lexicon`"
        idle(value, cls.model_fields[str(info.field_name)].default, why, fitting)
        return value

    @model_validator(mode="after")
    def _used_keys(self) -> Self:
        """Refuse keys that the search does not use."""
        if self.search not in _SCREENED:
            idle_keys(self, _ONLY_SCREENED, f"with `search: {self.search}`")
        if self.search == "reduced" and self.target is not None:
            raise ValueError(
                "`target` does nothing with `search: reduced`, which keeps the answer: leave it out"
            )
        return self

    @property
    def needs(self) -> tuple[str, ...]:
        """The tokens, and where an attribution ranks them its scores."""
        ranked = ("owner", "key", self.score) if self.order == "scores" else ()
        return ("tokens", "side", "spans", "label", *ranked)

    @property
    def adds(self) -> tuple[Column, ...]:
        """What makes a row a sample, and what came of each attack."""
        return SAMPLE + ATTACK

    @property
    def word_sources(self) -> tuple[SourceName, ...]:
        """Where its words come from."""
        return self.sources

    @property
    def keeps_answer(self) -> bool:
        """Whether it leaves words out while the answer stays."""
        return self.search == "reduced"

    @property
    def refuses_victims(self) -> bool:
        """Whether a model that is no better than chance is refused."""
        return not self.any_victim

    @property
    def reads_tables(self) -> tuple[str, ...]:
        """What was learned of how people write, where edits must be natural."""
        return () if self.natural is None else ("evidence",)

    def without_gradients(self, job: Job) -> tuple[Stage, str | None]:
        """Return the stage without words near in the embeddings of the model, which has none."""
        sources, notice = without_embeddings(self.sources, job)
        return self.model_copy(update={"sources": sources}), notice

    def prepare(self, job: Job, sample: pa.RecordBatch, state: Path) -> None:
        """Refuse a victim that always gives one answer, or is no better than chance: its success rate means nothing."""
        if self.any_victim or sample.num_rows < ENOUGH:
            return
        from augment.models.predictor import open_predictor

        predictor = open_predictor(job.needs_model(), job.run)
        labels = LabelMap(predictor.classes, job.label_names)
        rows = [
            row
            for row in sample.select(["text", "text_pair", "label"]).to_pylist()
            if labels.index(row["label"]) is not None
        ]
        if rows:
            answers = predictor.ask([row["text"] for row in rows], [row["text_pair"] for row in rows]).argmax(
                -1
            )
            given = [row["label"] for row in rows]
            require_victim(job.needs_model().path, given, [labels.name(int(answer)) for answer in answers])

    def open(self, job: Job, state: Path | None) -> Step:
        """Load the model and what offers candidates."""
        from augment.models.predictor import open_predictor

        predictor = open_predictor(job.needs_model(), job.run)
        labels = LabelMap(predictor.classes, job.label_names)
        filters = Filters(pos=self.pos, frequency=self.frequency, context=self.context)
        sources = open_sources(self.sources, job, self.most, filters)
        clear = None if self.senses else _clear_words(job)
        wider = open_sources(self.sources, job, self.most * _WIDER, filters)
        guard, constraints = protection(job), self._constraints(job, state)
        natural = None if self.natural is None else open_plausibility(state)
        goal = Goal(self._target(labels), self.margin)

        def step(batch: pa.RecordBatch) -> pa.RecordBatch:
            """Attack the rows of a shard."""
            rows = self._rows(batch, guard)
            victim, guide = _opened(predictor, [each.row for each in rows], self.order)
            tools = Tools(victim, guide, goal, constraints)
            attempts = [self._attempt(each, labels, job.seed) for each in rows]
            self._offer(
                sources,
                rows,
                attempts,
                self.senses,
                every=self.order == "scores",
                natural=natural,
                clear=clear,
            )
            search = self._search()
            search.run(attempts, tools)
            if self.second_pass and self.search != "reduced" and self.order != "scores":
                failed = [
                    (each, attempt)
                    for each, attempt in zip(rows, attempts, strict=True)
                    if attempt.outcome == "unchanged" and attempt.left
                ]
                for _, attempt in failed:
                    attempt.restart()
                again = [each for each, _ in failed], [attempt for _, attempt in failed]
                self._offer(wider, *again, self.senses, every=True, natural=natural, clear=clear)
                self._search(wider=True).run([attempt for _, attempt in failed], tools)
            return self._finish(batch, rows, attempts)

        return step

    def _search(self, wider: bool = False) -> SearchStrategy:
        """Return the search that `search` names; wider: that of the second pass, which measures more."""
        words, each = (_WIDER * self.words, _WIDER * self.each) if wider else (self.words, self.each)
        searches: dict[SearchName, SearchStrategy] = {
            "screened": Screened(words, each),
            "beam": Beam(words=words, each=each),
            "greedy": Greedy(),
            "weighted": Weighted(),
            "reduced": Reduced(),
        }
        return searches[self.search]

    def _target(self, labels: LabelMap) -> int | None:
        """Return the class to reach; RequestError if the model has none of that name."""
        if self.target is None:
            return None
        index = labels.index(self.target)
        if index is None:
            what = f"the model has no label `{self.target}`"
            raise RequestError("stage attack: target", what, f"its labels are {listed(labels.ordered)}")
        return index

    def _constraints(self, job: Job, state: Path | None) -> list[Constraint]:
        """Return what a sample must pass; RequestError if the job lacks the encoder that measures similarity."""
        constraints: list[Constraint] = [NotBlank()]
        if self.natural is not None:
            plausibility = open_plausibility(state)
            constraints.append(Naturalness(partial(_naturalness, plausibility), self.natural))
        if self.similarity is not None:
            if job.resources.encoder is None:
                what = "needs an encoder, and the config names none"
                raise RequestError(
                    "stage attack: similarity", what, "name one as `resources.encoder`, or leave it out"
                )
            constraints.append(Similarity(_vectors(job), self.similarity))
        return constraints

    def _rows(self, batch: pa.RecordBatch, guard: Protection) -> list[_Tokens]:
        """Return the source rows with the tokens of each pass."""
        if self.order == "scores":
            return [_Tokens(row, row.free, ()) for row in editable_rows(batch, "key", guard, self.score)]
        tokens = []
        for row in whole_rows(batch, guard):
            free = set(row.free)
            content = [
                token for token, fine in enumerate(editable(row.tokens, guard)) if fine and token in free
            ]
            others = [token for token in row.free if token not in set(content)]
            joining = [token for token in others if is_connective(row.tokens[token])]
            if self.every_word:
                every = {token for token in others if is_replaceable(row.tokens[token])}
                content, joining = sorted({*content, *every}), []
            tokens.append(_Tokens(replace(row, words=len(content)), tuple(content), tuple(joining)))
        return tokens

    def _attempt(self, each: _Tokens, labels: LabelMap, seed: int) -> Attempt:
        """Return the attack on a row."""
        gold = labels.index(each.row.label)
        room = each.row.quota(self.share)
        room = room if self.most_edits is None else min(room, self.most_edits)
        order = each.content
        if self.order == "random":
            order = tuple(chance(seed, self.kind, each.row.id, 0).sample(list(order), len(order)))
        return Attempt(
            each.row, -1 if gold is None else gold, order=order, room=room, budget=self.most_queries
        )

    def _offer(
        self,
        sources: Sources,
        rows: Sequence[_Tokens],
        attempts: Sequence[Attempt],
        senses: bool,
        every: bool,
        natural: Plausibility | None,
        clear: Callable[[str], bool] | None,
    ) -> None:
        """Give each attempt the candidates of its tokens, of those that join others too where `every` is set."""
        slots: list[tuple[Attempt, Slot]] = []
        for each, attempt in zip(rows, attempts, strict=True):
            row = replace(each.row, free=(*each.content, *(each.rest if every else ())))
            slots += [(attempt, slot) for slot in slots_of(row) if clear is None or clear(slot.word)]
            attempt.offers = {}
            attempt.order = (*attempt.order, *(each.rest if every else ()))
        offered = sources.offer_union([slot for _, slot in slots], senses)
        sides = {} if natural is None else {id(attempt): _sides(attempt.row) for attempt in attempts}
        for (attempt, slot), words in zip(slots, offered, strict=True):
            words = tuple(word for word in words if _is_as_long(slot.word, word))
            if natural is not None and words:
                texts, indices = sides[id(attempt)]
                own = texts[attempt.row.side[slot.token]]
                words = self._natural_words(natural, own, indices[slot.token], words)
            words = (*words, "") if self.delete else words
            if words:
                attempt.offers[slot.token] = words

    def _natural_words(
        self, plausibility: Plausibility, tokens: Sequence[str], at: int, words: tuple[str, ...]
    ) -> tuple[str, ...]:
        """Return the words that are natural enough in place of the token at an index, the most natural first."""
        chances = np.round(word_naturalness(plausibility, tokens, at, words), 5).tolist()
        ranked = sorted(zip(chances, words, strict=True), key=lambda each: -each[0])
        return tuple(word for chance_of, word in ranked if chance_of >= (self.natural or 0.0))

    def _finish(
        self, batch: pa.RecordBatch, rows: Sequence[_Tokens], attempts: Sequence[Attempt]
    ) -> pa.RecordBatch:
        """Return the batch with what came of each attack and a sample for each success."""
        columns: list[list[object]] = [[None] * batch.num_rows for _ in ATTACK]
        samples, missing = [], []
        for each, attempt in zip(rows, attempts, strict=True):
            row = each.row
            edited = len(attempt.choice) if attempt.outcome in _DONE else None
            outcome = None if attempt.outcome == "exempt" else attempt.outcome
            facts = (outcome, attempt.queries, attempt.backward, edited)
            for column, fact in zip(columns, facts, strict=True):
                column[row.index] = fact
            if attempt.outcome in _DONE:
                samples.append(
                    NewSample(
                        row.index, self.method, 1, *row.texts(attempt.choice), row.edits(attempt.choice)
                    )
                )
            else:
                missing.append(Missing(row.index, self.method, 1, _reason(row, attempt)))
        return with_samples(with_columns(batch, ATTACK, columns), samples, missing)


def _clear_words(job: Job) -> Callable[[str], bool]:
    """Return whether a word has few enough meanings for its synonyms to fit most texts: no `go`, `find`, `too`."""
    lexicons = [lexicon for lexicon in load_job_lexicons(job) if lexicon.meanings("good")]

    @lru_cache(maxsize=1 << 16)
    def is_clear(word: str) -> bool:
        """Return whether a word is one; Chinese ones are, and those of no dictionary that counts meanings."""
        word = word.casefold()
        return not (word.isascii() and (word in COMPARING or is_vague(word, lexicons)))

    return is_clear


def _is_as_long(token: str, word: str) -> bool:
    """Return whether a word is no saying for a word: in Chinese, at most one character longer than the token."""
    return language(word) != "zh" or len(word) <= len(token) + 1


def _opened(
    predictor: "Classifier | Function", rows: Sequence[Row], order: OrderName
) -> tuple[Victim, Guide]:
    """Return the victim, with gradients where the model has them, and what looks at its texts."""
    from augment.adversarial.guides import ByGradient
    from augment.adversarial.white_box import WhiteBox
    from augment.models.classifier import Classifier

    victim: Victim = BlackBox(predictor)
    if isinstance(predictor, Classifier):
        victim = WhiteBox(predictor)
        victim.open(rows)
        if order == "gradient":
            return victim, ByGradient(victim)
    return victim, InOrder(victim) if order in ("scores", "random") else ByDeletion(victim)


def _vectors(job: Job) -> Callable[[Sequence[str]], np.ndarray]:
    """Return what gives the vector of each text, the mean of the job's encoder over its pieces."""
    from augment.models.encoder import open_encoder

    encoder = open_encoder(str(job.resources.encoder), job.run)

    def vectors(texts: Sequence[str]) -> np.ndarray:
        """Return a vector for each text, [N, W] float32; zeros for one of which nothing is seen."""
        seen = encoder.seen({text: [(0, len(text))] for text in dict.fromkeys(texts)})
        width = len(next(iter(seen.values()), np.zeros(1, np.float32)))
        return np.stack([seen.get((text, (0, len(text))), np.zeros(width, np.float32)) for text in texts])

    return vectors


def _sides(row: AttackedText) -> tuple[tuple[list[str], list[str]], list[int]]:
    """Return the tokens of either text, and for each token its index among those of its text."""
    sides: tuple[list[str], list[str]] = ([], [])
    indices = []
    for side, (start, end) in zip(row.side, row.spans, strict=True):
        whole = row.text_pair if side and row.text_pair is not None else row.text
        indices.append(len(sides[side]))
        sides[side].append(whole[start:end])
    return sides, indices


def _naturalness(plausibility: Plausibility, row: AttackedText, choice: WordChoice) -> float:
    """Return how natural the edits of a choice are."""
    sides, indices = _sides(row)
    changes = [
        TokenEdit(row.side[token], indices[token], indices[token] + 1, tuple(tokens_of(choice[token])))
        for token in sorted(choice)
    ]
    return naturalness(plausibility, sides, changes)


def _reason(row: Row, attempt: Attempt) -> str:
    """Return why a row has no sample."""
    if row.foreign:
        return FOREIGN
    return _REASONS.get(attempt.outcome, "prediction could not be changed")
