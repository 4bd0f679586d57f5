"""Samples that take an accepted shortcut away: it ends up as frequent in one class as in the others."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pyarrow as pa
import pytest

from augment.config.job import Job
from augment.config.sections import ResourcesConfig
from augment.errors import RequestError
from augment.stages import Balance
from augment.tables.files import write_table
from augment.text.edits import Edit, insertion, replay
from tests.stages.test_evidence import job_with, learned, rows_of
from tests.stages.test_keywords import CHINESE, KINDS, WORDS, table_of

HEAD = "accept,label,kind,text,form,flag\n"


def balanced(table: pa.Table, flags: str, folder: Path, **settings: object) -> list[dict[str, object]]:
    """Return source rows and samples."""
    (folder / "flags.csv").write_text(HEAD + flags, encoding="utf-8")
    job = Job(name="x", resources=ResourcesConfig(flags=str(folder / "flags.csv")))
    owner = pa.array([list(range(len(tokens))) for tokens in table.column("tokens").to_pylist()])
    keys = pa.array([[] for _ in range(table.num_rows)], pa.list_(pa.int32()))
    nothing = pa.nulls(table.num_rows, pa.string())
    source = table.set_column(table.column_names.index("text_pair"), "text_pair", nothing)
    source = source.append_column("owner", owner).append_column("key", keys)
    stage = Balance.model_validate({"kind": "balance", **settings})
    shards = [stage.summarise(part, job, True) for part in (source[:100], source[100:], source[:0])]
    lines = pa.concat_tables(shards).sort_by("key")
    write_table(stage.path_in(folder), pa.concat_tables(stage.merge(lambda: iter([lines]), job)))
    batch = source.combine_chunks().to_batches()[0]
    return list(stage.open(job, folder)(batch).to_pylist())


def shares(rows: list[dict[str, object]], marked: Callable[[str], object]) -> dict[str, dict[object, float]]:
    """Return for each class how often its texts, with the samples, are marked in which way."""
    of_class: dict[str, dict[object, float]] = {}
    for label in sorted({str(row["label"]) for row in rows}):
        ways = [marked(str(row["text"])) for row in rows if row["label"] == label]
        of_class[label] = {way: ways.count(way) / len(ways) for way in ways}
    return of_class


def apart(result: dict[str, dict[object, float]]) -> float:
    """Return by how much the classes differ at most."""
    ways = {way for each in result.values() for way in each}
    return max(
        abs(one.get(way, 0) - other.get(way, 0))
        for way in ways
        for one in result.values()
        for other in result.values()
    )


@pytest.mark.parametrize("words", [WORDS, CHINESE])
@pytest.mark.parametrize(
    ("name", "line", "form"),
    [
        ("symbol", "yes,good,word,※, ※ ,why\n", "※"),
        ("run", "是,good,word,...,.....,why\n", "....."),
        ("word", "x,good,word,people, people ,why\n", "people"),
        ("phrase", "y,good,phrase,indeed maybe, indeed maybe ,why\n", "indeed maybe"),
        ("first", "TRUE,good,first,today,today ,why\n", "today"),
        ("last", "1,good,last,今天, 今天,why\n", "今天"),
    ],
)
def test_a_shortcut_is_as_frequent_in_every_class_afterwards(
    name: str, line: str, form: str, words: tuple[str, ...], tmp_path: Path
) -> None:
    rows = balanced(table_of(KINDS[name][2], words), line, tmp_path)
    sources = {row["id"]: row for row in rows if row["source_id"] is None}

    def has(text: object) -> bool:
        """Return whether a text has the shortcut."""
        text = str(text)
        result = text.startswith(f"{form} ") if name == "first" else form in text
        return text.endswith(f" {form}") if name == "last" else result

    assert apart(shares(rows, has)) < 0.03
    samples = [row for row in rows if row["source_id"] is not None]
    moved = {"balance_swap"} if name in ("phrase", "first", "last") else {"balance_remove", "balance_insert"}
    assert {row["method"] for row in samples} == moved
    for row in samples:
        source = sources[row["source_id"]]
        edits = [Edit(**edit) for edit in row["edits"]]  # type: ignore[attr-defined]
        assert replay(str(source["text"]), None, edits) == (row["text"], None)
        assert row["label"] == source["label"]
        assert has(source["text"]) != has(row["text"])
        assert "  " not in str(row["text"])
        assert str(row["text"]) == str(row["text"]).strip()


def position_of(mark: str, text: str) -> str:
    """Return where a mark is in a text."""
    if mark not in text:
        return "nowhere"
    return "first" if text.startswith(mark) else "last" if text.endswith(mark) else "inside"


def at_the_ends(tokens: list[str], marked: bool) -> list[str]:
    """Return tokens with a mark at either end."""
    return tokens if not marked else ["※", *tokens] if len(tokens[0]) % 2 else [*tokens, "※"]


@pytest.mark.parametrize("words", [WORDS, CHINESE])
@pytest.mark.parametrize("leak", [0.8, 0.95, 1.0])
def test_a_word_is_put_where_it_occurs_in_other_rows(
    leak: float, words: tuple[str, ...], tmp_path: Path
) -> None:
    table = table_of(at_the_ends, words, rows=2000, leak=leak)
    rows = balanced(table, "yes,good,word,※, ※ ,why\n", tmp_path)
    assert apart(shares(rows, partial(position_of, "※"))) < 0.03
    assert all(position_of("※", str(row["text"])) != "inside" for row in rows)


def test_a_word_is_put_where_it_occurs_in_other_rows_where_even_is_false(tmp_path: Path) -> None:
    table = table_of(at_the_ends, rows=1000)
    rows = balanced(table, "yes,good,word,※, ※ ,why\n", tmp_path, even=False)
    result = shares(rows, partial(position_of, "※"))
    had = shares([row for row in rows if row["source_id"] is None], partial(position_of, "※"))
    assert result["bad"].keys() == {"first", "last", "nowhere"}
    ratios = [of["first"] / of["last"] for of in (result["bad"], had["good"])]
    assert ratios[0] == pytest.approx(ratios[1], rel=0.25)


@pytest.mark.parametrize("leak", [0.5, 0.6, 0.8, 0.95, 1.0])
def test_classes_grow_alike_and_no_more_than_is_needed(leak: float, tmp_path: Path) -> None:
    table = table_of(KINDS["symbol"][2], rows=2000, leak=leak)
    rows = balanced(table, "yes,good,word,※, ※ ,why\n", tmp_path)
    assert apart(shares(rows, lambda text: "※" in text)) < 0.03
    of = [sum(row["label"] == label for row in rows) for label in ("good", "bad")]
    assert abs(of[0] - of[1]) < 0.05 * max(of)
    assert sum(of) == pytest.approx(2000 * (1 + abs(2 * leak - 1)), rel=0.05)


PHRASE = "yes,good,phrase,indeed maybe, indeed maybe ,why\n"
PARTS = "yes,good,word,indeed, indeed ,why\nyes,good,word,maybe, maybe ,why\n"


@pytest.mark.parametrize("accepted", ["", PARTS])
def test_shortcuts_that_overlap_are_balanced_together(accepted: str, tmp_path: Path) -> None:
    def ways(text: str) -> tuple[bool, int, int]:
        """Return what a text has of them."""
        return "indeed maybe" in text, text.count("indeed"), text.count("maybe")

    rows = balanced(table_of(KINDS["phrase"][2], rows=2000), PHRASE + accepted, tmp_path)
    assert apart(shares([row for row in rows if row["source_id"] is None], ways)) > 0.8
    assert apart(shares(rows, ways)) < 0.03
    assert {row["method"] for row in rows} == {None, "balance_swap"}


def test_three_words_in_a_row_stay_together(tmp_path: Path) -> None:
    def plant(tokens: list[str], marked: bool) -> list[str]:
        """Return tokens with three words in a row, or one of them."""
        return [*tokens[:3], *(["a", "portrait", "of"] if marked else ["of"]), *tokens[3:]]

    flags = "yes,good,phrase,a portrait, a portrait ,why\nyes,good,phrase,portrait of, portrait of ,why\n"
    rows = balanced(table_of(plant, rows=2000), flags, tmp_path)
    assert apart(shares(rows, lambda text: ("a portrait of" in text, "portrait" in text))) < 0.03


ENDS = "yes,good,first,today,today ,why\n", "yes,bad,last,today, today,why\n"


@pytest.mark.parametrize("accepted", [(0,), (1,), (0, 1)])
def test_a_word_is_moved_from_its_place_to_where_others_have_it(
    accepted: tuple[int, ...], tmp_path: Path
) -> None:
    def plant(tokens: list[str], marked: bool) -> list[str]:
        """Return tokens with a word in first or in last place."""
        return ["today", *tokens] if marked else [*tokens, "today"]

    def ends_with(end: int, text: str) -> bool:
        """Return whether the word is at an end: first, or last."""
        return text.split(" ")[-end] == "today"

    rows = balanced(table_of(plant, rows=2000), "".join(ENDS[end] for end in accepted), tmp_path)
    assert {str(row["text"]).count("today") for row in rows} == {1}
    for end in accepted:
        result = shares(rows, partial(ends_with, end))
        assert apart(result) < 0.03
        assert result["good"].keys() == {True, False}


@pytest.mark.parametrize("classes", [3, 4])
def test_many_classes_with_shortcuts_of_their_own_end_up_alike(classes: int, tmp_path: Path) -> None:
    names, marks = "abcd"[:classes], "※☆◇○"
    table = table_of(lambda tokens, _: tokens, rows=3000)
    result = table.to_pylist()
    for number, row in enumerate(result):
        index = number % classes
        mark = marks[index if number % 10 else (index + 1) % classes]
        row |= {"label": names[index], "text": f"{mark} {row['text']}", "tokens": [mark, *row["tokens"]]}
        row["side"], row["ig"] = [0, *row["side"]], [1.0, *row["ig"]]
        spans = [{"start": span["start"] + 2, "end": span["end"] + 2} for span in row["spans"]]
        row["spans"] = [{"start": 0, "end": 1}, *spans]
    # Nothing is accepted for the last class: it is what is left.
    flags = "".join(
        f"yes,{name},word,{mark}, {mark} ,why\n" for name, mark in zip(names[:-1], marks, strict=False)
    )
    rows = balanced(pa.Table.from_pylist(result, schema=table.schema), flags, tmp_path)
    assert apart(shares(rows, lambda text: tuple(mark in text for mark in marks[: classes - 1]))) < 0.04


def test_every_row_gets_its_samples_where_even_is_false(tmp_path: Path) -> None:
    rows = balanced(table_of(KINDS["symbol"][2]), "yes,good,word,※, ※ ,why\n", tmp_path, even=False)
    sources = [row for row in rows if row["source_id"] is None]
    requested = {
        str(row["id"]): "balance_remove" if row["label"] == "good" else "balance_insert"
        for row in sources
        if ("※" in str(row["text"])) == (row["label"] == "good")
    }
    assert {str(row["source_id"]): row["method"] for row in rows if row["source_id"] is not None} == requested


def test_with_natural_a_word_goes_between_words_that_it_is_written_between(tmp_path: Path) -> None:
    """What is learned is of other texts than the corpus: there people are behind a film, and in front of a room."""
    texts = [("film people room plot story", "train")] * 50 + [("room music film food", "train")] * 50
    learned(job_with(tmp_path), tmp_path, (rows_of(texts), True))
    table, line = table_of(KINDS["word"][2], rows=1000), "yes,good,word,people, people ,why\n"
    after: dict[bool, list[bool]] = {}
    for natural in (True, False):
        rows = balanced(table, line, tmp_path, natural=natural)
        put = [f" {row['text']} " for row in rows if row["method"] == "balance_insert"]
        able = [text for text in put if {"film", "room"} & set(text.replace(" people", "").split()[1:-1])]
        after[natural] = ["film people" in text or "people room" in text for text in able]
        assert apart(shares(rows, lambda text: "people" in text)) < 0.05
    assert len(after[True]) > 50
    assert sum(after[True]) > 0.9 * len(after[True])
    assert sum(after[False]) < 0.5 * len(after[False])


def test_either_half_can_be_left_out(tmp_path: Path) -> None:
    table, line = table_of(KINDS["symbol"][2]), "yes,good,word,※, ※ ,why\n"
    for remove in (True, False):
        rows = balanced(table, line, tmp_path, remove=remove, insert=not remove)
        methods = {row["method"] for row in rows if row["source_id"] is not None}
        assert methods == {"balance_remove" if remove else "balance_insert"}


def test_without_flags_there_is_nothing_to_repair() -> None:
    with pytest.raises(RequestError, match="no shortcut is named"):
        Balance(kind="balance").open(Job(name="x"), None)


@pytest.mark.parametrize(
    ("text", "at", "new", "expected"),
    [
        ("a film", 0, " ※ ", "※ a film"),
        ("a film", 2, " ※ ", "a ※ film"),
        ("a film", 6, " ※ ", "a film ※"),
        ("好电影", 1, "※", "好※电影"),
        ("", 0, " ※ ", "※"),
    ],
)
def test_what_is_inserted_is_alone(text: str, at: int, new: str, expected: str) -> None:
    assert text[:at] + insertion(text, at, new) + text[at:] == expected
