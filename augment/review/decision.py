"""A decision of a person on a row: accept it, reject it for a reason, or accept it with another text.

A file of decisions has one JSON object a line, as "Save decisions" of a report writes it:

    {"id": "r7~substitute_other~1", "hash": "0f5c…", "decision": "reject", "reason": "label", "seconds": 4.1}
"""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from augment.errors import DataError
from augment.tables.files import write_text

# Why a row is rejected, by the key that is pressed for it: the order is that of the report.
REASONS = ("label", "language", "meaning", "duplicate", "other")
DecisionKind = Literal["accept", "reject", "edit", "relabel"]
# Where an accepted sample goes; by default it stays, and a dropped one joins the data.
Target = Literal["data", "probes"]
# One of the two code units that an emoji is written with in JSON.
_HALF = re.compile("[\ud800-\udfff]")


class Decision(BaseModel):
    """What one person decided on one row. hash: of the texts that were seen; seconds: from seeing them to deciding.

    order: how the row came up, "doubt" or "random": only the latter shows what share of all rows is good. planted: a row that was
    known to be bad, to see whether the person looks.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str = Field(min_length=1)
    hash: str = Field(min_length=1)
    decision: DecisionKind
    reason: str | None = None
    text: str | None = None
    text_pair: str | None = None
    label: str | None = None
    to: Target | None = None
    seconds: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    reviewer: str | None = None
    order: str | None = None
    planted: bool = False

    @model_validator(mode="after")
    def _whole(self) -> "Decision":
        """Refuse an edit without a text, another label that is not named, and half an emoji, which no file can hold."""
        for name, value in self:
            if isinstance(value, str) and _HALF.search(value):
                raise ValueError(f"`{name}` has half a character, which is no text")
        if self.decision == "edit" and (self.text is None or not self.text.strip()):
            raise ValueError("an edit without `text`")
        if self.decision == "relabel" and not self.label:
            raise ValueError("a `relabel` without `label`")
        return self

    @property
    def accepts(self) -> bool:
        """Whether the row is kept, with its own text or label or another one."""
        return self.decision != "reject"


def parsed(values: object, where: str) -> Decision:
    """Return the decision in JSON values; DataError naming where it is if they are none."""
    try:
        return Decision.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_input=False, include_context=False, include_url=False)[0]
        key = ".".join(map(str, first["loc"]))
        raise DataError(
            where,
            f"not a decision: {f'`{key}`: ' if key else ''}{first['msg'].removeprefix('Value error, ')}",
            "save the decisions from the report again, or correct the line",
        ) from None


def write_decisions(path: Path, decisions: Iterable[Decision]) -> None:
    """Write decisions to a file, one a line."""
    lines = (json.dumps(each.model_dump(exclude_none=True), ensure_ascii=False) for each in decisions)
    write_text(path, "".join(f"{line}\n" for line in lines))
