"""Search for small edits that change the model's prediction, all rows of a shard together.

The default search answers every (word, candidate) pair from what the other words had, or estimates it by one gradient, and measures
only what looks best (`augment.adversarial.searches.Expected` and `Screened`). `order: scores` walks the key words as an attribution ranked them instead, and
`recipe` names attacks of the literature. What fails is tried again with every word that may be edited and every sense.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, Self

import numpy as np
import pyarrow as pa
from pydantic import Field, ValidationInfo, field_validator, model_validator

from augment.adversarial.attempts import Attempt, Budget
from augment.adversarial.chance_level import ENOUGH, require_victim
from augment.adversarial.constraints import Constraint, Fluent, Naturalness, NearText, NotBlank, Similarity
from augment.adversarial.goals import ClassGoal, Goal, LabelsGoal, NumberGoal
from augment.adversarial.guides import ByDeletion, Guide, InOrder
from augment.adversarial.recipes import RecipeName, with_recipe
from augment.adversarial.searches import (
    Beam,
    Expected,
    Greedy,
    Reduced,
    Screened,
    SearchStrategy,
    Tools,
    Weighted,
)
from augment.adversarial.victims import BlackBox, Victim
from augment.candidates.filters import Filters
from augment.candidates.forms import FORMS
from augment.candidates.sources import SourceName, open_sources, without_embeddings
from augment.candidates.wordings import Wordings
from augment.config.job import Job
from augment.config.sections import StrictBool
from augment.errors import RequestError, nearest_of
from augment.models.kind import Kind
from augment.models.labels import LabelMap, listed
from augment.seeding import chance
from augment.stages.attack_measures import AttackMeasures, unmeasured
from augment.stages.attack_offers import (
    AttackedTokens,
    AttackOffers,
    MaskedKind,
    clear_words,
    naturalness_of,
    with_groups,
)
from augment.stages.attack_rewordings import USUAL_LEAST, Rewordings
from augment.stages.editing import Context, Row, editable_rows, protection, whole_rows
from augment.stages.editor import Editor
from augment.stages.evidence import open_plausibility
from augment.stages.protocol import Stage, Step, idle, idle_keys
from augment.tables.columns import ATTACK, ATTACK_READING, SAMPLE, Column
from augment.tables.rows import Missing, NewSample, with_columns, with_samples
from augment.text.editable import Protection, editable, is_connective, is_replaceable
from augment.text.foreign import FOREIGN
from augment.text.tagger import PACKAGE

if TYPE_CHECKING:
    from augment.models.classifier import Classifier
    from augment.models.function import Function

SearchName = Literal["screened", "beam", "greedy", "weighted", "reduced"]
OrderName = Literal["context", "gradient", "deletion", "scores", "random"]
_ONLY_SCREENED = ("words", "each")
_OF_SOURCES = ("sources", "masked")
_SCREENED = ("screened", "beam")
# Where the literature and the default differ most: how many candidates a token has in the second pass.
_WIDER = 3
# Sets measured that are not expected to reach the goal.
_OTHERS = 3
_DONE = ("changed", "reduced")
# Where a number may be moved to.
_WAYS: Mapping[str, Literal[-1, 1]] = {"higher": 1, "lower": -1}
_REASONS = {"skipped": "already predicted wrong", "exempt": "has the target's label"}


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
        default="context",
        description="what decides which words and candidates matter: what they do while all other words keep what they had, one gradient, leaving each "
        "word out, `score` of an earlier stage, or chance. context: where the model and the search allow it, else the gradient; a model without "
        "gradients by leaving out",
    )
    target: str | None = Field(
        default=None,
        description="the label to reach; null: any other than the row's. Of several labels the one that is to be gained or lost; null: "
        "any. Of numbers `higher` or `lower`; null: either",
    )
    margin: float = Field(
        default=0.0,
        ge=0,
        description="how far the new class must lead, or the label be beyond 0.5, in logits",
    )
    amount: float | None = Field(
        default=None,
        gt=0,
        description="of numbers: by more than how much the prediction must move, at least `model.tolerance`, which is the default",
    )
    sources: tuple[SourceName, ...] = Field(
        default=("lexicon", "masked_lm"), description="all that offer any, the first one's words first"
    )
    masked: tuple[MaskedKind, ...] = Field(
        default=("replace",),
        min_length=1,
        description="what resources.masked_lm does: replace a token, insert a word next to it, merge two tokens into one word",
    )
    delete: bool = Field(default=False, validate_default=True, description="also try to leave the token out")
    senses: StrictBool = Field(
        default=False,
        description="words of any sense of a token, not only those of which it is a synonym too, in the main sense of both: more succeeds "
        "and less reads well",
    )
    most: int = Field(default=8, ge=1, description="candidates a token, three times that in the second pass")
    words: int = Field(default=6, ge=1, description="words measured at a time")
    each: int = Field(default=2, ge=1, description="candidates measured of each")
    second_pass: StrictBool = Field(
        default=True,
        description="try what fails again with more candidates and with connectives, measuring more",
    )
    reword: StrictBool = Field(
        default=True,
        description="other wordings of parts too: by the rules of `rephrase`, and words of degree, praise and blame that mean the same; not "
        "where `sources` is empty or with `order: scores`",
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
        default=5.0,
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
    perplexity: float | None = Field(
        default=None,
        gt=0,
        description="highest perplexity after the edits, as a multiple of that before, by resources.causal_lm",
    )
    most_distance: int | None = Field(
        default=None,
        ge=1,
        description="most characters that the edits add, leave out and replace (edit distance)",
    )
    most_queries: int = Field(
        default=200, ge=1, description="rows the model computes for a row, backward ones too"
    )
    mean_queries: float | None = Field(
        default=None,
        gt=0,
        description="rows the model computes for a row, on average over the rows of a shard: the budget of a run by its rows",
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
        if "masked_lm" not in self.sources:
            idle_keys(self, ("masked",), "where `sources` has no `masked_lm`")
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
        return (*SAMPLE, *ATTACK, *ATTACK_READING)

    def unfilled(self, job: Job) -> tuple[Column, ...]:
        """Return what is not measured under a job: similarity without an encoder, perplexity without a language model."""
        return unmeasured(job)

    def require(self, job: Job) -> None:
        """Raise RequestError if the job lacks the model that a constraint, or the only source of candidates, needs."""
        given = job.resources
        only_masked = self.sources == ("masked_lm",) and not self.delete
        for key, needed, named, what, name in (
            ("similarity", self.similarity is not None, given.encoder, "an encoder", "encoder"),
            (
                "perplexity",
                self.perplexity is not None,
                given.causal_lm,
                "a causal language model",
                "causal_lm",
            ),
            ("sources", only_masked, given.masked_lm, "a masked language model", "masked_lm"),
            ("masked", self._puts_in, given.masked_lm, "a masked language model", "masked_lm"),
        ):
            if needed and named is None:
                where = (
                    f"stage attack: {f'recipe {self.recipe}' if self.recipe and key in _OF_SOURCES else key}"
                )
                hint = f"name one as `resources.{name}` (--set resources.{name}=FOLDER), or leave it out"
                raise RequestError(where, f"needs {what}, and the config names none", hint)

    @property
    def _puts_in(self) -> bool:
        """Whether a masked model does more than replace tokens."""
        return set(self.masked) != {"replace"}

    @property
    def word_sources(self) -> tuple[SourceName, ...]:
        """Where its words come from."""
        return self.sources

    @property
    def packages(self) -> tuple[str, ...]:
        """The tagger that finds English wordings."""
        return (PACKAGE,) if self._rewords else ()

    @property
    def _rewords(self) -> bool:
        """Whether other wordings of parts are tried."""
        return self.reword and bool(self.sources) and self.search != "reduced" and self.order != "scores"

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

    @property
    def model_kinds(self) -> tuple[Kind, ...]:
        """All kinds: its goal is another class, a changed label, or a number that moves."""
        return ("single", "multi", "regression")

    def require_kind(self, kind: Kind) -> None:
        """Raise RequestError for settings that mean nothing for a kind of model: `amount` for classes, `margin` for numbers."""
        number = kind == "regression"
        for key, given, wanted in (
            ("amount", self.amount, not number),
            ("margin", self.margin or None, number),
        ):
            if given is not None and wanted:
                what = "the model answers a number" if number else "the model answers classes, not a number"
                raise RequestError(
                    f"stage attack: {key}", what, f"use `{'amount' if number else 'margin'}`, or leave it out"
                )
        if number and self.target not in (None, *_WAYS):
            what = f"the model answers a number, and `{self.target}` is no way for it to move"
            raise RequestError("stage attack: target", what, f"use {' or '.join(_WAYS)}, or leave it out")

    def prepare(self, job: Job, sample: pa.RecordBatch, state: Path) -> None:
        """Refuse a victim that always gives one answer, or is no better than chance: its success rate means nothing."""
        if self.any_victim or sample.num_rows < ENOUGH:
            return
        from augment.models.predictor import open_predictor

        predictor = open_predictor(job.needs_model(), job.run)
        labels = LabelMap.of(predictor, job)
        rows = [
            row
            for row in sample.select(["text", "text_pair", "label"]).to_pylist()
            if labels.gold(row["label"]) is not None
        ]
        if rows:
            answers = predictor.ask([row["text"] for row in rows], [row["text_pair"] for row in rows])
            given = [row["label"] for row in rows]
            seen = [labels.predicted(answer) for answer in answers.tolist()]
            require_victim(job.needs_model().path, given, seen, labels.kind, labels.separator)

    def open(self, job: Job, state: Path | None) -> Step:
        """Load the model and what offers candidates."""
        from augment.models.predictor import open_predictor

        self.require(job)
        predictor = open_predictor(job.needs_model(), job.run)
        labels = LabelMap.of(predictor, job)
        filters = Filters(
            pos=self.pos, frequency=self.frequency, context=self.context, mutual=not self.senses
        )
        offers = self._offers(job, state, self.most, filters)
        wider = self._offers(job, state, self.most * _WIDER, filters)
        guard, measures = protection(job), AttackMeasures.of(job)
        constraints = self._constraints(measures, state)
        goal = self._goal(labels, job.needs_model().tolerance)
        rewordings = self._rewordings(job, state)

        def step(batch: pa.RecordBatch) -> pa.RecordBatch:
            """Attack the rows of a shard."""
            rows = self._rows(batch, guard)
            if rewordings is not None:
                rows = rewordings.put(rows)
            victim, guide = _opened(
                predictor,
                [each.row for each in rows],
                self.order,
                self.words if self.search in _SCREENED else 0,
            )
            tools = Tools(victim, guide, goal, constraints)
            attempts = [self._attempt(each, labels, job.seed) for each in rows]
            if self.mean_queries is not None:
                budget = Budget(round(self.mean_queries * len(attempts)), attempts)
                for attempt in attempts:
                    attempt.shared = budget
            offers.give(rows, attempts, every=self.order == "scores")
            self._run(attempts, tools)
            if self.second_pass and self.search != "reduced" and self.order != "scores":
                failed = [
                    (each, attempt)
                    for each, attempt in zip(rows, attempts, strict=True)
                    if attempt.outcome == "unchanged" and attempt.left
                ]
                for _, attempt in failed:
                    attempt.restart()
                wider.give([each for each, _ in failed], [attempt for _, attempt in failed], every=True)
                self._run([attempt for _, attempt in failed], tools, wider=True)
            return self._finish(batch, rows, attempts, measures)

        return step

    def _run(self, attempts: Sequence[Attempt], tools: Tools, wider: bool = False) -> None:
        """Search for attempts; those that the guide does not read, or misjudged, by the guide that takes its place."""
        guide = tools.guide
        far = [attempt for attempt in attempts if attempt.is_misjudged or not guide.reads(attempt)]
        others = {id(attempt) for attempt in far}
        near = [attempt for attempt in attempts if id(attempt) not in others]
        for then, some in ((guide.wider(_WIDER) if wider else guide, near), (guide.otherwise, far)):
            self._search(then.close, wider).run(some, replace(tools, guide=then))

    def _search(self, close: bool, wider: bool) -> SearchStrategy:
        """Return the search that `search` names; close: with a close guide; wider: that of the second pass, which measures more."""
        times = _WIDER if wider else 1
        words, each, others = times * self.words, times * self.each, times * _OTHERS
        searches: dict[SearchName, SearchStrategy] = {
            "screened": Expected(others) if close else Screened(words, each),
            "beam": Beam(words=words, each=each),
            "greedy": Greedy(),
            "weighted": Weighted(),
            "reduced": Reduced(),
        }
        return searches[self.search]

    def _goal(self, labels: LabelMap, tolerance: float) -> Goal:
        """Return what is to change; RequestError if the model has no such class or label."""
        self.require_kind(labels.kind)
        if labels.kind == "regression":
            if self.amount is not None and self.amount < tolerance:
                what = f"a prediction that moves by no more than `model.tolerance`, {tolerance:g}, counts as unchanged"
                raise RequestError("stage attack: amount", what, "raise it, or lower model.tolerance")
            direction = 0 if self.target is None else _WAYS[self.target]
            return NumberGoal(self.amount or tolerance, tolerance, direction)
        goal = LabelsGoal if labels.kind == "multi" else ClassGoal
        return goal(self._target(labels), self.margin)

    def _target(self, labels: LabelMap) -> int | None:
        """Return the class to reach; RequestError if the model has none of that name."""
        if self.target is None:
            return None
        index = labels.index(self.target)
        if index is None:
            what = f"the model has no label `{self.target}`"
            hint = nearest_of(self.target, labels.ordered, f"its labels are {listed(labels.ordered)}")
            raise RequestError("stage attack: target", what, hint)
        return index

    def _offers(self, job: Job, state: Path | None, most: int, filters: Filters) -> AttackOffers:
        """Return what offers at most `most` candidates a token."""
        masked = None
        if self._puts_in:
            from augment.candidates.masked_edits import open_masked_edits

            masked = open_masked_edits(job, most, filters)
        names = [name for name in self.sources if name != "masked_lm" or "replace" in self.masked]
        return AttackOffers(
            open_sources(names, job, most, filters),
            masked,
            self.masked,
            self.senses,
            None if self.natural is None else open_plausibility(state),
            self.natural or 0.0,
            None if self.senses else clear_words(job),
            self.delete,
        )

    def _rewordings(self, job: Job, state: Path | None) -> Rewordings | None:
        """Return what finds other wordings of parts; None where none are tried."""
        if not self._rewords:
            return None
        if self.natural is None:
            return Rewordings.of(job, None, USUAL_LEAST)
        return Rewordings.of(job, Wordings(open_plausibility(state)), self.natural)

    def _constraints(self, measures: AttackMeasures, state: Path | None) -> list[Constraint]:
        """Return what a sample must pass, what costs least first."""
        constraints: list[Constraint] = [NotBlank()]
        if self.most_distance is not None:
            constraints.append(NearText(self.most_distance))
        if self.natural is not None:
            constraints.append(Naturalness(partial(naturalness_of, open_plausibility(state)), self.natural))
        if self.similarity is not None and measures.vectors is not None:
            constraints.append(Similarity(measures.vectors, self.similarity))
        if self.perplexity is not None and measures.perplexity is not None:
            constraints.append(Fluent(measures.perplexity, self.perplexity))
        return constraints

    def _rows(self, batch: pa.RecordBatch, guard: Protection) -> list[AttackedTokens]:
        """Return the source rows with the tokens of each pass."""
        if self.order == "scores":
            return [
                AttackedTokens(row, row.free, ()) for row in editable_rows(batch, "key", guard, self.score)
            ]
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
            row = replace(row, words=len(content))
            row = with_groups(row, content) if "merge" in self.masked else row
            tokens.append(AttackedTokens(row, tuple(content), tuple(joining)))
        return tokens

    def _attempt(self, each: AttackedTokens, labels: LabelMap, seed: int) -> Attempt:
        """Return the attack on a row."""
        gold = labels.gold(each.row.label)
        room = each.row.quota(self.share)
        room = room if self.most_edits is None else min(room, self.most_edits)
        order = each.content
        if self.order == "random":
            order = tuple(chance(seed, self.kind, each.row.id, 0).sample(list(order), len(order)))
        own = None if gold is None else np.array(gold)
        return Attempt(each.row, own, order=order, room=room, budget=self.most_queries)

    def _finish(
        self,
        batch: pa.RecordBatch,
        rows: Sequence[AttackedTokens],
        attempts: Sequence[Attempt],
        measures: AttackMeasures,
    ) -> pa.RecordBatch:
        """Return the batch with what came of each attack and a sample for each success."""
        added = (*ATTACK, *ATTACK_READING)
        columns: list[list[object]] = [[None] * batch.num_rows for _ in added]
        samples, missing = [], []
        done = [attempt for attempt in attempts if attempt.outcome in _DONE]
        measured = measures.of_samples([(attempt.row, attempt.choice) for attempt in done])
        reading = {id(attempt): facts for attempt, facts in zip(done, measured, strict=True)}
        for each, attempt in zip(rows, attempts, strict=True):
            row = each.row
            edited = len(row.spread(attempt.choice)) if id(attempt) in reading else None
            outcome = None if attempt.outcome == "exempt" else attempt.outcome
            read = reading.get(id(attempt), (None,) * len(ATTACK_READING))
            facts = (outcome, attempt.queries, attempt.backward, edited, *read)
            for column, fact in zip(columns, facts, strict=True):
                column[row.index] = fact
            if id(attempt) in reading:
                samples.append(
                    NewSample(
                        row.index, self.method, 1, *row.texts(attempt.choice), row.edits(attempt.choice)
                    )
                )
            else:
                missing.append(Missing(row.index, self.method, 1, _reason(row, attempt)))
        return with_samples(with_columns(batch, added, columns), samples, missing)


def _opened(
    predictor: "Classifier | Function", rows: Sequence[Row], order: OrderName, words: int
) -> tuple[Victim, Guide]:
    """Return the victim, with gradients where the model has them, and what looks at its texts.

    words: of how many words of a text a close guide answers all candidates; 0 for no close one.
    """
    from augment.adversarial.guides import ByContext, ByGradient
    from augment.adversarial.white_box import WhiteBox
    from augment.models.classifier import Classifier

    victim: Victim = BlackBox(predictor)
    if isinstance(predictor, Classifier):
        victim = WhiteBox(predictor)
        victim.open(rows)
        if order == "context" and words and victim.keeps_context:
            return victim, ByContext(victim, words)
        if order in ("context", "gradient"):
            return victim, ByGradient(victim)
    return victim, InOrder(victim) if order in ("scores", "random") else ByDeletion(victim)


def _reason(row: Row, attempt: Attempt) -> str:
    """Return why a row has no sample."""
    if row.foreign:
        return FOREIGN
    return _REASONS.get(attempt.outcome, "prediction could not be changed")
