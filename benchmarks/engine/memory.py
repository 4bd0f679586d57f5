"""Measure the peak memory of a run over the size of its corpus: planner, worker, merge, and what is written at the end.

    python -m benchmarks.engine.memory [--rows 100000 1000000] [--data FOLDER]

Rows are made of real reviews, the beginnings of two of them joined by chance, Chinese and English; one in twenty is a copy. The
run explains them with a textcnn, deletes words, judges the samples, keeps them away from a guard file of 2,000 texts,
removes duplicates over the whole corpus, brings both classes to the same size, and draws the report. Two worker processes. A
size is measured in a process of its own. For each part of the run the highest resident size of its process is read from
the system (VmHWM, reset at its beginning): the planner lays the corpus out, the merges are of `distinct` and `select`, the end
writes data set and report. The corpus and the runs lie in runs/memory; measurements that stand in memory.json are not made
again.
"""

import argparse
import csv
import random
import subprocess
import sys
import threading
import time
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import active_children, get_context
from pathlib import Path

from augment.api.run import run
from augment.config.job import Job
from augment.config.sections import CorpusConfig, ModelConfig, ResourcesConfig, RunConfig, TrainConfig
from augment.pipeline.definition import Pipeline
from augment.training import train
from benchmarks.common import Cell, Results, command_line, labelled, write_page

RESULTS = Results("engine/memory")
GUARDED, TAUGHT, SHORT = 2000, 3000, 24
PLAN = Pipeline.model_validate(
    {
        "name": "memory",
        "about": "Everything that looks at all rows.",
        "stages": [
            {"kind": "tokenize"},
            {"kind": "attribute", "target": "gold"},
            {"kind": "rank", "fraction": 0.25},
            {"kind": "delete", "on": "other", "samples": 1, "share": 0.2},
            {"kind": "judge"},
            {"kind": "keep", "rules": [{"verdict": "keep", "p_gold_at_least": 0.5}]},
            {"kind": "guard"},
            {"kind": "distinct"},
            {"kind": "select", "rows": "largest"},
        ],
    }
)


def main() -> None:
    """Measure every size that is missing, and write the table."""
    arguments = _arguments()
    if arguments.alone:
        RESULTS.save(
            str(arguments.rows[0]), measure(arguments.rows[0], sentences(arguments.data), arguments.work)
        )
        return
    for rows in arguments.rows:
        if str(rows) not in RESULTS.cells:
            subprocess.run([*sys.orig_argv, "--alone", "--rows", str(rows)], check=True)
    write_table()


def sentences(data: Path) -> list[tuple[str, str]]:
    """Return texts and labels of hotel reviews and film reviews."""
    texts = []
    for corpus in ("hotel-zh", "sst2-en"):
        for text, label in labelled(corpus, data):
            texts.append((text[:SHORT], "good" if label in ("1", "positive", "pos") else "bad"))
    return texts


def measure(rows: int, texts: list[tuple[str, str]], work: Path) -> Cell:
    """Return the peaks of a run on so many rows, in MiB, and its size."""
    folder = work / str(rows)
    folder.mkdir(parents=True, exist_ok=True)
    write(folder / "rows.csv", texts, rows, seed=rows)
    write(folder / "guard.csv", texts, GUARDED, seed=1)
    job = job_of(folder, work / "model")
    if not (work / "model").exists():
        with ProcessPoolExecutor(1, get_context("spawn")) as other:
            other.submit(train, job).result()
    watch, began = Watch(), time.monotonic()
    summary = run(PLAN, job, folder / "run", progress=watch.report)
    watch.stop()
    counts = summary.counts
    return {
        **watch.peaks,
        "seconds": round(time.monotonic() - began, 1),
        "rows": counts["rows processed"],
        "samples": counts["samples made"],
        "copies": summary.dropped.get("another row has the same text", 0),
    }


