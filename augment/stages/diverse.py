"""Keep a number of each row's samples, good ones and unlike each other; the others are dropped.

For a pool larger than what is wanted: request 24 samples of `substitute`, let `judge` and `keep` drop those that lose
their label, and keep 8 of the rest. Alike is what the model cannot distinguish (`models.vectors`), and the source row counts
as taken: a sample the model hardly distinguishes from it adds little.
"""

import math
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
import pyarrow as pa
from pydantic import Field

from augment.config.job import Job
from augment.stages.determinantal import chosen
from augment.stages.protocol import Stage, Step
from augment.tables.rows import Missing, dropping, with_missing

_REASON = "its row has the requested number of samples"
_SHORTFALL_REASON = "too few samples left to choose from"


class Diverse(Stage):
    """At most `keep` samples of each row, chosen for quality and variety; the others are dropped.

    Chosen greedily by the determinant of q_i q_j cos(i, j), over the vectors the model answers from, the source row's
    given; q = exp(a p_gold_after) with a = quality / (2 (1 - quality)).
    """

    kind: Literal["diverse"] = "diverse"
    gpu: ClassVar[bool] = True
    keep: int = Field(default=4, ge=1, description="samples of each row")
    quality: float = Field(
        default=0.7,
        ge=0,
        lt=1,
        description="weight of p(gold) on the sample against variety: 0 looks at variety alone",
    )

    @property
    def needs(self) -> tuple[str, ...]:
        """The verdict, and the probability that is the quality."""
        return ("source_id", "verdict", "p_gold_after")

    @property
    def budget(self) -> int:
        """How many samples of each row it keeps at most."""
        return self.keep

    def open(self, job: Job, state: Path | None) -> Step:
        """Load the model that compares texts."""
        from augment.models.classifier import open_classifier
        from augment.models.text_vectors import vectors

        classifier = open_classifier(job.needs_model(), job.run)

        def step(batch: pa.RecordBatch) -> pa.RecordBatch:
            """Drop what is over the budget of its row."""
            families = _families(batch)
            crowded = {row: pool for row, pool in families.items() if len(pool) > self.keep}
            compared = [member for row, pool in crowded.items() for member in (row, *pool)]
            rows = batch.select(["text", "text_pair", "p_gold_after"]).take(pa.array(compared, pa.int64()))
            texts, pairs, gold = rows.to_pydict().values()
            vector = vectors(classifier, texts, pairs)
            surplus: dict[int, str] = {}
            begin = 0
            for pool in crowded.values():
                here = slice(begin + 1, begin + 1 + len(pool))
                kept = chosen(vector[here], self.worth(gold[here]), self.keep, given=vector[begin])
                surplus |= {pool[index]: _REASON for index in set(range(len(pool))) - set(kept)}
                begin = here.stop
            missing = [
                Missing(row, self.kind, self.keep - len(pool), _SHORTFALL_REASON)
                for row, pool in families.items()
                if len(pool) < self.keep
            ]
            return with_missing(dropping(batch, surplus), missing)

        return step

    def worth(self, chances: list[float | None]) -> np.ndarray:
        """Return the quality of samples, [N] float64, by p(gold) after; unknown ones count as 0."""
        sharp = self.quality / (2 * (1 - self.quality))
        return np.asarray([math.exp(sharp * round(chance or 0.0, 5)) for chance in chances])


def _families(batch: pa.RecordBatch) -> dict[int, list[int]]:
    """Return for each source row, by its index, the indices of its samples that were not dropped."""
    source_ids, verdict = (batch.column(name).to_pylist() for name in ("source_id", "verdict"))
    index_of = {
        name: row for row, name in enumerate(batch.column("id").to_pylist()) if source_ids[row] is None
    }
    families: dict[int, list[int]] = {row: [] for row in index_of.values()}
    for row, source_id in enumerate(source_ids):
        if source_id is not None and verdict[row] != "drop":
            families[index_of[source_id]].append(row)
    return families
