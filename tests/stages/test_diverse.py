"""The budget of each row: how many stay, which, and what is recorded of the others."""

from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from augment.config.job import Job
from augment.config.sections import ResourcesConfig
from augment.models.classifier import open_classifier
from augment.models.text_vectors import vectors
from augment.pipeline.apply import apply
from augment.pipeline.definition import Pipeline
from augment.stages import Diverse
from augment.tables.columns import CORPUS
from tests.small import small_job

TEXTS = (
    ("the movie was great, 房间很差，服务很好", None),
    ("今天在房间里看 the movie 很好 👍🏽 ＡＢＣ", "the story, a great movie. 服务很好 𠮷"),
    ("great", None),
    ("lovely story 总体来说 房间 干净 this time 我觉得 服务 满意", None),
)
WORDS = {
    "房间": ("屋子", "客房", "房子"),
    "服务": ("招待", "接待"),
    "movie": ("film", "picture", "show"),
    "story": ("tale", "plot"),
    "今天": ("今日", "本日"),
    "time": ("moment", "day"),
}
POOL = [
    {"kind": "tokenize"},
    {"kind": "attribute", "fixed": 4},
    {"kind": "rank", "fraction": 0.25},
    {"kind": "substitute", "on": "any", "samples": 10, "share": 0.4},
    {"kind": "delete", "on": "any", "samples": 4},
    {"kind": "judge"},
    {"kind": "keep", "rules": [{"verdict": "keep", "p_gold_at_least": 0.05}]},
]


@pytest.fixture(scope="module")
def job(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Job:
    lexicon = tmp_path_factory.mktemp("words") / "words.tsv"
    lines = [f"{word}\t{other}\n" for word, others in WORDS.items() for other in others]
    lexicon.write_text("".join(lines), encoding="utf-8")
    return small_job(small).model_copy(update={"resources": ResourcesConfig(lexicons=(str(lexicon),))})


def treated(job: Job, *stages: dict[str, object], repeat: int = 1) -> pa.Table:
    values: dict[str, list[str] | list[str | None]] = {
        "id": [f"r{number}" for number in range(len(TEXTS) * repeat)],
        "text": [text for text, _ in TEXTS] * repeat,
        "text_pair": [pair for _, pair in TEXTS] * repeat,
        "label": ["good"] * len(TEXTS) * repeat,
        "split": ["train"] * len(TEXTS) * repeat,
    }
    table = pa.table({column.name: pa.array(values[column.name], column.type) for column in CORPUS})
    plan = Pipeline.model_validate({"name": "test", "about": "", "stages": [*POOL, *stages]})
    return apply(plan, table, job).table


def kept_by_row(table: pa.Table) -> Counter[str]:
    return Counter(
        row["source_id"]
        for row in table.select(["source_id", "verdict"]).to_pylist()
        if row["source_id"] is not None and row["verdict"] != "drop"
    )


def test_each_row_keeps_the_budget_or_what_it_has(job: Job) -> None:
    pool, kept = kept_by_row(treated(job)), kept_by_row(treated(job, {"kind": "diverse", "keep": 3}))
    assert max(pool.values()) > 3
    assert kept == {row: min(count, 3) for row, count in pool.items()}


def test_what_is_over_is_dropped_with_the_reason_and_what_is_missing_is_counted(job: Job) -> None:
    before, table = treated(job), treated(job, {"kind": "diverse", "keep": 3})
    reasons = Counter(table.column("reason").to_pylist())
    pool = kept_by_row(before)
    assert reasons["its row has the requested number of samples"] == sum(
        max(count - 3, 0) for count in pool.values()
    )
    for row in table.filter(pa.compute.is_null(table.column("source_id"))).to_pylist():
        missing = [gap["missing"] for gap in row["shortfall"] or () if gap["method"] == "diverse"]
        assert missing == ([3 - pool[row["id"]]] if pool[row["id"]] < 3 else [])
    names = [name for name in before.column_names if name not in ("verdict", "reason", "shortfall")]
    assert before.select(names) == table.select(names)


def test_the_kept_are_more_unlike_than_the_first_ones(job: Job) -> None:
    before = treated(job).to_pylist()
    table = treated(job, {"kind": "diverse", "keep": 3, "quality": 0}).to_pylist()
    net = open_classifier(job.needs_model(), job.run)

    def spread(rows: list[dict[str, object]]) -> float:
        pairs = [None if row["text_pair"] is None else str(row["text_pair"]) for row in rows]
        result = vectors(net, [str(row["text"]) for row in rows], pairs)
        return float(np.linalg.slogdet(result @ result.T + 1e-9 * np.eye(len(result)))[1])

    for source in ("r0", "r1", "r3"):
        source_row = [row for row in before if row["id"] == source]
        first = [row for row in before if row["source_id"] == source and row["verdict"] != "drop"][:3]
        best = [row for row in table if row["source_id"] == source and row["verdict"] != "drop"]
        assert spread(source_row + best) >= spread(source_row + first) - 1e-4


def test_other_rows_of_the_batch_change_nothing(job: Job) -> None:
    stage = {"kind": "diverse", "keep": 3}
    alone, among = treated(job, stage), treated(job, stage, repeat=3)
    names = ["id", "verdict", "reason"]
    assert alone.select(names) == among.slice(0, alone.num_rows).select(names)


def test_quality_grows_with_the_probability_and_the_weight() -> None:
    chances = [None, 0.0, 0.4, 0.9]
    for weight in (0.2, 0.7, 0.95):
        worth = Diverse(kind="diverse", quality=weight).worth(chances)
        assert worth[0] == worth[1] == 1
        assert all(low < high for low, high in pairwise(worth[1:]))
    assert set(Diverse(kind="diverse", quality=0).worth(chances)) == {1.0}
