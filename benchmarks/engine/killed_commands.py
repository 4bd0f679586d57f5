"""Kill `train`, `evaluate`, `report` and `verify` at random moments, and run them again: a part of `faults`.

Each finds what an earlier command of another request made, every second time: `train` an older model, `evaluate` the cells
of one arm, else nothing. `report` and `verify` find a finished run every time.
"""

import random
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from augment.config.job import Job
from augment.config.sections import EvaluateConfig, ModelConfig
from augment.evaluation import evaluate
from augment.evaluation.evaluation import FILE, read_evaluation
from augment.output.report import redraw
from augment.tables.files import LEFTOVER
from augment.tables.locking import LOCK
from augment.training import train
from augment.verification import verify
from tests.engine.killing import killed_after
from tests.small import small_job

Cell = dict[str, object]
Content = dict[str, bytes]
# Whether a folder, after the kill, is as it may be: what it holds, what it held before, what the command makes.
IsSound = Callable[[Content, Content, Content], bool]
_PARTLY = (LEFTOVER, LOCK, ".new-")


@dataclass
class Command:
    """A command as work on a folder: what it may find there, and what it must leave when it is killed."""

    home: Path
    start: Path
    work: Callable[[Path], object]
    is_sound: IsSound
    needs_start: bool = False
    seconds: float = 0.0
    wanted: Content = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """The folder that the command works on."""
        return self.home / "it"

    def lay_out(self, full: bool) -> Content:
        """Make the folder anew, as the start is or absent, and return what is in it."""
        shutil.rmtree(self.home, ignore_errors=True)
        self.home.mkdir(parents=True)
        if full or self.needs_start:
            shutil.copytree(self.start, self.folder)
        return content(self.folder)

    def measure(self) -> None:
        """Run undisturbed twice, from nothing and from the start, to know the time and what must come out."""
        for full in (True, False):
            self.lay_out(full)
            began = time.monotonic()
            self.work(self.folder)
            self.seconds = time.monotonic() - began
            now = content(self.folder)
            assert self.wanted in ({}, now), sorted(now)
            self.wanted = now

    def killed(self, turn: int) -> Cell:
        """Kill the command once and run it again; return what was seen."""
        before = self.lay_out(turn % 2 == 0)
        moment = random.Random(turn).uniform(0, self.seconds)
        killed = killed_after(moment, partial(self.work, self.folder))
        sound = self.is_sound(content(self.folder), before, self.wanted)
        self.work(self.folder)
        equal = content(self.folder) == self.wanted
        left = [path for path in self.home.rglob("*") if any(part in path.name for part in _PARTLY)]
        return {
            "when": f"{moment:.2f} s",
            "killed": killed,
            "equal": equal,
            "clean": not left,
            "verified": sound,
        }


def kills(
    root: Path, finished: Path, done: Callable[[str], list[Cell]], count: int
) -> Iterator[tuple[str, Cell]]:
    """Yield the kills that are missing of so many of each command; `finished` holds a run of the corpus in root/small."""
    home, job = root / "commands", small_job(root / "small")
    makers: dict[str, Callable[[], Command]] = {
        "train, random moments": partial(training, job, home),
        "evaluate, random moments": partial(evaluating, job, home),
        "report, random moments": lambda: Command(
            home / "report", finished, partial(redraw, rows=10), files_whole, True
        ),
        "verify, random moments": lambda: Command(home / "verify", finished, verified, untouched, True),
    }
    for kind, make in makers.items():
        command: Command | None = None
        while sum(bool(cell["killed"]) for cell in done(kind)) < count:
            if command is None:
                command = make()
                command.measure()
            yield kind, command.killed(len(done(kind)))


def training(job: Job, home: Path) -> Command:
    """Return the training of a model in the place of another, which was trained on fewer rows."""

    def work(folder: Path, limit: int | None = None) -> object:
        """Train into a folder."""
        model = ModelConfig(path=str(folder), max_length=64)
        settings = job.train.model_copy(update={"limit": limit})
        return train(job.model_copy(update={"model": model, "train": settings}))

    work(home / "old", 60)
    return Command(home / "train", home / "old", work, old_or_new)


def evaluating(job: Job, home: Path) -> Command:
    """Return an evaluation of two arms on two draws that finds one arm of them done."""
    judge = job.needs_model()

    def work(folder: Path, arms: tuple[str, ...] = ("eda",)) -> object:
        """Evaluate into a folder."""
        config = EvaluateConfig.model_validate(
            {"rows": (24,), "epochs": 2.0, "test_rows": 20, "seeds": 2, "arms": arms}
        )
        return evaluate(job.model_copy(update={"evaluate": config, "judge": judge}), folder)

    work(home / "part", ("duplicate",))
    return Command(home / "evaluate", home / "part", work, cells_whole)


def verified(folder: Path) -> None:
    """Verify a folder."""
    verify(folder).require()


def content(folder: Path) -> Content:
    """Return every file of a folder, locks left out; of an evaluation its cells, one by one."""
    if (folder / FILE).exists():
        cells = read_evaluation(folder).cells
        return {str(key): repr(sorted(cell.items())).encode() for key, cell in cells.items()}
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and LOCK not in path.name)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def old_or_new(now: Content, before: Content, wanted: Content) -> bool:
    """Return whether what is there is the old or the new, or nothing, as between the two renames of a swap."""
    return now in ({}, before, wanted)


def cells_whole(now: Content, before: Content, wanted: Content) -> bool:
    """Return whether the cells there are those of before and some of the wanted ones, all as they must be."""
    return before.items() <= now.items() <= wanted.items()


def files_whole(now: Content, before: Content, wanted: Content) -> bool:
    """Return whether every file is the old one or the new one; what was being written has a name of its own."""
    there = {name: value for name, value in now.items() if LEFTOVER not in name}
    return set(there) == set(before) and all(
        value in (before[name], wanted[name]) for name, value in there.items()
    )


def untouched(now: Content, before: Content, wanted: Content) -> bool:
    """Return whether nothing has changed."""
    return now == before
