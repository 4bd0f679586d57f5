"""Children that take an accepted shortcut away: it ends up as frequent in one class as in the others."""

from pathlib import Path

import pyarrow as pa
import pytest

from augment.errors import RequestError
from augment.job import Job, ResourcesConfig
from augment.stages import Balance
from augment.text.edits import Edit, insertion, replay
from tests.stages.test_keywords import CHINESE, KINDS, WORDS, table_of

HEAD = "accept,label,kind,text,form,flag\n"


def balanced(
    table: pa.Table, flags: str, folder: Path, *, remove: bool = True, insert: bool = True
) -> list[dict[str, object]]:
    """Return source rows and children."""
    head = "" if flags.startswith("accept") else HEAD
    (folder / "flags.csv").write_text(head + flags, encoding="utf-8")
    job = Job(name="x", resources=ResourcesConfig(flags=str(folder / "flags.csv")))
    owner = pa.array([list(range(len(tokens))) for tokens in table.column("tokens").to_pylist()])
    keys = pa.array([[] for _ in range(table.num_rows)], pa.list_(pa.int32()))
    nothing = pa.nulls(table.num_rows, pa.string())
    source = table.set_column(table.column_names.index("text_pair"), "text_pair", nothing)
    batch = source.append_column("owner", owner).append_column("key", keys).combine_chunks().to_batches()[0]
    stage = Balance(kind="balance", remove=remove, insert=insert)
    return list(stage.open(job, None)(batch).to_pylist())


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
    parents = {row["id"]: row for row in rows if row["parent"] is None}

    def has(text: object) -> bool:
        """Return whether a text has the shortcut."""
        text = str(text)
        found = text.startswith(f"{form} ") if name == "first" else form in text
        return text.endswith(f" {form}") if name == "last" else found

    shares = {}
    for label in ("good", "bad"):
        texts = [row["text"] for row in rows if row["label"] == label]
        shares[label] = sum(map(has, texts)) / len(texts)
    assert abs(shares["good"] - shares["bad"]) < 0.08
    children = [row for row in rows if row["parent"] is not None]
    assert {row["method"] for row in children} == {"balance_remove", "balance_insert"}
    for row in children:
        parent = parents[row["parent"]]
        edits = [Edit(**edit) for edit in row["edits"]]  # type: ignore[attr-defined]
        assert replay(str(parent["text"]), None, edits) == (row["text"], None)
        assert row["label"] == parent["label"]
        assert has(parent["text"]) != has(row["text"])
        assert "  " not in str(row["text"])
        assert str(row["text"]) == str(row["text"]).strip()


@pytest.mark.parametrize("leak", [0.6, 0.8, 0.95])
def test_so_many_rows_get_a_shortcut_as_make_it_equally_frequent(leak: float, tmp_path: Path) -> None:
    table = table_of(KINDS["symbol"][2], rows=2000, leak=leak)
    own, other = (
        sum("※" in row["text"] for row in table.to_pylist() if row["label"] == label)
        for label in ("good", "bad")
    )
    evidence = f"{HEAD.strip()},rows,own,of,total\nyes,good,word,※, ※ ,why,{own + other},{own},1000,2000\n"
    rows = balanced(table, evidence, tmp_path)
    of = {label: [str(row["text"]) for row in rows if row["label"] == label] for label in ("good", "bad")}
    shares = {label: sum("※" in text for text in texts) / len(texts) for label, texts in of.items()}
    assert abs(shares["good"] - shares["bad"]) < 0.03
    assert 0.8 < len(of["good"]) / len(of["bad"]) < 1.3


def test_either_half_can_be_left_out(tmp_path: Path) -> None:
    table, line = table_of(KINDS["symbol"][2]), "yes,good,word,※, ※ ,why\n"
    for remove in (True, False):
        rows = balanced(table, line, tmp_path, remove=remove, insert=not remove)
        methods = {row["method"] for row in rows if row["parent"] is not None}
        assert methods == {"balance_remove" if remove else "balance_insert"}


def test_without_flags_there_is_nothing_to_repair() -> None:
    with pytest.raises(RequestError, match="accepted as a shortcut"):
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
def test_what_is_inserted_stands_alone(text: str, at: int, new: str, expected: str) -> None:
    assert text[:at] + insertion(text, at, new) + text[at:] == expected
