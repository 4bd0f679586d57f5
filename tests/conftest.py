"""Fixtures for all tests: real corpora and encoders where they are next to the checkout, small real models everywhere."""

import os
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import settings

from augment.training import train
from tests.small import random_bert, small_job, write_corpus

# No test reads or writes the user's own cache; those of a cache name one of their own.
os.environ["AUGMENT_CACHE"] = ""

CHECKOUT = Path(__file__).resolve().parents[1]

# The same examples every time and no deadline; `--hypothesis-profile=default` looks for new ones.
settings.load_profile("ci")


# Files of few tests that take long: begun last, one process would be at them while the others have nothing left.
FIRST = (
    "engine/test_ray_actors.py",
    "engine/test_staging.py",
    "engine/test_executors.py",
    "test_tutorials.py",
    "test_promise.py",
    "test_review_loop.py",
    "test_untouched.py",
    "test_python_guide.py",
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let processes that share the tests begin with the files that take longest."""
    if hasattr(config, "workerinput"):
        turn = {CHECKOUT / "tests" / name: number for number, name in enumerate(FIRST)}
        items.sort(key=lambda item: turn.get(item.path, len(FIRST)))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """List at the end what was skipped: each reason once, with its number of tests."""
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = Counter(str(report.longrepr[2]).removeprefix("Skipped: ") for report in skipped)
    terminalreporter.section(f"skipped: {len(skipped)}")
    for reason, count in reasons.most_common():
        terminalreporter.write_line(f"{count:>5} × {reason}")


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of real corpora and encoders; the test is skipped where it is absent."""
    folder = Path(os.environ.get("AUGMENT_SHARED", CHECKOUT.parent / "shared"))
    if not (folder / "datasets").is_dir():
        pytest.skip(f"needs the real corpora: no {folder}/datasets; set AUGMENT_SHARED to their folder")
    return folder


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with small.csv and, in `model`, a textcnn trained on it: see tests/small.py."""
    folder = tmp_path_factory.mktemp("small")
    write_corpus(folder)
    train(small_job(folder))
    return folder


@pytest.fixture(scope="session")
def pair_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a tiny BERT with random weights that tells three kinds of pairs apart."""
    from augment.training.wordpiece import learn

    folder = tmp_path_factory.mktemp("bert")
    tokenizer = learn(["怎么还款 how to pay back", "如何还钱 what to do"] * 4, 200, 64)
    return random_bert(
        folder, tokenizer, ("不同", "相近", "相同"), num_hidden_layers=2, initializer_range=0.5
    )
