"""The labels of a source come back with their type, so that a plain training script reads the output as it is."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from augment.api.run import run
from augment.config.sections import CorpusConfig
from augment.corpus import LabelTypes, typed
from augment.output.manifest import Summary
from augment.verification import verify
from tests.small import small_job

TEXTS = [f"房间 真的 {'很好' if number % 2 else '很差'} the room {number}" for number in range(24)]
NAMES = {"0": "bad", "1": "good", "true": "good", "false": "bad", "True": "good", "False": "bad"}


def write(path: Path, labels: list[object]) -> None:
    """Write texts with these labels in turn, in the format of the file's name."""
    records = [{"text": text, "label": labels[index % 2]} for index, text in enumerate(TEXTS)]
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(records), path)
    elif path.suffix == ".csv":
        lines = [f"{record['text']},{record['label']}" for record in records]
        path.write_text("\n".join(["text,label", *lines]) + "\n", encoding="utf-8")
    else:
        path.write_text("\n".join(map(json.dumps, records)), encoding="utf-8")


def made(small: Path, file: Path, out: Path, **output: object) -> Summary:
    """Return a run of the pipeline aeda on a file, its classes named as the small model names them."""
    corpus = CorpusConfig.model_validate(
        {"root": file.parent, "files": [{"path": file.name, "split": "train"}], "label_names": NAMES}
    )
    job = small_job(small)
    settings = job.output.model_copy(update=output)
    return run("aeda", job.model_copy(update={"corpus": corpus, "output": settings}), out)


@pytest.mark.parametrize(
    ("suffix", "labels", "kind"),
    [
        ("csv", ["0", "1"], pa.int64()),
        ("csv", ["0.0", "1.0"], pa.int64()),
        ("csv", ["False", "True"], pa.bool_()),
        ("jsonl", [0, 1], pa.int64()),
        ("jsonl", [False, True], pa.bool_()),
        ("jsonl", ["0", "1"], pa.int64()),
        ("parquet", [False, True], pa.bool_()),
        ("parquet", [0, 1], pa.int64()),
    ],
)
def test_labels_of_rows_and_samples_have_the_type_of_the_source(
    small: Path, tmp_path: Path, suffix: str, labels: list[object], kind: pa.DataType
) -> None:
    """A file of text has the type that all of its labels are written in. `verify` agrees."""
    write(tmp_path / f"a.{suffix}", labels)
    summary = made(small, tmp_path / f"a.{suffix}", tmp_path / "out")
    data = pq.read_table(summary.folder / "data/train.parquet")
    assert data.schema.field("label").type == kind
    assert data.column("source_id").null_count < data.num_rows
    for row in data.to_pylist():
        number = int(str(row["source_id"] or row["id"]).partition(":")[2])
        assert row["label"] == (number + 1) % 2
    assert verify(summary.folder).ok


def test_a_plain_trainer_script_trains_on_the_output(small: Path, pair_model: Path, tmp_path: Path) -> None:
    """Load, tokenize, three steps: what a user writes, with nothing about augment in it."""
    from datasets import load_dataset
    from transformers import (
        AutoModelForSequenceClassification,
        AutoTokenizer,
        DataCollatorWithPadding,
        Trainer,
        TrainingArguments,
    )

    write(tmp_path / "a.csv", ["0", "1"])
    folder = made(small, tmp_path / "a.csv", tmp_path / "out").folder

    data = load_dataset(str(folder), cache_dir=str(tmp_path / "cache"))
    tokenizer = AutoTokenizer.from_pretrained(pair_model)
    data = data.map(lambda rows: tokenizer(rows["text"], truncation=True), batched=True)
    trainer = Trainer(
        model=AutoModelForSequenceClassification.from_pretrained(pair_model),
        args=TrainingArguments(
            output_dir=str(tmp_path / "model"),
            max_steps=3,
            per_device_train_batch_size=4,
            report_to=[],
            use_cpu=True,
        ),
        train_dataset=data["train"],
        data_collator=DataCollatorWithPadding(tokenizer),
    )
    assert trainer.train().global_step == 3


def test_labels_that_differ_in_type_stay_text() -> None:
    """One label that is no number anywhere in the corpus decides for all."""

    def chunk(labels: list[str | None]) -> pa.RecordBatch:
        source = pa.array([{"label": label} for label in labels], pa.struct([("label", pa.string())]))
        return pa.RecordBatch.from_arrays([source], names=["source"])

    types = LabelTypes("label")
    types.add(chunk(["1", "2", None]))
    assert types.label_type == "int64"
    assert typed(pa.array(["1", None, "2.0"]), types.label_type).to_pylist() == [1, None, 2]
    types.add(chunk([None]))
    types.add(chunk([]))
    assert types.label_type == "int64"
    types.add(chunk(["x"]))
    assert types.label_type is None
    assert typed(pa.array(["1", "x"]), types.label_type).to_pylist() == ["1", "x"]
    assert LabelTypes(None).label_type is None
