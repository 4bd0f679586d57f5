"""A corpus whose rows repeat each other, and a run on it without its repeats."""

from pathlib import Path

import pytest

from augment.api.run import run
from augment.output.manifest import Summary
from augment.training import train
from tests.small import small_job, write_corpus
from tests.stages.runs import with_stages


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a small corpus and a classifier; of 300 rows many have the same text but for their number."""
    folder = tmp_path_factory.mktemp("corpus")
    write_corpus(folder)
    train(small_job(folder))
    path = folder / "small.csv"
    lines = path.read_text(encoding="utf-8").split("\n")
    # Without their number rows repeat each other, and so do their samples.
    path.write_text("\n".join(_unnumbered(line) for line in lines), encoding="utf-8")
    return folder


def _unnumbered(line: str) -> str:
    """Return a line of the corpus whose text has lost the number at its end."""
    if line.count('"') < 4:
        return line
    text = line.split('"')[1]
    return line.replace(text, text.rsplit(" ", 1)[0])


@pytest.fixture(scope="session")
def distinct(corpus: Path) -> Summary:
    """Run with `distinct`."""
    return run(with_stages({"kind": "distinct"}), small_job(corpus), corpus / "distinct")
