"""What a stage is: a frozen config that, opened on a worker, becomes a function from batch to batch.

The config is the class, so a stage is hashable, picklable and cheap to check before any model is loaded. Whatever other
packages need to know of a stage is a property here, with a default: they never ask which class it is.

    class Shout(Stage):
        kind: Literal["shout"] = "shout"
        ...
        def open(self, job, state): return lambda batch: ...
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Literal, Self

import pyarrow as pa
from pydantic import BaseModel

from augment.config.job import Job
from augment.models.kind import Kind
from augment.rewriting.batch import BatchRequest
from augment.tables.columns import KEEP, MOVED, SAMPLE, Column

Step = Callable[[pa.RecordBatch], pa.RecordBatch]
# What a whole-corpus stage is given of all shards: tables of lines in the order of their keys, as often as it asks.
Lines = Callable[[], Iterator[pa.Table]]


# Given rows, returns their requests that were not those of rows before.
Collect = Callable[[pa.RecordBatch], Sequence[BatchRequest]]


class Stage(BaseModel, frozen=True, extra="forbid"):
    """One step of a pipeline. `kind` names it in YAML; `gpu`: whether it runs a model."""

    gpu: ClassVar[bool] = False
    kind: str

    @property
    def needs(self) -> tuple[str, ...]:
        """Names of the columns that must be there before."""
        return ()

    @property
    def adds(self) -> tuple[Column, ...]:
        """Columns that are there afterwards. Each declares which rows have it and which files it is written to."""
        return ()

    def unfilled(self, job: Job) -> tuple[Column, ...]:
        """Return those of its columns that hold nothing under a job, and are then left out of data/. Most have none."""
        return ()

    @property
    def makes_samples(self) -> bool:
        """Whether it puts samples behind their source rows."""
        return set(SAMPLE) <= set(self.adds)

    @property
    def methods(self) -> tuple[str, ...]:
        """The names its samples can have in `method`; no two stages of a pipeline may share one. Most make none."""
        return (self.kind,) if self.makes_samples else ()

    @property
    def methods_named(self) -> tuple[str, ...]:
        """Names of other stages' samples that its settings mention."""
        return ()

    @property
    def moves_labels(self) -> bool:
        """Whether its samples have other labels than their source rows."""
        return set(MOVED) <= set(self.adds)

    @property
    def has_name(self) -> bool:
        """Whether a `name` distinguishes two of its kind in one pipeline."""
        return "name" in type(self).model_fields

    @property
    def called(self) -> tuple[str, ...]:
        """What a setting may call it by: its `name`, where it has one, and its kind."""
        name = getattr(self, "name", None) if self.has_name else None
        return (self.kind,) if name is None else (str(name), self.kind)

    @property
    def word_sources(self) -> tuple[str, ...]:
        """The sources that it takes words from."""
        return ()

    @property
    def packages(self) -> tuple[str, ...]:
        """Packages with data that decide its samples and that need not be installed, by their names."""
        return ()

    @property
    def judges_with(self) -> Literal["model", "judge"] | None:
        """Whose answers on samples it writes or decides by."""
        return None

    @property
    def decides(self) -> bool:
        """Whether it gives every sample its verdict."""
        return set(KEEP) <= set(self.adds)

    @property
    def budget(self) -> int | None:
        """How many samples of each row it keeps at most, where it chooses among them."""
        return None

    @property
    def open_baseline(self) -> str | None:
        """The name of its scores, where the baseline of each row is left to it."""
        return None

    @property
    def keeps_answer(self) -> bool:
        """Whether it edits texts as far as the model's answer stays, where others edit to change it."""
        return False

    @property
    def goes_by_labels(self) -> bool:
        """Whether it drops every sample of a row that has no label."""
        return False

    @property
    def refuses_victims(self) -> bool:
        """Whether it refuses to attack a model that always gives one answer or is no better than chance."""
        return False

    @property
    def of_attribution(self) -> bool:
        """Whether it attributes a prediction to tokens, or needs more of an attribution than its scores."""
        return False

    @property
    def model_kinds(self) -> tuple[Kind, ...]:
        """The kinds of models that it can use; one that gives samples another label needs classes of which one is right."""
        return ("single",) if self.moves_labels else ("single", "multi", "regression")

    def require_kind(self, kind: Kind) -> None:
        """Raise RequestError if its settings have no meaning for a model of a kind that it can use."""

    @property
    def uses(self) -> tuple[str, ...]:
        """What the job must give, of `model`, `judge`, `flags` and `llm`."""
        return ("model",) if self.gpu else ()

    @property
    def across_rows(self) -> "WholeStage | None":
        """Itself, if it must see every row before it can treat any."""
        return None

    @property
    def learns_table(self) -> "TableStage | None":
        """Itself, if it learns a table of the whole corpus."""
        return None

    @property
    def reads_tables(self) -> tuple[str, ...]:
        """The kinds of the stages whose tables of the corpus it reads: one of each must come before it."""
        return ()

    def announcement(self, job: Job, state: Path) -> str | None:
        """Return what a user should read before the stage begins, such as where texts are sent; most need no announcement."""
        return None

    def usage(self, job: Job) -> Mapping[str, object]:
        """Return what a language model was used for and what that came to, for the manifest; nothing for a stage that uses none."""
        return {}

    def collect(self, job: Job, state: Path) -> "Collect | None":
        """Return what lists the requests to a language model that rows need and that have no stored answer; most stages make none."""
        return None

    def flags_table(self, state: Path) -> Path | None:
        """Return where it leaves the table of what looks like a shortcut, in a folder of state, if it makes one."""
        return None

    def wanted(self, sources: Mapping[str | None, int]) -> Mapping[str | None, int]:
        """Return how many samples each class must have, by the number of its source rows; most require none."""
        return {}

    def times(self, count: int) -> Self:
        """Return a stage that makes `count` times its samples."""
        return self

    def scored_by(self, name: str) -> Self:
        """Return a stage that reads its scores from the column `name`."""
        return self.model_copy(update={"score": name}) if "score" in type(self).model_fields else self

    def explained_by(self, method: str) -> "Stage":
        """Return the stage with another attribution method at its defaults, where it attributes."""
        return self

    def without_gradients(self, job: Job) -> "tuple[Stage, str | None]":
        """Return the stage as a model that gives answers only allows it, with a notice where that is another one."""
        return self, None

    def require(self, job: Job) -> None:
        """Raise RequestError if the job lacks what the settings of the stage need. Most need nothing beyond their sections."""

    def prepare(self, job: Job, sample: pa.RecordBatch, state: Path) -> None:
        """Write to the folder `state` what every worker needs to know of the whole corpus, from a sample of its rows.

        The sample has the columns that `needs` names. Most stages prepare nothing.
        """

    def open(self, job: Job, state: Path | None) -> Step:
        """Return the function that treats one shard; models and lexicons are loaded here, once per worker."""
        raise NotImplementedError(f"stage {self.kind!r} cannot be opened")


