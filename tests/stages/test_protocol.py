"""What every stage that edits leaves as it is: negations, codes of emoticons, what is protected, and no blank too many."""

from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import regex

from augment.api.run import run
from augment.config.job import Job
from augment.config.sections import CorpusConfig, ResourcesConfig
from augment.pipeline.apply import apply
from augment.pipeline.definition import Pipeline
from augment.text.segment import CODE
from tests.small import small_job
from tests.stages.test_editing import check_replay, made, rows

# What each text holds that may not go: simplified, traditional, Cantonese, English with any apostrophe or none.
NEGATED = {
    "今天的房间很好，我不会再来这家酒店": "不会",
    "酒店没有早餐，服务很差，电影很好": "没有",
    "房间很好，但是服务我不推荐给朋友": "不",
    "早餐难以下咽，房间很差，服务满意": "难以",
    "大家别买这本书，故事很差": "别买",
    "今天的房間很好，我不會再來這家酒店": "不會",
    "酒店沒有早餐，服務很差，電影很好": "沒有",
    "房間並非很好，服務也差，電影很好": "並非",
    "早餐難以下嚥，房間很差，服務滿意": "難以",
    "呢間酒店唔好，房間很差，服務都差": "唔好",
    "今日冇早餐食，房間很差，服務滿意": "冇",
    "咪再買呢本書，故事很差，電影很差": "咪",
    "we don't like the movie, the story was great": "don't",
    "we don’t like the movie, the story was great": "don’t",
    "we don´t like the movie, the story was great": "don´t",
    "we don`t like the movie, the story was great": "don`t",
    "we don＇t like the movie, the story was great": "don＇t",
    "we dont like the movie, the story was great": "dont",
    "it is n't a great movie , the story was lovely": "n't",
    "We CANNOT watch this movie, the story was great": "CANNOT",
    "nope, never a great movie, the room was lovely": "never",
    "a movie without any story, the room was lovely": "without",
    "房间 is not very good, 服务没有 the story": "not",
}
# A negation and what it speaks of.
GOVERNING = {
    "房间很好，但是服务我不推荐给朋友": "不推荐",
    "今天的房间很好，酒店没有早餐，電影很差": "没有早餐",
    "房間不乾淨，服務很好": "不乾淨",
    "the story was not great, the room was lovely": "not great",
    "we never liked the movie, a lovely room": "never liked",
}
CODES = (
    "今天房间很好[泪][泪]服务很差",
    "服务满意［哈哈］，房间很差",
    "【怒】电影很差，故事很好",
    "the movie :smile: was great [doge] 很好",
)
PROTECTED = {
    "今天的房间很好，服务热情，花呗也能用": "花呗",
    "the battery life of this great phone, a lovely story": "battery life",
    "iPhone手机真的很好，the lovely movie": "iPhone手机",
}
# Own synonyms that would take away what may not go, and bring in what may not come.
PAIRS = {
    "房间": "屋子",
    "房間": "屋子",
    "服务": "招待",
    "很好": "极好",
    "很差": "糟糕",
    "满意": "没有不满",
    "电影": "影片",
    "movie": "film",
    "story": "tale",
    "great": "not bad",
    "lovely": "never dull",
    "like": "love",
    "泪": "眼泪",
    "哈哈": "呵呵",
    "怒": "愤怒",
    "smile": "grin",
    "doge": "dog",
    "手机": "电话",
    "battery": "cell",
    "life": "existence",
    "battery life": "endurance",
    **{word: "yes" if word.isascii() else "真的" for word in NEGATED.values()},
}
WEIGHED: tuple[dict[str, object], ...] = (
    {"kind": "weigh", "by": "random"},
    {"kind": "rank", "by": "weight", "k": 3, "of": "any"},
)
SUBSTITUTE: dict[str, object] = {
    "kind": "substitute",
    "share": 1.0,
    "sources": ["lexicon"],
    "score": "weight",
}
STAGES: dict[str, tuple[dict[str, object], ...]] = {
    "eda": ({"kind": "eda", "samples": 24, "alpha": 0.5},),
    "aeda": ({"kind": "aeda", "samples": 12},),
    "substitute": (*WEIGHED, {**SUBSTITUTE, "on": "any", "samples": 12}),
    "delete": (*WEIGHED, {"kind": "delete", "on": "any", "samples": 12, "share": 0.5, "score": "weight"}),
    "delete_key": (*WEIGHED, {"kind": "delete", "on": "key", "samples": 6, "share": 1.0, "score": "weight"}),
    "delete_phrase": (
        *WEIGHED,
        {"kind": "delete", "by": "phrase", "on": "any", "samples": 12, "score": "weight"},
    ),
    "balance": (*WEIGHED, {"kind": "balance", "even": False, "score": "weight"}),
}
_BLANKS = {
    "leading": regex.compile(r"^\s"),
    "trailing": regex.compile(r"\s$"),
    "doubled": regex.compile(r"\s(?=\s)"),
    "before a closing mark": regex.compile(r"\s(?=[.,;:!?)”。，])"),
}


