"""Which calibration a run uses: one that was made before on the same texts, one that holds on some of its own, or a new one.

A run on the texts of an earlier one gets what that made, bit for bit. A calibration of other texts is tried on some rows of
the corpus, few of a small one: below 20 rows on none, and its factor is then a cautious one. What is used is written into the
folder of the run with where it is from, so that a resumed run uses it again, whatever the cache holds by then.

    learned = Calibrating(classifier, plan, True, made_for, "reuse", folders).learned(rows, ids, size)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np

from augment.attribution.calibration import LEAST_ROWS, Calibration, calibrate, cautious, trial
from augment.attribution.calibration_cache import KnownCalibration, cache_folder, keep, matches, sample_digest
from augment.attribution.calibration_file import Finished, Learned, MadeFor, Origin
from augment.attribution.path_integral import ModelInputs, Plan, Scores
from augment.config.in_memory import InMemoryModel
from augment.config.job import Job
from augment.models.classifier import Classifier
from augment.models.model_folder import model_folder

# One row in 20 is tried, and 12 at most; of fewer than 8 the factor is a cautious one.
TRIED_EACH, TRIED_MOST, TRIED_ENOUGH = 20, 12, 8


@dataclass(frozen=True)
class Calibrating:
    """How a run comes to its calibration. left_open: whether a jump at the baseline leads to another one.

    folders: the folders to look in, by what they are called; the one called `cache` is written to.
    """

    classifier: Classifier
    plan: Plan
    left_open: bool
    made_for: MadeFor
    mode: Literal["reuse", "new"]
    folders: Mapping[str, Path | None]

    @cached_property
    def known(self) -> Sequence[KnownCalibration]:
        """The calibrations that were made before and may do, read once."""
        return list(matches(self.folders, self.made_for)) if self.mode == "reuse" else []

    def is_known(self) -> bool:
        """Return whether a calibration was made before that may do."""
        return bool(self.known)

    def learned(self, rows: ModelInputs, ids: Sequence[str], size: int) -> Learned | None:
        """Return the calibration for a corpus, of which `size` rows are known and these are to learn from; None if it has none."""
        sample = sample_digest(rows, ids)
        for one in self.known:
            if one.sample == sample and one.finished is not None:
                return Learned(one.calibration, one.finished, Origin("same"))
        for one in self.known:
            tried = self._tried(one, rows, ids, size)
            if tried is not None:
                return tried
        if size < LEAST_ROWS:
            return None
        made = self.made(rows, ids)
        keep(self.folders.get("cache"), self.made_for, sample, made)
        return made

    def made(self, rows: ModelInputs, ids: Sequence[str]) -> Learned:
        """Return a new calibration, by these rows."""
        calibration, scores = calibrate(self.classifier, rows, self.plan)
        if calibration.shape == "jump" and self.left_open:
            elsewhere = replace(self.plan, baseline="mask" if self.classifier.has_mask else "mean")
            calibration, scores = calibrate(self.classifier, rows, elsewhere)
        return Learned(calibration, Finished(tuple(ids[: len(scores.pieces)]), scores))

    def _tried(
        self, kept: KnownCalibration, rows: ModelInputs, ids: Sequence[str], size: int
    ) -> Learned | None:
        """Return a calibration of other texts as it is used here; None if it does not hold on the rows it is tried on."""
        calibration = kept.calibration
        if calibration.shape == "rough":
            return None
        count = min(size // TRIED_EACH, TRIED_MOST, len(rows.pieces))
        scores: Scores | None = _NONE
        if count:
            plan = replace(self.plan, baseline=calibration.baseline)
            scores = trial(self.classifier, rows.take(range(count)), calibration, plan)
        if scores is None:
            return None
        used: Calibration = calibration if count >= TRIED_ENOUGH else cautious(calibration)
        return Learned(used, Finished(tuple(ids[:count]), scores), Origin(kept.owner, count))


def folders_of(job: Job) -> dict[str, Path | None]:
    """Return the folders in which a calibration of the model of a job may be: its own and the cache; none for one in memory.

    A model in memory is identified by a name or by nothing, and never by its content.
    """
    config = job.needs_model()
    if isinstance(config, InMemoryModel):
        return {}
    return {"model": model_folder(config, job.run).path, "cache": cache_folder(job.run)}


_NONE = Scores(
    [], np.zeros(0), np.zeros(0), np.zeros(0), np.zeros(0), evals=np.zeros(0, dtype=np.int16), status=[]
)
