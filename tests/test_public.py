"""The public surface: few names, found when they are asked for, and still functions after the command line was imported."""

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
