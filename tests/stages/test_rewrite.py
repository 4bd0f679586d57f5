"""Samples of a language model: locked words stay, rewrites become edits, and a run costs, sends and repeats what it should."""

import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from augment.api.online import Variant, online
from augment.api.run import run
from augment.config.job import Job
from augment.config.llm import LlmConfig
from augment.config.sections import OutputConfig, ResourcesConfig
from augment.errors import RequestError
from augment.pipeline.definition import Pipeline
from augment.stages import Rewrite
from augment.tables.files import read_json
from augment.text.edits import Edit, replay
from augment.verification import verify
from tests.rewriting.stub_server import (
    Reply,
    StubServer,
    closed_address,
    openings,
    rewrites,
    stub_server,
    text_in,
    well_behaved,
)
from tests.small import BAD, GOOD, small_job

OPPOSITES = {**dict(zip(GOOD, BAD, strict=True)), **dict(zip(BAD, GOOD, strict=True))}


def plan(*judging: dict[str, object], **settings: object) -> Pipeline:
    """Return a pipeline whose key words come from counts, so that no model is loaded unless one judges."""
    stages = [
        {"kind": "tokenize"},
        {"kind": "weigh"},
        {"kind": "rank", "fraction": 0.25, "by": "weight"},
        {"kind": "rewrite", "score": "weight", **settings},
        *judging,
    ]
    return Pipeline.model_validate({"name": "rewrite", "about": "", "splits": ["train"], "stages": stages})


def job(small: Path, llm: LlmConfig | None, **run_settings: object) -> Job:
    """Return the job of some rows of the small corpus with a language model."""
    chosen = {"limit": 12, "shard_rows": 4, **run_settings}
    settings: dict[str, object] = {"llm": llm, "output": OutputConfig(report_rows=0)}
    return small_job(small, **chosen).model_copy(update=settings)


def samples_of(folder: Path) -> list[dict[str, object]]:
    """Return the samples of a run, sorted by id."""
    rows = pq.read_table(folder / "explain/samples.parquet").to_pylist()
    return sorted(rows, key=lambda row: str(row["id"]))


def contrasting(messages: list[dict[str, str]], before: int) -> Reply:
    """Return rewrites in which the words that may change are replaced by their opposites, if they have any."""
    text = text_in(messages)
    free = re.search(r"(?:few words: |换成一个词或几个词：)(.*?)[.。]\n", messages[1]["content"])
    assert free is not None
    for word in re.split(", |、", free[1]):
        text = text.replace(word, OPPOSITES.get(word, word))
    return rewrites([text])


def test_a_run_makes_samples_that_replay_and_keep_their_key_words(small: Path, tmp_path: Path) -> None:
    with stub_server() as server:
        summary = run(
            plan({"kind": "judge"}, {"kind": "keep"}), job(small, server.config()), tmp_path / "out"
        )
    assert summary.counts["samples made"] == 2 * summary.counts["rows processed"]
    assert verify(tmp_path / "out").ok
    table = pq.read_table(tmp_path / "out/explain/source_rows.parquet")
    sources = {row["id"]: row for row in table.to_pylist()}
    for sample in samples_of(tmp_path / "out"):
        source = sources[sample["source_id"]]
        edits = [Edit(**edit) for edit in sample["edits"]]  # type: ignore[attr-defined]
        assert replay(source["text"], None, edits)[0] == sample["text"]
        assert all(source["tokens"][token] in str(sample["text"]) for token in source["key"])
    usage = summary.language_model["rewrite"]
    assert usage["calls"] == len(server.requests) == summary.counts["rows processed"]
    assert usage["model"] == "stub"
    assert usage["prompts"] == "3"
    assert any(server.address in notice for notice in summary.notices)


def test_the_texts_shown_are_of_the_label_and_never_the_row_itself(small: Path, tmp_path: Path) -> None:
    with stub_server() as server:
        run(plan(examples=2), job(small, server.config()), tmp_path / "out")
    for request in server.requests:
        prompt = request["messages"][1]["content"]
        shown = re.findall(r"^- (.*)$", prompt, re.MULTILINE)
        words = GOOD if '"good"' in prompt or "“good”" in prompt else BAD
        assert len(shown) == 2
        assert text_in(request["messages"]) not in shown
        assert all(any(word in text for word in words) for text in shown)


