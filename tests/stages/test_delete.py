"""Samples without a phrase: one edit each that replays, other phrases for other samples, and counted shortfalls."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import augment
from augment.config.job import Job
from augment.config.sections import CorpusConfig, ResourcesConfig
from augment.errors import RequestError
from augment.pipeline.definition import Pipeline, read_pipeline
from augment.seeding import chance
from augment.stages import Delete
from augment.stages.delete import NO_PHRASE, phrases
from augment.stages.editing import Row
from augment.text.edits import replay
from augment.text.segment import segment
from augment.text.tagger import nothing_known
from augment.verification import verify
from tests.small import small_job
from tests.stages.test_editing import check_replay, made
from tests.texts import TEXTS

STAGE: dict[str, object] = {"kind": "delete", "by": "phrase", "samples": 4}
LONG = (
    "房间很大，服务员很热情，早餐丰富。电影很好，故事很差，我们都很喜欢（见图）。",
    "The room was clean. The staff smiled at everybody. In my opinion, the movie was great (see below).",
    "房间很大，服务员很热情。\nThe staff smiled at everybody. The story was great, and the movie was really lovely.",
)


@pytest.fixture(scope="module")
def job(small: Path) -> Job:
    return small_job(small).model_copy(update={"resources": ResourcesConfig(lexicons=())})


def row(text: str, key: tuple[int, ...] = (), locked: frozenset[int] = frozenset()) -> Row:
    """Return a text as a row of which all may be left out but what is locked."""
    spans = tuple(segment(text))
    tokens = tuple(text[start:end] for start, end in spans)
    count, free = len(tokens), tuple(token for token in range(len(tokens)) if token not in locked)
    return Row(
        0, "r", text, None, None, tokens, (0,) * count, spans, (0.5,) * count, free, count, key, locked
    )


def stays(stage: Delete, of: Row, job: Job, draws: int = 20) -> set[str]:
    """Return the texts that many draws of a row give."""
    drawer = stage.lookup(job, None)([of])
    draws_of = (drawer(of, chance(0, stage.method, of.id, number), number) for number in range(draws))
    return {
        of.text[: edit.start] + edit.new + of.text[edit.end :]
        for draw in draws_of
        if draw
        for edit in draw.edits
    }


def test_each_sample_is_one_edit_that_replays_and_no_two_are_alike(job: Job) -> None:
    table = made(job, {**STAGE, "on": "any"}, texts=(*LONG, *TEXTS)).table
    assert check_replay(table) >= 9
    samples = [row for row in table.to_pylist() if row["source_id"]]
    assert {len(sample["edits"]) for sample in samples} == {1}
    assert {sample["method"] for sample in samples} == {"delete_any"}


def test_a_phrase_holds_a_key_word_or_none_as_the_stage_requires(job: Job) -> None:
    stages = ({**STAGE, "on": "key"}, {**STAGE, "on": "other"})
    table = made(job, *stages, texts=LONG).table.to_pylist()
    key = {
        row["id"]: [(row["spans"][token]["start"], row["spans"][token]["end"]) for token in row["key"]]
        for row in table
        if row["source_id"] is None
    }
    methods = set()
    for sample in table:
        for edit in sample["edits"] or ():
            holds = any(
                edit["start"] < end and edit["end"] > start for start, end in key[sample["source_id"]]
            )
            assert holds == (sample["method"] == "delete_key")
            methods.add(sample["method"])
    assert methods == {"delete_key", "delete_other"}


def test_the_same_number_draws_the_same_phrase_and_the_next_another(job: Job) -> None:
    text = row("房间很大，服务员很热情，早餐丰富。")
    drawer = Delete(by="phrase").lookup(job, None)([text])
    draws = [drawer(text, chance(0, "delete_other", "r", number), number) for number in (0, 1, 0)]
    assert draws[0] == draws[2] != draws[1]
    assert draws[0] is not None
    assert draws[0].edits[0].new == ""


def test_a_phrase_with_a_locked_word_or_one_that_the_model_is_not_fed_stays(job: Job) -> None:
    text = "房间很大，服务员很热情，早餐丰富。"
    assert "房间很大，早餐丰富。" in stays(Delete(by="phrase", on="any"), row(text), job)
    index = row(text).tokens.index("服务员")
    assert "房间很大，早餐丰富。" not in stays(
        Delete(by="phrase", on="any"), row(text, locked=frozenset({index})), job
    )


@given(st.sampled_from(LONG), st.frozensets(st.integers(0, 40), max_size=4))
def test_any_phrase_replays_and_touches_no_locked_token(text: str, locked: frozenset[int]) -> None:
    of = row(text, locked=locked)
    for edit, _ in phrases(of, nothing_known):
        stays, _ = replay(text, None, [edit])
        assert sum(map(str.isalnum, stays)) >= 0.45 * sum(map(str.isalnum, text))
        spans = [of.spans[token] for token in locked if token < len(of.spans)]
        assert not any(edit.start < end and edit.end > start for start, end in spans)


def test_of_key_phrases_the_one_with_the_most_important_word_comes_first(job: Job) -> None:
    text = "房间很大，服务员很热情，早餐丰富。"
    tokens = row(text).tokens
    first = row(text, key=(tokens.index("丰富"), tokens.index("热情")))
    draw = Delete(by="phrase", on="key").lookup(job, None)([first])(first, chance(0, "", "r", 0), 0)
    assert draw is not None
    assert draw.edits[0].old == "，早餐丰富"
    assert draw.edits[0].score == 1.5


def test_a_row_without_a_phrase_has_its_reason(job: Job) -> None:
    table = made(job, STAGE, texts=("很好", "不好，不行")).table
    reasons = [row["shortfall"] for row in table.to_pylist()]
    assert all(reason and reason[0]["reason"] == NO_PHRASE for reason in reasons), reasons


def test_a_share_of_words_does_not_apply_to_phrases(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    text = "name: mine\nabout: ''\nstages:\n  - kind: tokenize\n  - kind: attribute\n  - kind: rank\n    k: 2\n  - kind: delete\n    by: phrase\n    share: 0.3\n"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RequestError, match="it does nothing with `by: phrase`"):
        read_pipeline(path)


def test_a_run_is_verified_and_its_phrases_are_drawn_anew_in_each_epoch(job: Job, tmp_path: Path) -> None:
    lines = [f'{number},"{text}",{"good" if number % 2 else "bad"}' for number, text in enumerate(LONG * 4)]
    (tmp_path / "long.csv").write_text("\n".join(["id,review,label", *lines]) + "\n", encoding="utf-8")
    corpus = CorpusConfig.model_validate({"root": str(tmp_path), "files": "long.csv", "text": "review"})
    stages = [
        {"kind": "tokenize"},
        {"kind": "attribute", "fixed": 4},
        {"kind": "rank", "k": 1},
        {"kind": "delete", "by": "phrase", "samples": 3},
        {"kind": "judge"},
        {"kind": "keep"},
    ]
    plan = Pipeline.model_validate({"name": "test", "about": "", "stages": stages})
    summary = augment.run(plan, job.model_copy(update={"corpus": corpus}), tmp_path / "run")
    checked = verify(summary.folder)
    assert checked.ok, [check for check in checked.checks if check.wrong]
    rows = augment.online(plan, job.model_copy(update={"corpus": corpus}), summary.folder)
    drawn = [rows.variant(0, epoch) for epoch in range(3)]
    assert len({variant.text for variant in drawn}) == 3
    assert all(replay(rows.source(0).text, None, variant.edits) == (variant.text, None) for variant in drawn)
    assert rows.variant(0, 1) == drawn[1]
