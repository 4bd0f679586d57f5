"""The peers to compare with, EDA and AEDA: operations as their authors describe them, in both languages."""

from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest

from augment.config.job import Job
from augment.pipeline.apply import apply
from augment.pipeline.definition import Pipeline
from augment.seeding import chance
from augment.stages import Aeda, Eda
from augment.stages.editing import Row
from augment.text.segment import segment
from tests.small import small_job
from tests.stages.test_editing import check_replay, rows
from tests.texts import TEXTS

ENGLISH = "The quick fox jumped over a lazy dog, and the sleepy cat watched from her window seat all day."
CHINESE = "这家酒店的房间非常干净，服务员的态度也很热情，早餐种类丰富，下次还会再来住。"
MARKS = set(".,!?;:。，！？；：")


def row(text: str) -> Row:
    """Return a text as a row of which all may be edited."""
    spans = tuple(segment(text))
    tokens = tuple(text[start:end] for start, end in spans)
    count = len(tokens)
    return Row(
        0, "r", text, None, None, tokens, (0,) * count, spans, (0.0,) * count, tuple(range(count)), count
    )


def words(text: str) -> list[str]:
    """Return the words of a text."""
    return [word for word in row(text).tokens if word not in MARKS]


def synonyms(word: str) -> tuple[str, ...]:
    """Return the same two words for every word."""
    return ("乙", "丙") if ord(word[0]) > 0x3000 else ("alpha", "beta")


@pytest.mark.parametrize("text", [ENGLISH, CHINESE])
def test_a_quarter_and_one_of_the_samples_come_from_each_operation(text: str) -> None:
    source = row(text)
    pool = Eda(kind="eda", samples=8, alpha=0.2).pool(source, synonyms, chance(0, "eda", "r", 0))
    assert len(pool) == 12
    count, before = int(0.2 * len(words(text))), Counter(words(text))
    kinds: Counter[str] = Counter()
    for edits in pool:
        if any(not edit.old for edit in edits):
            kinds["insertion"] += 1
        elif all(edit.new.strip() == "" for edit in edits):
            kinds["deletion"] += 1
        elif Counter(edit.old for edit in edits) == Counter(edit.new for edit in edits):
            kinds["swap"] += 1
            assert 2 <= len(edits) <= 2 * count
        else:
            kinds["synonym"] += 1
            assert len({edit.old for edit in edits}) == count
            assert all(before[edit.old] for edit in edits)
    assert kinds["insertion"] == kinds["synonym"] == kinds["swap"] == 3


def test_one_word_is_never_deleted_and_never_swapped_with_nothing() -> None:
    stage = Eda(kind="eda", alpha=1.0)
    for number in range(20):
        for edits in stage.pool(row("好"), lambda word: (), chance(0, "eda", "r", number)):
            assert not edits


@pytest.mark.parametrize("text", [ENGLISH, CHINESE])
def test_from_one_mark_to_a_third_of_the_words_are_put_between_words_that_stay(text: str) -> None:
    stage, source = Aeda(kind="aeda"), row(text)
    for number in range(50):
        edits = stage.marked(source, chance(0, "aeda", "r", number))
        assert 1 <= len(edits) <= int(0.3 * len(words(text))) + 1
        assert all(not edit.old and edit.new.strip() in MARKS for edit in edits)
        assert all((ord(edit.new.strip()) > 0x3000) == (text is CHINESE) or text is CHINESE for edit in edits)


@pytest.mark.parametrize("kind", ["eda", "aeda"])
def test_samples_replay_and_are_new_whatever_the_text(kind: str, small: Path) -> None:
    plan = Pipeline.model_validate(
        {"name": "t", "about": "", "stages": [{"kind": "tokenize"}, {"kind": kind, "samples": 6}]}
    )
    applied = apply(plan, rows((ENGLISH, CHINESE, *TEXTS)), small_job(small))
    assert check_replay(applied.table) > 20


@pytest.mark.parametrize("kind", ["eda", "aeda"])
def test_what_a_row_lacks_is_counted(kind: str, small: Path) -> None:
    plan = Pipeline.model_validate(
        {"name": "t", "about": "", "stages": [{"kind": "tokenize"}, {"kind": kind, "samples": 4}]}
    )
    applied = apply(plan, rows(("👍🏽", "。")), small_job(small))
    missing = [shortfall_reason for row in applied.table.to_pylist() for shortfall_reason in row["shortfall"]]
    assert [(shortfall_reason["method"], shortfall_reason["missing"]) for shortfall_reason in missing] == [
        (kind, 4),
        (kind, 4),
    ]


def test_samples_do_not_depend_on_the_rows_beside_them(small: Path) -> None:
    plan = Pipeline.model_validate(
        {"name": "t", "about": "", "stages": [{"kind": "tokenize"}, {"kind": "eda"}]}
    )
    job: Job = small_job(small)
    both, alone = rows((ENGLISH, CHINESE)), rows((ENGLISH,))

    def texts(table: pa.Table) -> list[str]:
        """Return the texts of the first row's family."""
        made = apply(plan, table, job).table.to_pylist()
        return [row["text"] for row in made if "r0" in (row["id"], row["source_id"])]

    assert texts(both) == texts(alone)
