"""What the benchmarks share: their command line, real texts, a file of results that outlives an interruption, a page.

A benchmark is named by its folder and script, `quality/helps`: its results and its page are next to it.
"""

import argparse
import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from augment.config.job import Job, read_job
from augment.config.sections import ModelConfig
from augment.config.shipped import find
from augment.corpus import read
from augment.models.classifier import open_classifier
from augment.models.labels import LabelMap
from augment.review.proportions import interval
from augment.tables.files import whole, write_json

HERE = Path(__file__).resolve().parent
SHARED = HERE.parent.parent / "shared"

Cell = dict[str, object]
# Bytes from which on results are compressed.
_PLAIN = 100_000


def command_line(doc: str | None, work: str | None = None) -> argparse.ArgumentParser:
    """Return a command line with the folder of the corpora, and one for what a benchmark makes if it makes something."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=SHARED / "datasets", help="folder of the corpora")
    if work:
        folder = HERE.parent / "runs" / work
        parser.add_argument("--work", type=Path, default=folder, help="folder for models and runs")
    return parser


def job_of(corpus: str, data: Path) -> Job:
    """Return the job of a shipped corpus, on one thread of the CPU."""
    return read_job([find("configs", corpus)], [f"corpus.root={data}", "run.device=cpu", "run.threads=1"])


def labelled(corpus: str, data: Path, count: int | None = None) -> list[tuple[str, str]]:
    """Return text and label of the first rows of a shipped corpus, training rows first."""
    job = read_job([find("configs", corpus)], [f"corpus.root={data}"])
    pairs: list[tuple[str, str]] = []
    for chunk in read(job.needs_corpus()):
        columns = chunk.rows.select(["text", "label"]).to_pydict()
        pairs += zip(columns["text"], columns["label"], strict=True)
        if count is not None and len(pairs) >= count:
            break
    return pairs[:count]


def some_texts(corpus: str, data: Path, count: int | None = None) -> list[str]:
    """Return the texts of the first rows of a shipped corpus."""
    return [text for text, _ in labelled(corpus, data, count)]


def write_page(name: str, title: str, doc: str | None, lines: list[str]) -> None:
    """Write NAME.md next to the script: the title, what the script says of itself, and the lines."""
    text = "\n".join([f"# {title}", "", *(doc or "").strip().splitlines(), "", *lines])
    (HERE / f"{name}.md").write_text(text + "\n", encoding="utf-8")


def part(cell: Mapping[str, object], name: str) -> dict[str, Any]:
    """Return the mapping that a cell has under a name, an empty one where it has none."""
    result = cell.get(name)
    return dict(result) if isinstance(result, dict) else {}


def right(job: Job, model: ModelConfig, rows: Sequence[tuple[str, str]]) -> list[bool]:
    """Return whether a model answers each text with its label."""
    classifier = open_classifier(model, job.run)
    names = LabelMap(classifier.classes, job.label_names)
    answers = classifier.ask([text for text, _ in rows], [None] * len(rows)).argmax(-1)
    return [names.name(int(answer)) == label for answer, (_, label) in zip(answers, rows, strict=True)]


def interval_of(good: int, count: int) -> tuple[float, float]:
    """Return the 95 % interval of a share, in percent (Wilson 1927)."""
    low, high = interval(good, count)
    return 100 * low, 100 * high


def read_results(name: str) -> dict[str, Any]:
    """Return what NAME.json holds, or NAME.json.gz; nothing where neither is there."""
    plain, packed = HERE / f"{name}.json", HERE / f"{name}.json.gz"
    if packed.exists():
        return dict(json.loads(gzip.decompress(packed.read_bytes())))
    return dict(json.loads(plain.read_text(encoding="utf-8"))) if plain.exists() else {}


def write_results(name: str, result: Mapping[str, object]) -> None:
    """Write NAME.json, over 100 kB NAME.json.gz; the same results give the same bytes."""
    plain, packed = HERE / f"{name}.json", HERE / f"{name}.json.gz"
    text = json.dumps(result, ensure_ascii=False, indent=1).encode() + b"\n"
    if len(text) <= _PLAIN:
        write_json(plain, result)
        packed.unlink(missing_ok=True)
        return
    with whole(packed) as stream:
        stream.write(gzip.compress(text, mtime=0))
    plain.unlink(missing_ok=True)


class Results:
    """A file of named measurements, which appears whole after each of them."""

    def __init__(self, name: str) -> None:
        """Keep the name of the benchmark; the file need not be there yet."""
        self.name = name

    @property
    def cells(self) -> dict[str, Cell]:
        """What is measured."""
        return read_results(self.name)

    def save(self, key: str, cell: Cell) -> None:
        """Add a measurement and print it."""
        write_results(self.name, dict(sorted({**self.cells, key: cell}.items())))
        print(key, cell, flush=True)
