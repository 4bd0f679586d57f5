"""Turn single bits of the files of runs around: what waits must never become other rows, what is finished must be told apart.

    OMP_NUM_THREADS=1 python -m benchmarks.engine.damage [--waiting 240] [--others 60] [--finished 400] [--seed 0]

A small `textcnn`, trained first, augments 60 sentences in shards of 12 rows. Waiting: the run is stopped when its
shards are done and before its files are written, one bit of one file is turned around, and the run is taken up again; `parts` are the rows of finished shards, `others`
their receipts, lines and decisions. Then the outcome is one of:
without effect: no shard was made again, and all rows are those of an unbroken run; made again: the shard was, or the
decisions were, and all rows are those of an unbroken run; refused: the run ended with an error that names the file, and
gave those rows when it was run again; WRONG: anything else.
Finished: one bit of one file of a finished folder is turned around, and `augment verify` looks at it: found, naming the
file; without effect: the manifest says the same, written otherwise; MISSED: anything else.
Each call adds its counts to damage.json, and the table is of all of them.
"""

import json
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import pyarrow.parquet as pq

from augment.api.run import run
from augment.config.job import Job
from augment.config.sections import OutputConfig
from augment.errors import AugmentError
from augment.tables.files import write_json
from augment.tables.hashing import hashes_of
from augment.tables.run_folder import MANIFEST
from augment.training import train
from augment.verification import verify
from benchmarks.common import HERE, command_line, write_page
from tests.small import small_job, write_corpus

RESULTS = HERE / "engine/damage.json"
KINDS = ("waiting parts", "waiting others", "finished files")
OUTCOMES = ("without effect", "made again", "refused", "found", "WRONG", "MISSED")
PHASES = ("augment-wide", "augment-wide: keywords", "augment-wide: distinct")


def main() -> None:
    """Turn the bits around, print what came of it, and write results and page."""
    parser = command_line(__doc__)
    for kind, count in (("waiting", 240), ("others", 60), ("finished", 400)):
        parser.add_argument(f"--{kind}", type=int, default=count, help=f"bits to turn: {kind}")
    parser.add_argument("--seed", type=int, default=0, help="decides which bits")
    given = parser.parse_args()
    counts = (given.waiting, given.others, given.finished)
    with tempfile.TemporaryDirectory() as index:
        bench = Bench(Path(index))
        tries = (bench.waiting(True), bench.waiting(False), bench.finished())
        for kind, count, (folder, names, outcome) in zip(KINDS, counts, tries, strict=True):
            chance = random.Random(f"{given.seed} {kind}")
            counted: Counter[str] = Counter()
            for turn in range(count):
                name = names[turn % len(names)]
                counted[outcome(flipped(folder, bench.root / "tried", name, chance), name)] += 1
            note({"kind": kind, "seed": given.seed, "n": count, **counted})


