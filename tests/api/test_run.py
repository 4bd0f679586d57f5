"""Whole runs on real input: nothing lost, nothing changed, the same rows whatever the batches and shards."""

import csv
import json
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from augment.api.check import findings
from augment.api.run import run
from augment.attribution.path_integral import ModelInputs, Plan, Scores
from augment.config.job import Job
from augment.config.sections import CorpusConfig, OutputConfig
from augment.corpus import read
from augment.errors import DataError, FingerprintError, RejectRateError, RequestError
from augment.models.classifier import Classifier
from augment.output.manifest import FINISHED, Summary, read_summary
from augment.pipeline.definition import Pipeline, pipeline_of
from augment.tables.files import digest
from augment.text.edits import Edit, replay
from augment.training import train
from tests.plans import DENSE_PROBE
from tests.small import small_job
from tests.texts import TEXTS

LABELS = ("good", "bad")


@pytest.fixture(scope="module")
def augmented(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Summary:
    """Return the summary of `augment` on the small corpus."""
    return run("augment-wide", small_job(small), tmp_path_factory.mktemp("runs") / "augment")


def rows_of(summary: Summary, index: str = "data") -> list[dict[str, object]]:
    """Return every row of the Parquet files in one place of a run's folder."""
    files = sorted((summary.folder / index).glob("*.parquet"))
    return [row for file in files for row in pq.read_table(file).to_pylist()]


def with_corpus(job: Job, folder: Path, **corpus: object) -> Job:
    """Return the job with another corpus in `folder`."""
    return job.model_copy(update={"corpus": CorpusConfig.model_validate({"root": str(folder), **corpus})})


def write_awkward(folder: Path, kind: str) -> list[dict[str, str]]:
    """Write the awkward texts as a corpus of one format, and return its rows."""
    texts = [text for text in TEXTS if text.strip()]
    rows = [
        {"id": f"n{number}", "review": text, "label": LABELS[number % 2], "note": text[::-1], "code": "007"}
        for number, text in enumerate(texts)
    ]
    path = folder / f"awkward.{kind}"
    if kind == "parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif kind == "jsonl":
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    else:
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, list(rows[0]), delimiter="\t" if kind == "tsv" else ",")
            writer.writeheader()
            writer.writerows(rows)
    return rows


@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl", "parquet"])
def test_text_label_and_every_other_column_come_out_unchanged(small: Path, tmp_path: Path, kind: str) -> None:
    rows = write_awkward(tmp_path, kind)
    job = with_corpus(
        small_job(small, splits=("train", "validation", "test")), tmp_path, files=f"awkward.{kind}"
    )
    summary = run("augment-wide", job, tmp_path / "out")
    by_id = {row["id"]: row for row in rows_of(summary) if row["source_id"] is None}
    assert len(by_id) == len(rows)
    for row in rows:
        assert {name: by_id[row["id"]][name] for name in row} == row


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_text_formats_of_the_output_keep_every_code_point(small: Path, tmp_path: Path, kind: str) -> None:
    rows = write_awkward(tmp_path, "csv")
    job = with_corpus(small_job(small), tmp_path, files="awkward.csv")
    job = job.model_copy(update={"output": job.output.model_copy(update={"format": kind})})
    summary = run("augment-wide", job, tmp_path / "out")
    names = [name for name in summary.files if name.startswith("data/")]
    again = CorpusConfig.model_validate(
        {"root": str(summary.folder), "files": names, "text": "review", "label": "label", "id": "id"}
    )
    by_id = {row["id"]: row for chunk in read(again) for row in chunk.rows.to_pylist()}
    for row in rows:
        assert (by_id[row["id"]]["text"], by_id[row["id"]]["label"]) == (row["review"], row["label"])
        assert by_id[row["id"]]["source"]["note"] == row["note"]


def test_replaying_the_edits_of_every_sample_gives_its_text(augmented: Summary) -> None:
    rows = {row["id"]: row for row in rows_of(augmented)}
    samples = [row for row in rows.values() if row["source_id"] is not None]
    assert len(samples) > 500
    for sample in samples:
        source = rows[sample["source_id"]]
        text, _ = replay(str(source["review"]), None, edits_of(sample))
        assert text == sample["review"] != source["review"]
        assert (sample["label"], sample["note"]) == (source["label"], source["note"])


