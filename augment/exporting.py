"""Turn finished shards into the folder a trainer opens: data by split, explanations beside, nothing lost.

    data/<split>.parquet        source rows and the children that join them (output.verdicts)
    probes/<split>.parquet      adversarial and contrast children, whose given label may not hold
    explain/parents.parquet     tokens, spans, scores and ranks of the rows worked on, by id
    explain/children.parquet    every child with its edits, verdict and reason, by id
    dropped.parquet             children no rule kept        rejects.parquet    rows that could not be treated

`datasets.load_dataset(folder)` reads data; `load_dataset(folder, "probes")` the probes.
"""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from augment.columns import CHILD, CORPUS
from augment.job import Job
from augment.ledger import whole
from augment.shard import read_part
from augment.staging import Staged, read_rest
from augment.table import Reject

PARENTS = "explain/parents.parquet"
CHILDREN = "explain/children.parquet"
_CANONICAL = {column.name for column in CORPUS} | {"source"}
_LINEAGE = {column.name for column in CHILD} | {"verdict", "reason"}
_APART = ("adversarial", "contrast")


class Export:
    """Writes the files of a finished run, one shard in memory, and counts the rows of each."""

    def __init__(self, folder: Path, job: Job, staged: Staged) -> None:
        """Prepare to write into a run's folder."""
        self._folder, self._job, self._staged = folder, job, staged
        self._kind = job.output.format
        self._files: dict[str, _Sink] = {}
        self.verdicts: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.methods: Counter[str] = Counter()
        self.shortfall: Counter[tuple[str, str]] = Counter()
        self.errors: dict[str, list[float]] = {}
        self.statuses: dict[str, Counter[str]] = {}
        self.attacks: Counter[str] = Counter()
        self.queries: list[int] = []
        self.flips: Counter[str] = Counter()

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let all files appear, or none of them after an error."""
        for sink in self._files.values():
            sink.close(keep=kind is None)

    def write(self, shards: Iterable[int], rejects: Iterable[Reject]) -> dict[str, int]:
        """Write every file and return its number of rows."""
        for shard in shards:
            self._add(read_part(self._folder, shard))
        for table in read_rest(self._folder):
            self._by_split("data", self._outward(_with_lineage(table)))
        rejected = list(rejects)
        if rejected:
            self._sink("rejects.parquet").add(pa.Table.from_pylist([asdict(reject) for reject in rejected]))
        return {name: sink.rows for name, sink in self._files.items()}

    def _add(self, table: pa.Table) -> None:
        """Write the rows of one shard to where they belong."""
        self._count(table)
        table = _with_lineage(table)
        is_child = table.column("parent").is_valid()
        parents, children = table.filter(pc.invert(is_child)), table.filter(is_child)
        self._sink(PARENTS).add(
            parents.drop_columns([n for n in ("source", *_LINEAGE) if n in table.column_names])
        )
        verdict = children.column("verdict")
        joins = pc.or_(verdict.is_null(), pc.is_in(verdict, pa.array(self._job.output.verdicts)))
        apart = pc.and_not(pc.is_in(verdict, pa.array(_APART)), joins)
        in_data = pc.or_kleene(
            pc.invert(is_child), pc.is_in(table.column("id"), children.filter(joins).column("id"))
        )
        self._by_split("data", self._outward(table.filter(in_data)))
        self._by_split("probes", self._outward(children.filter(apart)))
        dropped = children.filter(pc.invert(pc.or_(joins, apart)))
        if children.num_rows:
            self._sink(CHILDREN).add(
                _without_nulls(children.drop_columns(["source", "shortfall"]), keep=_LINEAGE)
            )
        if dropped.num_rows:
            self._sink("dropped.parquet").add(self._outward(dropped))

    def _by_split(self, place: str, rows: tuple[pa.Table, pa.ChunkedArray] | pa.Table) -> None:
        """Write rows to the file of their split."""
        table = rows if isinstance(rows, pa.Table) else rows[0]
        for split in table.column("__split").unique().to_pylist():
            part = table.filter(pc.equal(table.column("__split"), split)).drop_columns(["__split"])
            self._sink(f"{place}/{_safe(split)}.{self._kind}").add(part)

    def _outward(self, table: pa.Table) -> pa.Table:
        """Return rows as a trainer sees them: id, the source's columns with the row's own text, then what was done."""
        names = self._staged.columns
        source = pc.struct_field  # each source column comes out of the struct under its own name and type
        inner = table.column("source")
        fields = [inner.type.field(index).name for index in range(inner.type.num_fields)]
        out: dict[str, pa.ChunkedArray | pa.Array] = {"id": table.column("id")}
        for field in fields:
            column = source(inner, [fields.index(field)])
            if field in (names["text"], names["text_pair"]):
                column = table.column("text" if field == names["text"] else "text_pair").cast(column.type)
            if field != "id":
                out[f"{field}_source" if field in _LINEAGE else field] = column
            elif names["id"] != "id":
                out["id_source"] = column
        if names["label"] is None or self._job.needs_corpus().score_threshold is not None:
            out["label"] = table.column("label")
        for name in table.column_names:
            if name not in _CANONICAL and name in _LINEAGE | _JUDGED and name not in ("shortfall", "reason"):
                out[name] = table.column(name)
        out["__split"] = table.column("split")
        return pa.table(out)

    def _sink(self, name: str) -> "_Sink":
        """Return the open file of a name."""
        if name not in self._files:
            self._files[name] = _Sink(self._folder / name)
        return self._files[name]

    def _count(self, table: pa.Table) -> None:
        """Add the rows of a shard to the totals of the run."""
        names = set(table.column_names)
        if "parent" in names:
            children = table.filter(table.column("parent").is_valid())
            self.methods.update(children.column("method").to_pylist())
            if "verdict" in names:
                self.verdicts.update(children.column("verdict").to_pylist())
                dropped = children.filter(pc.equal(children.column("verdict"), "drop"))
                self.reasons.update(dropped.column("reason").to_pylist())
            if "pred_after" in names:
                changed = pc.not_equal(children.column("pred_before"), children.column("pred_after"))
                self.flips.update(children.filter(changed).column("method").to_pylist())
            for gaps in table.column("shortfall").to_pylist():
                for gap in gaps or ():
                    self.shortfall[gap["method"], gap["reason"]] += gap["missing"]
        for name in names:
            if name.endswith("_status") and name.removesuffix("_status") in names:
                method = name.removesuffix("_status")
                rows = table.filter(table.column(name).is_valid())
                self.statuses.setdefault(method, Counter()).update(rows.column(name).to_pylist())
                errors = rows.column(f"{method}_error").drop_null().to_pylist()
                self.errors.setdefault(method, []).extend(errors)
        if "attack" in names:
            self.attacks.update(value for value in table.column("attack").to_pylist() if value)
            self.queries += [value for value in table.column("attack_queries").to_pylist() if value]


_JUDGED = {
    "p_gold_before", "p_gold_after", "pred_before", "pred_after", "soft_label", "attack", "attack_queries",
    "judge_p_gold_before", "judge_p_gold_after", "judge_pred_before", "judge_pred_after", "judge_soft_label",
}  # fmt: skip


class _Sink:
    """A file that grows table by table and appears when it is closed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._context = whole(path)
        self._stream = self._context.__enter__()
        self._writer: pq.ParquetWriter | None = None
        self.rows = 0

    def add(self, table: pa.Table) -> None:
        """Append rows, in the format of the file's name."""
        self.rows += table.num_rows
        if self._path.suffix == ".parquet":
            if self._writer is None:
                self._writer = pq.ParquetWriter(self._stream, table.schema, compression="zstd")
            self._writer.write_table(table.select(self._writer.schema.names).cast(self._writer.schema))
        elif self._path.suffix == ".jsonl":
            for row in table.to_pylist():
                self._stream.write((json.dumps(row, ensure_ascii=False, default=str) + "\n").encode())
        else:
            self._stream.write(_csv(table, header=self.rows == table.num_rows).encode())

    def close(self, keep: bool) -> None:
        """Let the file appear, or throw it away."""
        if self._writer is not None:
            self._writer.close()
        if keep:
            self._context.__exit__(None, None, None)
        else:
            stop = GeneratorExit()
            self._context.__exit__(GeneratorExit, stop, None)


