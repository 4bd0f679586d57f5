"""Is the folder of a finished run whole and consistent? All that its files can tell, without the model.

A SHA-256 shows that a file is the one the run wrote. The other checks show that the files agree with each other, so a
fault of the run itself, or a file that was changed and hashed again, is found too. Of the rows only hashes are kept.

    found = verify("runs/demo-zh-augment")
    found.ok, [check.said() for check in found.checks if check.wrong]
"""

import csv
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, TypeAdapter, ValidationError

from augment.columns import ATTACK, CHILD, KEEP, judgement
from augment.engine.shard import Receipt, receipt_path
from augment.engine.staging import Staged
from augment.errors import DataError, RequestError
from augment.exporting import CHILDREN, PARENTS
from augment.ledger import MANIFEST, PLAN, digest
from augment.summary import Summary, seal
from augment.text.edits import Edit, replay

# The checks, in the order in which they are told, and what each counts.
UNITS = {
    "files": "files",
    "balance": "counts",
    "inputs": "rows",
    "edits": "children",
    "labels": "rows",
    "plan": "facts",
}
REJECTS = "rejects.parquet"
_PLACES = ("data", "probes", "explain", "run")
# Problems kept of a check, and those of them told on its line.
_KEPT, _TOLD = 20, 3
_BATCH = 1024
# What reading a damaged file may raise, or a file that is not what its name says.
_DAMAGE = (OSError, ValueError, LookupError, RecursionError, csv.Error, pa.ArrowException)
# Columns of ours in the data files: a source column of the same name has `_source` behind its name there.
_ADDED = (*CHILD, *KEEP, *judgement(), *judgement("judge_"), *ATTACK)
_OURS = {column.name for column in _ADDED if column.name != "shortfall"} | {"id"}
_LINEAGE = ("id", "parent", "method", "edits", "verdict")

Progress = Callable[[str, int, int], None]
Facts = TypeVar("Facts", bound=BaseModel)


@dataclass(frozen=True)
class Check:
    """One check: how many things it looked at, how many were wrong, and the first of those."""

    name: str
    looked: int
    wrong: int
    problems: tuple[str, ...]

    def said(self) -> str:
        """Return the outcome on one line."""
        looked = f"{self.looked:,} {UNITS[self.name]}"
        if not self.wrong:
            return f"ok      {looked}"
        more = f"; and {self.wrong - _TOLD:,} more" if self.wrong > _TOLD else ""
        return f"failed  {looked}, {self.wrong:,} wrong: {'; '.join(self.problems[:_TOLD])}{more}"


@dataclass(frozen=True)
class Verification:
    """What the checks of a folder found."""

    folder: Path
    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not any(check.wrong for check in self.checks)

    def require(self) -> None:
        """Raise DataError, naming the first check that failed, if one did."""
        failed = [check for check in self.checks if check.wrong]
        if failed:
            raise DataError(
                str(self.folder),
                f"{len(failed)} of {len(self.checks)} checks failed, first `{failed[0].name}`: {failed[0].problems[0]}",
                "copy the folder again from where it is whole, or run the pipeline again with --overwrite",
            )

    def to_dict(self) -> dict[str, object]:
        """Return plain JSON values."""
        checks = [{**asdict(check), "ok": not check.wrong} for check in self.checks]
        return {"folder": str(self.folder), "ok": self.ok, "checks": checks}


def verify(folder: Path | str, progress: Progress | None = None) -> Verification:
    """Return what is wrong with the folder of a finished run, by check; RequestError if there is no such run."""
    folder = Path(folder)
    if not (folder / MANIFEST).is_file():
        raise RequestError(
            str(folder),
            "there is no finished run here",
            "run a pipeline first: `augment run augment -c demo-zh`",
        )
    say = progress or (lambda phase, done, total: None)
    found = _Findings()
    found.note("files", _unsealed(folder / MANIFEST))
    manifest, plan = _facts(folder / MANIFEST, _Manifest, found), _facts(folder / PLAN, _Plan, found)
    if manifest is not None:
        _check_files(folder, manifest, found, say)
    if manifest is not None and plan is not None:
        counted = _Rows(folder, manifest, plan, found).check(say)
        _check_balance(manifest, counted, found)
        _check_plan(folder, manifest, plan, found)
    else:
        for name in list(UNITS)[1:]:
            found.note(name, f"not checked: {MANIFEST if manifest is None else PLAN} cannot be read", 0)
    return Verification(folder, found.checks())


