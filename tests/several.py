"""A small corpus of rows with several labels and with numbers, made of the small one, and its jobs."""

import csv
import json
from pathlib import Path

from augment.config.job import Job
from augment.config.sections import CorpusConfig, TrainConfig
from tests.small import small_job, write_corpus


def write_several(folder: Path, rows: int = 160) -> Path:
    """Write a.jsonl, rows with `labels` (bad or good, and chinese) and `stars`, and return its folder."""
    write_corpus(folder, rows=rows)
    with (folder / "small.csv").open(encoding="utf-8", newline="") as stream:
        read = list(csv.DictReader(stream))
    lines = [
        {
            "text": row["review"],
            "labels": [
                row["label"],
                *(["chinese"] if "的" in row["review"] or "我" in row["review"] else []),
            ],
            "stars": 1.5 + 2 * (row["label"] == "good"),
        }
        for row in read
    ]
    (folder / "a.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    return folder


def several_job(folder: Path, label: str, **settings: object) -> Job:
    """Return the small job on these rows, by `labels` or by `stars`, with settings of `train`."""
    job = small_job(folder)
    options = {"label_separator": ";"} if label == "labels" else {}
    section = CorpusConfig.model_validate(
        {"root": folder, "files": "a.jsonl", "text": "text", "label": label, **options}
    )
    values = {**job.train.model_dump(), "epochs": 4, **settings}
    model = job.needs_model().model_copy(update={"path": str(folder / label)})
    return job.model_copy(
        update={"corpus": section, "train": TrainConfig.model_validate(values), "model": model, "judge": None}
    )
