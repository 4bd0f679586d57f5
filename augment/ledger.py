"""What a run leaves on disk so that nothing is lost or mistaken: whole files, receipts, fingerprints.

A file appears under its name only when it is complete: it is written beside, synced, and renamed. A fingerprint says
what a run was made of; a folder whose fingerprint differs is another run's.
"""

import errno
import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq

from augment.errors import DiskFullError, FingerprintError, RequestError, few

PLAN = "run/plan.json"
# In the name of a file that is being written.
LEFTOVER = ".tmp-"
MANIFEST = "manifest.json"
# What a run writes at the top of its folder, and the folders it writes into.
ALONE = (
    MANIFEST,
    "README.md",
    "report.html",
    "dropped.parquet",
    "rejects.parquet",
    "keywords.parquet",
    "flags.csv",
)
INSIDE = ("run", "data", "probes", "explain")
# Hashes of the files of a corpus lie here in a fingerprint.
_FILES = "corpus."
# A SHA-256, as JSON has it.
_HASH = re.compile('"[0-9a-f]{64}"')


@contextmanager
def whole(path: Path) -> Iterator[BinaryIO]:
    """Yield a stream whose content becomes the file `path` at the end, or never; DiskFullError if no room is left."""
    beside = path.with_name(f"{path.name}{LEFTOVER}{uuid4().hex[:12]}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(beside, path)
        sync_folder(path.parent)
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise DiskFullError(
                str(path.parent),
                "no space is left on the disk",
                "free some and run again; finished shards are kept",
            ) from None
        raise
    finally:
        beside.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a whole UTF-8 file."""
    with whole(path) as stream:
        stream.write(text.encode())


def write_json(path: Path, value: object) -> None:
    """Write a whole JSON file."""
    write_text(path, json.dumps(value, ensure_ascii=False, indent=1) + "\n")


def read_json(path: Path) -> dict[str, object]:
    """Return the JSON object of a file; RequestError if it is damaged, or a pipe, which may never end."""
    if path.exists() and not path.is_file():
        raise RequestError(str(path), "not a plain file", "remove it, or name another folder")
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise RequestError(str(path), f"cannot be read: {error}", "remove the folder and run again") from None
    if not isinstance(value, dict):
        raise RequestError(str(path), "not a JSON object", "remove the folder and run again")
    return value


@contextmanager
def shaped(path: Path) -> Iterator[None]:
    """Take apart what is in a JSON file of a run within the block; RequestError if it has not the form that a run writes."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        what = f"not as a run writes it: {type(error).__name__}: {error}"
        raise RequestError(
            str(path), what, "it was changed or damaged since; run again with --overwrite"
        ) from None


def write_table(path: Path, table: pa.Table) -> None:
    """Write a whole Parquet file."""
    with whole(path) as stream:
        writer = pq.ParquetWriter(stream, table.schema, compression="zstd", write_page_checksum=True)
        try:
            writer.write_table(table)
            writer.close()
        finally:
            # A writer that could not be closed would be again, when nothing holds it any more, and print why it cannot.
            writer.is_open = False


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Read a file that a run has written within the block; RequestError if it is gone or damaged."""
    try:
        yield
    except (OSError, EOFError, pa.ArrowException) as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise RequestError(
            str(path),
            f"what the run wrote cannot be read: {first}",
            "it was changed or damaged since; run again with --overwrite",
        ) from None


def read_table(path: Path) -> pa.Table:
    """Return the rows of a Parquet file that a run has written; RequestError if it is gone or damaged."""
    with readable(path):
        return pq.read_table(path, page_checksum_verification=True)


def in_parts(path: Path) -> pq.ParquetFile:
    """Open a Parquet file to be read part by part: what has been read is not kept, as it is by default while it is open."""
    return pq.ParquetFile(path, pre_buffer=False, page_checksum_verification=True)


def batches(file: pq.ParquetFile, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Yield some columns of a file, a few thousand rows at a time."""
    yield from file.iter_batches(4096, columns=list(columns))


def calibrations(run: Path) -> dict[str, str]:
    """Return the SHA-256 of every calibration in the folder `run` of a run, those of folds under their folder's name."""
    files = (path for path in run.rglob("calibration-*") if path.is_file())
    return {path.relative_to(run).as_posix(): digest(path) for path in sorted(files)}


def digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def canonical(value: object) -> str:
    """Return JSON in which equal values are equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)


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
    changed = change(read_json(folder / PLAN).get("fingerprint"), fingerprint)
    if changed is not None:
        raise FingerprintError(
            str(folder),
            f"the folder holds a run of another request: {changed}",
            "name another folder with --output, or replace this run with --overwrite",
        )


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
    """Return which field of two requests, as JSON, differs first, and how; None if none does."""
    was, becomes = _flat(before), _flat(json.loads(canonical(now)))
    for field in sorted({*was, *becomes}):
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


def sync_folder(folder: Path) -> None:
    """Make a rename in a folder durable where the system allows it."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
