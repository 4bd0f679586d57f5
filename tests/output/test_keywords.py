"""From labels that leak to a repaired data set: keywords, flags.csv, balance; whatever cuts the run."""

import csv
import random
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from augment.api.run import run
from augment.config.job import Job
from augment.config.sections import ResourcesConfig
from augment.output.keywords import FLAGS, TABLE, flags_csv, leading
from augment.output.manifest import Summary
from augment.stages.accepted import FlaggedNgram, read_flags
from augment.text.ngrams import Ngram
from augment.training import train
from augment.verification import verify
from tests.small import small_job, write_corpus


@pytest.fixture(scope="module")
def leaking(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a corpus of which 95 good rows in 100 have a ※, and 5 bad ones, and its classifier."""
    folder = tmp_path_factory.mktemp("corpus")
    path = write_corpus(folder)
    chance = random.Random(1)
    lines = path.read_text(encoding="utf-8").split("\n")
    for number, line in enumerate(lines):
        marked = chance.random() < (0.95 if line.split('"')[2:3] == [",good,"] else 0.05)
        if number and line and marked:
            lines[number] = line.replace(',"', ',"※ ', 1)
    path.write_text("\n".join(lines), encoding="utf-8")
    train(small_job(folder))
    return folder


@pytest.fixture(scope="module")
def flagged(leaking: Path, tmp_path_factory: pytest.TempPathFactory) -> Summary:
    """Return a run of the pipeline `keywords`."""
    return run("keywords", small_job(leaking), tmp_path_factory.mktemp("runs") / "keywords")


def test_the_shortcut_is_flagged_first_and_reported(flagged: Summary) -> None:
    with (flagged.folder / FLAGS).open(encoding="utf-8-sig", newline="") as stream:
        flags = list(csv.DictReader(stream))
    assert (flags[0]["accept"], flags[0]["label"], flags[0]["text"]) == ("", "good", "※")
    assert flags[0]["form"] == "※ "
    assert "'※' (word, good)" in flagged.notices[0]
    ngrams = leading(flagged.folder, 3)
    assert flags[0]["flag"] in [row["flag"] for row in ngrams]
    assert verify(flagged.folder).ok
    assert not list((flagged.folder / "run").glob("*.parquet"))
    assert all(sum(row["label"] == label for row in ngrams) >= 3 for label in ("bad", "good"))
    page = (flagged.folder / "report.html").read_text(encoding="utf-8")
    assert 'class="flagged"' in page
    assert "Words each label depends on" in page


def test_the_table_is_the_same_however_the_run_is_cut(
    leaking: Path, flagged: Summary, tmp_path: Path
) -> None:
    whole = pq.read_table(flagged.folder / TABLE)
    two = run("keywords", small_job(leaking, executor="processes", workers=2), tmp_path / "two")
    assert pq.read_table(two.folder / TABLE).equals(whole)
    other = run("keywords", small_job(leaking, shard_rows=17), tmp_path / "other")
    for one, row in zip(whole.to_pylist(), pq.read_table(other.folder / TABLE).to_pylist(), strict=True):
        assert {name: value for name, value in one.items() if not isinstance(value, float)} == {
            name: value for name, value in row.items() if not isinstance(value, float)
        }
        assert [value for value in one.values() if isinstance(value, float)] == pytest.approx(
            [value for value in row.values() if isinstance(value, float)], abs=1e-4
        )


def accepting(leaking: Path, flagged: Summary, folder: Path) -> Job:
    """Return a job that accepts the first flag."""
    lines = (flagged.folder / FLAGS).read_text(encoding="utf-8").split("\n")
    flags = folder / "accepted.csv"
    flags.write_text("\n".join([lines[0], f"yes{lines[1]}", *lines[2:]]), encoding="utf-8")
    return small_job(leaking).model_copy(update={"resources": ResourcesConfig(flags=str(flags))})


def test_balance_leaves_the_shortcut_as_frequent_in_one_class_as_in_the_other(
    leaking: Path, flagged: Summary, tmp_path: Path
) -> None:
    summary = run("balance", accepting(leaking, flagged, tmp_path), tmp_path / "out")
    rows = pq.read_table(summary.folder / "data" / "train.parquet").to_pylist()
    shares = [
        sum("※" in row["review"] for row in rows if row["label"] == label)
        / sum(row["label"] == label for row in rows)
        for label in ("good", "bad")
    ]
    assert abs(shares[0] - shares[1]) < 0.1
    assert verify(summary.folder).ok
    again = run("balance", accepting(leaking, flagged, tmp_path), tmp_path / "out")
    assert again.counts == summary.counts


def test_augment_looks_for_shortcuts_first_and_protects_none(leaking: Path, tmp_path: Path) -> None:
    summary = run("augment-wide", small_job(leaking), tmp_path / "out")
    assert "※" in summary.notices[0]
    rows = pq.read_table(summary.folder / "explain" / "source_rows.parquet").to_pylist()
    assert any(row["flagged"] for row in rows)
    for row in rows:
        assert not set(row["flagged"]) & set(row["key"])
    assert verify(summary.folder).ok


def test_a_word_that_a_spreadsheet_would_run_is_written_as_text_and_read_back(tmp_path: Path) -> None:
    """Label, word and form alike; what a user accepts is the word of the corpus."""
    formula = '=HYPERLINK("http://x","好")'
    names = ("label", "kind", "text", "form", "flag")
    row: dict[str, object] = dict(zip(names, ("@bad", "word", formula, f"-{formula}", "+why"), strict=True))
    row |= dict.fromkeys(("rows", "purity", "coverage", "share", "top", "chi_square"), 0.5)
    path = tmp_path / FLAGS
    path.write_text(flags_csv([row]), encoding="utf-8")
    with path.open(encoding="utf-8", newline="") as stream:
        written = next(csv.DictReader(stream))
    assert [written[name][:2] for name in ("label", "text", "form", "flag")] == ["'@", "'=", "'-", "'+"]
    with path.open("w", encoding="utf-8", newline="") as stream:
        lines = csv.DictWriter(stream, written)
        lines.writeheader()
        lines.writerow(written | {"accept": "yes"})
    assert read_flags(path) == (FlaggedNgram(Ngram("word", formula), "@bad", f"-{formula}"),)
