"""Change key tokens in rank order until the model's prediction changes.

A greedy search over key words ranked by importance (the order of Jin et al. 2020, with integrated gradients
instead of deletion scores): of the variants of one token the one that lowers the probability of the attacked label most is
kept. All rows of a shard advance together, one token a round, so every round is a few large batches.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal

import pyarrow as pa
from pydantic import Field, ValidationInfo, field_validator

from augment.candidates.filters import Filters
from augment.candidates.forms import FORMS
from augment.candidates.sources import SourceName, Sources, open_sources, without_embeddings
from augment.config.job import Job
from augment.models.labels import LabelMap
from augment.stages.editing import Context, Row, editable_rows, protection, slots_of
from augment.stages.editor import Editor
from augment.stages.protocol import Stage, Step, idle
from augment.tables.columns import ATTACK, SAMPLE, Column
from augment.tables.rows import Missing, NewSample, with_columns, with_samples
from augment.text.foreign import FOREIGN


@dataclass
class _AttackState:
    """The state of the attack on one row. goal: the class to leave; best: its probability in the text so far."""

    row: Row
    goal: int
    best: float
    choice: dict[int, str] = field(default_factory=dict)
    queries: int = 0
    next: int = 0
    outcome: str = "unchanged"


class Attack(Editor):
    """One adversarial sample for each row whose prediction can be changed; the given label stays on it."""

    kind: Literal["attack"] = "attack"
    gpu: ClassVar[bool] = True
    redraws: ClassVar[bool] = False
    sources: tuple[SourceName, ...] = ("lexicon", "masked_lm", "neighbours")
    delete: bool = Field(default=True, description="also try to leave the token out")
    most: int = Field(default=8, ge=1, description="candidates a token")
    share: float = Field(
        default=0.3, gt=0, le=1, description="largest share of the content words to be edited"
    )
    context: Context = 0.98
    most_queries: int = Field(default=200, ge=1, description="model evaluations a row")
    score: str = "ig"

    @field_validator("delete")
    @classmethod
    def _tries_something(cls, value: bool, info: ValidationInfo) -> bool:
        """Refuse an attack that has nothing to try."""
        if not value and not info.data.get("sources", True):
            raise ValueError("without `sources` nothing is tried: name some, or leave `delete` true")
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

    @property
    def needs(self) -> tuple[str, ...]:
        """Ranked tokens and the prediction that was explained."""
        return ("tokens", "owner", "key", self.score)

    @property
    def adds(self) -> tuple[Column, ...]:
        """What makes a row a sample, and what came of each attack."""
        return SAMPLE + ATTACK

    @property
    def word_sources(self) -> tuple[SourceName, ...]:
        """Where its words come from."""
        return self.sources

    def without_gradients(self, job: Job) -> tuple[Stage, str | None]:
        """Return the stage without words near in the embeddings of the model, which has none."""
        sources, notice = without_embeddings(self.sources, job)
        return self.model_copy(update={"sources": sources}), notice

    def open(self, job: Job, state: Path | None) -> Step:
        """Load the model and what offers candidates."""
        from augment.models.predictor import open_predictor

        predictor = open_predictor(job.needs_model(), job.run)
        labels = LabelMap(predictor.classes, job.label_names)
        sources = open_sources(self.sources, job, self.most, Filters(context=self.context))
        guard = protection(job)

        def step(batch: pa.RecordBatch) -> pa.RecordBatch:
            rows = editable_rows(batch, "key", guard, self.score)
            attacks = []
            for row, chances in zip(
                rows, predictor.ask([r.text for r in rows], [r.text_pair for r in rows]), strict=True
            ):
                gold, predicted = labels.index(row.label), int(chances.argmax())
                goal = predicted if gold is None else gold
                attacks.append(
                    _AttackState(
                        row,
                        goal,
                        float(chances[goal]),
                        outcome="unchanged" if goal == predicted else "skipped",
                    )
                )
            offers = self._offers(sources, attacks)
            active = [state for state in attacks if state.outcome == "unchanged"]
            while active:
                tried = [(state, choice) for state in active for choice in self._variants(state, offers)]
                texts = [state.row.texts(choice) for state, choice in tried]
                answers = predictor.ask([text for text, _ in texts], [pair for _, pair in texts])
                self._advance(
                    active,
                    tried,
                    [
                        (float(row[state.goal]), int(row.argmax()))
                        for (state, _), row in zip(tried, answers, strict=True)
                    ],
                )
                active = [state for state in active if state.outcome == "unchanged" and self._goes_on(state)]
            return self._finish(batch, attacks)

        return step

    def _offers(
        self, sources: Sources, attacks: list[_AttackState]
    ) -> dict[tuple[str, int], tuple[str, ...]]:
        """Return the candidates for every key token of the rows under attack."""
        slots = [slot for state in attacks if state.outcome == "unchanged" for slot in slots_of(state.row)]
        return {
            (slot.row, slot.token): words for slot, words in zip(slots, sources.offer(slots), strict=True)
        }

    def _goes_on(self, state: _AttackState) -> bool:
        """Return whether a row has tokens, edits and queries left."""
        room = len(state.choice) < state.row.quota(self.share) and state.queries < self.most_queries
        return room and state.next < len(state.row.free)

    def _variants(
        self, state: _AttackState, offers: dict[tuple[str, int], tuple[str, ...]]
    ) -> list[dict[int, str]]:
        """Return the choices to try for the next key token: each candidate, and leaving it out."""
        if not self._goes_on(state):
            return []
        token = state.row.free[state.next]
        words = [*offers.get((state.row.id, token), ()), *([""] if self.delete else [])]
        room = self.most_queries - state.queries
        choices = [{**state.choice, token: word} for word in words[:room]]
        original = (state.row.text, state.row.text_pair)
        return [
            choice
            for choice in choices
            if state.row.texts(choice) != original and state.row.texts(choice)[0].strip()
        ]

    def _advance(
        self,
        active: list[_AttackState],
        tried: list[tuple[_AttackState, dict[int, str]]],
        answers: list[tuple[float, int]],
    ) -> None:
        """Move every active row past its token: keep the variant with the lowest probability, stop where it flipped.

        Probabilities are compared after rounding, so that the last bits decide nothing.
        """
        for state in active:
            state.next += 1
        results: dict[int, list[tuple[bool, float, int, dict[int, str]]]] = {}
        for order, ((state, choice), (chance, predicted)) in enumerate(zip(tried, answers, strict=True)):
            state.queries += 1
            results.setdefault(id(state), []).append(
                (predicted == state.goal, round(chance, 5), order, choice)
            )
        for state in active:
            for kept, chance, _, choice in sorted(results.get(id(state), []), key=lambda result: result[:3])[
                :1
            ]:
                if not kept or chance < state.best:
                    state.choice, state.best = choice, chance
                if not kept:
                    state.outcome = "changed"

    def _finish(self, batch: pa.RecordBatch, attacks: list[_AttackState]) -> pa.RecordBatch:
        """Return the batch with what came of each attack and a sample for each success."""
        outcome: list[str | None] = [None] * batch.num_rows
        queries: list[int | None] = [None] * batch.num_rows
        samples, missing = [], []
        for state in attacks:
            outcome[state.row.index], queries[state.row.index] = state.outcome, state.queries
            if state.outcome == "changed":
                edits = state.row.edits(state.choice)
                samples.append(
                    NewSample(state.row.index, self.kind, 1, *state.row.texts(state.choice), edits)
                )
            else:
                why = "prediction could not be changed"
                if state.row.foreign:
                    why = FOREIGN
                elif state.outcome == "skipped":
                    why = "already predicted wrong"
                missing.append(Missing(state.row.index, self.kind, 1, why))
        return with_samples(with_columns(batch, ATTACK, [outcome, queries]), samples, missing)
