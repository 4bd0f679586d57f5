"""Let the disk fill up at every write of a command, make room, run the command again, and compare with an unbroken one.

    OMP_NUM_THREADS=1 python -m benchmarks.engine.full_disk [--every 1] [--only run]

A small `textcnn` on 40 sentences. `each write`: the first, second, ... call that opens a file to write, makes a folder or
renames is refused with `No space left on device`, one run each (`--every 3`: each third). `disk of N KiB` and `N inodes`:
the folder is on a tmpfs of that size, which is made large for the second run; this takes root, and is left out elsewhere.
`code 7`: the command ended with DiskFullError, three lines and code 7; `done`: the refused call was one that it does
without, and it ended with 0. `same`: the command, run again with room, ended with 0 and left the same rows (train: the same
answers), and nothing half-written is there. `verify` writes nothing, so nothing can be refused. What is in full_disk.json is
not tried again.
"""

import argparse
import errno
import io
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow.parquet as pq

from augment.cli.main import main as command
from augment.tables.hashing import hashes_of
from augment.training import train
from benchmarks.common import Results, part, write_page
from tests.small import small_job, write_corpus

RESULTS = Results("engine/full_disk")
_WRITES = ("os.mkdir", "os.rename")
COMMANDS: dict[str, tuple[str, ...]] = {
    "run": ("run", "augment-wide", "-c", "mine.yaml", "-o", "disk/out", "-q"),
    "keywords": ("keywords", "-c", "mine.yaml", "-o", "disk/out", "-q"),
    "train": ("train", "-c", "mine.yaml", "-m", "disk/model", "-q"),
    "report": ("report", "disk/out"),
    "verify": ("verify", "disk/out", "-q"),
    "evaluate": (
        "evaluate",
        "none",
        "eda",
        "-c",
        "mine.yaml",
        "-o",
        "disk/out",
        "-q",
        "--rows",
        "8",
        "--seeds",
        "1",
        "--set",
        "judge.path=model",
    ),
}
CONFIG = """\
corpus: {root: corpus, files: small.csv}
model: {path: model, max_length: 64}
train: {start: textcnn, epochs: 1, batch_size: 16, vocabulary: 300}
resources: {lexicons: []}
evaluate: {test_rows: 8, noise: 0, epochs: 1}
run: {device: cpu, threads: 1, shard_rows: 16}
"""


@dataclass
class Refusing:
    """An audit hook that counts what is written below a folder, and refuses the one write that has a number."""

    below: str = ""
    at: int = 0
    seen: int = 0
    refused: list[str] = field(default_factory=list)

    def __call__(self, event: str, values: tuple[object, ...]) -> None:
        """Look at one event of Python."""
        if not self.below or not (event in _WRITES or (event == "open" and _is_write(values))):
            return
        path = values[1] if event == "os.rename" else values[0]
        if not isinstance(path, str | os.PathLike) or not os.path.abspath(path).startswith(self.below):
            return
        if event == "os.mkdir" and os.path.isdir(path):
            return
        self.seen += 1
        if self.seen == self.at:
            self.refused.append(f"{event} {path}")
            raise OSError(errno.ENOSPC, "No space left on device", str(path))

    @contextmanager
    def within(self, below: Path, at: int) -> Iterator[None]:
        """Refuse the write number `at` below a folder within the block; 0: none."""
        self.below, self.at, self.seen = os.path.abspath(below), at, 0
        try:
            yield
        finally:
            self.below = ""


def _is_write(values: tuple[object, ...]) -> bool:
    """Return whether an audited call of open makes or changes a file."""
    return isinstance(values[2], int) and bool(values[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))


REFUSING = Refusing()