class _Findings:
    """What was looked at and what was wrong, by check."""

    def __init__(self) -> None:
        """Start with nothing."""
        self._looked, self._wrong = Counter[str](), Counter[str]()
        self._problems: dict[str, list[str]] = {name: [] for name in UNITS}

    def note(self, name: str, problem: str | None, looked: int = 1) -> None:
        """Count what a check looked at, and its problem if there is one."""
        self._looked[name] += looked
        if problem is not None:
            self._wrong[name] += 1
            if len(self._problems[name]) < _KEPT:
                self._problems[name].append(problem)

    def checks(self) -> tuple[Check, ...]:
        """Return the outcome of every check."""
        return tuple(
            Check(name, self._looked[name], self._wrong[name], tuple(self._problems[name])) for name in UNITS
        )


class _File(BaseModel):
    """What a manifest says of a file with rows."""

    rows: int
    sha256: str


class _Manifest(BaseModel):
    """What is needed of a manifest."""

    fingerprint: dict[str, object]
    job: dict[str, object]
    files: dict[str, _File]
    beside: dict[str, str]
    summary: Summary


class _Plan(BaseModel):
    """What is needed of a plan."""

    fingerprint: dict[str, object]
    pipeline: str
    job: dict[str, object]
    staged: Staged
    state: dict[str, str]


class _Row(BaseModel):
    """A row of any file, under the names of `augment.columns`; the label as it is written there."""

    id: str
    text: str = ""
    text_pair: str | None = None
    label: object = None
    split: str | None = None
    parent: str | None = None
    method: str | None = None
    edits: tuple[Edit, ...] | None = None
    verdict: str | None = None

    def mark(self) -> bytes:
        """Return a hash of what two files must say alike of a child."""
        edits = [tuple(edit) for edit in self.edits or ()]
        return _hash(
            repr((self.id, self.text, self.text_pair, self.parent, self.method, edits, self.verdict))
        )


def _unsealed(path: Path) -> str | None:
    """Return what is wrong with the manifest itself: None if it is byte for byte as it was written."""
    try:
        text = path.read_bytes().decode()
        manifest = json.loads(text)
        sealed = isinstance(manifest, dict) and manifest.get("sha256") == seal(manifest)
        # The seal covers what is said, not the white space and escapes it is said with.
        same = text == json.dumps(manifest, ensure_ascii=False, indent=1) + "\n"
    except _DAMAGE as error:
        return f"{path.name}: {_why(error)}"
    return None if sealed and same else f"{path.name}: changed since it was written"


def _facts(path: Path, kind: type[Facts], found: _Findings) -> Facts | None:
    """Return what a JSON file says, None if it cannot be read."""
    try:
        return kind.model_validate_json(path.read_bytes())
    except _DAMAGE as error:
        found.note("files", f"{path.name}: {_why(error)}", 0)
        return None


def _check_files(folder: Path, manifest: _Manifest, found: _Findings, say: Progress) -> None:
    """Hold every file of the folder against its SHA-256 and its number of rows."""
    known = {name: file.sha256 for name, file in manifest.files.items()} | manifest.beside
    paths = [*folder.iterdir(), *(path for place in _PLACES for path in (folder / place).rglob("*"))]
    there = {path.relative_to(folder).as_posix() for path in paths if not path.is_dir()}
    names = sorted({*known, *there} - {MANIFEST})
    for number, name in enumerate(names):
        say("files", number, len(names))
        problem: str | None = "missing" if name in known else "not written by the run"
        if name in known and name in there:
            problem = _changed(folder / name, known[name], manifest.files.get(name))
        found.note("files", problem and f"{_shown(name)}: {problem}")


def _changed(path: Path, sha256: str, file: _File | None) -> str | None:
    """Return how a file differs from what the manifest says of it."""
    try:
        if digest(path) != sha256:
            return "changed since it was written: another SHA-256"
        if file is None:
            return None
        is_table = path.suffix == ".parquet"
        rows = pq.read_metadata(path).num_rows if is_table else sum(1 for _ in _records(path, ()))
        return None if rows == file.rows else f"{rows:,} rows, {file.rows:,} in the manifest"
    except _DAMAGE as error:
        return _why(error)


