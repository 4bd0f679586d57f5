"""The work of a run, as it goes to a process: which folder, which pipeline, which job.

work = Work(folder, plan, job)
receipt = work.open()(7)          # models are loaded by `open`, once a process
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from augment.engine.shard import Receipt, run_shard
from augment.job import Job
from augment.pipeline import Pipeline, open_pipeline


@dataclass(frozen=True)
class Work:
    """What a worker must know; small, and the same for every shard."""

    folder: Path
    plan: Pipeline
    job: Job

    def open(self) -> Callable[[int], Receipt]:
        """Load what the pipeline needs and return what treats one shard."""
        apply = open_pipeline(self.plan, self.job, self.folder / "run")
        return lambda shard: run_shard(self.folder, shard, apply)

    def on(self, device: str | None, threads: int | None) -> "Work":
        """Return the same work for a device and a number of threads, where these are given."""
        settings = {
            name: value for name, value in (("device", device), ("threads", threads)) if value is not None
        }
        return Work(
            self.folder,
            self.plan,
            self.job.model_copy(update={"run": self.job.run.model_copy(update=settings)}),
        )