def write(path: Path, texts: list[tuple[str, str]], rows: int, seed: int) -> None:
    """Write so many rows made of two texts of one label; one in twenty is one of the last rows again."""
    chance, last = random.Random(seed), [("", "")] * 1000
    by_label = defaultdict(list)
    for text, label in texts:
        by_label[label].append(text)
    with path.open("w", encoding="utf-8", newline="") as stream:
        lines = csv.writer(stream)
        lines.writerow(["id", "text", "label"])
        for number in range(rows):
            label = "good" if chance.random() < 0.6 else "bad"
            text = f"{chance.choice(by_label[label])} {chance.choice(by_label[label])}"
            if chance.random() < 0.05 and number > len(last):
                text, label = chance.choice(last)
            last[number % len(last)] = (text, label)
            lines.writerow([f"r{number}", text, label])


def job_of(folder: Path, model: Path) -> Job:
    """Return the job: eight rows in ten are worked on, the others pass through; two processes of one thread."""
    files = [{"path": "rows.csv"}]
    return Job(
        name="memory",
        corpus=CorpusConfig.model_validate({"root": str(folder), "files": files, "id": "id"}),
        model=ModelConfig(path=str(model), max_length=128),
        resources=ResourcesConfig(guard=("guard.csv",)),
        train=TrainConfig(start="textcnn", epochs=2, limit=TAUGHT, vocabulary=4000),
        run=RunConfig(device="cpu", executor="processes", workers=2, threads=1),
    )


class Watch:
    """Reads the highest resident size of this process and of its workers, part by part of a run."""

    def __init__(self) -> None:
        """Begin with the planner."""
        self.peaks: dict[str, float] = defaultdict(float)
        self._part = "planner"
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch_workers, daemon=True)
        self._thread.start()
        reset()

    def report(self, phase: str, done: int, total: int) -> None:
        """Note what the part that ends has taken, and begin another."""
        part = {"read the corpus": "planner", "write": "the end"}.get(phase)
        part = part or ("merge" if phase.endswith("all rows") else "schedule" if done else self._part)
        if part != self._part:
            self._note()
            self._part = part
            reset()

    def stop(self) -> None:
        """End."""
        self._note()
        self._over.set()
        self._thread.join()

    def _note(self) -> None:
        """Keep the peak of the part."""
        self.peaks[self._part] = max(self.peaks[self._part], peak("self"))

    def _watch_workers(self) -> None:
        """Keep the peak of every worker, from time to time."""
        while not self._over.wait(0.5):
            for sample in active_children():
                self.peaks["worker"] = max(self.peaks["worker"], peak(str(sample.pid)))


def peak(process: str) -> float:
    """Return the highest resident size of a process in MiB; 0 if it has gone."""
    try:
        lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0.0
    return next((round(int(line.split()[1]) / 1024, 1) for line in lines if line.startswith("VmHWM")), 0.0)


def reset() -> None:
    """Let the highest resident size of this process be its present one."""
    Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")


def write_table() -> None:
    """Write memory.md."""
    cells = sorted(RESULTS.cells.items(), key=lambda cell: int(cell[0]))
    names = list(dict.fromkeys(name for _, cell in cells for name in cell))
    lines = [
        "| MiB | " + " | ".join(f"{int(rows):,} rows" for rows, _ in cells) + " | largest over smallest |"
    ]
    lines += ["|" + "---|" * (len(cells) + 2)]
    for name in names:
        values = [float(str(cell.get(name, 0.0))) for _, cell in cells]
        ratio = f"{values[-1] / values[0]:.3f}" if values[0] else ""
        lines.append(f"| {name} | " + " | ".join(f"{value:,}" for value in values) + f" | {ratio} |")
    write_page("engine/memory", "Memory over the size of the corpus", __doc__, lines)
    print("\n".join(lines))


def _arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = command_line(__doc__, "memory")
    parser.add_argument(
        "--rows", type=int, nargs="+", default=[100_000, 1_000_000], help="rows of the corpora"
    )
    parser.add_argument("--alone", action="store_true", help="measure the first size, in this process")
    return parser.parse_args()


if __name__ == "__main__":
    main()
