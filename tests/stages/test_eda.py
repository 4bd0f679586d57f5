"""EDA, one of the peers to compare with: operations as its authors describe them, in both languages; with AEDA where both promise the same."""

from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest

from augment.config.job import Job
from augment.pipeline.apply import apply
from augment.pipeline.definition import Pipeline
from augment.seeding import chance
from augment.stages import Eda
from tests.small import small_job
from tests.stages.edited import CHINESE, ENGLISH, row, words
from tests.stages.test_editing import check_replay, rows
from tests.texts import TEXTS


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


@pytest.mark.parametrize("kind", ["eda", "aeda"])
def test_samples_replay_and_are_new_whatever_the_text(kind: str, small: Path) -> None:
    plan = Pipeline.model_validate(
        {"name": "t", "about": "", "stages": [{"kind": "tokenize"}, {"kind": kind, "samples": 6}]}
    )
    applied = apply(plan, rows((ENGLISH, CHINESE, *TEXTS)), small_job(small))
    assert check_replay(applied.table) > 20


@pytest.mark.parametrize("kind", ["eda", "aeda"])
def test_shortfalls_of_a_row_are_counted(kind: str, small: Path) -> None:
    plan = Pipeline.model_validate(
        {"name": "t", "about": "", "stages": [{"kind": "tokenize"}, {"kind": kind, "samples": 4}]}
    )
    applied = apply(plan, rows(("👍🏽", "。")), small_job(small))
    missing = [shortfall_reason for row in applied.table.to_pylist() for shortfall_reason in row["shortfall"]]
    assert [(shortfall_reason["method"], shortfall_reason["missing"]) for shortfall_reason in missing] == [
        (kind, 4),
        (kind, 4),
    ]


def test_samples_do_not_depend_on_the_rows_next_to_them(small: Path) -> None:
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
