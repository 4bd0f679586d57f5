"""The work of a run, as it goes to a process: which folder, which pipeline, which job.

worker = Worker(Work(folder, plan, job))
receipt = worker.treat(0, 7)          # shard 7 of phase 0; models are loaded at the first shard of a process
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from augment.config.job import Job
from augment.engine.merging import write_lines
from augment.engine.phases import Phase, phases
from augment.engine.shard import Receipt, run_shard
from augment.pipeline.apply import open_stages
from augment.pipeline.definition import Pipeline


@dataclass(frozen=True)
class Work:
    """What a worker must know; small, and the same for every shard.

    number: the place of the phase among the plan's. notices: what is done otherwise than the pipeline's defaults.
    """

    folder: Path
    plan: Pipeline
    job: Job
    number: int = 0
    notices: tuple[str, ...] = ()

    @property
    def phase(self) -> Phase:
        """The phase that the shards are in."""
        return phases(self.plan)[self.number]

    def open(self) -> Callable[[int], Receipt]:
        """Load what the phase needs and return what treats one shard."""
        phase, folder, job = self.phase, self.folder, self.job
        apply = open_stages(phase.stages, job, folder / "run")

        def treat(shard: int) -> Receipt:
            """Treat one shard."""
            return run_shard(
                folder, shard, apply, phase, lambda rows: write_lines(folder, phase, job, shard, rows)
            )

        return treat

    def on(self, device: str | None, threads: int | None) -> "Work":
        """Return the same work for a device and a number of threads, where these are given."""
        settings = {
            name: value for name, value in (("device", device), ("threads", threads)) if value is not None
        }
        job = self.job.model_copy(update={"run": self.job.run.model_copy(update=settings)})
        return replace(self, job=job)


class Worker:
    """Processes shards in one process, whatever phase they belong to."""

    def __init__(self, work: Work) -> None:
        """Remember the work; nothing is loaded yet."""
        self._work = work
        self._number: int | None = None
        self._treat: Callable[[int], Receipt] | None = None

    @property
    def folder(self) -> Path:
        """The folder of the run."""
        return self._work.folder

    def receipt_path(self, number: int, shard: int) -> Path:
        """Return where the receipt of a shard of a phase is written."""
        return replace(self._work, number=number).phase.receipt_path(self.folder, shard)

    def treat(self, number: int, shard: int) -> Receipt:
        """Return the receipt of a shard of the phase of this number; what the phase needs is opened with its first."""
        if self._treat is None or number != self._number:
            # What the phase before held is let go first.
            self._treat = None
            self._treat, self._number = replace(self._work, number=number).open(), number
        return self._treat(shard)
