"""The public surface: few names, found when they are requested, and still functions after the command line was imported."""

import importlib
import inspect
from dataclasses import replace
from pathlib import Path

import pytest

import augment
from augment.api.attribution import Attribution
from augment.config.job import Job
from augment.config.sections import RunConfig
from augment.output.manifest import Summary
from tests.conftest import CHECKOUT
from tests.small import small_job

CPU = RunConfig(device="cpu", threads=1)


def test_all_is_sorted_and_complete() -> None:
    """Every lazy name is in `__all__` and nothing else is."""
    assert augment.__all__ == sorted(augment.__all__)
    assert set(augment.__all__) == set(augment._HOME)


@pytest.mark.parametrize("name", augment.__all__)
def test_every_public_name_is_there_documented_and_typed(name: str) -> None:
    value = getattr(augment, name)
    assert callable(value)
    assert inspect.getdoc(value)
    assert value.__module__ == augment._HOME[name]
    if inspect.isfunction(value):
        parameters = inspect.signature(value).parameters.values()
        assert all(parameter.annotation is not inspect.Parameter.empty for parameter in parameters)


def test_public_names_are_classes_or_functions_and_never_modules() -> None:
    """Also after the command line and every module behind it was imported: a submodule becomes an attribute."""
    for module in (
        "cli.commands",
        "cli.job_options",
        "cli.listing",
        "cli.terminal",
        "api.run",
        "api.explain",
        "api.check",
        "engine.fingerprint",
        "output.report",
        "output.summary",
        "training",
        "corpus.demo",
    ):
        importlib.import_module(f"augment.{module}")
    assert not any(inspect.ismodule(getattr(augment, name)) for name in augment.__all__)
    assert (augment.Attribution, augment.Job, augment.Summary) == (Attribution, Job, Summary)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'augment' has no attribute 'explian'"):
        _ = augment.explian


def test_dir_shows_the_public_names_alone() -> None:
    assert dir(augment) == sorted([*augment.__all__, "__version__"])


SCRIPT = """
from pathlib import Path

import pandas as pd

import augment
from augment.stages import Attribute, Rank, Substitute, Tokenize


def scores(texts: list[str]) -> list[list[float]]:
    return [[0.5, 0.5]] * len(texts)


one: augment.Attribution = augment.explain("a good film", scores, classes=[0, 1], progress=False)
several: augment.Attributions = augment.explain(["a", "b"], "models/mine", target=1, run={"device": "cpu"})
pairs: augment.Attributions = augment.explain([("a", "b")], Path("models/mine"))
words: list[tuple[str, float]] = several[0].top(3)
first: augment.Attributions = several[:1]
table: pd.DataFrame = several.to_pandas()
page: str = one.to_html("a.html")

df = pd.DataFrame({"review": ["a"], "stars": [1]})
augmenter = augment.Augmenter(scores, classes=[0, 1], only=[1], seed=3)
samples: list[augment.Sample] = augmenter(df["review"], df["stars"])
larger: pd.DataFrame = augmenter.transform(df, text="review", label="stars")
batch: dict[str, list[object]] = augmenter.batch({"text": ["a"], "label": [1]})
plan = augment.Pipeline([Tokenize(), Attribute(), Rank(k=3), Substitute(samples=2)])
summary: augment.Summary = augment.run(plan, augment.Job(seed=3), "runs/a", progress=False)
"""
TYPES = """
[mypy]
strict = true
[mypy-torch.*,transformers.*,datasets.*,scipy.*,sklearn.*,ray.*,pyarrow.*,jieba.*,regex.*,kenlm.*,opencc.*,pypinyin.*,datasketch.*,py3langid.*]
follow_imports = skip
ignore_missing_imports = true
"""


def test_a_program_with_all_of_it_passes_mypy(tmp_path: Path) -> None:
    """As a user writes it, under strict rules, with no plugin."""
    mypy = pytest.importorskip("mypy.api", reason="needs mypy")
    assert (CHECKOUT / "augment" / "py.typed").exists()
    (tmp_path / "script.py").write_text(SCRIPT, encoding="utf-8")
    (tmp_path / "mypy.ini").write_text(TYPES, encoding="utf-8")
    words = ["--config-file", str(tmp_path / "mypy.ini"), "--cache-dir", str(tmp_path / "cache")]
    printed, errors, _ = mypy.run([*words, "--follow-imports=silent", str(tmp_path / "script.py")])
    assert (errors, printed.strip()) == ("", "Success: no issues found in 1 source file")


def test_the_version_is_one() -> None:
    assert augment.__version__.count(".") == 2


def test_explain_explains_the_same_twice(small: Path) -> None:
    first = augment.explain("总体来说 房间 很好", small / "model", run=CPU)
    again = augment.explain("总体来说 房间 很好", small / "model", run=CPU)
    assert isinstance(first, augment.Attribution)
    assert first == again


def test_run_runs_and_then_reads_what_it_did(small: Path, tmp_path: Path) -> None:
    job = small_job(small, limit=6)
    first = augment.run("explain", job, tmp_path / "a")
    again = augment.run("explain", job, tmp_path / "a")
    other = augment.run("explain", job, tmp_path / "b")
    assert isinstance(first, augment.Summary)
    assert first == replace(again, notices=first.notices)
    assert again.notices[0].startswith("already finished")
    assert (first.counts, first.attribution, first.files) == (other.counts, other.attribution, other.files)


def test_a_summary_is_a_table_too(small: Path, tmp_path: Path) -> None:
    summary = augment.run("explain", small_job(small, limit=3), tmp_path / "a")
    table = summary.to_pandas()
    assert list(table.columns) == ["kind", "name", "count"]
    assert dict(zip(table["name"], table["count"], strict=True))["rows processed"] == 3
