"""Kill runs at every call that changes the disk and at random moments, resume them, and compare with an unbroken run.

    OMP_NUM_THREADS=1 python -m benchmarks.engine.faults [--random 100] [--only inline]

A small `textcnn`, trained first, augments 300 sentences in 8 shards. `every call`: the run dies by SIGKILL before its
first, second, ... call of replace, rename, unlink, rmdir, mkdir, fsync or ftruncate, one run each. `random moments`: after
a random time within the run's own; runs that ended before do not count. `worker`: with two worker processes one of them is killed, the run goes on by itself.
With Ray, on a cluster of a head and two nodes of this machine: a driver is killed at random moments, or a worker is, or a
node is taken away and another given, while the run goes on. So many kills at random as are asked for are shared by the
kinds of an executor. Every run is then resumed, those of drivers in one process. Equal means: every file with rows holds the same rows in the same order,
value for value; clean: nothing half-written is left; verified: `augment verify` finds nothing. `train`, `evaluate`, `report` and
`verify` (the command itself) are killed a tenth as often each, half of `train` and `evaluate` over what an earlier one made. Of these, verified
means that right after the kill there was the old or the new or nothing (`train`), every cell whole (`evaluate`), every file the old or the
new one (`report`), all as before (`verify`); equal, that the command, run again, leaves what an unbroken one does. Resumable itself:
kills that stand in faults.json are not made again.
"""

import argparse
import multiprocessing
import os
import random
import shutil
import signal
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pyarrow.parquet as pq

from augment.api.run import run
from augment.config.job import Job
from augment.tables.files import LEFTOVER
from augment.tables.hashing import hashes_of
from augment.training import train
from augment.verification import verify
from benchmarks.common import read_results, write_page, write_results
from benchmarks.engine.killed_commands import Cell, kills
from tests.engine.clusters import actors, cluster_of, in_time
from tests.engine.killing import calls_of, killed_after, killed_at
from tests.small import small_job, write_corpus

NAME = "engine/faults"
KINDS = ("inline, every call", "inline, random moments", "processes, random moments", "processes, worker")
RAY_KINDS = ("ray, driver", "ray, worker", "ray, node")
GROUPS = ("commands", "inline", "processes", "ray", "calls")