class Bench:
    """A small corpus and model, a run that was stopped, a whole one, and what its rows are."""

    def __init__(self, root: Path) -> None:
        """Train the model, run once undisturbed, and once until all shards are done."""
        self.root = root
        write_corpus(root, rows=60)
        train(small_job(root))
        self.whole, self.stopped = root / "whole", root / "stopped"
        run("augment-wide", self.job(), self.whole)
        self.rows = rows(self.whole)

        def stop(phase: str, done: int, total: int) -> None:
            """Stop before the files are written."""
            if phase == "write":
                raise KeyboardInterrupt

        try:
            run("augment-wide", self.job(), self.stopped, progress=stop)
        except KeyboardInterrupt:
            self.usual = self.resumed(Path(shutil.copytree(self.stopped, root / "tried")))

    def job(self) -> Job:
        """Return the job of a small run."""
        job = small_job(self.root, shard_rows=12)
        return job.model_copy(update={"output": OutputConfig(report_rows=0)})

    def resumed(self, folder: Path) -> list[int]:
        """Take a run up again, and return how many rows each phase found done."""
        result: dict[str, int] = {}

        def note_first(phase: str, done: int, total: int) -> None:
            """Keep the first report of a phase."""
            result.setdefault(phase, done)

        run("augment-wide", self.job(), folder, progress=note_first)
        return [result[phase] for phase in PHASES]

    def waiting(self, parts: bool) -> tuple[Path, list[str], Callable[[Path, str], str]]:
        """Return the stopped run, its parts or the other files that wait, and what tells what came of a bit."""
        laid_out = {"plan.json", "active.parquet", "rest.parquet"}
        result = (
            name
            for name in names_in(self.stopped)
            if Path(name).name not in laid_out and "calibration" not in name
        )
        return (
            self.stopped,
            [name for name in result if Path(name).match("part-*.parquet") == parts],
            self.came_of,
        )

    def came_of(self, folder: Path, name: str) -> str:
        """Return what came of a run with a damaged file when it was taken up again."""
        decides = "decided" in name or "keywords" in name
        try:
            result = self.resumed(folder)
        except AugmentError as refused:
            named = Path(name).name in refused.where
            self.resumed(folder)
            return "refused" if named and rows(folder) == self.rows else self.wrong(name)
        if rows(folder) != self.rows:
            return self.wrong(name)
        return "made again" if result != self.usual or decides else "without effect"

    def finished(self) -> tuple[Path, list[str], Callable[[Path, str], str]]:
        """Return the finished run, all its files, and what tells whether `verify` found a bit."""
        before = json.loads((self.whole / MANIFEST).read_text(encoding="utf-8"))

        def seen(folder: Path, name: str) -> str:
            """Return whether a damaged file is found."""
            checks = verify(folder).checks
            if any(name in problem for check in checks for problem in check.problems):
                return "found"
            same = name == MANIFEST and json.loads((folder / MANIFEST).read_text("utf-8")) == before
            return "without effect" if same else self.wrong(name, "MISSED")

        return self.whole, names_in(self.whole), seen

    def wrong(self, name: str, outcome: str = "WRONG") -> str:
        """Return an outcome that must not be, and print of which file it is."""
        print(outcome, name, flush=True)
        return outcome


def flipped(folder: Path, copy: Path, name: str, chance: random.Random) -> Path:
    """Return a copy of a folder in which one bit of a file is turned around."""
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(folder, copy)
    content = bytearray((copy / name).read_bytes())
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    (copy / name).write_bytes(content)
    return copy


def names_in(folder: Path) -> list[str]:
    """Return the names of all files of a folder that have a content."""
    paths = (path for path in folder.rglob("*") if path.is_file() and path.stat().st_size)
    return sorted(path.relative_to(folder).as_posix() for path in paths)


def rows(folder: Path) -> dict[str, object]:
    """Return the hashes of every file with rows."""
    return {name: hashes_of(pq.read_table(folder / name)) for name in names_in(folder) if "parquet" in name}


def note(result: dict[str, object]) -> None:
    """Add counts to the results, print them, and write the table of all."""
    print(result, flush=True)
    known: list[dict[str, object]] = (
        json.loads(RESULTS.read_text(encoding="utf-8"))["runs"] if RESULTS.exists() else []
    )
    write_json(RESULTS, {"runs": [*known, result]})
    write_page("engine/damage", "Bits turned around", __doc__, list(table([*known, result])))


def table(runs: Iterable[dict[str, object]]) -> Iterable[str]:
    """Yield the lines of a table: a row for each kind, its counts over all runs."""
    sums = {kind: Counter[str]() for kind in KINDS}
    for result in runs:
        sums[str(result["kind"])].update(
            {name: int(str(result[name])) for name in ("n", *OUTCOMES) if name in result}
        )
    yield f"| files | n | {' | '.join(OUTCOMES)} |"
    yield "|---" * (2 + len(OUTCOMES)) + "|"
    for kind, counts in sums.items():
        yield f"| {kind} | {counts['n']} | {' | '.join(str(counts[name]) for name in OUTCOMES)} |"


if __name__ == "__main__":
    main()
