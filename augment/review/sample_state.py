"""Where a sample of a run is, by its verdict, and where a decision takes it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from augment.config.job import Job
from augment.errors import RequestError
from augment.output.export import APART
from augment.review.decision import Decision

Position = Literal["data", "probes", "dropped"]
# What a verdict becomes by hand, and the reason that is written with it.
KEEP, DROP = "keep", "drop"
_REASONS = {"accept": "accepted by hand", "edit": "edited by hand", "relabel": "label corrected by hand"}


@dataclass(frozen=True)
class SampleState:
    """The verdict of a sample, why it has it, and which files it is in."""

    position: Position
    verdict: str | None
    reason: str | None


def position_of(verdict: str | None, job: Job) -> Position:
    """Return which files the samples of a verdict are in."""
    if verdict is None or verdict in job.output.joining:
        return "data"
    return "probes" if verdict in APART else "dropped"


def decided(sample: Mapping[str, Any], decision: Decision, job: Job) -> SampleState:
    """Return where a decision takes a sample; RequestError if the settings of the run do not allow it.

    An accepted sample stays in the data or in the probes, and one that was dropped joins the data, unless the decision names the
    other. An edited probe that no longer changes the prediction joins the data.
    """
    verdict = sample["verdict"]
    here = position_of(verdict, job)
    if not decision.accepts:
        return SampleState(_require("dropped", DROP, job), DROP, reason_of(decision))
    wanted: Position = decision.to or ("data" if here == "dropped" else here)
    tame = sample.get("pred_before") is not None and sample["pred_before"] == sample.get("pred_after")
    if decision.decision == "edit" and decision.to is None and here == "probes" and tame:
        wanted = "data"
    if wanted != here:
        replaced = all(edit["new"] for edit in sample["edits"] or ())
        verdict = KEEP if wanted == "data" else "adversarial" if replaced else "contrast"
    return SampleState(_require(wanted, verdict, job), verdict, _REASONS[decision.decision])


def reason_of(decision: Decision) -> str:
    """Return the reason that is written with a rejected row."""
    return f"rejected by hand: {decision.reason}" if decision.reason else "rejected by hand"


def require_dropping(job: Job) -> None:
    """Raise RequestError if nothing can be dropped from the data of a run."""
    _require("dropped", DROP, job)


def _require(position: Position, verdict: str | None, job: Job) -> Position:
    """Return the position; RequestError if samples of the verdict are elsewhere in this run."""
    actual = position_of(verdict, job)
    if actual != position:
        raise RequestError(
            "output.verdicts",
            f"samples of the verdict `{verdict}` are in {actual} in this run, so none can be moved to {position}",
            "run the pipeline again with the default of output.verdicts, or leave these decisions out",
        )
    return position