def main() -> None:
    """Fill the disk in every way and write the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--every", type=int, default=1, help="refuse each so many-th write")
    parser.add_argument("--only", action="append", choices=list(COMMANDS), help="only this command")
    words = parser.parse_args()
    sys.addaudithook(REFUSING)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        write_corpus(Path("corpus"), 40)
        Path("mine.yaml").write_text(CONFIG, encoding="utf-8")
        train(small_job(Path("corpus")))
        Path("corpus/model").rename("model")
        for name in words.only or COMMANDS:
            if name not in RESULTS.cells:
                RESULTS.save(name, {how: _counts(outcomes) for how, outcomes in _tried(name, words.every)})
            write_table()


def _counts(outcomes: "Outcomes") -> dict[str, int]:
    """Return how many commands ended in each way."""
    ends = [outcome for outcome, _ in outcomes]
    same = sum(good for _, good in outcomes)
    return {"runs": len(ends), "code 7": ends.count(7), "done": ends.count(0), "same after": same}


def write_table() -> None:
    """Write full_disk.md."""
    lines = ["| command | how | runs | code 7 | done | same after |", "|---|---|---|---|---|---|"]
    for name in (name for name in COMMANDS if name in RESULTS.cells):
        for how in RESULTS.cells[name]:
            counts = part(RESULTS.cells[name], how)
            lines.append(f"| {name} | {how} | {' | '.join(map(str, counts.values()))} |")
    write_page("engine/full_disk", "Disks that fill up", __doc__, lines)


Outcomes = list[tuple[int, bool]]


def _tried(name: str, every: int) -> Iterator[tuple[str, Outcomes]]:
    """Yield each way of filling the disk with how every run of a command ended, and whether the next made it good."""
    disk, start = Path("disk"), Path("start")
    for folder in (start, disk):
        shutil.rmtree(folder, ignore_errors=True)
    disk.mkdir()
    if name in ("report", "verify"):
        assert _run("run") == 0
        shutil.copytree(disk, start)
    else:
        start.mkdir()
    with REFUSING.within(disk, 0):
        assert _run(name) == 0
        writes = REFUSING.seen
    wanted = _content(disk)
    print(f"{name}: {writes} writes", flush=True)

    def fresh() -> None:
        """Lay the disk out as it was before the command."""
        for path in disk.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        shutil.copytree(start, disk, dirs_exist_ok=True)

    outcomes: Outcomes = []
    for at in range(1, writes + 1, every):
        fresh()
        with REFUSING.within(disk, at):
            code = _run(name)
        outcomes.append((code, _good(name, disk, wanted)))
        if outcomes[-1] not in ((7, True), (0, True)):
            print(f"{name}, write {at}: {outcomes[-1]}, {REFUSING.refused[-1]}", flush=True)
    yield "each write" if every == 1 else f"one write in {every}", outcomes
    if name != "verify":
        yield from _small_disks(name, disk, start, wanted)


def _small_disks(name: str, disk: Path, start: Path, wanted: object) -> Iterator[tuple[str, Outcomes]]:
    """Yield the outcomes on real disks with too little room, or too few files; nothing where none can be mounted."""
    used = sum(path.stat().st_size + 4096 for path in start.rglob("*")) // 1024
    ways = (
        ("disk of KiB", [f"size={used + more}k" for more in (4, 16, 40, 64, 96, 128, 192, 256, 384)]),
        (
            "inodes",
            [
                f"size=64m,nr_inodes={sum(1 for _ in start.rglob('*')) + more}"
                for more in (1, 2, 4, 7, 11, 16, 24)
            ],
        ),
    )
    for how, options in ways:
        outcomes: Outcomes = []
        for option in options:
            shutil.rmtree(disk)
            disk.mkdir()
            if subprocess.run(
                ["mount", "-t", "tmpfs", "-o", option, "tmpfs", "disk"], check=False
            ).returncode:
                print("no small disk can be mounted here: left out", flush=True)
                return
            try:
                with suppress(OSError):
                    shutil.copytree(start, disk, dirs_exist_ok=True)
                code = _run(name)
                subprocess.run(["mount", "-o", "remount,size=64m,nr_inodes=9999", "disk"], check=True)
                outcomes.append((code, _good(name, disk, wanted)))
                if outcomes[-1] not in ((7, True), (0, True)):
                    print(f"{name}, {option}: {outcomes[-1]}", flush=True)
            finally:
                subprocess.run(["umount", "-l", "disk"], check=True)
        yield how, outcomes


def _run(name: str) -> int:
    """Return the code that a command ends with, run in this process; what it prints is shown where it is no clear end."""
    before, out, err = sys.argv, io.StringIO(), io.StringIO()
    sys.argv = ["augment", *COMMANDS[name]]
    try:
        with redirect_stdout(out), redirect_stderr(err):
            command()
    except SystemExit as stop:
        code = int(stop.code or 0)
    finally:
        sys.argv = before
    if code not in (0, 7) or (code == 7 and not err.getvalue().splitlines()[-3].startswith("error: ")):
        print(f"{name}: code {code}: {err.getvalue()[-500:]}", flush=True)
    return code


def _good(name: str, disk: Path, wanted: object) -> bool:
    """Return whether the command, run again, ends well and leaves what an unbroken one does."""
    return _run(name) == 0 and _content(disk) == wanted


def _content(disk: Path) -> object:
    """Return the names of all files, and for files of rows and weights their content."""
    rows = {path: hashes_of(pq.read_table(path)).values for path in sorted(disk.rglob("*.parquet"))}
    weights = {path: path.read_bytes() for path in sorted(disk.rglob("*.safetensors"))}
    return sorted(map(str, disk.rglob("*"))), rows, weights


if __name__ == "__main__":
    main()
