"""Files of a run that are never half-written or mistaken: whole files, receipts, fingerprints.

A file appears under its name only when it is complete: it is written next to it, synced, and renamed. A fingerprint shows
what a run was made of; a folder whose fingerprint differs is another run's.
"""

import errno
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq

from augment.errors import DiskFullError, RequestError

# In the name of a file that is being written.
LEFTOVER = ".tmp-"


@contextmanager
def whole(path: Path) -> Iterator[BinaryIO]:
    """Yield a stream whose content becomes the file `path` at the end, or never; DiskFullError if no room is left."""
    fresh = path.with_name(f"{path.name}{LEFTOVER}{uuid4().hex[:12]}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with fresh.open("wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(fresh, path)
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
        fresh.unlink(missing_ok=True)


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


def digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def canonical(value: object) -> str:
    """Return JSON in which equal values are equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)


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
