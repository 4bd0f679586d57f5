"""Samples in other words: edits of all kinds together, none of a key word, a budget for their chances, no clause twice."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from augment.api.run import run
from augment.config.shipped import find
from augment.pipeline.definition import read_pipeline
from augment.seeding import chance
from augment.stages import Rephrase
from augment.stages.editing import Row
from augment.stages.rephrase import EditKind, Rewording
from augment.text.edits import Edit, replay
from augment.text.segment import segment
from augment.verification import verify
from tests.written import written_job

TEXT = "味道不错，送餐很快，包装很好"


def row_of(text: str) -> Row:
    """Return a row of no key words."""
    spans = tuple(segment(text))
    count = len(spans)
    tokens = tuple(text[start:end] for start, end in spans)
    free = tuple(range(count))
    return Row(0, "r", text, None, None, tokens, (0,) * count, spans, (0.0,) * count, free, count)


def option(start: int, old: str, new: str, clause: int, likely: float, kind: EditKind = "form") -> Rewording:
    """Return one edit as an option."""
    return Rewording(
        kind, (Edit(0, start, start + len(old), old, new, 0.0),), likely, 1.0, frozenset([clause])
    )


def drawn(options: list[Rewording], least: float = 0.8) -> set[str]:
    """Return the texts that many draws give."""
    stage, row = Rephrase(natural=least), row_of(TEXT)
    texts = set()
    for number in range(60):
        draw = stage.drawn({row.id: options}, row, chance(0, "rephrase", row.id, number), number)
        assert draw is not None
        texts.add(replay(row.text, None, draw.edits)[0])
    return texts


def test_edits_of_different_clauses_are_combined_while_their_chances_allow() -> None:
    options = [
        option(2, "不错", "很好", 0, 0.93),
        option(7, "很", "非常", 1, 0.93),
        option(12, "很", "真", 2, 0.82),
    ]
    texts = drawn(options)
    assert "味道很好，送餐非常快，包装很好" in texts
    assert "味道不错，送餐很快，包装真好" in texts
    assert not any("真好" in text and "不错" not in text for text in texts)


def test_a_clause_is_edited_once() -> None:
    texts = drawn([option(0, "味道", "口味", 0, 0.93), option(2, "不错", "很好", 0, 0.93)])
    assert texts == {"口味不错，送餐很快，包装很好", "味道很好，送餐很快，包装很好"}


def test_edits_that_meet_are_not_combined() -> None:
    texts = drawn([option(2, "不错", "很好", 0, 0.93), option(4, "，送餐很快", "", 1, 0.93)])
    assert texts == {"味道很好，送餐很快，包装很好", "味道不错，包装很好"}


def test_a_kind_of_edit_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValidationError, match="word"):
        Rephrase.model_validate({"kind": "rephrase", "edits": ["splice"]})


def test_samples_of_a_run_replay_and_leave_key_words_as_they_are(small: Path, tmp_path: Path) -> None:
    plan = read_pipeline(find("pipelines", "augment"))
    run(plan, written_job(small, tmp_path), tmp_path / "out")
    verify(tmp_path / "out")
    rows = {row["id"]: row for row in pq.read_table(tmp_path / "out/explain/source_rows.parquet").to_pylist()}
    samples = pq.read_table(tmp_path / "out/explain/samples.parquet").to_pylist()
    assert len(samples) > 100
    for sample in samples:
        row = rows[sample["source_id"]]
        key = [(row["spans"][token]["start"], row["spans"][token]["end"]) for token in row["key"]]
        for edit in sample["edits"]:
            assert not any(edit["start"] < end and edit["end"] > start for start, end in key)
