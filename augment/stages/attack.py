"""Change key tokens in rank order until the model's prediction changes.

A greedy search over key words ranked by importance (the order of Jin et al. 2020, with integrated gradients in the
place of deletion scores): of the variants of one token the one that lowers the probability of the attacked label most is
kept. All rows of a shard advance together, one token a round, so every round is a few large batches.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal

import pyarrow as pa
from pydantic import Field, ValidationInfo, field_validator

from augment.candidates.filters import Filters
from augment.candidates.forms import FORMS
from augment.candidates.sources import SourceName, Sources, open_sources
from augment.config.job import Job
from augment.models.labels import LabelMap
from augment.stages.editing import Context, Row, editable_rows, protection
from augment.stages.protocol import Stage, Step, idle
from augment.stages.substitute import places_of
from augment.tables.columns import ATTACK, CHILD, Column
from augment.tables.rows import Child, Missing, with_children, with_columns
from augment.text.foreign import FOREIGN


@dataclass
class _Hunt:
    """The state of the attack on one row. goal: the class to leave; best: its probability in the text so far."""

    row: Row
    goal: int
    best: float
    choice: dict[int, str] = field(default_factory=dict)
    queries: int = 0
    next: int = 0
    outcome: str = "unchanged"


class Attack(Stage):
    """One adversarial child for each row whose prediction can be changed; the given label stays on it."""

    kind: Literal["attack"]
    gpu: ClassVar[bool] = True
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
        """What makes a row a child, and what came of each attack."""
        return CHILD + ATTACK

    def open(self, job: Job, state: Path | None) -> Step:
        """Load the model and what offers candidates."""
        from augment.models.classifier import open_classifier

        classifier = open_classifier(job.needs_model(), job.run)
        labels = LabelMap(classifier.classes, job.label_names)
        sources = open_sources(self.sources, job, self.most, Filters(context=self.context))
        guard = protection(job)

        def step(batch: pa.RecordBatch) -> pa.RecordBatch:
            rows = editable_rows(batch, "key", guard, self.score)
            hunts = []
            for row, chances in zip(
                rows, classifier.ask([r.text for r in rows], [r.text_pair for r in rows]), strict=True
            ):
                gold, predicted = labels.index(row.label), int(chances.argmax())
                goal = predicted if gold is None else gold
                hunts.append(
                    _Hunt(
                        row,
                        goal,
                        float(chances[goal]),
                        outcome="unchanged" if goal == predicted else "skipped",
                    )
                )
            offers = self._offers(sources, hunts)
            active = [hunt for hunt in hunts if hunt.outcome == "unchanged"]
            while active:
                tried = [(hunt, choice) for hunt in active for choice in self._variants(hunt, offers)]
                texts = [hunt.row.texts(choice) for hunt, choice in tried]
                answers = classifier.ask([text for text, _ in texts], [pair for _, pair in texts])
                self._advance(
                    active,
                    tried,
                    [
                        (float(row[hunt.goal]), int(row.argmax()))
                        for (hunt, _), row in zip(tried, answers, strict=True)
                    ],
                )
                active = [hunt for hunt in active if hunt.outcome == "unchanged" and self._goes_on(hunt)]
            return self._finish(batch, hunts)

        return step

    def _offers(self, sources: Sources, hunts: list[_Hunt]) -> dict[tuple[str, int], tuple[str, ...]]:
        """Return the candidates for every key token of the rows under attack."""
        places = [place for hunt in hunts if hunt.outcome == "unchanged" for place in places_of(hunt.row)]
        return {
            (place.row, place.token): words
            for place, words in zip(places, sources.offer(places), strict=True)
        }

    def _goes_on(self, hunt: _Hunt) -> bool:
        """Return whether a row has tokens, edits and queries left."""
        room = len(hunt.choice) < hunt.row.quota(self.share) and hunt.queries < self.most_queries
        return room and hunt.next < len(hunt.row.free)

    def _variants(self, hunt: _Hunt, offers: dict[tuple[str, int], tuple[str, ...]]) -> list[dict[int, str]]:
        """Return the choices to try for the next key token: each candidate, and leaving it out."""
        if not self._goes_on(hunt):
            return []
        token = hunt.row.free[hunt.next]
        words = [*offers.get((hunt.row.id, token), ()), *([""] if self.delete else [])]
        room = self.most_queries - hunt.queries
        choices = [{**hunt.choice, token: word} for word in words[:room]]
        original = (hunt.row.text, hunt.row.text_pair)
        return [
            choice
            for choice in choices
            if hunt.row.texts(choice) != original and hunt.row.texts(choice)[0].strip()
        ]

    def _advance(
        self, active: list[_Hunt], tried: list[tuple[_Hunt, dict[int, str]]], answers: list[tuple[float, int]]
    ) -> None:
        """Move every active row past its token: keep the variant with the lowest probability, stop where it flipped.

        Probabilities are compared after rounding, so that the last bits decide nothing.
        """
        for hunt in active:
            hunt.next += 1
        results: dict[int, list[tuple[bool, float, int, dict[int, str]]]] = {}
        for order, ((hunt, choice), (chance, predicted)) in enumerate(zip(tried, answers, strict=True)):
            hunt.queries += 1
            results.setdefault(id(hunt), []).append((predicted == hunt.goal, round(chance, 5), order, choice))
        for hunt in active:
            for kept, chance, _, choice in sorted(results.get(id(hunt), []), key=lambda result: result[:3])[
                :1
            ]:
                if not kept or chance < hunt.best:
                    hunt.choice, hunt.best = choice, chance
                if not kept:
                    hunt.outcome = "changed"

    def _finish(self, batch: pa.RecordBatch, hunts: list[_Hunt]) -> pa.RecordBatch:
        """Return the batch with what came of each attack and a child for each success."""
        outcome: list[str | None] = [None] * batch.num_rows
        queries: list[int | None] = [None] * batch.num_rows
        children, missing = [], []
        for hunt in hunts:
            outcome[hunt.row.index], queries[hunt.row.index] = hunt.outcome, hunt.queries
            if hunt.outcome == "changed":
                edits = hunt.row.edits(hunt.choice)
                children.append(Child(hunt.row.index, self.kind, 1, *hunt.row.texts(hunt.choice), edits))
            else:
                why = "prediction could not be changed"
                if hunt.row.foreign:
                    why = FOREIGN
                elif hunt.outcome == "skipped":
                    why = "already predicted wrong"
                missing.append(Missing(hunt.row.index, self.kind, 1, why))
        return with_children(with_columns(batch, ATTACK, [outcome, queries]), children, missing)