def card(job: Job, pipeline: str, files: Mapping[str, int], facts: Mapping[str, str]) -> str:
    """Return the README of the folder: YAML that maps files to splits for `load_dataset`, and what the run was."""
    lines = ["---", "tags: [text-classification, augmented, integrated-gradients]", "configs:"]
    for config in ("data", "probes"):
        here = sorted(name for name in files if name.startswith(f"{config}/"))
        if here:
            lines += [f"- config_name: {'default' if config == 'data' else config}", "  data_files:"]
            for name in here:
                lines += [f"  - split: {Path(name).stem}", f"    path: {name}"]
    lines += ["---", "", f"# {job.name}: {pipeline}", "", "| | |", "|---|---|"]
    lines += [f"| {name} | {value} |" for name, value in facts.items()]
    lines += ["", "## Files", "", "| file | rows |", "|---|---|"]
    lines += [f"| `{name}` | {rows} |" for name, rows in sorted(files.items())]
    lines += [
        "",
        "A child row names its `parent`, the `method` that made it, and its `edits`: replacing, in the parent's text, each",
        "`old` at `start:end` (code points) by `new` gives the child. Children have the label of their parent; those in",
        "`probes/` were made to test a model, and their label may no longer hold.",
        "",
    ]
    return "\n".join(lines)


def _with_lineage(table: pa.Table) -> pa.Table:
    """Return the table with all columns of children, null where no stage made any."""
    for column in (*CHILD,):
        if column.name not in table.column_names:
            table = table.append_column(column.name, pa.nulls(table.num_rows, column.type))
    for name in ("verdict", "reason"):
        if name not in table.column_names:
            table = table.append_column(name, pa.nulls(table.num_rows, pa.string()))
    return table


def _without_nulls(table: pa.Table, keep: set[str]) -> pa.Table:
    """Return the table without columns that belong to parents."""
    names = [
        n
        for n in table.column_names
        if n in keep | _CANONICAL | _JUDGED and n not in ("attack", "attack_queries")
    ]
    return table.select(names)


def _csv(table: pa.Table, header: bool) -> str:
    """Return rows as CSV, nested values as JSON."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    if header:
        writer.writerow(table.column_names)
    for row in table.to_pylist():
        writer.writerow(
            [json.dumps(v, ensure_ascii=False) if isinstance(v, list | dict) else v for v in row.values()]
        )
    return out.getvalue()


def _safe(split: str) -> str:
    """Return a split's name as part of a file name; what is not a letter, digit, dot or dash becomes an underscore."""
    return "".join(mark if mark.isalnum() or mark in ".-" else "_" for mark in split) or "_"
