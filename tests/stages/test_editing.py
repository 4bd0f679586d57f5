"""Samples of substitute, delete and attack: new texts, replayable edits, protected words, counted shortfalls."""

from pathlib import Path

import pyarrow as pa
import pytest

from augment.candidates.fluency import Fluency
from augment.config.job import Job
from augment.config.sections import ResourcesConfig
from augment.pipeline.apply import Applied, apply
from augment.pipeline.definition import Pipeline
from augment.stages import Substitute, substitute
from augment.tables.columns import CORPUS
from augment.tables.rows import Reject
from augment.text.edits import Edit, replay
from tests.small import small_job
from tests.texts import TEXTS

WORDS = {
    "房间": "屋子",
    "服务": "招待",
    "movie": "film",
    "story": "tale",
    "great": "superb",
    "很差": "糟糕",
    "很好": "极好",
}
MORE = (
    "the movie was great, 房间很差",
    "the story, a great movie. 服务很好 👍🏽",
    "今天在房间里看 the movie 很好",
)


@pytest.fixture(scope="module")
def job(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Job:
    lexicon = tmp_path_factory.mktemp("words") / "words.tsv"
    lexicon.write_text("".join(f"{word}\t{other}\n" for word, other in WORDS.items()), encoding="utf-8")
    return small_job(small).model_copy(update={"resources": ResourcesConfig(lexicons=(str(lexicon),))})


def rows(texts: tuple[str, ...]) -> pa.Table:
    values = {
        "id": [f"r{number}" for number in range(len(texts))],
        "text": list(texts),
        "text_pair": [None] * len(texts),
        "label": ["good"] * len(texts),
        "split": ["train"] * len(texts),
    }
    return pa.table({column.name: pa.array(values[column.name], column.type) for column in CORPUS})


def made(
    job: Job, *stages: dict[str, object], texts: tuple[str, ...] = MORE, fraction: float = 0.25
) -> Applied:
    first = ({"kind": "tokenize"}, {"kind": "attribute", "fixed": 4}, {"kind": "rank", "fraction": fraction})
    plan = Pipeline.model_validate({"name": "test", "about": "", "stages": [*first, *stages]})
    return apply(plan, rows(texts), job)


def check_replay(table: pa.Table) -> int:
    """Check every sample against its source row, and return how many there are."""
    texts = {row["id"]: row for row in table.to_pylist()}
    samples = [row for row in texts.values() if row["source_id"]]
    families: dict[str, set[str]] = {}
    for sample in samples:
        source = texts[sample["source_id"]]
        edits = [Edit(**edit) for edit in sample["edits"]]
        assert replay(source["text"], source["text_pair"], edits) == (sample["text"], sample["text_pair"])
        family = families.setdefault(sample["source_id"], {source["text"]})
        assert sample["text"] not in family
        family.add(sample["text"])
        assert (sample["label"], sample["split"]) == (source["label"], source["split"])
    return len(samples)


@pytest.mark.parametrize("on", ["key", "other", "any"])
def test_replaying_the_edits_gives_the_sample_and_no_sample_is_a_copy(job: Job, on: str) -> None:
    stages = [{"kind": "substitute", "on": on, "samples": 3}, {"kind": "delete", "on": on, "samples": 3}]
    assert check_replay(made(job, *stages, texts=(*MORE, *TEXTS)).table) > 20


WALK = {"kind": "attack", "search": "greedy", "order": "scores", "delete": True}


@pytest.mark.parametrize("stage", [{"kind": "attack"}, WALK, {"kind": "attack", "delete": True}])
def test_awkward_texts_go_through_the_attack(job: Job, stage: dict[str, object]) -> None:
    table = made(job, stage, texts=(*MORE, *TEXTS), fraction=1.0).table
    check_replay(table)
    assert set(table.column("attack").drop_null().to_pylist()) <= {"changed", "unchanged", "skipped"}


def test_key_and_other_tokens_are_distinguished(job: Job) -> None:
    table = made(
        job, {"kind": "delete", "on": "key", "samples": 2}, {"kind": "delete", "on": "other", "samples": 2}
    ).table
    for row in table.to_pylist():
        if row["source_id"] is None:
            key = {(row["side"][k], row["spans"][k]["start"], row["spans"][k]["end"]) for k in row["key"]}
            source = row
        else:
            for edit in row["edits"]:
                covered = any(edit["start"] <= start < edit["end"] for _, start, _ in key)
                assert covered == (row["method"] == "delete_key"), (source["text"], edit)


def test_of_other_words_none_is_left_out_that_is_negated(job: Job) -> None:
    texts = (
        "the story was not very great, great movie story",
        "今天的电影太不好看了，今天的房间不错，电影很好看",
    )
    stage = {"kind": "delete", "on": "any", "samples": 40, "share": 0.01}
    table = made(job, stage, texts=texts).table
    assert check_replay(table) > 5
    # Each of these words is there negated and otherwise.
    left = {row["text"] for row in table.to_pylist()}
    assert all("not very great" in text or "不好看" in text for text in left)
    assert any(text.endswith("great movie") for text in left)
    assert any(text.endswith("电影很") for text in left)


@pytest.mark.parametrize("of", ["content", "any"])
def test_marks_are_left_out_only_where_any_token_can_be_key(job: Job, of: str) -> None:
    stages = [
        {"kind": "tokenize"},
        {"kind": "weigh", "by": "random"},
        {"kind": "rank", "by": "weight", "k": 1, "of": of},
        {"kind": "delete", "on": "key", "share": 0.01, "score": "weight"},
    ]
    plan = Pipeline.model_validate({"name": "test", "about": "", "stages": stages})
    texts = tuple(
        f"the {word} !!! 。。 {number}" for number, word in enumerate(("movie", "房间", "story") * 8)
    )
    applied = apply(plan, rows(texts), job).table
    assert check_replay(applied) == len(texts)
    gone = {edit["old"].strip() for row in applied.to_pylist() for edit in row["edits"] or ()}
    assert bool(gone & {"!", "!!!", "。", "。。", "the"}) == (of == "any")


def test_a_key_word_gives_way_to_a_near_one_only(small: Path, job: Job, tmp_path: Path) -> None:
    lexicon = tmp_path / "words.tsv"
    pairs = (
        ("great", "terrible"),
        ("great", "wonderful"),
        ("很好", "很差"),
        ("很好", "满意"),
        ("room", "space"),
    )
    lexicon.write_text("".join(f"{word}\t{other}\n" for word, other in pairs), encoding="utf-8")
    job = job.model_copy(update={"resources": ResourcesConfig(lexicons=(str(lexicon),))})
    texts = ("the room was great", "我觉得 房间 满意")
    replacements = {}
    for tier in ("none", "near"):
        stage = {"kind": "substitute", "samples": 4, "share": 1.0, "sources": ["lexicon"], "tier": tier}
        rows = made(job, stage, texts=texts, fraction=1.0).table.to_pylist()
        keys = {
            row["id"]: {row["tokens"][key] for key in row["key"]} for row in rows if row["source_id"] is None
        }
        assert "great" in keys["r0"]
        assert "满意" in keys["r1"]
        edits = [edit for row in rows if row["source_id"] is not None for edit in row["edits"]]
        replacements[tier] = {(edit["old"], edit["new"]) for edit in edits}
    assert not replacements["none"] & {pair for pair in pairs if pair[0] != "room"}
    assert ("great", "wonderful") in replacements["near"]
    assert not {new for _, new in replacements["near"]} & {"terrible", "失望", "肮脏"}


def test_a_tier_is_for_words_that_are_not_key() -> None:
    with pytest.raises(ValueError, match="`tier: near` is for `on: other`"):
        Substitute(kind="substitute", on="key", tier="near")


def test_what_reads_badly_in_its_place_is_not_offered(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    requested: list[str] = []

    class Model:
        """Finds two words unlikely."""

        order = 3

        def score(self, words: str, bos: bool, eos: bool) -> float:
            """Return log10 of the probability."""
            requested.append(words)
            return -5.0 * sum(word in words.split(" ") for word in ("film", "屋子"))

    monkeypatch.setattr(substitute, "open_fluency", lambda job, most: Fluency(Model(), most))
    edits = {}
    for most in (2.0, 6.0):
        stage = {"kind": "substitute", "on": "any", "share": 1.0, "sources": ["lexicon"], "fluency": most}
        result = made(job, stage, texts=("the movie and the story, 房间 服务",)).table.to_pylist()
        edits[most] = {edit["new"] for row in result if row["source_id"] for edit in row["edits"]}
    assert edits[2.0] == {"tale", "招待"}
    assert edits[6.0] == {"tale", "招待", "film", "屋子"}
    assert "the film and the" in requested


def test_protected_words_and_patterns_are_never_edited(job: Job) -> None:
    guarded = job.model_copy(
        update={
            "resources": job.resources.model_copy(
                update={"protect": ("房间",), "protect_patterns": ("^mov",)}
            )
        }
    )
    table = made(guarded, {"kind": "delete", "on": "any", "samples": 6, "share": 1.0}, fraction=1.0).table
    for row in table.to_pylist():
        if row["source_id"]:
            assert not {edit["old"].strip() for edit in row["edits"]} & {"房间", "movie"}


def test_missing_samples_are_counted_with_the_reason(job: Job) -> None:
    table = made(job, {"kind": "substitute", "samples": 2}, texts=("！！！", "好", "zzzq qqzz xxyx"))
    gaps = [row["shortfall"] for row in table.table.to_pylist()]
    assert gaps[0] == [{"method": "substitute_other", "missing": 2, "reason": "no token may be edited"}]
    assert gaps[2] == [{"method": "substitute_other", "missing": 2, "reason": "no substitute found"}]


def test_the_same_rows_come_out_in_any_order_and_company(job: Job) -> None:
    stages = [{"kind": "substitute", "samples": 2}, {"kind": "delete", "samples": 1}]
    together = {row["id"]: row["text"] for row in made(job, *stages, texts=MORE).table.to_pylist()}
    alone = {row["id"]: row["text"] for row in made(job, *stages, texts=MORE[:1]).table.to_pylist()}
    assert alone.items() <= together.items()


def test_another_seed_gives_other_samples(job: Job) -> None:
    stage = {"kind": "delete", "on": "any", "samples": 2}
    texts = ("the long movie, the sad story, the quiet room, the warm service, the cold breakfast",)
    one = made(job, stage, texts=texts).table.column("text").to_pylist()
    two = made(job.model_copy(update={"seed": 1}), stage, texts=texts).table.column("text").to_pylist()
    assert one != two


def test_a_row_whose_scores_are_not_finite_is_rejected_and_the_others_go_on(small: Path, job: Job) -> None:
    import torch

    from augment.models.classifier import open_classifier

    classifier = open_classifier(job.needs_model(), job.run)
    piece = classifier.encode(["服"], [None])[0].pieces[1]
    weight = classifier.model.get_input_embeddings().weight
    kept = weight[piece].clone()
    try:
        weight[piece] = torch.nan
        table = made(job, {"kind": "delete"}, texts=("房间很好", "服务很好", "早餐很好"))
    finally:
        weight[piece] = kept
    assert table.rejects == (
        Reject("r1", "attribute", "ig: the answer of the model or its gradient is not finite", ""),
    )
    assert {row["source_id"] or row["id"] for row in table.table.to_pylist()} == {"r0", "r2"}


def test_the_walk_through_key_words_stops_at_the_first_change_and_counts_its_queries(job: Job) -> None:
    texts = (
        "我觉得 房间 很好。",
        "we thought the movie wonderful!",
        "下次 服务 满意",
        "this time the story lovely",
    )
    result = made(job, {**WALK, "share": 1.0}, {"kind": "judge"}, texts=texts, fraction=1.0).table.to_pylist()
    sources = {row["id"]: row for row in result if row["source_id"] is None}
    samples = [row for row in result if row["source_id"]]
    assert samples
    for sample in samples:
        source = sources[sample["source_id"]]
        assert source["attack"] == "changed"
        assert 0 < source["attack_queries"] <= 200
        assert (source["attack_backward"], source["attack_edits"]) == (0, len(sample["edits"]))
        assert (sample["pred_before"], sample["pred_after"]) == ("good", "bad")
    assert sum(row["attack"] == "changed" for row in sources.values()) == len(samples)