def edits_of(row: Mapping[str, object]) -> list[Edit]:
    """Return the edits of a row."""
    edits = row["edits"]
    assert isinstance(edits, list)
    return [Edit(**edit) for edit in edits]


def test_only_train_rows_get_samples_and_other_splits_pass(augmented: Summary) -> None:
    counts = augmented.counts
    assert counts["rows processed"] + counts["rows passed through"] == counts["rows read"] == 300
    for split in ("validation", "test"):
        table = pq.read_table(augmented.folder / f"data/{split}.parquet")
        assert table.column("source_id").null_count == table.num_rows


def test_load_dataset_opens_the_folder_with_its_splits_and_labels(augmented: Summary, tmp_path: Path) -> None:
    dataset = datasets.load_dataset(str(augmented.folder), cache_dir=str(tmp_path))
    assert set(dataset) == {"train", "validation", "test"}
    assert set(dataset["train"]["label"]) == set(LABELS)
    assert sum(len(split) for split in dataset.values()) == 300 + augmented.counts["samples kept"]


@pytest.mark.parametrize("pipeline", ["augment-wide", DENSE_PROBE])
@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_load_dataset_reads_formats_without_types_as_they_were_written(
    small: Path, tmp_path: Path, kind: str, pipeline: str | Pipeline
) -> None:
    """In the split that is read first no row has a source row, and columns of the user's may lack any value there."""
    rows = [
        {
            "review": f"the movie 房间 很好 {number} 👍🏽",
            "label": LABELS[number % 2],
            "stars": number,
            "age": number if number % 3 else None,
            "seen": bool(number % 2) if number % 3 else None,
            "名": "None" if number % 2 else "NA",
            "nested": {"a": [number, 2], "词": "好"} if number % 2 else None,
            "lists": [[1.5], []] if number % 2 else None,
            "day": date(2026, 11, 1 + number % 20),
        }
        for number in range(40)
    ]
    pq.write_table(pa.Table.from_pylist(rows[:30]), tmp_path / "train.parquet")
    pq.write_table(pa.Table.from_pylist(rows[30:]), tmp_path / "test.parquet")
    job = with_corpus(small_job(small), tmp_path, files={"train": "train.parquet", "test": "test.parquet"})
    job = job.model_copy(update={"output": job.output.model_copy(update={"format": kind})})
    summary = run(pipeline, job, tmp_path / "out")
    dataset = datasets.load_dataset(str(summary.folder), cache_dir=str(tmp_path / "cache"))
    loaded = {
        row["review"]: row for split in ("train", "test") for row in dataset[split] if not row["source_id"]
    }
    assert len(loaded) == 40
    for row in rows:
        reported = loaded[row["review"]]
        assert [reported[name] for name in ("label", "stars", "age", "名")] == [
            row[name] for name in ("label", "stars", "age", "名")
        ]
        # What looks like a date in JSON lines is read as a time by pyarrow, whatever the card states.
        assert reported["day"].removesuffix(" 00:00:00") == str(row["day"])
        if kind == "jsonl":
            assert [reported[name] for name in ("seen", "nested", "lists")] == [
                row[name] for name in ("seen", "nested", "lists")
            ]
    samples = [row for split in ("train", "test") for row in dataset[split] if row["source_id"]]
    if summary.counts["samples in probes"]:
        apart = datasets.load_dataset(str(summary.folder), "probes", cache_dir=str(tmp_path / "cache"))
        samples += [row for split in apart.values() for row in split]
    assert len(samples) == summary.counts["samples kept"] + summary.counts["samples in probes"] > 0
    assert {type(sample["edits"]) for sample in samples} == {str if kind == "csv" else list}
    assert all(sample["method"] and isinstance(sample["method"], str) for sample in samples)


def test_probes_are_apart_and_open_by_their_own_name(small: Path, tmp_path: Path) -> None:
    summary = run(DENSE_PROBE, small_job(small), tmp_path / "probe")
    assert all(row["source_id"] is None for row in rows_of(summary))
    dataset = datasets.load_dataset(str(summary.folder), "probes", cache_dir=str(tmp_path / "cache"))
    assert set(dataset["test"]["verdict"]) <= {"adversarial", "contrast"}
    assert len(dataset["test"]) == summary.counts["samples in probes"]


