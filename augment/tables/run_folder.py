"""Which run an output folder belongs to: its plan, its manifest, and the fingerprint that two runs share or do not."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

from augment.errors import FingerprintError, RequestError, few
from augment.tables.files import canonical, digest, read_json

PLAN = "run/plan.json"


# What was learned of how people write.
EVIDENCE = "run/evidence.parquet"


MANIFEST = "manifest.json"


# What a language model answered in a run; another run in the folder reads it again, and none removes it.
ANSWERS = "answers.sqlite"


# What a run writes at the top of its folder, and the folders it writes into.
ALONE = (
    MANIFEST,
    "README.md",
    "report.html",
    "dropped.parquet",
    "rejects.parquet",
    "keywords.parquet",
    "flags.csv",
    "attack.csv",
)


INSIDE = ("run", "data", "probes", "explain")


# In a fingerprint: the hashes of the calibrations that a run began with.
CHOSEN = "calibrations"


# Hashes of the files of a corpus are here in a fingerprint.
_FILES = "corpus."
_PIPELINE = "pipeline.name"


# A SHA-256, as JSON has it.
_HASH = re.compile('"[0-9a-f]{64}"')


def calibrations(run: Path) -> dict[str, str]:
    """Return the SHA-256 of every calibration in the folder `run` of a run, those of folds under their folder's name."""
    files = (path for path in run.rglob("calibration-*") if path.is_file())
    return {path.relative_to(run).as_posix(): digest(path) for path in sorted(files)}


def folder_of(name: Path | str) -> Path:
    """Return a folder to write, by a path that ends in its name; RequestError for an empty name and the root of a disk."""
    if not str(name):
        raise RequestError(
            "--output", "the name of the folder is empty", "name a new folder; is a variable unset?"
        )
    folder = Path(name) if Path(name).name not in ("", "..") else Path(name).resolve()
    if not folder.name:
        raise RequestError(str(folder), "the root of a disk is no folder for a run", "name a new folder")
    return folder


def check_folder(folder: Path, fingerprint: Mapping[str, object], overwrite: bool) -> None:
    """Let a run write into a folder, or refuse.

    RequestError if the folder holds something else; FingerprintError naming the field if it holds another run, unless
    that is to be replaced.
    """
    require_own(folder)
    if not (folder / PLAN).exists():
        return
    if overwrite:
        return
    require_plain(folder)
    changed = change(requested(read_json(folder / PLAN).get("fingerprint")), fingerprint)
    if changed is not None:
        raise FingerprintError(
            str(folder),
            f"the folder holds a run of another request: {changed}",
            "name another folder with --output, or replace this run with --overwrite",
        )


def requested(fingerprint: object) -> object:
    """Return what was requested of a run, without what was chosen as it began and stays: its calibrations."""
    if not isinstance(fingerprint, dict):
        return fingerprint
    return {name: value for name, value in fingerprint.items() if name != CHOSEN}


def require_own(folder: Path) -> None:
    """Raise RequestError unless a folder is new, empty or holds a run; nothing is touched."""
    if folder.exists() and not folder.is_dir():
        raise RequestError(
            str(folder), "this is a file, not a folder", "name an empty or new folder with --output"
        )
    if not folder.exists() or not any(folder.iterdir()):
        return
    if not (folder / PLAN).exists():
        raise RequestError(
            str(folder),
            "the folder is not empty and holds no run",
            "name an empty or new folder with --output",
        )
    plan = read_json(folder / PLAN)
    if not isinstance(plan.get("fingerprint"), dict) or not isinstance(plan.get("staged"), dict):
        raise RequestError(
            str(folder / PLAN), "this is not the plan of a run", "name an empty or new folder with --output"
        )


def change(before: object, now: object) -> str | None:
    """Return which field of two requests, as JSON, differs first, and how; None if none does. Another pipeline comes before all else."""
    was, becomes = _flat(before), _flat(json.loads(canonical(now)))
    for field in sorted({*was, *becomes}, key=lambda field: (not field.startswith(_PIPELINE), field)):
        one, other = was.get(field), becomes.get(field)
        if one == other:
            continue
        if field.startswith(_FILES) and None in (one, other):
            ways = (("without", _files(was, becomes)), ("with", _files(becomes, was)))
            return f"the corpus is now read {' and '.join(f'{way} {names}' for way, names in ways if names)}"
        hashes = [value for value in (one, other) if value is not None]
        if hashes and all(_HASH.fullmatch(value) for value in hashes):
            one, other = (value and f"{value[1:9]}…" for value in (one, other))
        return f"`{field}` was {one or 'not there'}, is {other or 'not there'}"
    return None


def require_same(folder: Path, before: object, now: object, what: str) -> None:
    """Raise FingerprintError naming what differs between two requests: the one whose `what` a folder holds, and this one."""
    changed = change(before, now)
    if changed is not None:
        raise FingerprintError(
            str(folder),
            f"it holds {what} of another request: {changed}",
            "name another folder with --output, or replace it with --overwrite",
        )


def _files(one: Mapping[str, str], other: Mapping[str, str]) -> str:
    """Return the files of a corpus that one fingerprint has and the other lacks, the first few of them."""
    return few(sorted(path.removeprefix(_FILES) for path in one.keys() - other if path.startswith(_FILES)))


def require_plain(folder: Path) -> None:
    """Raise RequestError if something below a folder of ours is a pipe or a device: reading one may never end."""
    for path in folder.rglob("*"):
        if path.exists() and not path.is_file() and not path.is_dir():
            raise RequestError(
                str(path), "not a plain file: a pipe or a device", "remove it, and run again with --overwrite"
            )


def require_finished(folder: Path) -> None:
    """Raise RequestError if there is no finished run in a folder, or if something there is no plain file."""
    require_plain(folder)
    if not (folder / MANIFEST).is_file():
        raise RequestError(
            str(folder),
            "there is no finished run here",
            "run a pipeline first: `augment run augment -c demo-zh`",
        )


def _flat(value: object, at: str = "") -> dict[str, str]:
    """Return the leaves of a JSON value by their dotted path."""
    if isinstance(value, dict):
        return {
            path: leaf
            for key, inner in value.items()
            for path, leaf in _flat(inner, f"{at}.{key}".strip(".")).items()
        }
    return {at: canonical(value)}
