"""What a stage is: a frozen description that, opened on a worker, becomes a function from batch to batch.

The config is the class, so a stage is hashable, picklable and cheap to check before any model is loaded.

    class Shout(Stage):
        kind: Literal["shout"]
        ...
        def open(self, job, state): return lambda batch: ...
"""

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import pyarrow as pa
from pydantic import BaseModel

from augment.columns import Column
from augment.job import Job

Step = Callable[[pa.RecordBatch], pa.RecordBatch]


class Stage(BaseModel, frozen=True, extra="forbid"):
    """One step of a pipeline. `kind` names it in YAML; `gpu` says that it runs a model."""

    gpu: ClassVar[bool] = False
    kind: str

    @property
    def needs(self) -> tuple[str, ...]:
        """Names of the columns that must be there before."""
        return ()

    @property
    def adds(self) -> tuple[Column, ...]:
        """Columns that are there afterwards."""
        return ()

    @property
    def uses(self) -> tuple[str, ...]:
        """Sections of the job that must be given, of `model` and `judge`."""
        return ("model",) if self.gpu else ()

    def prepare(self, job: Job, sample: pa.RecordBatch, state: Path) -> None:
        """Write to the folder `state` what every worker needs to know of the whole corpus, from a sample of its rows.

        The sample has the columns that `needs` names. Most stages prepare nothing.
        """

    def open(self, job: Job, state: Path | None) -> Step:
        """Return the function that treats one shard; models and lexicons are loaded here, once per worker."""
        raise NotImplementedError(f"stage {self.kind!r} cannot be opened")