class _Rows:
    """Reads every row once and holds it against the row worked on that it is, or was made from."""

    def __init__(self, folder: Path, manifest: _Manifest, plan: _Plan, found: _Findings) -> None:
        """Prepare to read the files that the manifest names."""
        self._folder, self._files, self._found = folder, manifest.files, found
        roles = plan.staged.columns
        self._labels = _Labels(manifest.job, roles.get("label"))
        outward = {role: self._labels.outward(roles.get(role)) for role in ("text", "text_pair")}
        own = {name: name for name in _LINEAGE}
        self._names = {**own, **outward, "label": self._labels.column}
        self._names_in_children = {**own, "text": "text", "text_pair": "text_pair", "label": "label"}
        self._parents = _Parents(folder / PARENTS)
        self._ids, self._children = set[bytes](), set[bytes]()
        self._stems: dict[str, str] = {}
        self._counted = Counter[str]()

    def check(self, say: Progress) -> Counter[str]:
        """Check every row, and return how many there are of each kind."""
        self._index()
        done, total = 0, sum(file.rows for file in self._files.values())
        # The children of explain/ first: the others are held against them.
        others = sorted(name for name in self._files if name not in (PARENTS, CHILDREN))
        for name in [*([CHILDREN] if CHILDREN in self._files else []), *others]:
            for number, row in enumerate(self._rows_of(name)):
                if number % _BATCH == 0:
                    say("rows", done + number, total)
                self._look(name, row)
            done += self._files[name].rows
        lost = sum(key not in self._ids for key in self._parents.groups)
        for count, where in ((lost, PARENTS), (len(self._children), CHILDREN)):
            if count:
                self._found.note(
                    "inputs", f"{count:,} rows of {where} are not in the data as they are there", 0
                )
        return self._counted

    def _index(self) -> None:
        """Note where each row worked on lies."""
        try:
            for name in self._parents.index():
                self._found.note("inputs", f"{_shown(name)} in {PARENTS}: the id is there twice", 0)
        except _DAMAGE as error:
            for check in ("inputs", "edits", "labels"):
                self._found.note(check, f"{PARENTS}: {_why(error)}", 0)
        self._counted["worked on"] = len(self._parents.groups)

    def _rows_of(self, name: str) -> Iterator[_Row]:
        """Yield the rows of a file; damage is a problem, and ends it."""
        names: Mapping[str, str | None] = self._names_in_children if name == CHILDREN else self._names
        wanted = {ours: theirs for ours, theirs in names.items() if theirs is not None}
        if name == REJECTS:
            wanted = {"id": "id"}
        try:
            for record in _records(self._folder / name, tuple(wanted.values())):
                yield _Row.model_validate({ours: record.get(theirs) for ours, theirs in wanted.items()})
        except _DAMAGE as error:
            self._found.note("inputs", f"{_shown(name)}: {_why(error)}", 0)

    def _look(self, name: str, row: _Row) -> None:
        """Check a row of a file."""
        place = f"{_shown(row.id)} in {_shown(name)}"
        if name == CHILDREN:
            self._counted["children"] += 1
            self._children.add(row.mark())
            mother = self._parents.get(row.parent)
            if mother is not None and row.label != mother.label:
                self._found.note("labels", f"{place}: another label than its parent", 0)
            return
        key = _hash(row.id)
        twice = "the id is there twice" if key in self._ids else None
        self._ids.add(key)
        if name == REJECTS:
            self._counted["rejected"] += 1
            problem = None
        elif row.parent is None:
            problem = self._source(name, row, place)
        else:
            problem = self._child(name, row, place)
        problem = twice or problem
        self._found.note("inputs", problem and f"{place}: {problem}")

    def _source(self, name: str, row: _Row, place: str) -> str | None:
        """Check a source row, and return what is wrong with its being there."""
        known = self._parents.get(row.id)
        if not name.startswith("data/"):
            return "a source row outside data/"
        if known is None:
            self._counted["passed through"] += 1
            return None
        self._counted["worked on, in data"] += 1
        same = self._labels.same(row.label, known.label)
        self._found.note("labels", None if same else f"{place}: another label than in {PARENTS}")
        if (row.text, row.text_pair) != (known.text, known.text_pair):
            return f"another text than in {PARENTS}"
        return self._astray(name, known)

    def _child(self, name: str, row: _Row, place: str) -> str | None:
        """Check a child, and return what is wrong with its being there."""
        self._counted[f"children in {name.partition('/')[0]}"] += 1
        if row.verdict is not None:
            self._counted[f"verdict {row.verdict}"] += 1
        mark, mother = row.mark(), self._parents.get(row.parent)
        wrong = None if mark in self._children else f"not as it is in {CHILDREN}"
        self._children.discard(mark)
        if mother is None:
            self._found.note("edits", f"{place}: its parent is not in {PARENTS}")
            return f"its parent is not in {PARENTS}"
        wrong = _misedited(row, mother) or wrong
        self._found.note("edits", wrong and f"{place}: {wrong}")
        same = self._labels.same(row.label, mother.label)
        self._found.note("labels", None if same else f"{place}: another label than its parent")
        return self._astray(name, mother)

    def _astray(self, name: str, known: _Row) -> str | None:
        """Return that a row lies in another file than those of its split, if it does."""
        file = name.partition("/")[2]
        if not file or known.split is None:
            return None
        return None if self._stems.setdefault(known.split, file) == file else "in the file of another split"