def main() -> None:
    """Make the kills that are missing and write the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--random", type=int, default=100, help="kills at random, of each executor")
    parser.add_argument("--only", action="append", choices=GROUPS, help="only this group of kinds")
    words = parser.parse_args()
    count, only = words.random, words.only or GROUPS
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        if "commands" in only:
            bench.commands(-(-count // 10))
        if "inline" in only:
            bench.at_random("inline", count)
        if "processes" in only:
            bench.at_random("processes", -(-count // 2))
            bench.workers(-(-count // 2))
        each = -(-count // len(RAY_KINDS))
        if "ray" in only and any(len(done(kind)) < each for kind in RAY_KINDS):
            bench.on_ray(each)
        if "calls" in only:
            bench.every_call()


class Bench:
    """A small corpus and model, and what an unbroken run makes of them."""

    def __init__(self, root: Path) -> None:
        """Train the model and run once undisturbed."""
        self.root = root
        write_corpus(root / "small")
        train(small_job(root / "small"))
        self.whole = self.resumed(self.folder("whole"), self.job("inline"))

    def timed(self, executor: str) -> float:
        """Return how long a run takes in this process, where everything is loaded."""
        began = time.monotonic()
        self.resumed(self.folder(executor), self.job(executor))
        return time.monotonic() - began

    def job(self, executor: str) -> Job:
        """Return the job for an executor."""
        workers = {} if executor == "inline" else {"workers": 2}
        return small_job(self.root / "small", shard_rows=40, executor=executor, **workers)

    def folder(self, name: str) -> Path:
        """Return a new folder inside one of its own, so that what lies beside it is seen."""
        shutil.rmtree(self.root / name, ignore_errors=True)
        (self.root / name).mkdir()
        return self.root / name / "run"

    def every_call(self) -> None:
        """Kill before each call."""
        job, kind = self.job("inline"), KINDS[0]
        calls = calls_of(partial(run, "augment-wide", job, self.folder("count")))
        for call in range(len(done(kind)), calls):
            folder = self.folder("killed")
            killed = killed_at(call, partial(run, "augment-wide", job, folder))
            self.note(kind, f"call {call}", killed, folder, job)

    def at_random(self, executor: str, count: int) -> None:
        """Kill at random moments."""
        job, kind = self.job(executor), f"{executor}, random moments"
        seconds = 0.0
        while sum(bool(cell["killed"]) for cell in done(kind)) < count:
            seconds = seconds or self.timed(executor)
            chance = random.Random(len(done(kind)))
            folder, moment = self.folder("killed"), chance.uniform(0, seconds)
            killed = killed_after(moment, partial(run, "augment-wide", job, folder))
            self.note(kind, f"{moment:.2f} s", killed, folder, self.job("inline"))

    def workers(self, count: int) -> None:
        """Kill a worker of a run that goes on."""
        job, kind = self.job("processes"), KINDS[3]
        for turn in range(len(done(kind)), count):
            folder, after = self.folder("killed"), random.Random(turn).randrange(1, 8)
            once = Once(after, kill_process)
            run("augment-wide", job, folder, progress=once.watch)
            self.note(kind, f"after {after} shards", once.done, folder, job)

    def on_ray(self, count: int) -> None:
        """Kill drivers and workers, and take nodes away, on a cluster of this machine."""
        with in_time(), cluster_of(2) as cluster:
            job, (driver, worker, node) = self.job("ray"), RAY_KINDS
            while sum(bool(cell["killed"]) for cell in done(driver)) < count:
                folder, moment = self.folder("killed"), random.Random(len(done(driver))).uniform(2, 12)
                killed = driver_killed(moment, partial(drive, cluster.address, job, folder))
                self.note(driver, f"{moment:.2f} s", killed, folder, self.job("inline"))
            for kind, fault in ((worker, kill_actor), (node, cluster.replace_node)):
                for turn in range(len(done(kind)), count):
                    folder, after = self.folder("killed"), random.Random(turn).randrange(1, 8)
                    once = Once(after, fault)
                    run("augment-wide", job, folder, progress=once.watch)
                    self.note(kind, f"after {after} shards", once.done, folder, self.job("inline"))

    def commands(self, count: int) -> None:
        """Kill the other commands at random moments."""
        for kind, cell in kills(self.root, self.root / "whole" / "run", done, count):
            keep(kind, cell)

    def note(self, kind: str, when: str, killed: bool, folder: Path, job: Job) -> None:
        """Resume a run and write down whether it came out right."""
        left = len(list((folder / "run").glob("*.done.json")))
        equal = self.resumed(folder, job) == self.whole
        clean = not [
            path
            for path in folder.parent.rglob("*")
            if LEFTOVER in path.name or path.name.startswith(".run.")
        ]
        sound = verify(folder).ok
        cell = {
            "when": when,
            "killed": killed,
            "shards left": left,
            "equal": equal,
            "clean": clean,
            "verified": sound,
        }
        keep(kind, cell)

    def resumed(self, folder: Path, job: Job) -> dict[str, object]:
        """Run to the end, and return the hashes of every file with rows."""
        run("augment-wide", job, folder)
        return {
            str(path.relative_to(folder)): hashes_of(pq.read_table(path))
            for path in folder.rglob("*.parquet")
        }


class Once:
    """Does something, once, when a run has done so many shards; `done` says whether that happened."""

    def __init__(self, after: int, what: Callable[[], None]) -> None:
        """Wait for that many reports of progress."""
        self.done, self._after, self._what, self._seen = False, after, what, 0

    def watch(self, phase: str, done: int, total: int) -> None:
        """Take a report of progress."""
        self._seen += phase == "augment-wide"
        if self._seen == self._after + 1 and not self.done:
            self.done = True
            self._what()


def kill_process() -> None:
    """Kill a worker process of this one."""
    os.kill(int(str(multiprocessing.active_children()[0].pid)), signal.SIGKILL)


def kill_actor() -> None:
    """Kill a worker of Ray."""
    os.kill(actors()[0], signal.SIGKILL)


def drive(address: str, job: Job, folder: Path) -> None:
    """Run on a cluster."""
    import ray

    ray.init(address=address, logging_level="ERROR", log_to_driver=False)
    run("augment-wide", job, folder)


def driver_killed(seconds: float, work: Callable[[], None]) -> bool:
    """Run the work in a fresh process that is killed after so many seconds; return whether it was."""
    sample = multiprocessing.get_context("spawn").Process(target=work)
    sample.start()
    sample.join(seconds)
    sample.kill()
    sample.join()
    return sample.exitcode != 0


def keep(kind: str, cell: Cell) -> None:
    """Add a kill to the results and the table, and print it if something was wrong."""
    result = results()
    result.setdefault(kind, []).append(cell)
    write_results(NAME, result)
    write_table()
    if not (cell["equal"] and cell["clean"] and cell["verified"]):
        print(kind, cell, flush=True)


def results() -> dict[str, list[Cell]]:
    """Return the kills made so far, by kind."""
    return read_results(NAME)


def done(kind: str) -> list[Cell]:
    """Return the kills of a kind."""
    return results().get(kind, [])


def write_table() -> None:
    """Write faults.md."""
    lines = [
        "| kind | runs | killed in time | resumed equal | clean | verified |",
        "|---|---|---|---|---|---|",
    ]
    for kind, cells in results().items():
        names = ("killed", "equal", "clean", "verified")
        sums = " | ".join(str(sum(bool(cell[name]) for cell in cells)) for name in names)
        lines.append(f"| {kind} | {len(cells)} | {sums} |")
    write_page(NAME, "Runs that are killed", __doc__, lines)


if __name__ == "__main__":
    main()
