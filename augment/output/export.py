"""Turn finished shards into the folder a trainer opens: data by split, explanations next to it, nothing lost.

    data/<split>.parquet         source rows and the samples that join them (output.verdicts)
    probes/<split>.parquet       adversarial and contrast samples, whose given label may not hold
    explain/source_rows.parquet  tokens, spans, scores and ranks of the processed rows, by id
    explain/samples.parquet      every sample with its edits, verdict and reason, by id
    dropped.parquet              dropped samples             rejects.parquet    rows that could not be processed

Which columns each file has is declared with the columns (`augment.tables.columns`), also those of a user's own stage.
`datasets.load_dataset(folder)` reads data; `load_dataset(folder, "probes")` the probes, where there are any.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa
import pyarrow.compute as pc

from augment.config.job import Job
from augment.corpus import typed
from augment.engine.shard import read_part
from augment.engine.staging import Staged, read_rest
from augment.models.kind import Kind
from augment.models.model_folder import model_folder
from augment.output.diversity import Diversity
from augment.output.shortcut_levels import Levels
from augment.output.soft_labels import Softener
from augment.output.totals import Totals
from augment.output.under_attack import UnderAttack
from augment.stages.accepted import FlaggedNgram
from augment.stages.protocol import Stage
from augment.tables.columns import ATTACK, KEEP, MOVED, PROBABILITIES, SAMPLE
from augment.tables.file_columns import file_columns
from augment.tables.output_names import written_names
from augment.tables.rows import Reject
from augment.tables.sink import Sink, read_as
from augment.tables.split_files import file_stems

SOURCE_ROWS = "explain/source_rows.parquet"
SAMPLES = "explain/samples.parquet"
APART = ("adversarial", "contrast")
# Verdicts of samples that are dropped unless they join the data.
_JOINING = frozenset({"keep", "soft", "drop"})


class Export:
    """Writes the files of a finished run with one shard in memory; `totals` counts what was in them."""

    def __init__(
        self,
        folder: Path,
        job: Job,
        staged: Staged,
        soften: Softener | None = None,
        flags: Sequence[FlaggedNgram] = (),
        stages: Sequence[Stage] = (),
    ) -> None:
        """Prepare to write into a run's folder, with class probabilities in the data if something gives them.

        flags: accepted shortcuts, whose frequencies are in the totals; stages: of the pipeline.
        """
        self._folder, self._job, self._staged, self._soften = folder, job, staged, soften
        self._stems = file_stems(staged.splits)
        self._columns = file_columns([stage.adds for stage in stages])
        self._unfilled = {column.name for stage in stages for column in stage.unfilled(job)}
        self._files: dict[str, Sink] = {}
        self._added: tuple[pa.Field, ...] = ()
        self.totals = Totals(
            diversity=Diversity(_JOINING - set(job.output.joining)),
            levels=Levels(flags),
            under_attack=UnderAttack(_kind_attacked(stages, job), job.label_separator),
        )

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let all files appear, or none of them after an error."""
        with ExitStack() as stack:
            for sink in self._files.values():
                stack.callback(sink.close, keep=kind is None)

    def write(self, shards: Iterable[int], rejects: Iterable[Reject]) -> dict[str, int]:
        """Write every file and return its number of rows."""
        part: pa.Table | None = None
        for shard in shards:
            part = read_part(self._folder, shard)
            # A shard of which every row failed early lacks the columns of the later stages.
            if part.num_rows:
                self._add(part)
        if part is not None and not self._files:
            self._add(part)
        for table in read_rest(self._folder):
            self._by_split("data", table)
            if self.totals.diversity.given:
                self.totals.diversity.pass_by(table)
        rejected = [asdict(reject) for reject in rejects]
        if rejected:
            self._sink("rejects.parquet").add(pa.Table.from_pylist(rejected))
        return {name: sink.rows for name, sink in self._files.items()}

    def columns(self) -> dict[str, pa.Schema]:
        """Return how the columns of data/ and probes/ are to be read; none where the files have types, as Parquet does."""
        return {
            prefix: read_as([sink for name, sink in self._files.items() if name.startswith(prefix)])
            for prefix in ("data/", "probes/")
        }

    def _add(self, table: pa.Table) -> None:
        """Write the rows of one shard to where they belong."""
        self.totals.add(table)
        table = _completed(table)
        if not self._added:
            ours = self._columns.data - self._unfilled - {"id"}
            self._added = tuple(field for field in table.schema if field.name in ours)
        is_sample = table.column("source_id").is_valid()
        verdict = table.column("verdict")
        joins = pc.or_(verdict.is_null(), pc.is_in(verdict, pa.array(self._job.output.joining)))
        apart = pc.and_not(pc.is_in(verdict, pa.array(APART)), joins)
        joined = table.filter(joins)
        self.totals.levels.add(joined)
        self._by_split("data", joined)
        self._by_split("probes", table.filter(apart))
        dropped = table.filter(pc.invert(pc.or_(joins, apart)))
        if dropped.num_rows:
            rows = self._outward(dropped, dropped=True)
            extra = self._columns.dropped - self._columns.data
            for name in (name for name in dropped.column_names if name in extra):
                rows = rows.append_column(name, dropped.column(name))
            self._sink("dropped.parquet").add(rows)
        self._explain(table.filter(pc.invert(is_sample)), table.filter(is_sample))

    def _explain(self, source_rows: pa.Table, samples: pa.Table) -> None:
        """Write what the report is drawn from."""
        for name, rows, own in (
            (SOURCE_ROWS, source_rows, self._columns.source_rows),
            (SAMPLES, samples, self._columns.samples),
        ):
            if rows.num_rows or name == SOURCE_ROWS:
                self._sink(name).add(rows.select([column for column in rows.column_names if column in own]))

    def _by_split(self, prefix: str, table: pa.Table) -> None:
        """Write rows to the file of their split."""
        for split in table.column("split").unique().to_pylist():
            part = table.filter(pc.equal(table.column("split"), split))
            rows = self._outward(part)
            if self._soften is not None and prefix == "data":
                rows = rows.append_column(PROBABILITIES.name, self._soften.of(part))
            self._sink(f"{prefix}/{self._stems[split]}.{self._job.output.format}").add(rows)

    def _outward(self, table: pa.Table, dropped: bool = False) -> pa.Table:
        """Return rows as a trainer sees them: id, the source's columns with the row's own text, then what was done."""
        names, source = self._staged.columns, table.column("source")
        corpus = self._job.needs_corpus()
        derived = is_derived(self._job, names["label"])
        own = self._columns.dropped if dropped else self._columns.data
        written = written_names(
            [field.name for field in source.type], derived=derived, dropped=dropped, own=own
        )
        texts = {names["text"]: "text", names["text_pair"]: "text_pair"}
        out: dict[str, pa.ChunkedArray | pa.Array] = {"id": table.column("id")}
        for index, given in enumerate(source.type):
            column = pc.struct_field(source, [index])
            if given.name in texts:
                column = table.column(texts[given.name]).cast(given.type)
            if given.name == names["label"] and not derived:
                column = typed(_moved(column, table, corpus.label_names or {}), self._staged.label_type)
            if given.name == names["id"] == "id":
                continue
            out[written[given.name]] = column
        if derived:
            out["label"] = table.column("label")
        for ours in self._added:
            there = ours.name in table.column_names
            out[ours.name] = table.column(ours.name) if there else pa.nulls(table.num_rows, ours.type)
        return pa.table(out)

    def _sink(self, name: str) -> Sink:
        """Return the open file of a name."""
        if name not in self._files:
            self._files[name] = Sink(self._folder / name, self._job.output.mark)
        return self._files[name]