class _Parents:
    """The rows worked on, by id and in any order; one row group of the file is in memory."""

    def __init__(self, path: Path) -> None:
        """Prepare to read the file."""
        self._path = path
        self.groups: dict[bytes, int] = {}
        self._group = -1
        self._rows: dict[str, _Row] = {}

    def index(self) -> Iterator[str]:
        """Note the row group of every row, and yield the ids that are there twice."""
        with pq.ParquetFile(self._path) as file:
            for group in range(file.num_row_groups):
                for name in file.read_row_group(group, columns=["id"]).column("id").to_pylist():
                    key = _hash(str(name))
                    if key in self.groups:
                        yield str(name)
                    self.groups[key] = group

    def get(self, name: str | None) -> _Row | None:
        """Return a row, None if it is not there or cannot be read."""
        group = self.groups.get(_hash(name or ""))
        if group is None:
            return None
        if group != self._group:
            self._group, self._rows = group, self._read(group)
        return self._rows.get(name or "")

    def _read(self, group: int) -> dict[str, _Row]:
        """Return the rows of a group by id."""
        names = ["id", "text", "text_pair", "label", "split"]
        try:
            with pq.ParquetFile(self._path) as file:
                rows = map(_Row.model_validate, file.read_row_group(group, columns=names).to_pylist())
                return {row.id: row for row in rows}
        except _DAMAGE:
            return {}


class _Labels:
    """How labels and columns of the source are written in the data files."""

    def __init__(self, job: Mapping[str, object], column: str | None) -> None:
        """Take the settings of a run and the name of the source's label column."""
        corpus = job.get("corpus")
        corpus = corpus if isinstance(corpus, dict) else {}
        self._names = corpus.get("label_names") or {}
        self._derived = column is None or corpus.get("score_threshold") is not None
        self.column = "label" if self._derived else self.outward(column)

    def outward(self, column: str | None) -> str | None:
        """Return the name that a source column has in the data files."""
        taken = column in _OURS or (self._derived and column == "label")
        return f"{column}_source" if column is not None and taken else column

    def same(self, cell: object, label: object) -> bool:
        """Return whether a cell of a data file holds a label, given by its name."""
        if label is None:
            # -1 is how the `datasets` library writes "not labelled".
            return cell in (None, -1, "-1")
        if self._derived:
            return cell == label
        return any(self._names.get(way, way) == label for way in _ways(cell))


def _ways(cell: object) -> Iterator[str]:
    """Yield the strings that a source's value may have been read as; text formats do not keep its type."""
    text = str(cell)
    yield text
    if text in ("True", "False"):
        yield text.lower()
    if re.fullmatch(r"-?(\d+\.\d+|\d(\.\d+)?e[-+]\d+)", text):
        for kind in (pa.float64(), pa.float32()):
            yield pa.scalar(float(text), kind).cast(pa.string()).as_py()


def _misedited(row: _Row, mother: _Row) -> str | None:
    """Return what is wrong with the id or the edits of a child."""
    stem, _, number = row.id.rpartition("~")
    if stem != f"{row.parent}~{row.method}" or not re.fullmatch(r"[1-9][0-9]*", number):
        return "its id is not <parent>~<method>~<number>"
    if not row.edits:
        return "it has no edits"
    try:
        texts = replay(mother.text, mother.text_pair, row.edits)
    except ValueError:
        return "its edits do not fit its parent's text"
    return None if texts == (row.text, row.text_pair) else "its edits give another text"