class WholeStage(Stage):
    """A stage that must see every row before it can treat any: a run is cut in two there.

    Of each shard it keeps lines (`summarise`); from the lines of all shards it decides on rows (`merge`); its step finds
    what was decided in the column `decision`, and takes that away. Neither sees more than a part of the lines at once.
    """

    @property
    def across_rows(self) -> "WholeStage":
        """Itself."""
        return self

    def summarise(self, rows: pa.Table, job: Job, active: bool) -> pa.Table:
        """Return lines on the rows of a shard, or of a part of the corpus that passes through (not `active`).

        Columns: `key` uint64, by which lines are brought together; `row` int64, the place in `rows`; any others.
        """
        raise NotImplementedError(f"stage {self.kind!r} cannot sum up rows")

    def merge(self, lines: Lines, job: Job) -> Iterator[pa.Table]:
        """Yield what is decided: tables of `shard` int32, `row` int64 and any other columns, a row at most once.

        `lines` gives tables of what `summarise` returned, with `shard` int32 (-1 for rows that pass through), sorted by
        key, shard and row. All lines of a key are in one table.
        """
        raise NotImplementedError(f"stage {self.kind!r} cannot decide")


class TableStage(WholeStage):
    """A whole-corpus stage that learns a table of the corpus, which its step, opened afterwards, reads at `path_in`.

    A line sums up many rows, its `row` is 0; `merge` yields the table, in one part or more, and decides on no row.
    keeps_table: whether a finished run keeps the table, since samples of its rows may be drawn later.
    """

    keeps_table: ClassVar[bool] = False

    @property
    def learns_table(self) -> "TableStage":
        """Itself."""
        return self

    def path_in(self, state: Path) -> Path:
        """Return the path of the table in a folder of state."""
        name = getattr(self, "name", None)
        return state / f"{self.kind}-{name}.parquet" if name else state / f"{self.kind}.parquet"


def idle(value: object, usual: object, why: str | None, fitting: str = "") -> None:
    """Raise ValueError for a value other than the usual one that would do nothing, for the reason `why`, if there is one.

    fitting: what to write in its place. A key that does nothing is an error, or a user would believe that it does something.
    """
    if why is not None and value != usual:
        raise ValueError(f"it does nothing {why}: {fitting or 'leave it out'}")


def idle_keys(stage: BaseModel, keys: Iterable[str], why: str) -> None:
    """Raise ValueError for the first of some keys that has another value than its default, and would do nothing for the reason `why`."""
    for key in keys:
        if getattr(stage, key) != type(stage).model_fields[key].default:
            raise ValueError(f"`{key}` does nothing {why}: leave it out")
