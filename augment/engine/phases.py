"""Cut a pipeline into phases: a stage that must see all rows begins one, when every shard of the phase before is done.

first, second = phases(pipeline)          # of a pipeline with one such stage
first.ends is second.stages[0]            # that stage
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from augment.pipeline.apply import cut
from augment.pipeline.definition import Pipeline
from augment.stages.protocol import Stage, WholeStage


@dataclass(frozen=True)
class Phase:
    """Stages that pass over the shards together.

    number: its place; before: the phase whose rows it takes; ends: the whole-corpus stage behind it, None for the last.
    """

    number: int
    stages: Sequence[Stage]
    before: "Phase | None"
    ends: WholeStage | None

    def part_path(self, folder: Path, shard: int) -> Path:
        """Return the path of the rows of a finished shard."""
        return self._home(folder) / f"part-{shard:05d}.parquet"

    def receipt_path(self, folder: Path, shard: int) -> Path:
        """Return the path of the receipt of a finished shard."""
        return self._home(folder) / f"part-{shard:05d}.done.json"

    def lines_path(self, folder: Path, shard: int) -> Path:
        """Return the path of the lines of a shard, which the stage that ends the phase is given."""
        return self._home(folder) / f"lines-{shard:05d}.parquet"

    def decided_path(self, folder: Path) -> Path:
        """Return the folder of what that stage decided."""
        return self._home(folder) / "decided"

    def merged_path(self, folder: Path) -> Path:
        """Return the file that shows that it has."""
        return self.decided_path(folder) / "merged.json"

    def _home(self, folder: Path) -> Path:
        """Return the folder of the phase; what the last one leaves is the run's."""
        return folder / "run" / f"phase-{self.number}" if self.ends is not None else folder / "run"


# The files of the last phase have the same path in every run.
LAST = Phase(0, (), None, None)


def phases(pipeline: Pipeline) -> tuple[Phase, ...]:
    """Return the phases of a pipeline, in order; one where no stage must see all rows."""
    parts = cut(pipeline.stages)
    result: list[Phase] = []
    for number, stages in enumerate(parts):
        ends = parts[number + 1][0].across_rows if number + 1 < len(parts) else None
        result.append(Phase(number, tuple(stages), result[-1] if result else None, ends))
    return tuple(result)