@pytest.fixture
def job(small: Path, tmp_path: Path) -> Job:
    """Return a job with own synonyms, and accepted as shortcuts all that may not go."""
    (tmp_path / "words.tsv").write_text(
        "".join(f"{word}\t{other}\n" for word, other in PAIRS.items()), encoding="utf-8"
    )
    accepted = [*NEGATED.values(), *PROTECTED.values(), "房间", "the", "很差"]
    lines = "".join(
        f"yes,{label},word,{word}, {word} ,why\n" for word in accepted for label in ("good", "bad")
    )
    (tmp_path / "flags.csv").write_text(f"accept,label,kind,text,form,flag\n{lines}", encoding="utf-8")
    resources = ResourcesConfig(
        lexicons=(str(tmp_path / "words.tsv"),),
        flags=str(tmp_path / "flags.csv"),
        protect=tuple(PROTECTED.values()),
    )
    return small_job(small).model_copy(update={"resources": resources})


def families(job: Job, kind: str, texts: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return each sample that a stage makes of some texts, behind the text it is made of."""
    plan = {"name": "t", "about": "", "stages": [{"kind": "tokenize"}, *STAGES[kind]]}
    table = apply(Pipeline.model_validate(plan), rows(texts), job).table
    check_replay(table)
    by_id = {row["id"]: row for row in table.to_pylist()}
    return [(by_id[row["source_id"]]["text"], row["text"]) for row in by_id.values() if row["source_id"]]


@pytest.mark.parametrize("kind", STAGES)
def test_no_stage_takes_a_negation_away_or_brings_one(job: Job, kind: str) -> None:
    made_of = families(job, kind, tuple(NEGATED))
    # A whole change is given up that would take a negation away.
    assert len(made_of) >= (1 if kind in ("balance", "delete_phrase") else len(NEGATED))
    for text, sample in made_of:
        assert sample.count(NEGATED[text]) == text.count(NEGATED[text]), (text, sample)
        assert not {"not bad", "never dull", "没有不满"} & {
            *regex.findall("not bad|never dull|没有不满", sample)
        }


@pytest.mark.parametrize("kind", ["eda", "aeda", "balance"])
def test_nothing_is_put_between_a_negation_and_what_it_speaks_of(job: Job, kind: str, tmp_path: Path) -> None:
    (tmp_path / "flags.csv").write_text(
        "accept,label,kind,text,form,flag\nyes,bad,word,※, ※ ,why\n", encoding="utf-8"
    )
    made_of = families(job, kind, tuple(GOVERNING))
    assert made_of
    for text, sample in made_of:
        assert GOVERNING[text] in sample, (text, sample)


@pytest.mark.parametrize("kind", STAGES)
def test_no_stage_edits_inside_the_code_of_an_emoticon(job: Job, kind: str) -> None:
    made_of = families(job, kind, CODES)
    assert made_of
    for text, sample in made_of:
        left = Counter(CODE.findall(sample))
        assert left <= Counter(CODE.findall(text)), (text, sample)
        assert not regex.search(r"[\[\]［］【】:]", CODE.sub("", sample)) or kind == "aeda", (text, sample)
        # Only as a key token can a code go, and then as a whole.
        assert kind == "delete_key" or left == Counter(CODE.findall(text)), (text, sample)


@pytest.mark.parametrize("kind", STAGES)
def test_what_is_protected_stays_in_every_stage(job: Job, kind: str) -> None:
    made_of = families(job, kind, tuple(PROTECTED))
    assert made_of
    for text, sample in made_of:
        assert sample.count(PROTECTED[text]) == 1, (text, sample)


@pytest.mark.parametrize("kind", sorted({*STAGES} - {"aeda"}))
def test_no_stage_leaves_a_blank_that_the_text_did_not_have(job: Job, kind: str) -> None:
    texts = (
        *NEGATED,
        *CODES,
        *PROTECTED,
        "a nice dog.",
        "(nice dog) ran",
        "房间 很好 。",
        " a movie , a story\n great ",
    )
    for text, sample in families(job, kind, texts):
        for name, pattern in _BLANKS.items():
            assert len(pattern.findall(sample)) <= len(pattern.findall(text)), (name, text, sample)


def test_the_code_of_an_emoticon_has_a_score_and_can_be_key(small: Path) -> None:
    texts = ("[泪][泪] 真的", "good :smile: movie")
    table = made(small_job(small), texts=texts).table.to_pylist()
    for row in table:
        codes = [index for index, token in enumerate(row["tokens"]) if CODE.fullmatch(token)]
        assert codes
        assert all(isinstance(row["ig"][index], float) for index in codes)
        assert all({piece for piece in row["owner"]} >= {index} for index in codes)
    plan = [{"kind": "tokenize"}, {"kind": "weigh", "by": "random"}, {**WEIGHED[1], "k": 9}]
    pipeline = Pipeline.model_validate({"name": "t", "about": "", "stages": plan})
    keys = apply(pipeline, rows(("今天[泪]",)), Job(name="x")).table.to_pylist()[0]
    assert keys["tokens"].index("[泪]") in keys["key"]


def test_the_attack_and_counterfactuals_keep_negations_and_codes(
    small: Path, job: Job, tmp_path: Path
) -> None:
    lines = [
        f'{number},"{text} {word}[泪]",{label}'
        for number, (text, word, label) in enumerate(
            (text, word, label)
            for text in NEGATED
            for word, label in (("wonderful 满意 干净", "good"), ("terrible 失望 肮脏", "bad"))
        )
    ]
    (tmp_path / "rows.csv").write_text("\n".join(["id,review,label", *lines]) + "\n", encoding="utf-8")
    corpus = CorpusConfig.model_validate({"root": str(tmp_path), "files": "rows.csv"})
    here = small_job(small).model_copy(update={"corpus": corpus, "resources": job.resources})
    stages = [
        {"kind": "tokenize"},
        {"kind": "attribute", "fixed": 4, "target": "gold"},
        {"kind": "rank", "fraction": 1.0},
        {"kind": "attack", "share": 1.0, "delete": True},
        {"kind": "counterfactual", "share": 0.5, "least": 1, "samples": 4},
        {"kind": "judge"},
        {"kind": "keep"},
    ]
    folder = run(
        Pipeline.model_validate({"name": "t", "about": "", "stages": stages}), here, tmp_path / "run"
    ).folder
    sources = {
        row["id"]: row["text"] for row in pq.read_table(folder / "explain/source_rows.parquet").to_pylist()
    }
    samples = pq.read_table(folder / "explain/samples.parquet").to_pylist()
    assert {row["method"] for row in samples} == {"attack", "counterfactual"}
    for row in samples:
        text = sources[row["source_id"]]
        negation = next(word for start, word in NEGATED.items() if text.startswith(start + " "))
        assert row["text"].count(negation) == text.count(negation), (text, row["text"])
        assert row["text"].count("[泪]") == 1


def test_phrases_of_an_own_list_go_through_a_whole_run_in_both_directions(
    small: Path, tmp_path: Path
) -> None:
    (tmp_path / "own.tsv").write_text(
        "battery life\tlasting power\nroom\thotel room\n电池 寿命\t续航 时间\n满意\t非常满意\n",
        encoding="utf-8",
    )
    texts = {
        "The battery life. The movie was awful": "The lasting power. The movie was awful",
        "we saw the room, a story": "we saw the hotel room, a story",
        "今天电池寿命，电影": "今天续航 时间，电影",
        "下次我很满意。": "下次我很非常满意。",
    }
    lines = "".join(f'"{text}",{"good" if number % 2 else "bad"}\n' for number, text in enumerate(texts))
    (tmp_path / "rows.csv").write_text("text,label\n" + lines, encoding="utf-8")
    corpus = CorpusConfig.model_validate({"root": str(tmp_path), "files": "rows.csv"})
    own = ResourcesConfig(lexicons=(str(tmp_path / "own.tsv"),))
    here = small_job(small).model_copy(update={"corpus": corpus, "resources": own})
    stages = [{"kind": "tokenize"}, *WEIGHED, {**SUBSTITUTE, "on": "any", "samples": 1}]
    folder = run(
        Pipeline.model_validate({"name": "t", "about": "", "stages": stages}), here, tmp_path / "run"
    ).folder
    samples = pq.read_table(folder / "explain/samples.parquet").to_pylist()
    assert sorted(row["text"] for row in samples) == sorted(texts.values())


@pytest.mark.parametrize("kind", ["eda", "substitute"])
def test_no_latin_word_glues_to_another_in_chinese_text(job: Job, kind: str) -> None:
    for text, sample in families(
        job, kind, ("今天iPhone手机app很好good服务movie房间", "用iPhone手机movie很好")
    ):
        assert not regex.search(
            r"(?i)(?:iphone|app|good|movie|film)(?=iphone|app|good|movie|film)", sample
        ), (text, sample)


GERMAN = "Das Hotel war gut und die Zimmer sauber, aber der Kaffee kalt."
JAPANESE = "この映画はとても面白かったです。"


@pytest.mark.parametrize("kind", sorted({*STAGES} - {"delete_phrase"}))
def test_a_row_in_a_language_that_no_lexicon_knows_is_not_edited_and_has_the_reason(
    job: Job, kind: str
) -> None:
    plan = {"name": "t", "about": "", "stages": [{"kind": "tokenize"}, *STAGES[kind]]}
    texts = (GERMAN, JAPANESE, "the room was great, the movie lovely")
    table = apply(Pipeline.model_validate(plan), rows(texts), job).table.to_pylist()
    sources = {row["id"]: row for row in table if not row["source_id"]}
    assert {row["source_id"] for row in table if row["source_id"]} == {"r2"}
    reason = "the text is in a language that no lexicon knows"
    for name in ("r0", "r1"):
        gaps = sources[name]["shortfall"] or []
        # A row that no shortcut concerns lacks nothing.
        assert {gap["reason"] for gap in gaps} == {reason} or (kind == "balance" and not gaps)


@pytest.mark.parametrize(("language", "left_alone"), [("auto", True), ("en", False)])
def test_a_run_counts_the_rows_left_alone_for_their_language(
    tmp_path: Path, language: str, left_alone: bool
) -> None:
    texts = (GERMAN, GERMAN.replace("Hotel", "Haus"), "the room was great and the movie lovely")
    lines = "".join(f'"{text}",good\n' for text in texts)
    (tmp_path / "rows.csv").write_text("text,label\n" + lines, encoding="utf-8")
    corpus = {"root": str(tmp_path), "files": "rows.csv", "language": language}
    here = Job(name="x", corpus=CorpusConfig.model_validate(corpus))
    summary = run("eda", here, tmp_path / "run")
    notices = [notice for notice in summary.notices if "neither Chinese nor English" in notice]
    assert len(notices) == left_alone
    assert not left_alone or notices[0].startswith("2 rows were not edited")
    samples = pa.concat_tables(
        [
            pq.read_table(path).select(["text", "source_id"])
            for path in (summary.folder / "explain").glob("samples*")
        ]
    ).to_pylist()
    assert len({row["source_id"] for row in samples}) == (1 if left_alone else 3)
