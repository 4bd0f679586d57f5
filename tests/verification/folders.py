"""Folders of runs, changed and hashed again, and what verifying reports of them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from augment.output.manifest import seal
from augment.tables.files import digest, read_json, write_json
from augment.tables.run_folder import MANIFEST
from augment.tables.sink import Sink
from augment.verification import Verification, verify
from augment.verification.records import records

Row = dict[str, Any]


def files_of(folder: Path) -> list[str]:
    """Return the name of every file below a folder."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def failed(result: Verification) -> set[str]:
    """Return the names of the checks that failed."""
    return {check.name for check in result.checks if check.wrong}


def problems(result: Verification, name: str) -> str:
    """Return all that a check reports as wrong."""
    return "\n".join(next(check.problems for check in result.checks if check.name == name))


def resealed(folder: Path, change: Callable[[Row], None]) -> Path:
    """Return the folder, its manifest changed and sealed again."""
    manifest = read_json(folder / MANIFEST)
    change(manifest)
    manifest.pop("sha256")
    write_json(folder / MANIFEST, {**manifest, "sha256": seal(manifest)})
    return folder


def rehashed(folder: Path, name: str) -> Path:
    """Return the folder, its manifest taking a changed file for the right one."""

    def change(manifest: Row) -> None:
        if name in manifest["files"]:
            rows = sum(1 for _ in records(folder / name, ("id",)))
            manifest["files"][name] = {"rows": rows, "sha256": digest(folder / name)}
            manifest["summary"]["files"][name] = rows
        else:
            manifest["beside"][name] = digest(folder / name)

    return resealed(folder, change)


def rewritten(folder: Path, name: str, change: Callable[[list[Row]], object]) -> Verification:
    """Return what is found once the rows of a file were changed and the file was hashed again."""
    path = folder / name
    if path.suffix == ".parquet":
        table = pq.read_table(path)
        rows = table.to_pylist()
        change(rows)
        pq.write_table(pa.Table.from_pylist(rows, table.schema), path)
    else:
        rows = [dict(row) for row in records(path, ())]
        change(rows)
        path.unlink()
        sink = Sink(path)
        sink.add(pa.Table.from_pylist(rows))
        sink.close(keep=True)
    return verify(rehashed(folder, name))


DROP = "dropped.parquet"