def test_totals_balance_and_dropped_samples_are_kept_in_a_file(small: Path, tmp_path: Path) -> None:
    summary = run(DENSE_PROBE, small_job(small), tmp_path / "probe")
    counts = summary.counts
    dropped = pq.read_table(summary.folder / "dropped.parquet")
    assert dropped.num_rows == counts["samples dropped"] == sum(summary.dropped.values())
    assert counts["samples made"] == counts["samples kept"] + counts["samples in probes"] + dropped.num_rows
    manifest = json.loads((summary.folder / "manifest.json").read_text(encoding="utf-8"))
    for name, file in manifest["files"].items():
        assert pq.read_metadata(summary.folder / name).num_rows == file["rows"]


def decisions(summary: Summary) -> list[tuple[object, ...]]:
    """Return what the contract of determinism covers: id, text, label, edits, method and verdict of every row."""
    rows = [*rows_of(summary), *rows_of(summary, "probes")]
    edits = [[edit[:5] for edit in edits_of(row)] if row["edits"] else None for row in rows]
    names = ("id", "review", "label", "method", "verdict")
    return [(*(row[name] for name in names), edit) for row, edit in zip(rows, edits, strict=True)]


@pytest.mark.parametrize(
    "settings", [{"shard_rows": 7}, {"token_budget": 512}, {"token_budget": 65536, "shard_rows": 300}]
)
def test_shards_and_batches_do_not_change_a_decision(
    small: Path, tmp_path: Path, augmented: Summary, settings: dict[str, object]
) -> None:
    other = run("augment-wide", small_job(small, **settings), tmp_path / "other")
    assert decisions(other) == decisions(augmented)


def test_the_same_request_again_reads_the_finished_run(small: Path, augmented: Summary) -> None:
    before = (augmented.folder / "manifest.json").stat().st_mtime_ns
    again = run("augment-wide", small_job(small), augmented.folder)
    assert again.to_dict() == read_summary(augmented.folder).to_dict()
    assert (augmented.folder / "manifest.json").stat().st_mtime_ns == before


def test_a_run_that_was_finished_reports_it_and_a_new_one_does_not(small: Path, augmented: Summary) -> None:
    again = run("augment-wide", small_job(small), augmented.folder)
    assert again.notices == (FINISHED, *augmented.notices)
    assert FINISHED not in augmented.notices
    assert FINISHED.startswith("already finished")


def test_a_run_cut_short_is_resumed_with_the_same_rows(
    small: Path, tmp_path: Path, augmented: Summary
) -> None:
    def cut(phase: str, done: int, total: int) -> None:
        """Stop in the middle."""
        if phase == "augment-wide" and total / 3 < done < total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run("augment-wide", small_job(small), tmp_path / "cut", progress=cut)
    assert not (tmp_path / "cut" / "manifest.json").exists()
    assert list((tmp_path / "cut" / "run").rglob("*.done.json"))
    assert decisions(run("augment-wide", small_job(small), tmp_path / "cut")) == decisions(augmented)


def test_another_request_in_the_same_folder_is_refused_by_the_field_that_differs(
    small: Path, augmented: Summary
) -> None:
    with pytest.raises(FingerprintError, match=r"job\.seed"):
        run("augment-wide", small_job(small).model_copy(update={"seed": 5}), augmented.folder)