def test_what_does_not_fit_goes_back_with_the_reason_until_it_does(small: Path, tmp_path: Path) -> None:
    def careless(messages: list[dict[str, str]], before: int) -> Reply:
        if len(messages) == 2:
            return Reply("certainly! here is your text", finish="length")
        if (
            "JSON" in messages[3]["content"]
            or "截断" in messages[3]["content"]
            or "cut" in messages[3]["content"]
        ):
            return rewrites(["something else altogether", text_in(messages)])
        return rewrites(openings(messages))

    with stub_server(careless) as server:
        summary = run(plan(), job(small, server.config()), tmp_path / "out")
    assert len(server.requests) == 3 * summary.counts["rows processed"]
    assert summary.counts["samples made"] == 2 * summary.counts["rows processed"]
    feedback = [
        request["messages"][3]["content"] for request in server.requests if len(request["messages"]) == 4
    ]
    assert any("is a copy of the text" in text or "与原文相同" in text for text in feedback)


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        (["what a nice day this was for all of us"], "another language|miss words that must stay"),
        ([], "fewer rewrites than requested"),
    ],
)
def test_rows_whose_rewrites_never_fit_have_no_sample_and_a_reason(
    texts: list[str], reason: str, small: Path, tmp_path: Path
) -> None:
    with stub_server(lambda messages, before: rewrites(texts)) as server:
        summary = run(plan(rounds=2), job(small, server.config(), limit=8), tmp_path / "out")
    assert summary.counts["samples made"] == 0
    assert sum(summary.missing.values()) == 2 * summary.counts["rows processed"]
    assert all(re.search(reason, name) for name in summary.missing)


def test_a_question_without_an_answer_leaves_its_row_alone(small: Path, tmp_path: Path) -> None:
    def sometimes(messages: list[dict[str, str]], before: int) -> Reply:
        bad = len(text_in(messages)) % 4 == 0
        return Reply(status=400, body="{}") if bad else well_behaved(messages, before)

    with stub_server(sometimes) as server:
        summary = run(plan(), job(small, server.config(error_rate=0.9)), tmp_path / "out")
    counts = summary.counts
    assert 0 < counts["samples made"] < 2 * counts["rows processed"]
    assert any("the server refuses the request (400)" in reason for reason in summary.missing)


def test_a_run_without_a_server_is_not_finished_and_calls_again(small: Path, tmp_path: Path) -> None:
    away = LlmConfig(server=closed_address(), model="stub", tries=2)
    for _ in range(2):
        with pytest.raises(RequestError, match="cannot be reached"):
            run(plan(), job(small, away, limit=5), tmp_path / "out")
    assert not (tmp_path / "out/manifest.json").exists()
    with stub_server() as server:
        summary = run(plan(), job(small, server.config(), limit=5), tmp_path / "out")
        assert len(server.requests) == summary.counts["rows processed"] == 5
    assert f"texts were rewritten by {server.address} (model stub)" in summary.notices


def test_no_note_claims_rewrites_where_there_are_none(small: Path, tmp_path: Path) -> None:
    with stub_server(lambda messages, before: Reply(status=400, body="{}")) as server:
        failed = run(plan(), job(small, server.config(error_rate=1.0), limit=5), tmp_path / "failed")
    with stub_server(lambda messages, before: rewrites([])) as server:
        unfit = run(plan(rounds=1), job(small, server.config(), limit=5), tmp_path / "unfit")
    assert not any("texts were" in notice for notice in failed.notices)
    given = [notice for notice in unfit.notices if "texts were" in notice]
    assert given == [f"texts were given to {server.address} (model stub); no rewrite became a sample"]


def test_another_label_comes_of_key_words_alone(small: Path, tmp_path: Path) -> None:
    settings = plan({"kind": "judge"}, {"kind": "keep"}, mode="counterfactual", samples=1, rounds=1)
    with stub_server(contrasting) as server:
        run(settings, job(small, server.config()), tmp_path / "out")
    assert verify(tmp_path / "out").ok
    samples = samples_of(tmp_path / "out")
    assert len(samples) > 2
    for sample in samples:
        assert sample["method"] == "rewrite_counterfactual"
        assert {sample["label"], sample["label_from"]} == {"good", "bad"}
        assert all(edit["old"] in OPPOSITES for edit in sample["edits"])  # type: ignore[attr-defined]


def test_an_accepted_shortcut_gives_way_and_all_else_stays(small: Path, tmp_path: Path) -> None:
    accepted = ResourcesConfig(accept=("房间=good", "服务=good", "早餐=good", "电影=good"))

    def without(messages: list[dict[str, str]], before: int) -> Reply:
        return rewrites([re.sub("房间|服务|早餐|电影", "这家", text_in(messages))])

    with stub_server(without) as server:
        given = job(small, server.config(), limit=40).model_copy(update={"resources": accepted})
        summary = run(plan(mode="balance", samples=1), given, tmp_path / "out")
    samples = samples_of(tmp_path / "out")
    assert len(samples) > 5
    assert len(server.requests) < summary.counts["rows processed"]
    for sample in samples:
        assert sample["label"] == "good"
        assert [edit["new"] for edit in sample["edits"]] == ["这家"]  # type: ignore[attr-defined]