def _kind_attacked(stages: Sequence[Stage], job: Job) -> Kind:
    """Return the kind of the model that a stage attacks; of one class of several where none does."""
    if not any(set(ATTACK) <= set(stage.adds) for stage in stages):
        return "single"
    return model_folder(job.needs_model(), job.run).head


def is_derived(job: Job, label: str | None) -> bool:
    """Return whether the labels are not, or not only, those of a source column, so that a column of ours holds them."""
    corpus = job.needs_corpus()
    by_file = any(file.label is not None for file in corpus.files)
    made = (corpus.score_threshold, corpus.label_separator)
    return label is None or by_file or any(setting is not None for setting in made)


def _completed(table: pa.Table) -> pa.Table:
    """Return the table with all columns of samples, null where no stage made any."""
    for column in (*SAMPLE, *KEEP):
        if column.name not in table.column_names:
            table = table.append_column(column.name, pa.nulls(table.num_rows, column.type))
    return table


def _moved(column: pa.ChunkedArray, table: pa.Table, names: Mapping[str, str]) -> pa.ChunkedArray | pa.Array:
    """Return the source's labels with those of samples whose label was moved, written as the source writes them."""
    if MOVED[0].name not in table.column_names or not len(table.column(MOVED[0].name).drop_null()):
        return column
    written = {name: raw for raw, name in reversed(list(names.items()))}
    moved = table.column(MOVED[0].name).is_valid().to_pylist()
    labels = [
        written.get(label, label) if new else None
        for label, new in zip(table.column("label").to_pylist(), moved, strict=True)
    ]
    return pc.if_else(pa.array(moved), pa.array(labels, pa.string()).cast(column.type), column)
