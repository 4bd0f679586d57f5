"""The checks of whole files: each is the one the manifest names, and its counts and the plan of the run agree.

No row is looked into here: `check_balance` is given what `augment.verification.rows` counted.

    findings = Findings()
    manifest = read_facts(folder / MANIFEST, Manifest, findings)
    check_files(folder, manifest, findings, report)
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeVar

import pyarrow.parquet as pq
from pydantic import BaseModel, Field, TypeAdapter

from augment.engine.phases import LAST
from augment.engine.shard import Receipt
from augment.engine.staging import Staged
from augment.output.manifest import Summary, seal
from augment.progress import Progress
from augment.tables.files import digest
from augment.tables.locking import LOCK, is_lock
from augment.tables.run_folder import MANIFEST, calibrations
from augment.verification.checks import DAMAGE, Findings, shown, why
from augment.verification.records import Declared, records

# The count of source rows that people rejected in a review: they are in dropped.parquet.
REJECTED_ROWS = "source rows rejected in a review"
# What is wrong with a file of the user in one of our folders.
NOT_OURS = "not written by the run"
_FOLDERS = ("data", "probes", "explain", "run")

FileModel = TypeVar("FileModel", bound=BaseModel)


class _File(BaseModel):
    """The entry of a file with rows in a manifest."""

    rows: int
    sha256: str


class CardRecord(BaseModel):
    """What the README of a run has that is nowhere else; a run of an older version has not recorded it."""

    title: str = ""
    about: str = ""
    edits: bool = True
    facts: dict[str, str] = {}
    features: dict[str, list[dict[str, object]]] = {}


class Manifest(BaseModel):
    """What is needed of a manifest."""

    fingerprint: dict[str, object]
    job: dict[str, object]
    files: dict[str, _File]
    others: dict[str, str] = Field(alias="beside")
    summary: Summary
    moves_labels: tuple[str, ...] = ()
    columns: tuple[Declared, ...] = ()
    card: CardRecord = CardRecord()


class RunPlan(BaseModel):
    """What is needed of a plan."""

    fingerprint: dict[str, object]
    pipeline: str
    job: dict[str, object]
    staged: Staged
    moves_labels: tuple[str, ...] = ()
    state: dict[str, str]


def unsealed(path: Path) -> str | None:
    """Return what is wrong with the manifest itself: None if it is byte for byte as it was written."""
    try:
        text = path.read_bytes().decode()
        manifest = json.loads(text)
        sealed = isinstance(manifest, dict) and manifest.get("sha256") == seal(manifest)
        # The seal covers the values, not the white space and escapes they are written with.
        same = text == json.dumps(manifest, ensure_ascii=False, indent=1) + "\n"
    except DAMAGE as error:
        return f"{path.name}: {why(error)}"
    return None if sealed and same else f"{path.name}: changed since it was written"


def read_facts(path: Path, kind: type[FileModel], findings: Findings) -> FileModel | None:
    """Return the content of a JSON file, None if it cannot be read."""
    try:
        return kind.model_validate_json(path.read_bytes())
    except DAMAGE as error:
        findings.note("files", f"{path.name}: {why(error)}", 0)
        return None


def check_files(folder: Path, manifest: Manifest, findings: Findings, report: Progress) -> None:
    """Hold every file of the folder against its SHA-256 and its number of rows."""
    known = {name: file.sha256 for name, file in manifest.files.items()} | manifest.others
    paths = [*folder.iterdir(), *(path for part in _FOLDERS for path in (folder / part).rglob("*"))]
    there = {path.relative_to(folder).as_posix() for path in paths if not path.is_dir()}
    # Who was killed while writing left a lock, which holds nothing: the next one takes it.
    locks = {name for name in there if name.rpartition("/")[2] == LOCK and is_lock(folder / name)}
    names = sorted({*known, *there} - {MANIFEST} - locks)
    for number, name in enumerate(names):
        report("files", number, len(names))
        problem: str | None = "missing" if name in known else NOT_OURS
        if name in known and name in there:
            problem = _changed(folder / name, known[name], manifest.files.get(name))
        findings.note("files", problem and f"{shown(name)}: {problem}")


def _changed(path: Path, sha256: str, file: _File | None) -> str | None:
    """Return how a file differs from its entry in the manifest."""
    try:
        if digest(path) != sha256:
            return "changed since it was written: another SHA-256"
        if file is None:
            return None
        is_table = path.suffix == ".parquet"
        rows = pq.read_metadata(path).num_rows if is_table else sum(1 for _ in records(path, ()))
        return None if rows == file.rows else f"{rows:,} rows, {file.rows:,} in the manifest"
    except DAMAGE as error:
        return why(error)


def check_balance(manifest: Manifest, counted: Mapping[str, int], findings: Findings) -> None:
    """Hold the counts of the manifest against each other, and against the rows in the files."""
    counts = manifest.summary.counts
    rows = ("rows not selected", "rows rejected", "rows processed", "rows passed through")
    samples = ("samples kept", "samples in probes", "samples dropped")
    facts = [
        ("rows read", counts.get("rows read"), sum(counts.get(name, 0) for name in rows)),
        ("samples made", counts.get("samples made"), sum(counts.get(name, 0) for name in samples)),
    ]
    kinds = {
        "rows processed": ("processed", "processed, in data"),
        "rows passed through": ("passed through",),
        "rows rejected": ("rejected",),
        "samples made": ("samples",),
        "samples kept": ("samples in data",),
        "samples in probes": ("samples in probes",),
        "samples dropped": ("samples in dropped.parquet",),
    }
    facts += [(REJECTED_ROWS, counts.get(REJECTED_ROWS, 0), counted[REJECTED_ROWS])]
    facts += [(name, counts.get(name), counted[kind]) for name, those in kinds.items() for kind in those]
    verdicts = {name for name in counted if name.startswith("verdict ")}
    verdicts |= {f"verdict {name}" for name in manifest.summary.verdicts}
    for name in sorted(verdicts):
        facts.append((name, manifest.summary.verdicts.get(name.removeprefix("verdict "), 0), counted[name]))
    facts += [(name, manifest.summary.files.get(name), file.rows) for name, file in manifest.files.items()]
    for name, reported, there in facts:
        findings.note(
            "balance", None if reported == there else f"{shown(name)}: {reported} reported, {there} counted"
        )


def check_plan(folder: Path, manifest: Manifest, plan: RunPlan, findings: Findings) -> None:
    """Hold the manifest against the plan, the calibrations and the receipts of the shards."""
    staged, counts = plan.staged, manifest.summary.counts
    receipts = list(_receipts(folder, findings))
    rejected = sum(len(receipt.rejects) for receipt in receipts)
    state = calibrations(folder / "run")
    facts = {
        "the fingerprint in the manifest": (manifest.fingerprint, plan.fingerprint),
        "the settings in the manifest": (manifest.job, plan.job),
        "the methods that move labels": (manifest.moves_labels, plan.moves_labels),
        "the pipeline in the manifest": (manifest.summary.pipeline, plan.pipeline),
        "the SHA-256 of the calibrations": (state, plan.state),
        "the shards with a receipt": (sum(each.shard < staged.shards for each in receipts), staged.shards),
        "the rows of the receipts": (sum(receipt.rows for receipt in receipts), staged.active),
        "the rows processed": (counts.get("rows processed"), staged.active - rejected),
        "the rows read": (counts.get("rows read"), staged.read),
        "the rows passed through": (counts.get("rows passed through"), staged.rest),
        "the rows not selected": (counts.get("rows not selected"), staged.skipped + staged.over_limit),
        "the rows rejected": (counts.get("rows rejected"), len(staged.rejects) + rejected),
        "the samples": (counts.get("samples made"), sum(receipt.samples for receipt in receipts)),
    }
    for name, (reported, planned) in facts.items():
        findings.note("plan", None if reported == planned else f"{name}: not as in run/")


def _receipts(folder: Path, findings: Findings) -> Iterator[Receipt]:
    """Yield the receipts of a run; one that cannot be read, or is another shard's, is a problem."""
    adapter = TypeAdapter(Receipt)
    for path in sorted((folder / "run").glob("part-*.done.json")):
        try:
            receipt = adapter.validate_json(path.read_bytes())
        except DAMAGE as error:
            findings.note("plan", f"{path.name}: {why(error)}")
            continue
        own = LAST.receipt_path(folder, receipt.shard) == path
        findings.note("plan", None if own else f"{path.name}: the receipt of another shard")
        yield receipt
