"""Give every sample its verdict by rules: the first rule that fits decides, and a sample no rule fits is dropped."""

from pathlib import Path
from typing import Literal, Self

import pyarrow as pa
from pydantic import BaseModel, Field, field_validator, model_validator

from augment.config.job import Job
from augment.stages.protocol import Stage, Step
from augment.tables.columns import KEEP, MOVED, Column
from augment.tables.rows import with_columns


class Rule(BaseModel, frozen=True, extra="forbid"):
    """A verdict and the conditions under which it holds; a condition not given does not matter."""

    verdict: Literal["keep", "soft", "adversarial", "contrast", "drop"]
    methods: tuple[str, ...] | None = Field(default=None, description="samples made by these stages")
    p_gold_at_least: float | None = Field(default=None, ge=0, le=1)
    p_gold_below: float | None = Field(default=None, ge=0, le=1)
    p_gold_falls_at_most: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="how much lower the probability of the label may be on the sample than on its source row",
    )
    natural_at_least: float | None = Field(
        default=None, gt=0, le=1, description="naturalness, which `judge` with `naturalness: true` gives"
    )
    prediction: Literal["changed", "unchanged"] | None = None
    source: Literal["right", "wrong"] | None = Field(
        default=None, description="whether the source row was predicted right"
    )

    @model_validator(mode="after")
    def _fits_something(self) -> Self:
        """Refuse conditions that no sample can meet."""
        least, below = self.p_gold_at_least, self.p_gold_below
        if least is not None and below is not None and least >= below:
            raise ValueError(f"no p(gold) is at least {least} and below {below}: the rule fits no sample")
        return self

    @property
    def decides_all(self) -> bool:
        """Whether no sample gets past the rule: it has no condition, and is not one that moved labels do not pass."""
        conditions = self.model_dump(exclude={"verdict"})
        return self.verdict not in ("keep", "soft") and not any(
            each is not None for each in conditions.values()
        )

    def objection(self, row: dict[str, object], prefix: str) -> str | None:
        """Return why the rule does not fit a sample, or None if it does.

        Probabilities are compared after rounding to 5 digits, so that the last bits decide nothing.
        """
        gold, chance = row["label"], row[f"{prefix}p_gold_after"]
        moved = row.get("label_from")
        before, after = row[f"{prefix}pred_before"], row[f"{prefix}pred_after"]
        p_gold = round(float(chance), 5) if isinstance(chance, float) else None
        most = self.p_gold_falls_at_most
        tests = (
            (self.methods is None or row["method"] in self.methods, "made by another stage"),
            (
                moved is None
                or self.verdict not in ("keep", "soft")
                or row["method"] in (self.methods or ()),
                "its label was moved, and no rule that keeps names its method",
            ),
            (
                self.source is None or (before == (moved or gold)) == (self.source == "right"),
                f"its source row is not predicted {self.source}",
            ),
            (
                self.prediction is None or (before != after) == (self.prediction == "changed"),
                f"prediction not {self.prediction}",
            ),
            (
                self.p_gold_at_least is None or (p_gold is not None and p_gold >= self.p_gold_at_least),
                f"p(gold) below {self.p_gold_at_least}",
            ),
            (
                most is None
                or p_gold is None
                or round(_number(row[f"{prefix}p_gold_before"]) - p_gold, 5) <= most,
                f"p(gold) falls by more than {most}",
            ),
            (
                self.natural_at_least is None or _number(row["naturalness"]) >= self.natural_at_least,
                f"naturalness below {self.natural_at_least}",
            ),
            (
                self.p_gold_below is None or (p_gold is not None and p_gold < self.p_gold_below),
                f"p(gold) not below {self.p_gold_below}",
            ),
        )
        return next((why for holds, why in tests if not holds), None)

    def description(self) -> str:
        """Return the rule in words, as the reason of its verdict."""
        parts = [
            None if self.prediction is None else f"prediction {self.prediction}",
            None if self.p_gold_at_least is None else f"p(gold) at least {self.p_gold_at_least}",
            None if self.p_gold_below is None else f"p(gold) below {self.p_gold_below}",
            None
            if self.p_gold_falls_at_most is None
            else f"p(gold) falls by at most {self.p_gold_falls_at_most}",
            None if self.natural_at_least is None else f"naturalness at least {self.natural_at_least}",
        ]
        return ", ".join(part for part in parts if part) or "every sample"


