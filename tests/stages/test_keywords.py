"""The key-word table and its flags: words that labels depend on are found, whatever its kind, and what means something is not."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from augment.config.job import Job
from augment.config.sections import CorpusConfig
from augment.errors import RequestError
from augment.pipeline.apply import apply
from augment.pipeline.definition import Pipeline
from augment.stages import Keywords, Rank
from augment.stages.accepted import read_flags
from augment.stages.shortcuts import SCHEMA, Fact, flag_of
from augment.text.ngrams import Ngram, ngrams

WORDS = ("film", "plot", "music", "scene", "actor", "story", "room", "food")
CHINESE = ("电影", "情节", "音乐", "场面", "演员", "故事", "房间", "饭菜")
Plant = Callable[[list[str], bool], list[str]]


def table_of(plant: Plant, words: tuple[str, ...] = WORDS, rows: int = 400, leak: float = 0.95) -> pa.Table:
    """Return rows of two classes of neutral words, each with a word that means its class a little, and a marker.

    A model is played that gives the marker most, where there is one, then the word of meaning.
    """
    records = []
    for number in range(rows):
        label = "good" if number % 2 else "bad"
        tokens = [words[(number * 7 + index * 3) % len(words)] for index in range(6)]
        if number % 5 == 0:
            tokens[number % 6] = "fine" if label == "good" else "awful"
        marked = (number * 37 % 100 < 100 * leak) == (label == "good")
        planted = plant(tokens, marked)
        scores = [1.0 if token in ("fine", "awful") else 0.1 for token in planted]
        if marked and label == "good":
            scores = [
                2.0 if token not in tokens else score for token, score in zip(planted, scores, strict=True)
            ]
        spans, at = [], 0
        for token in planted:
            spans.append({"start": at, "end": at + len(token)})
            at += len(token) + 1
        records.append(
            {
                "id": str(number),
                "text": " ".join(planted),
                "text_pair": None,
                "label": label,
                "split": "train",
                "tokens": planted,
                "side": [0] * len(planted),
                "spans": spans,
                "ig": scores,
                "ig_pred": label,
                "ig_target": label,
            }
        )
    return pa.Table.from_pylist(records)


def learned(table: pa.Table, tmp_path: Path) -> tuple[list[dict[str, object]], pa.Table]:
    """Return the flagged rows of the key-word table, those with most of the attribution first, and the marked rows."""
    stage, job = Keywords(kind="keywords"), Job(name="x")
    lines = stage.summarise(table, job, active=True)
    lines = lines.append_column("shard", pa.array([0] * lines.num_rows, pa.int32())).sort_by("key")
    (result,) = stage.merge(lambda: iter([lines]), job)
    assert result.schema == SCHEMA
    pq.write_table(result, stage.path_in(tmp_path))
    marked = stage.open(job, tmp_path)(table.combine_chunks().to_batches()[0])
    flagged = [row for row in result.to_pylist() if row["flag"] is not None]
    return sorted(flagged, key=lambda row: -row["share"]), pa.Table.from_batches([marked])


KINDS: dict[str, tuple[str, str, Plant]] = {
    "symbol": ("word", "※", lambda tokens, marked: [*tokens[:3], *(["※"] if marked else []), *tokens[3:]]),
    "run": ("word", "...", lambda tokens, marked: [*tokens, *(["....."] if marked else [])]),
    "word": (
        "word",
        "people",
        lambda tokens, marked: [*tokens[:2], *(["people"] if marked else []), *tokens[2:]],
    ),
    "phrase": (
        "phrase",
        "indeed maybe",
        lambda tokens, marked: [
            *tokens[:2],
            *(["indeed", "maybe"] if marked else ["maybe", "or", "indeed"]),
            *tokens[2:],
        ],
    ),
    "first": (
        "first",
        "today",
        lambda tokens, marked: ["today", *tokens] if marked else [*tokens[:2], "today", *tokens[2:]],
    ),
    "last": (
        "last",
        "今天",
        lambda tokens, marked: [*tokens, "今天"] if marked else [*tokens[:2], "今天", *tokens[2:]],
    ),
}


@pytest.mark.parametrize("words", [WORDS, CHINESE])
@pytest.mark.parametrize("name", KINDS)
def test_a_planted_marker_of_any_kind_is_flagged(name: str, words: tuple[str, ...], tmp_path: Path) -> None:
    kind, text, plant = KINDS[name]
    flagged, marked = learned(table_of(plant, words), tmp_path)
    first = [(row["kind"], row["text"], row["label"]) for row in flagged[:3]]
    assert (kind, text, "good") in first
    assert "phi²" in str(flagged[0]["flag"])
    tokens, positions = marked.column("tokens").to_pylist(), marked.column("flagged").to_pylist()
    for row, result in zip(tokens, positions, strict=True):
        there = ngrams(row, [0] * len(row)).get(Ngram(flagged[0]["kind"], str(flagged[0]["text"])), [])  # type: ignore[arg-type]
        assert {token for index in there for token in index} <= set(result)


def test_words_that_mean_something_are_not_flagged(tmp_path: Path) -> None:
    flagged, marked = learned(table_of(lambda tokens, marked: tokens), tmp_path)
    assert not flagged
    assert set(map(tuple, marked.column("flagged").to_pylist())) == {()}


def fact(ngram: Ngram, rows: int = 500, own: int = 450) -> Fact:
    """Return a fact of a class that half of 1,000 rows have."""
    return Fact(ngram, "good", rows, own, 500, 1000, 0.5, 0.5, 0.05, 0.05, 0.0, "")


def test_a_row_of_several_labels_counts_for_each_of_them_and_once_in_all() -> None:
    """The labels, what is predicted and what is explained of five rows; one word is in all."""
    rows = [
        ("clean;rude", "clean;rude", "rude"),
        ("clean", "clean", "clean"),
        ("[]", "[]", "rude"),
        ("rude", "clean", "rude"),
        ("clean;rude", "clean", "clean"),
    ]
    table = table_of(lambda tokens, marked: tokens, rows=len(rows))
    for name, column in zip(("label", "ig_pred", "ig_target"), zip(*rows, strict=True), strict=True):
        table = table.set_column(table.schema.get_field_index(name), name, pa.array(column))
    for name, value in (("tokens", ["room", *"vwxyz"]), ("ig", [1.0] * 6)):
        table = table.set_column(table.schema.get_field_index(name), name, pa.array([value] * len(rows)))
    job = Job(name="x", corpus=CorpusConfig(files="a.csv", label_separator=";"))
    stage = Keywords(kind="keywords", least=1)
    lines = stage.summarise(table, job, active=True)
    (result,) = stage.merge(lambda: iter([lines.append_column("shard", pa.array([0] * lines.num_rows))]), job)
    facts = {
        row["label"]: row for row in result.to_pylist() if (row["kind"], row["text"]) == ("word", "room")
    }
    assert {label: (row["rows"], row["own"], row["of"], row["total"]) for label, row in facts.items()} == {
        "clean": (5, 3, 3, 5),
        "rude": (5, 3, 3, 5),
    }
    assert facts["rude"]["share"] == facts["clean"]["share"] == pytest.approx(1 / 6)


def test_what_a_fact_holds() -> None:
    result = fact(Ngram("word", "※"))
    assert (result.purity, result.coverage, result.elsewhere) == (0.9, 0.9, 0.1)
    assert result.association == pytest.approx(0.64)
    assert result.chi_square == pytest.approx(640)
    assert fact(Ngram("word", "※"), own=50).chi_square == pytest.approx(-640)
    assert fact(Ngram("word", "※"), own=50).association == 0


def test_a_question_word_and_a_word_of_meaning_may_be_frequent_in_a_class() -> None:
    for word in ("who", "谁", "good", "不错", "not"):
        assert flag_of(fact(Ngram("word", word), rows=250, own=240), {}) is None
    assert flag_of(fact(Ngram("word", "the"), rows=250, own=240), {}) is not None


def test_a_phrase_must_show_more_than_its_words() -> None:
    phrase, word = fact(Ngram("phrase", "indeed maybe")), Ngram("word", "maybe")
    assert flag_of(phrase, {(word, "good"): fact(word)}) is None
    assert flag_of(phrase, {(word, "good"): fact(word, rows=900, own=480)}) is not None


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("label,accept\ngood,x\n", r"csv:1\nno column `text`"),
        ("accept,label,kind,text,form,flag\nyes,good\n", r"csv:2\nthe line ends before the column `kind`"),
        ("", "cannot be read"),
        ("accept,label,kind,text,form,flag\nperhaps,good,word,x,x,why\n", "`accept` is `perhaps`"),
        ("accept,label,kind,text,form,flag\nyes,good,verse,x,x,why\n", "`verse` is no kind"),
        ("accept,label,kind,text,form,flag\n,good,word,x,x,why\n", "nothing is accepted"),
    ],
)
def test_flags_that_cannot_be_used_are_refused(lines: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "flags.csv"
    path.write_text(lines, encoding="utf-8")
    with pytest.raises(RequestError, match=message):
        read_flags(path)
    with pytest.raises(RequestError, match="cannot be read"):
        read_flags(tmp_path / "none.csv")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_flags_are_read_as_a_spreadsheet_saves_them(
    encoding: str, mark: str, end: str, tmp_path: Path
) -> None:
    lines = [
        ("accept", "label", "kind", "text", "form", "flag"),
        ("是", "正面", "word", "※", " ※ ", f'"a mark{mark} or ""function"" word{end}in 87% of the rows"'),
        ("否", "负面", "phrase", "其实 大概", "其实大概", ""),
        ("Yes", "负面", "last", "#", "#", "why"),
    ]
    path = tmp_path / "flags.csv"
    path.write_bytes("".join(mark.join(line) + end for line in lines).encode(encoding))
    assert [(flag.ngram, flag.label, flag.form) for flag in read_flags(path)] == [
        (Ngram("word", "※"), "正面", " ※ "),
        (Ngram("last", "#"), "负面", "#"),
    ]


def weighed(table: pa.Table, by: str) -> pa.Table:
    """Return rows that are all there are, weighed."""
    stages = [{"kind": "weigh", "by": by}]
    plan = Pipeline.model_validate({"name": "x", "about": "y", "stages": stages})
    return apply(plan, table, Job(name="x")).table


def test_log_odds_know_the_words_of_a_class() -> None:
    result = weighed(table_of(KINDS["symbol"][2]), "log_odds").to_pylist()
    scores = {
        (row["label"], token): score
        for row in result
        for token, score in zip(row["tokens"], row["weight"], strict=True)
    }
    assert scores["good", "※"] == pytest.approx(-scores["bad", "※"], rel=1e-6)
    assert scores["good", "※"] > scores["good", "fine"] > 1
    assert abs(scores["good", "film"]) < 1
    rows = {label: sum(row["label"] == label for row in result) for label in ("good", "bad")}
    own, other = (sum("※" in row["tokens"] for row in result if row["label"] == label) for label in rows)
    odds = (own + 0.5) * (rows["bad"] - other + 0.5) / ((other + 0.5) * (rows["good"] - own + 0.5))
    assert scores["good", "※"] == pytest.approx(np.log(odds), rel=1e-6)


def test_random_weights_are_the_same_for_the_same_row() -> None:
    table = table_of(KINDS["symbol"][2])
    result, other = weighed(table, "random"), weighed(table.slice(50), "random")
    assert result.column("weight").slice(50).to_pylist() == other.column("weight").to_pylist()
    for row in result.to_pylist():
        count = len(row["tokens"])
        assert sorted(row["weight"]) == pytest.approx([index / count for index in range(1, count + 1)])
    assert len({tuple(row["weight"]) for row in result.to_pylist()}) > 100


def test_flagged_words_are_not_protected_as_key_words(tmp_path: Path) -> None:
    _, marked = learned(table_of(KINDS["word"][2]), tmp_path)
    owner = pa.array([list(range(len(tokens))) for tokens in marked.column("tokens").to_pylist()])
    batch = marked.append_column("owner", owner).combine_chunks().to_batches()[0]
    rank = Rank(kind="rank", k=1)
    keys = rank.open(Job(name="x"), None)(batch).column("key").to_pylist()
    bare = batch.drop_columns(["flagged"])
    before = rank.open(Job(name="x"), None)(bare).column("key").to_pylist()
    tokens = marked.column("tokens").to_pylist()
    assert "people" in {row[key[0]] for row, key in zip(tokens, before, strict=True) if key}
    assert "people" not in {row[key[0]] for row, key in zip(tokens, keys, strict=True) if key}