def _check_balance(manifest: _Manifest, counted: Mapping[str, int], found: _Findings) -> None:
    """Hold the counts of the manifest against each other, and against the rows in the files."""
    counts = manifest.summary.counts
    rows = ("rows not selected", "rows rejected", "rows worked on", "rows passed through")
    children = ("children in data", "children apart", "children dropped")
    facts = [
        ("rows read", counts.get("rows read"), sum(counts.get(name, 0) for name in rows)),
        ("children made", counts.get("children made"), sum(counts.get(name, 0) for name in children)),
    ]
    kinds = {
        "rows worked on": ("worked on", "worked on, in data"),
        "rows passed through": ("passed through",),
        "rows rejected": ("rejected",),
        "children made": ("children",),
        "children in data": ("children in data",),
        "children apart": ("children in probes",),
        "children dropped": ("children in dropped.parquet",),
    }
    facts += [(name, counts.get(name), counted[kind]) for name, those in kinds.items() for kind in those]
    verdicts = {name for name in counted if name.startswith("verdict ")}
    verdicts |= {f"verdict {name}" for name in manifest.summary.verdicts}
    for name in sorted(verdicts):
        facts.append((name, manifest.summary.verdicts.get(name.removeprefix("verdict "), 0), counted[name]))
    facts += [(name, manifest.summary.files.get(name), file.rows) for name, file in manifest.files.items()]
    for name, told, there in facts:
        found.note("balance", None if told == there else f"{_shown(name)}: {told} told, {there} counted")


def _check_plan(folder: Path, manifest: _Manifest, plan: _Plan, found: _Findings) -> None:
    """Hold the manifest against the plan, the calibrations and the receipts of the shards."""
    staged, counts = plan.staged, manifest.summary.counts
    receipts = list(_receipts(folder, found))
    rejected = sum(len(receipt.rejects) for receipt in receipts)
    state = {path.name: digest(path) for path in (folder / "run").glob("calibration-*") if path.is_file()}
    facts = {
        "the fingerprint in the manifest": (manifest.fingerprint, plan.fingerprint),
        "the settings in the manifest": (manifest.job, plan.job),
        "the pipeline in the manifest": (manifest.summary.pipeline, plan.pipeline),
        "the SHA-256 of the calibrations": (state, plan.state),
        "the shards with a receipt": (sum(each.shard < staged.shards for each in receipts), staged.shards),
        "the rows of the receipts": (sum(receipt.rows for receipt in receipts), staged.active),
        "the rows worked on": (counts.get("rows worked on"), staged.active - rejected),
        "the rows read": (counts.get("rows read"), staged.read),
        "the rows passed through": (counts.get("rows passed through"), staged.rest),
        "the rows not selected": (counts.get("rows not selected"), staged.skipped + staged.over_limit),
        "the rows rejected": (counts.get("rows rejected"), len(staged.rejects) + rejected),
        "the children": (counts.get("children made"), sum(receipt.children for receipt in receipts)),
    }
    for name, (told, planned) in facts.items():
        found.note("plan", None if told == planned else f"{name}: not as in run/")


def _receipts(folder: Path, found: _Findings) -> Iterator[Receipt]:
    """Yield the receipts of a run; one that cannot be read, or is another shard's, is a problem."""
    adapter = TypeAdapter(Receipt)
    for path in sorted((folder / "run").glob("part-*.done.json")):
        try:
            receipt = adapter.validate_json(path.read_bytes())
        except _DAMAGE as error:
            found.note("plan", f"{path.name}: {_why(error)}")
            continue
        own = receipt_path(folder, receipt.shard) == path
        found.note("plan", None if own else f"{path.name}: the receipt of another shard")
        yield receipt


def _records(path: Path, columns: tuple[str, ...]) -> Iterator[dict[str, object]]:
    """Yield the rows of a file, of Parquet those columns alone; empty cells of CSV are null."""
    if path.suffix == ".parquet":
        with pq.ParquetFile(path) as file:
            there = [name for name in columns if name in file.schema_arrow.names]
            for batch in file.iter_batches(_BATCH, columns=there):
                yield from batch.to_pylist()
    elif path.suffix == ".jsonl":
        with path.open(encoding="utf-8", newline="\n") as stream:
            yield from map(json.loads, stream)
    else:
        # The limit is a setting of the process, and texts may be longer.
        csv.field_size_limit(1 << 30)
        with path.open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream, strict=True):
                cells = {name: cell or None for name, cell in row.items()}
                edits = cells.get("edits")
                yield {**cells, "edits": json.loads(edits) if edits else None}


def _hash(text: str) -> bytes:
    """Return 16 bytes that stand for a text."""
    return blake2b(text.encode(errors="surrogatepass"), digest_size=16).digest()


def _shown(name: str) -> str:
    """Return a name as it may stand on a terminal: one line, nothing in it that steers it."""
    return name if name.isprintable() else repr(name)


def _why(error: Exception) -> str:
    """Return why a file cannot be read, without what is in it."""
    if isinstance(error, ValidationError):
        first = error.errors(include_input=False, include_context=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        return f"cannot be read: {place}: {first['msg']}" if place else f"cannot be read: {first['msg']}"
    return " ".join(f"cannot be read: {error}".split())