class Keep(Stage):
    """Verdicts on samples. Dropped ones go to a file of their own with their reason, never lost."""

    kind: Literal["keep"] = "keep"
    by: Literal["model", "judge"] = "model"
    rules: tuple[Rule, ...] = Field(default=(Rule(verdict="keep", p_gold_at_least=0.7),), min_length=1)

    @field_validator("rules")
    @classmethod
    def _all_reached(cls, rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
        """Refuse rules that no sample comes to."""
        last = next((index for index, rule in enumerate(rules) if rule.decides_all), len(rules))
        if rules[last + 1 :]:
            raise ValueError(
                f"rule {last + 1} fits every sample, so no sample comes to rule {last + 2}: put it last"
            )
        return rules

    @property
    def methods_named(self) -> tuple[str, ...]:
        """The methods that its rules ask for."""
        return tuple(name for rule in self.rules for name in rule.methods or ())

    @property
    def goes_by_labels(self) -> bool:
        """Whether each of its rules asks for the probability of the given label."""
        return all(rule.p_gold_at_least is not None or rule.p_gold_below is not None for rule in self.rules)

    @property
    def prefix(self) -> str:
        """What the names of the columns it reads begin with."""
        return "" if self.by == "model" else "judge_"

    @property
    def judges_with(self) -> Literal["model", "judge"]:
        """Whose answers it decides by."""
        return self.by

    @property
    def needs(self) -> tuple[str, ...]:
        """The judgement."""
        return (
            "source_id",
            "method",
            *self._judged,
            *self._natural,
        )

    @property
    def _judged(self) -> tuple[str, ...]:
        """The columns of the judgement that its rules look at."""
        before = any(rule.p_gold_falls_at_most is not None for rule in self.rules)
        names = ("p_gold_after", "pred_before", "pred_after", *(("p_gold_before",) if before else ()))
        return tuple(f"{self.prefix}{name}" for name in names)

    @property
    def _natural(self) -> tuple[str, ...]:
        """The column of naturalness, where a rule looks at it."""
        return ("naturalness",) if any(rule.natural_at_least for rule in self.rules) else ()

    @property
    def adds(self) -> tuple[Column, ...]:
        """The verdict and its reason."""
        return KEEP

    def open(self, job: Job, state: Path | None) -> Step:
        """Return the step; nothing has to be loaded."""
        names = [
            "source_id",
            "method",
            "label",
            *self._judged,
            *self._natural,
        ]

        def step(batch: pa.RecordBatch) -> pa.RecordBatch:
            moved = [column.name for column in MOVED if column.name in batch.schema.names]
            verdicts = [
                self.decide(row) if row["source_id"] is not None else (None, None)
                for row in batch.select([*names, *moved]).to_pylist()
            ]
            return with_columns(
                batch, KEEP, [[verdict for verdict, _ in verdicts], [reason for _, reason in verdicts]]
            )

        return step

    def decide(self, row: dict[str, object]) -> tuple[str, str]:
        """Return verdict and reason for one sample."""
        objection = "no rule"
        for rule in self.rules:
            why = rule.objection(row, self.prefix)
            if why is None:
                return rule.verdict, rule.description()
            if why != "made by another stage":
                objection = why
        return "drop", objection


def _number(value: object) -> float:
    """Return a probability rounded to 5 digits, so that the last bits decide nothing; 0 for one that is missing."""
    return round(value, 5) if isinstance(value, float) else 0.0