def test_a_run_again_requests_nothing_and_one_with_its_answers_has_the_same_rows(
    small: Path, tmp_path: Path
) -> None:
    with stub_server() as server:
        run(plan(), job(small, server.config()), tmp_path / "out")
        before, sent = samples_of(tmp_path / "out"), len(server.requests)
        run(plan(), job(small, server.config()), tmp_path / "out", overwrite=True)
        assert samples_of(tmp_path / "out") == before
        shared = server.config(answers=tmp_path / "out/answers.sqlite")
        run(plan(), job(small, shared, shard_rows=64), tmp_path / "two")
        assert samples_of(tmp_path / "two") == before
        assert len(server.requests) == sent


def test_a_run_that_goes_on_reports_how_many_answers_it_has(small: Path, tmp_path: Path) -> None:
    lines: list[str] = []
    with stub_server() as server:
        for _ in range(2):
            run(
                plan(),
                job(small, server.config()),
                tmp_path / "out",
                overwrite=True,
                progress=lambda name, *_: lines.append(name),
            )
        announced = [line for line in lines if server.address in line]
        assert "stored" not in announced[0]
        assert (
            f"{len(server.requests)} answers are stored, and none of them is requested again" in announced[1]
        )


def test_a_limit_stops_the_run_and_a_higher_one_finishes_it(small: Path, tmp_path: Path) -> None:
    with stub_server() as server:
        # The estimate of all rows is below the limit; what their prompts can have at most is above.
        with pytest.raises(RequestError, match="the next call could pass"):
            run(plan(), job(small, server.config(most_tokens=12_000, answer_tokens=4000)), tmp_path / "out")
        assert 0 < len(server.requests) < 12
        assert 120 * len(server.requests) <= 12_000
        summary = run(plan(), job(small, server.config(answer_tokens=4000)), tmp_path / "out")
    assert summary.counts["samples made"] == 2 * summary.counts["rows processed"]
    assert len(server.requests) == summary.counts["rows processed"]


@pytest.mark.parametrize(
    "limit", [{"most_rows": 5}, {"most_tokens": 1000}, {"most_money": 0.001, "price_read": 10}]
)
def test_a_run_that_is_estimated_above_a_limit_sends_nothing(
    limit: dict[str, object], small: Path, tmp_path: Path
) -> None:
    with stub_server() as server:
        with pytest.raises(RequestError, match="nothing was sent"):
            run(plan(), job(small, server.config(**limit)), tmp_path / "out")
        assert server.requests == []


