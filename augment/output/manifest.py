"""manifest.json of a finished run: its summary, the SHA-256 of every file, and a seal over all of it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from augment.errors import RequestError
from augment.output.attack_table import ATTACK_TABLE
from augment.output.keywords import FLAGS, TABLE
from augment.report.finding import RunFinding
from augment.tables.columns import Column
from augment.tables.files import canonical, digest, read_json, shaped, write_json
from augment.tables.run_folder import ANSWERS, EVIDENCE, MANIFEST, PLAN
from augment.text.packaged import installed_version
from augment.version import __version__

if TYPE_CHECKING:
    import pandas as pd


# Printed by a run that found all its work done; it belongs to that call, not to the record of the run.
FINISHED = "already finished: nothing was run again and this is its summary; --overwrite runs it anew"


# Every decision of people that was applied to the samples of the run.
DECISIONS = "run/decisions.jsonl"

# Files without rows, as patterns. Parts of shards are not among them: they go when the run is finished.
_WITHOUT_ROWS = (
    "README.md",
    "report.html",
    "run/plan.json",
    "run/*.done.json",
    "run/**/calibration-*",
    EVIDENCE,
    DECISIONS,
    ANSWERS,
    TABLE,
    FLAGS,
    ATTACK_TABLE,
)


@dataclass(frozen=True)
class Summary:
    """What a run did, in counts that balance.

    counts: rows read = processed + passed through + rejected + not selected; samples requested = made + missing; samples
    made = kept + in probes + dropped. findings: what a reader should know first, the most serious first; None in a folder
    of an older version. verdicts, dropped, missing, rejected: samples by verdict, and by reason; rows by reason. diversity:
    how varied the samples are (`augment.output.diversity`). replacements: the most frequent
    edits, each with its share of all. attack: its success rate, accuracy under it and what it cost.
    language_model: by stage, which one rewrote texts, with which prompts and parameters, and what that came to.
    """

    folder: Path
    pipeline: str
    counts: dict[str, int]
    verdicts: dict[str, int]
    dropped: dict[str, int]
    missing: dict[str, int]
    attribution: dict[str, dict[str, object]]
    files: dict[str, int]
    notices: tuple[str, ...]
    seconds: float
    peak_mebibytes: float
    rejected: dict[str, int] = field(default_factory=dict)
    diversity: dict[str, float] = field(default_factory=dict)
    replacements: dict[str, float] = field(default_factory=dict)
    attack: dict[str, float] = field(default_factory=dict)
    findings: tuple[RunFinding, ...] | None = None
    language_model: dict[str, dict[str, object]] = field(default_factory=dict)

    def to_dict(self) -> dict[str, object]:
        """Return plain JSON values, those of the manifest."""
        notices = [notice for notice in self.notices if notice != FINISHED]
        return {**asdict(self), "folder": str(self.folder), "notices": notices}

    def to_pandas(self) -> "pd.DataFrame":
        """Return the counts, verdicts and the reasons behind them as a table of kind, name and count."""
        import pandas as pd

        groups: dict[str, Mapping[str, float]] = {
            "count": self.counts,
            "verdict": self.verdicts,
            "dropped": self.dropped,
            "missing": self.missing,
            "rejected": self.rejected,
            "diversity": self.diversity,
            "replacement": self.replacements,
            "attack": self.attack,
        }
        rows = [(kind, name, count) for kind, group in groups.items() for name, count in group.items()]
        return pd.DataFrame(rows, columns=["kind", "name", "count"])


def read_summary(folder: Path) -> Summary:
    """Return the summary of a finished run; RequestError if the folder holds none."""
    summary = read_json(folder / MANIFEST).get("summary")
    if not isinstance(summary, dict):
        raise RequestError(
            str(folder / MANIFEST), "holds no summary of a run", "run the pipeline again with --overwrite"
        )
    with shaped(folder / MANIFEST):
        listed = summary.get("findings")
        findings = None if listed is None else tuple(RunFinding(**finding) for finding in listed)
        notices = tuple(summary["notices"])
        return Summary(**{**summary, "folder": folder, "notices": notices, "findings": findings})


def write_manifest(
    folder: Path, summary: Summary, columns: Sequence[Column], card: Mapping[str, object]
) -> None:
    """Write manifest.json: the summary, every file with its SHA-256 and its rows, and the versions that made them.

    columns: what the stages of the pipeline add, each with where it goes; card: what the README has that is nowhere else.
    """
    packages = ("torch", "transformers", "tokenizers", "pyarrow", "jieba", "numpy")
    plan = read_json(folder / PLAN)
    manifest = {
        "schema": 1,
        "augment": __version__,
        "fingerprint": plan["fingerprint"],
        "job": plan["job"],
        "moves_labels": plan.get("moves_labels", []),
        "versions": {name: installed_version(name) or "not installed" for name in packages},
        "columns": [_described(column) for column in columns],
        "card": dict(card),
        **_contents(folder, summary),
    }
    write_json(folder / MANIFEST, {**manifest, "sha256": seal(manifest)})


def amend_manifest(
    folder: Path,
    old: Mapping[str, object],
    summary: Summary,
    columns: Sequence[Column],
    card: Mapping[str, object],
) -> None:
    """Write the manifest of a folder whose rows were moved since: its versions and settings stay as they were.

    columns: those added since, next to the ones that are declared already; card: that of now.
    """
    declared = old.get("columns")
    known = list(declared) if isinstance(declared, list) else []
    names = {column.get("name") for column in known if isinstance(column, dict)}
    manifest = {
        **{key: value for key, value in old.items() if key != "sha256"},
        "columns": [*known, *(_described(column) for column in columns if column.name not in names)],
        "card": dict(card),
        **_contents(folder, summary),
    }
    write_json(folder / MANIFEST, {**manifest, "sha256": seal(manifest)})


def _contents(folder: Path, summary: Summary) -> dict[str, object]:
    """Return what a manifest has of the files of a folder, those with rows and the others, and of the summary."""
    others = (path for pattern in _WITHOUT_ROWS for path in sorted(folder.glob(pattern)))
    return {
        "files": {
            name: {"rows": rows, "sha256": digest(folder / name)} for name, rows in summary.files.items()
        },
        "beside": {path.relative_to(folder).as_posix(): digest(path) for path in others},
        "summary": summary.to_dict(),
    }


def record(path: Path) -> None:
    """Put the SHA-256 of the report, drawn again, into the manifest of its folder.

    A manifest that was changed since it was written stays as it is: a new seal would hide that.
    """
    manifest = read_json(path.parent / MANIFEST)
    others = manifest.get("beside")
    if isinstance(others, dict) and manifest.pop("sha256", None) == seal(manifest):
        manifest["beside"] = {**others, path.name: digest(path)}
        write_json(path.parent / MANIFEST, {**manifest, "sha256": seal(manifest)})


def is_recorded(path: Path) -> bool:
    """Return whether a file of a finished run is there and its manifest knows it."""
    others = read_json(path.parent / MANIFEST).get("beside")
    return path.exists() and isinstance(others, dict) and path.name in others


def seal(manifest: Mapping[str, object]) -> str:
    """Return the SHA-256 of the content of a manifest but for its own seal."""
    unsealed = {key: value for key, value in manifest.items() if key != "sha256"}
    return sha256(canonical(unsealed).encode()).hexdigest()


def _described(column: Column) -> dict[str, object]:
    """Return a declaration as plain JSON values."""
    return {
        "name": column.name,
        "type": str(column.type),
        "on": column.on,
        "public": column.public,
        "dropped": column.dropped,
        "about": column.about,
    }
