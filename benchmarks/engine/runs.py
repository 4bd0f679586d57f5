"""Measure what shards, processes and Ray cost: the same rows by each, in turns, on one machine.

    python -m benchmarks.engine.runs --model FOLDER [--corpus sst2-en] [--rows 4000] [--rounds 3]

`loop` applies the opened pipeline to tables of the same rows, one after another, and writes nothing: what the work
itself takes. `inline` is a run in this process with shards, receipts, hashes and files; its overhead is the CPU time
between the first and the last shard over that of the loop. `processes 1`, `processes 2` and `ray 2` are timed by the wall
from the first receipt to the last, so that starting is left out and told apart; one thread each. Efficiency of two
processes is the rate of two over twice the rate of one. Medians of the rounds; every kind is measured in every round.
"""

import argparse
import os
import shutil
import statistics
import time
from collections import defaultdict
from pathlib import Path

import pyarrow.parquet as pq

from augment.api.run import run
from augment.config.job import Job, read_job
from augment.config.sections import ModelConfig, RunConfig
from augment.config.shipped import find
from augment.corpus import with_label_names
from augment.engine.staging import ACTIVE, stage_corpus
from augment.pipeline.apply import open_pipeline
from augment.pipeline.definition import Pipeline
from augment.tables.files import write_json
from benchmarks.common import HERE, command_line, write_page

KINDS: dict[str, dict[str, object]] = {
    "inline": {"executor": "inline"},
    "processes 1": {"executor": "processes", "workers": 1},
    "processes 2": {"executor": "processes", "workers": 2},
    "ray 2": {"executor": "ray", "workers": 2},
}
# Stages that look at all rows are measured elsewhere; here a shard's work is what it is for most runs. The number of nodes
# is fixed, as the loop has no planner that could calibrate one.
PIPELINE = Pipeline.model_validate(
    {
        "name": "explain",
        "about": "Attribute and rank.",
        "splits": ["train"],
        "stages": [
            {"kind": "tokenize"},
            {"kind": "attribute", "target": "predicted", "fixed": 12},
            {"kind": "rank", "k": 5},
        ],
    }
)


class Clock:
    """Notes when shards are done, by the wall and by this process's CPU."""

    def __init__(self, workers: int) -> None:
        """Start to count for so many workers."""
        self.workers = workers
        self.began = time.perf_counter()
        self.marks: list[tuple[float, float, int]] = []

    def report(self, phase: str, done: int, total: int) -> None:
        """Take a report of progress."""
        if phase == PIPELINE.name:
            self.marks.append((time.perf_counter(), time.process_time(), done))

    @property
    def start(self) -> float:
        """Seconds until the first shard was done."""
        return self._done[0][0] - self.began

    @property
    def wall(self) -> float:
        """Rows a second after every worker's first shard."""
        return self._rate(0)

    @property
    def processor(self) -> float:
        """Rows a CPU second after every worker's first shard."""
        return self._rate(1)

    @property
    def _done(self) -> list[tuple[float, float, int]]:
        """The reports with rows."""
        return [mark for mark in self.marks if mark[2]]

    def _rate(self, clock: int) -> float:
        """Return the rows a second of one of the two clocks."""
        first, last = self._done[self.workers - 1], self._done[-1]
        return (last[2] - first[2]) / (last[clock] - first[clock])


def main() -> None:
    """Measure every kind in every round, and write the table."""
    arguments = _arguments()
    os.environ["RAY_" + "worker_niceness"] = "0"
    rates, starts = defaultdict(list), defaultdict(list)
    for number in range(arguments.rounds):
        rates["loop"].append(loop(job_of(arguments, {}), arguments.work / "loop"))
        for kind, settings in KINDS.items():
            folder, clock = arguments.work / "run", Clock(int(str(settings.get("workers", 1))))
            shutil.rmtree(folder, ignore_errors=True)
            run(PIPELINE, job_of(arguments, settings), folder, progress=clock.report)
            rates[kind].append(clock.processor if kind == "inline" else clock.wall)
            starts[kind].append(clock.start)
            print(number, kind, rates[kind][-1], starts[kind][-1], flush=True)
    write(rates, starts, arguments)


def job_of(arguments: argparse.Namespace, settings: dict[str, object]) -> Job:
    """Return the job of a kind."""
    job = read_job([find("configs", arguments.corpus)], [f"corpus.root={arguments.data}"])
    run_config = {"device": "cpu", "threads": 1, "shard_rows": arguments.shard, "limit": arguments.rows}
    output = job.output.model_copy(update={"report_rows": 0})
    return job.model_copy(
        update={
            "model": ModelConfig(path=str(arguments.model), max_length=128),
            "run": RunConfig.model_validate({**run_config, "splits": ["train"], **settings}),
            "output": output,
        }
    )


def loop(job: Job, folder: Path) -> float:
    """Return the rows a CPU second of the pipeline alone, the first table left out."""
    stage_corpus(with_label_names(job), ("train",), folder)
    apply = open_pipeline(PIPELINE, job)
    rows, began = 0, 0.0
    with pq.ParquetFile(folder / ACTIVE) as file:
        for number in range(file.num_row_groups):
            table = file.read_row_group(number)
            apply(table)
            rows += table.num_rows if number else 0
            began = began or time.process_time()
    shutil.rmtree(folder)
    return rows / (time.process_time() - began)


def write(
    rates: dict[str, list[float]], starts: dict[str, list[float]], arguments: argparse.Namespace
) -> None:
    """Write runs.md and runs.json."""
    middle = {kind: statistics.median(values) for kind, values in rates.items()}
    document = {
        "shard overhead": round(middle["loop"] / middle["inline"] - 1, 4),
        "efficiency of two processes": round(middle["processes 2"] / (2 * middle["processes 1"]), 4),
        "ray over processes": round(middle["ray 2"] / middle["processes 2"], 4),
    }
    write_json(HERE / "engine/runs.json", {"rates": rates, "starts": starts, **document})
    lines = [
        f"{arguments.rows:,} rows of {arguments.corpus}, {arguments.shard} a shard, {arguments.rounds} rounds.",
        "",
        "| kind | rows a second (all rounds) | seconds to the first shard |",
        "|---|---|---|",
    ]
    for kind, values in rates.items():
        each = ", ".join(f"{value:.1f}" for value in values)
        start = f"{statistics.median(starts[kind]):.1f}" if kind in starts else ""
        lines.append(f"| {kind} | {middle[kind]:.1f} ({each}) | {start} |")
    lines += ["", *(f"* {name}: {value}" for name, value in document.items())]
    write_page("engine/runs", "What shards, processes and Ray cost", __doc__, lines)
    print("\n".join(lines[-8:]))


def _arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = command_line(__doc__, "scale")
    parser.add_argument("--model", type=Path, required=True, help="folder of a classifier")
    parser.add_argument("--corpus", default="sst2-en", help="a shipped corpus")
    parser.add_argument("--rows", type=int, default=4000, help="rows processed")
    parser.add_argument("--shard", type=int, default=200, help="rows a shard")
    parser.add_argument("--rounds", type=int, default=3, help="how often everything is measured")
    return parser.parse_args()


if __name__ == "__main__":
    main()