def test_without_a_language_model_nothing_is_run(small: Path, tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="nothing is sent anywhere"):
        run(plan(), job(small, None), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_no_file_of_a_run_has_the_key_and_the_user_reads_where_texts_go_first(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUB_KEY", "key-of-the-stub")
    lines: list[tuple[str, int]] = []
    with stub_server() as server:
        llm = server.config(key_variable="STUB_KEY")
        given = job(small, llm, limit=8)
        run(
            plan(),
            given,
            tmp_path / "out",
            progress=lambda name, *_: lines.append((name, len(server.requests))),
        )
    first = next((name, sent) for name, sent in lines if server.address in name)
    assert "about" in first[0]
    assert first[1] == 0
    assert server.headers[0]["authorization"] == "Bearer key-of-the-stub"
    for path in (tmp_path / "out").rglob("*"):
        assert not path.is_file() or b"key-of-the-stub" not in path.read_bytes(), path
    assert server.address in str(read_json(tmp_path / "out/manifest.json"))


def test_a_server_may_move_and_another_model_is_another_run(small: Path, tmp_path: Path) -> None:
    with stub_server() as server:
        run(plan(), job(small, server.config(), limit=8), tmp_path / "out")
    with stub_server() as moved:
        summary = run(plan(), job(small, moved.config(), limit=8), tmp_path / "out")
        assert "already finished" in summary.notices[0]
        with pytest.raises(Exception, match=r"llm\.model"):
            run(plan(), job(small, moved.config(model="other"), limit=8), tmp_path / "out")


def test_online_gives_the_rewrites_in_turn(small: Path, tmp_path: Path) -> None:
    with stub_server() as server:
        rows = online(plan(), job(small, server.config(), limit=8), tmp_path / "out")
        sent = len(server.requests)
        texts = []
        for epoch in range(4):
            rows.set_epoch(epoch)
            variants = [rows[index] for index in range(len(rows))]
            texts.append([variant.text for variant in variants if isinstance(variant, Variant)])
            assert all(isinstance(variant, Variant) and variant.method == "rewrite" for variant in variants)
        assert len(server.requests) == sent == 8
    assert texts[0] == texts[2]
    assert all(one != other for one, other in zip(texts[0], texts[1], strict=True))


@pytest.mark.parametrize(
    "wrong",
    [
        {"mode": "balance", "ordered": True},
        {"mode": "balance", "locks": "placeholders"},
        {"locks": "none", "ordered": True},
        {"locks": False},
        {"prompts": {"en": {"paraphrase": "no text here"}}},
        {"prompts": {"en": {"paraphrase": "{text} {secret}"}}},
        {"prompts": {"en": {"other": "{text}"}}},
        {"prompts": {"fr": {"paraphrase": "{text}"}}},
    ],
)
def test_settings_that_cannot_be_meant_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Rewrite.model_validate(wrong)


def test_own_wording_is_sent_and_its_version_is_recorded(small: Path, tmp_path: Path) -> None:
    wording = {"paraphrase": "Text: {text}\n\nOne line, {{braces}}, {locked}, {count}"}
    with stub_server() as server:
        settings = plan(prompts={"en": wording, "zh": wording})
        summary = run(settings, job(small, server.config(), limit=8), tmp_path / "out")
    assert "{braces}" in server.requests[0]["messages"][1]["content"]
    assert str(summary.language_model["rewrite"]["prompts"]).startswith("3, changed ")


def test_placeholders_are_sent_and_the_words_are_in_every_sample(small: Path, tmp_path: Path) -> None:
    def moving(messages: list[dict[str, str]], before: int) -> Reply:
        text = text_in(messages)
        if len(messages) == 2:
            return rewrites([text.replace("[1]", "[77]"), f"{text} [1]"])
        last = max(re.findall(r"\[\d+\]", text))
        return rewrites([f"{last} {text.replace(last, '')}", *openings(messages)])

    with stub_server(moving) as server:
        summary = run(plan(locks="placeholders", rounds=2), job(small, server.config()), tmp_path / "out")
    table = pq.read_table(tmp_path / "out/explain/source_rows.parquet")
    sources = {row["id"]: row for row in table.to_pylist()}
    samples = samples_of(tmp_path / "out")
    assert len(samples) == summary.counts["samples made"] > 10
    for sample in samples:
        source = sources[sample["source_id"]]
        text = str(sample["text"]).casefold()
        assert all(source["tokens"][token].casefold() in text for token in source["key"])
        assert not re.search(r"\[\d+\]", text)
    for request in server.requests:
        assert re.search(r"\[\d+\]", text_in(request["messages"]))
    feedback = str([request["messages"][-1]["content"] for request in server.requests])
    assert "[77]" in feedback
    assert "more than once" in feedback or "重复了记号" in feedback


def test_placeholders_stay_in_order_where_that_is_requested(small: Path, tmp_path: Path) -> None:
    def reversing(messages: list[dict[str, str]], before: int) -> Reply:
        marks = re.findall(r"\[\d+\]", text_in(messages))
        text = re.sub(r"\[\d+\]", lambda _: marks.pop(), text_in(messages))
        return rewrites([f"so {text}", openings(messages)[0]])

    with stub_server(reversing) as server:
        settings = plan(locks="placeholders", ordered=True, samples=1, rounds=1)
        run(settings, job(small, server.config()), tmp_path / "out")
    texts = [str(sample["text"]) for sample in samples_of(tmp_path / "out")]
    marks = [len(re.findall(r"\[\d+\]", text_in(request["messages"]))) for request in server.requests]
    # One word is in order wherever it is.
    assert sum(text.startswith("so ") for text in texts) <= marks.count(1) < len(texts)


def test_a_free_paraphrase_locks_nothing(small: Path, tmp_path: Path) -> None:
    with stub_server(
        lambda messages, before: rewrites(["怎么讲呢，别的话都行", "to be frank, any other words do"])
    ) as server:
        summary = run(plan(locks="none", samples=1), job(small, server.config(), limit=8), tmp_path / "out")
    assert summary.counts["samples made"] > 0
    assert all("none" in prompt or "无" in prompt for prompt in _prompts(server))


def _prompts(server: StubServer) -> list[str]:
    """Return what was sent first about each row."""
    return [str(request["messages"][1]["content"]) for request in server.requests]