def test_a_folder_that_holds_something_else_is_left_alone(small: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work", encoding="utf-8")
    for overwrite in (False, True):
        with pytest.raises(RequestError, match="not empty"):
            run("augment-wide", small_job(small), tmp_path, overwrite=overwrite)
    assert (tmp_path / "thesis.txt").read_text(encoding="utf-8") == "years of work"


def test_a_label_the_model_does_not_know_stops_before_anything_is_left_behind(
    small: Path, tmp_path: Path
) -> None:
    (tmp_path / "c.csv").write_text("text,label\n很好,好评\nbad,差评\n", encoding="utf-8")
    job = with_corpus(small_job(small, splits=("train", "validation", "test")), tmp_path, files="c.csv")
    with pytest.raises(DataError, match=r"好评|差评"):
        run("augment-wide", job, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_labels_of_some_files_are_next_to_those_of_a_column(small: Path, tmp_path: Path) -> None:
    (tmp_path / "good.csv").write_text("text\n很好 房间\n满意 服务\n", encoding="utf-8")
    (tmp_path / "both.csv").write_text("text,label\n很差 房间,bad\n干净 早餐,good\n", encoding="utf-8")
    files = [{"path": "both.csv"}, {"path": "good.csv", "label": "good"}]
    job = with_corpus(small_job(small, splits=("train", "validation", "test")), tmp_path, files=files)
    rows = rows_of(run("augment-wide", job, tmp_path / "out"))
    assert {row["text"]: row["label"] for row in rows if row["source_id"] is None} == {
        "很好 房间": "good",
        "满意 服务": "good",
        "很差 房间": "bad",
        "干净 早餐": "good",
    }


@pytest.mark.parametrize("verdicts", [("keep",), ("keep", "soft"), ("keep", "soft", "drop")])
def test_samples_are_counted_where_they_are_written(
    small: Path, tmp_path: Path, verdicts: tuple[str, ...]
) -> None:
    job = small_job(small)
    summary = run(
        "augment-wide", job.model_copy(update={"output": OutputConfig(verdicts=verdicts)}), tmp_path / "out"
    )
    dropped = summary.folder / "dropped.parquet"
    assert summary.counts["samples dropped"] == (
        pq.read_metadata(dropped).num_rows if dropped.exists() else 0
    )
    assert summary.counts["samples in probes"] == len(rows_of(summary, "probes"))


def test_label_names_bridge_numbers_in_the_corpus_and_names_in_the_model(small: Path, tmp_path: Path) -> None:
    lines = [f"房间 很好 {number},1\n服务 boring {number},0\n" for number in range(10)]
    (tmp_path / "c.csv").write_text("text,label\n" + "".join(lines), encoding="utf-8")
    job = with_corpus(small_job(small), tmp_path, files="c.csv", label_names={"0": "bad", "1": "good"})
    summary = run("augment-wide", job, tmp_path / "out")
    samples = [row for row in rows_of(summary) if row["source_id"]]
    assert {(row["label"], row["pred_before"]) for row in samples} == {(1, "good"), (0, "bad")}


def test_labels_from_file_names_and_scores_are_written_out(small: Path, tmp_path: Path) -> None:
    (tmp_path / "pos.txt").write_text("很好\n房间 很好\n服务 满意\n", encoding="utf-8")
    (tmp_path / "neg.txt").write_text("很差\n房间 很差\n服务 失望\n", encoding="utf-8")
    files = [{"path": "pos.txt", "label": "good"}, {"path": "neg.txt", "label": "bad"}]
    job = with_corpus(small_job(small, splits=("train", "validation", "test")), tmp_path, files=files)
    rows = rows_of(run("augment-wide", job, tmp_path / "out"))
    assert {(str(row["text"])[-1], row["label"]) for row in rows if row["source_id"] is None} >= {
        ("好", "good"),
        ("差", "bad"),
    }


def test_source_columns_with_our_names_are_kept_next_to_ours(small: Path, tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text(
        "text,label,source_id,verdict\n很好,good,mother,guilty\n很差,bad,father,free\n", encoding="utf-8"
    )
    job = with_corpus(small_job(small, splits=("train", "validation", "test")), tmp_path, files="c.csv")
    rows = [row for row in rows_of(run("augment-wide", job, tmp_path / "out")) if row["source_id"] is None]
    assert sorted((row["source_id_source"], row["verdict_source"]) for row in rows) == [
        ("father", "free"),
        ("mother", "guilty"),
    ]


def test_rejected_rows_are_reported_with_reason_count_and_place(small: Path, tmp_path: Path) -> None:
    lines = "".join(f"房间 很好 {row},good\n服务 boring {row},bad\n" for row in range(10))
    (tmp_path / "c.csv").write_text(f"text,label\n{lines} ,good\n,bad\n很好,\n", encoding="utf-8")
    summary = run("augment-wide", with_corpus(small_job(small), tmp_path, files="c.csv"), tmp_path / "out")
    rejects = pq.read_table(summary.folder / "rejects.parquet").to_pylist()
    assert len(rejects) == summary.counts["rows rejected"] == sum(summary.rejected.values()) >= 2
    assert set(summary.rejected) == {f"{row['stage']}: {row['reason']}" for row in rejects}
    notice = next(notice for notice in summary.notices if "rejects.parquet" in notice)
    assert all(f"{reason} ({count})" in notice for reason, count in summary.rejected.items())
    assert notice in (summary.folder / "README.md").read_text(encoding="utf-8")
    assert read_summary(summary.folder).rejected == summary.rejected


def test_too_many_rejected_rows_stop_with_their_reasons(small: Path, tmp_path: Path) -> None:
    lines = "".join(f"房间 很好 {row},good\n" if row % 2 else ",bad\n" for row in range(120))
    (tmp_path / "c.csv").write_text(f"text,label\n{lines}", encoding="utf-8")
    with pytest.raises(RejectRateError, match=r"60 of 120 .*corpus: empty text \(60\)"):
        run("explain", with_corpus(small_job(small), tmp_path, files="c.csv"), tmp_path / "out")


def test_the_card_names_the_model_its_labels_and_every_file_with_rows(augmented: Summary) -> None:
    card = (augmented.folder / "README.md").read_text(encoding="utf-8")
    plan = json.loads((augmented.folder / "run/plan.json").read_text(encoding="utf-8"))
    assert f"| model | model, SHA-256 of its files {plan['fingerprint']['models']['model']} |" in card
    assert re.search(r"the model's order \| (good, bad|bad, good) \|", card)
    assert all(f"`{name}` | {rows:,} |" in card for name, rows in augmented.files.items())
    assert all(f"| {reason} | {count:,} |" in card for reason, count in augmented.dropped.items())
    assert str(augmented.folder) not in card


def test_the_card_shows_how_the_source_writes_a_label(small: Path, tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("text,label\n房间 很好,1\n服务 boring,0\n", encoding="utf-8")
    job = small_job(small, splits=("train", "validation", "test"))
    job = with_corpus(job, tmp_path, files="c.csv", label_names={"0": "bad", "1": "good"})
    card = (run("explain", job, tmp_path / "out").folder / "README.md").read_text(encoding="utf-8")
    assert "bad (written 0)" in card
    assert "good (written 1)" in card


@pytest.mark.parametrize("pipeline", ["explain", "augment-wide"])
def test_a_run_without_probes_reports_it_and_has_none_to_load(
    small: Path, tmp_path: Path, pipeline: str
) -> None:
    folder = run(pipeline, small_job(small, limit=20), tmp_path / "out").folder
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert "There is no `probes` configuration" in card
    assert ("sample" in card) == (pipeline == "augment-wide")
    with pytest.raises(ValueError, match="'probes' not found"):
        datasets.load_dataset(str(folder), "probes", cache_dir=str(tmp_path / "cache"))


def test_the_manifest_lists_every_file_with_rows_and_no_other(augmented: Summary) -> None:
    manifest = json.loads((augmented.folder / "manifest.json").read_text(encoding="utf-8"))
    there = {
        str(path.relative_to(augmented.folder)) for path in augmented.folder.rglob("*") if path.is_file()
    }
    outside = {name for name in there if name.startswith("run/")} | {
        "README.md",
        "report.html",
        "manifest.json",
        "keywords.parquet",
        "flags.csv",
    }
    assert set(manifest["files"]) == there - outside
    for name, file in manifest["files"].items():
        assert digest(augmented.folder / name) == file["sha256"]


def test_a_limit_takes_rows_by_hash_and_reports_it(small: Path, tmp_path: Path) -> None:
    summary = run("augment-wide", small_job(small, limit=20), tmp_path / "out")
    assert summary.counts["rows processed"] == 20
    assert any("trial" in notice for notice in summary.notices)


def test_the_summary_is_a_table_too(augmented: Summary) -> None:
    frame = augmented.to_pandas()
    made = frame[(frame["kind"] == "count") & (frame["name"] == "samples made")]["count"].item()
    assert made == augmented.counts["samples made"]


def test_rows_that_make_a_stage_fail_are_rejected_one_by_one(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import augment.attribution.path_integral as integrate

    whole_run = integrate.attribute

    def fragile(classifier: Classifier, rows: ModelInputs, plan: Plan) -> Scores:
        """Fail on long rows, as a kernel of the device might."""
        if any(len(pieces) > limit for pieces in rows.pieces):
            raise RuntimeError("kernel of doom")
        return whole_run(classifier, rows, plan)

    monkeypatch.setattr(integrate, "attribute", fragile)
    for limit, every in ((9, False), (0, True)):
        summary = run("explain", small_job(small, limit=20, max_reject_rate=1.0), tmp_path / f"over-{limit}")
        reasons = summary.rejected
        assert list(reasons) == ["attribute: RuntimeError: kernel of doom"]
        assert (summary.counts["rows processed"] == 0) == every
        assert (summary.folder / "report.html").exists()


def test_a_label_column_with_a_name_of_ours_is_reported(small: Path, tmp_path: Path) -> None:
    text = (small / "small.csv").read_text(encoding="utf-8").replace("review,label", "review,verdict", 1)
    (tmp_path / "small.csv").write_text(text, encoding="utf-8")
    job = small_job(small, limit=10)
    corpus = CorpusConfig.model_validate({"root": str(tmp_path), "files": "small.csv", "label": "verdict"})
    summary = run("aeda", job.model_copy(update={"corpus": corpus}), tmp_path / "out")
    assert any("`verdict` is written as `verdict_source`" in notice for notice in summary.notices)


def test_texts_in_two_splits_and_with_two_labels_are_reported_first_everywhere(tmp_path: Path) -> None:
    """In notices, card, manifest and report; by `check` and `train` too."""
    rows = [(f"text {row} 很好", "good" if row % 2 else "bad", "train") for row in range(72)]
    rows += [(text, label, "test") for text, label, _ in rows[:28]] + [("text 3 很好", "bad", "train")]
    rows += [(f"other {row} 很差", "bad", "test") for row in range(72)]
    lines = "".join(f"{text},{label},{split}\n" for text, label, split in rows)
    (tmp_path / "small.csv").write_text(f"review,label,split\n{lines}", encoding="utf-8")
    reported = [
        "the same text is in two splits: 28 of 100 rows of test (28 %) are also in train; "
        "scores on such rows are too good: `augment audit` lists them",
        "the same text is labelled in two ways: 1 text, in 3 of 173 rows (1.7 %); "
        "at most one way is right for each: `augment audit` lists them",
    ]
    job = small_job(tmp_path)
    assert list(train(job).notices) == reported
    summary = run("aeda", job, tmp_path / "out")
    assert list(summary.notices[:2]) == reported
    assert list(read_summary(tmp_path / "out").notices[:2]) == reported
    for name in ("README.md", "report.html"):
        page = (tmp_path / "out" / name).read_text(encoding="utf-8")
        assert "28 of 100 rows of test" in (page.partition("</style>")[2] or page)[:20_000]
    checked = dict(findings(pipeline_of("aeda"), job))
    assert [checked["note 1"], checked["note 2"]] == reported


@pytest.mark.parametrize("form", ["csv", "jsonl", "folder"])
def test_a_corpus_that_changes_while_it_is_read_is_code_5_and_leaves_nothing(
    small: Path, tmp_path: Path, form: str
) -> None:
    """Also where a file joins a folder; the run that follows has the rows that are there."""
    home = tmp_path / "corpus"
    home.mkdir()
    rows = [{"text": f"很好 {row}", "label": ("good", "bad")[row % 2]} for row in range(80)]
    csv_lines = ["text,label", *(f"{row['text']},{row['label']}" for row in rows)]
    lines = csv_lines if form == "csv" else [json.dumps(row) for row in rows]
    path, name = home / f"a.{form}", f"a.{form}"
    if form == "folder":
        (home / "folder").mkdir()
        path, name = home / "folder" / "train.jsonl", "folder"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    corpus = CorpusConfig.model_validate({"root": str(home), "files": name})
    job = small_job(small).model_copy(update={"corpus": corpus})

    def disturb(phase: str, done: int, total: int) -> None:
        """Change the corpus after it was hashed, before it is read."""
        if phase == "read the corpus":
            more = home / "folder" / "test.jsonl" if form == "folder" else path
            with more.open("a", encoding="utf-8") as stream:
                stream.write("很好 more,good\n" if form == "csv" else f"{lines[0]}\n")

    with pytest.raises(DataError, match="changed while it was read") as refused:
        run("eda", job, tmp_path / "out", progress=disturb)
    assert refused.value.exit_code == 5
    assert [path.name for path in tmp_path.iterdir()] == ["corpus"]
    assert run("eda", job, tmp_path / "out").counts["rows read"] == 81
