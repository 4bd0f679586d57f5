"""Labels as files have them: numbers of one value, names of several, lists of one, none at all."""

import json
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from augment.config.sections import CorpusConfig
from augment.corpus import inspect, read
from augment.corpus.inspecting import peek
from augment.errors import DataError, RequestError

STARS = {"label_names": {1: "negative", 2: "negative", 4: "positive", 5: "positive"}}


def section(root: Path, files: object, **options: object) -> CorpusConfig:
    """Return a corpus section."""
    return CorpusConfig.model_validate({"root": root, "files": files, **options})


def csv(folder: Path, content: str, **options: object) -> CorpusConfig:
    """Return a corpus section for one CSV file with this content."""
    (folder / "a.csv").write_text(content, encoding="utf-8")
    return section(folder, "a.csv", **options)


def labels(config: CorpusConfig) -> list[str | None]:
    """Return the labels of a corpus."""
    return [label for chunk in read(config) for label in chunk.rows.column("label").to_pylist()]


def reasons(config: CorpusConfig) -> list[tuple[str, str]]:
    """Return place and reason of each reject."""
    return [(reject.where, reject.reason) for chunk in read(config) for reject in chunk.rejects]


def test_numbers_of_equal_value_are_one_label(tmp_path: Path) -> None:
    """1, 1.0, "1" and "1.0" in JSON and CSV, and in the names; codes and other text stay as they are."""
    lines = [1, 1.0, "1", "1.0", "-2.00", "01", "1.10", "+1", "一"]
    text = "\n".join(json.dumps({"text": "好", "label": label}) for label in lines)
    (tmp_path / "a.jsonl").write_text(text, encoding="utf-8")
    assert labels(section(tmp_path, "a.jsonl")) == ["1", "1", "1", "1", "-2", "01", "1.10", "+1", "一"]
    for key in (1, 1.0, "1", "1.0"):
        named = csv(tmp_path, "text,label\na,1\nb,1.0\nc,0.0\n", label_names={key: "good", 0: "bad"})
        assert labels(named) == ["good", "good", "bad"]
    assert labels(csv(tmp_path, "text,label\na,1\nb,1.0\nc,0\n", labels=[1.0])) == ["1", "1"]
    with pytest.raises(ValueError, match="label 1 has two names, `a` and `b`"):
        csv(tmp_path, "text\na\n", label_names={"1": "a", "1.0": "b"})


def test_several_numbers_may_have_one_name(tmp_path: Path) -> None:
    """Choosing a name chooses all of its numbers; one that has no name is left out by `labels`, else stays."""
    content = "text,label\n" + "".join(f"t{stars},{stars}\n" for stars in (1, 2, 3, 4, 5))
    chosen = csv(tmp_path, content, labels=["negative", "positive"], **STARS)
    assert labels(chosen) == ["negative", "negative", "positive", "positive"]
    assert sum(chunk.skipped for chunk in read(chosen)) == 1
    assert labels(csv(tmp_path, content, labels=["positive", 3], **STARS)) == ["3", "positive", "positive"]
    assert labels(csv(tmp_path, content, **STARS)) == ["negative", "negative", "3", "positive", "positive"]
    with pytest.raises(RequestError, match="no row has the label `neutral`"):
        labels(csv(tmp_path, content, labels=["positive", "neutral"], **STARS))


def test_names_may_swap_labels(tmp_path: Path) -> None:
    """A name is meant before the label that is written like it."""
    swapped = csv(tmp_path, "text,label\na,0\nb,1\n", label_names={0: "1", 1: "0"}, labels=["1"])
    assert [chunk.rows.column("text").to_pylist() for chunk in read(swapped)] == [["a"]]


def test_a_row_without_a_label_is_rejected_with_that_reason(tmp_path: Path) -> None:
    """Empty, null, NaN of Python's JSON, of float columns and as pandas writes it."""
    lines = [
        '{"text": "a", "label": 1.0}',
        '{"text": "b", "label": NaN}',
        '{"text": "c", "label": null}',
        '{"text": "d"}',
    ]
    (tmp_path / "a.jsonl").write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "b.jsonl").write_text("\n".join(lines).replace("1.0", '"good"'), encoding="utf-8")
    pq.write_table(
        pa.table({"text": ["a", "b", "c"], "label": [1.0, float("nan"), None]}), tmp_path / "c.parquet"
    )
    table = "text,label\na,1\nb,\nc,  \nd,nan\ne,NaN\n"
    for config, label in (
        (section(tmp_path, "a.jsonl"), "1"),
        (section(tmp_path, "b.jsonl"), "good"),
        (section(tmp_path, "c.parquet"), "1"),
        (csv(tmp_path, table), "1"),
    ):
        assert labels(config) == [label]
        assert {reason for _, reason in reasons(config)} == {"no label"}
    assert reasons(csv(tmp_path, table)) == [(f"a.csv:{line}", "no label") for line in (3, 4, 5, 6)]


@pytest.mark.parametrize("suffix", ["jsonl", "json", "parquet"])
@pytest.mark.parametrize("mixed", [False, True])
def test_a_list_of_one_label_is_that_label(tmp_path: Path, suffix: str, mixed: bool) -> None:
    """Of several the row is rejected, of none it has no label; the source then has the label, not the list."""
    values: list[object] = [["好评"], ["neg"], [], ["好评", "neg"], None]
    if mixed and suffix != "parquet":
        values[1] = "neg"
    records = [{"text": f"t{index}", "label": value} for index, value in enumerate(values)]
    path = tmp_path / f"a.{suffix}"
    if suffix == "parquet":
        pq.write_table(pa.Table.from_pylist(records), path)
    else:
        text = json.dumps(records, indent=1) if suffix == "json" else "\n".join(map(json.dumps, records))
        path.write_text(text, encoding="utf-8")
    config = section(tmp_path, path.name)
    assert labels(config) == ["好评", "neg"]
    several = "several labels where a row may have one: set `corpus.label_separator`"
    assert [reason for _, reason in reasons(config)] == ["no label", several, "no label"]
    sources = [row for chunk in read(config) for row in chunk.rows.column("source").to_pylist()]
    assert [row["label"] for row in sources] == ["好评", "neg"]
    inspect(config)


def test_rows_of_several_labels_only_are_refused_with_that_reason(tmp_path: Path) -> None:
    """The reason of most rows is in the message."""
    text = "\n".join(json.dumps({"text": "a", "label": ["x", "y"]}) for _ in range(3))
    (tmp_path / "a.jsonl").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match="no row is left to use; 3 of 3 rejected rows: several labels"):
        labels(section(tmp_path, "a.jsonl"))


def test_labels_of_fasttext_are_read_and_a_second_one_is_no_text(tmp_path: Path) -> None:
    """White space parts label and text, whatever the delimiter."""
    lines = "__label__好 很好 的\n__label__pos __label__long fine\n__label__pos\tgood one\n__label__pos\n"
    (tmp_path / "a.txt").write_text(lines, encoding="utf-8")
    config = section(tmp_path, "a.txt", format="label-text", delimiter=" ")
    rows = [row for chunk in read(config) for row in chunk.rows.select(["text", "label"]).to_pylist()]
    assert rows == [
        {"text": "很好 的", "label": "__label__好"},
        {"text": "good one", "label": "__label__pos"},
    ]
    several = "several labels where a row may have one: give lists in JSON or Parquet"
    assert reasons(config) == [("a.txt:2", several), ("a.txt:4", "empty text")]


@pytest.mark.parametrize(
    ("header", "rows"), [("text,toxic,insult", "a,0,1\nb,1,0\n"), ("text,spam", "a,True\nb,False\nc,\n")]
)
def test_columns_of_0_and_1_need_a_choice_where_none_is_called_a_label(
    tmp_path: Path, header: str, rows: str
) -> None:
    """`corpus.label: false` means that there is no label."""
    content = f"{header}\n{rows}"
    name = header.split(",")[1]
    with pytest.raises(
        RequestError, match=f"`{name}`.* could be it\nset `corpus.label: {name}` .*, or `corpus.label: false`"
    ):
        inspect(csv(tmp_path, content))
    assert set(labels(csv(tmp_path, content, label=False))) == {None}
    assert inspect(csv(tmp_path, content, label=name)).label == name
    assert inspect(csv(tmp_path, "text,n\na,1\nb,2\n")).label is None
    assert inspect(csv(tmp_path, content.replace(name, "label"), label=False)).label is None


def test_rows_of_several_labels_have_them_as_one_text(tmp_path: Path) -> None:
    """Lists of JSON and Parquet, cells with a separator: sorted, each once, each by its name; `[]` is none of them."""
    given = [["b", "a"], ["a", "a"], [], [1, 2], "b;a", None, ["a;b"]]
    text = "\n".join(
        json.dumps({"text": f"好{number}", "label": label}) for number, label in enumerate(given)
    )
    (tmp_path / "a.jsonl").write_text(text, encoding="utf-8")
    config = section(tmp_path, "a.jsonl", label_separator=";", label_names={"a": "x"})
    assert labels(config) == ["b;x", "x", "[]", "1;2", "b;x"]
    assert [reason for _, reason in reasons(config)] == [
        "no label",
        "the separator ';' is in the label `a;b`: choose another",
    ]
    cells = csv(tmp_path, "text,label\na,b | a\nb,[]\nc,\nd,c\n", label_separator="|", labels=["a"])
    assert labels(cells) == ["a|b"]
    table = {"text": ["一", "二", "三"], "label": pa.array([["b", "a"], [], None], pa.list_(pa.string()))}
    pq.write_table(pa.table(table), tmp_path / "a.parquet")
    assert labels(section(tmp_path, "a.parquet", label_separator=";")) == ["a;b", "[]"]
    assert inspect(config).label_names == {"a": "x"}


def lists(folder: Path, values: list[object], **options: object) -> CorpusConfig:
    """Return a corpus section for rows of JSON with these labels."""
    lines = [json.dumps({"text": f"好 {row}", "label": value}) for row, value in enumerate(values)]
    (folder / "a.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return section(folder, "a.jsonl", **options)


@pytest.mark.parametrize(
    ("values", "options", "wanted"),
    [
        ([["rude", "clean"], ["clean"], []], {"label_separator": ";"}, ["clean;rude", "clean", "[]"]),
        ([["rude", "clean"], "clean ;rude", "[]"], {"label_separator": ";"}, ["clean;rude", "clean;rude", "[]"]),
        ([[True], [False, True]], {"label_separator": "|"}, ["true", "false|true"]),
        ([[1.0], [2.5, 1]], {"label_separator": "|"}, ["1", "1|2.5"]),
        ([["rude"], ["clean"]], {}, ["rude", "clean"]),
        ([[4], [5]], {}, ["4", "5"]),
    ],
)  # fmt: skip
def test_the_heads_of_files_show_the_labels_of_lists_as_they_are_read(
    tmp_path: Path, values: list[object], options: dict[str, object], wanted: list[str]
) -> None:
    config = lists(tmp_path, values, **options)
    assert labels(config) == wanted
    sources = [row["label"] for chunk in read(config) for row in chunk.rows.column("source").to_pylist()]
    if values[0] == ["rude", "clean"]:
        assert sources[0] == "rude;clean", "the file's own column keeps their order"
    assert sum((Counter(each) for each in peek(config).labels.values()), Counter()) == Counter(wanted)


def test_what_is_no_label_among_several_is_rejected(tmp_path: Path) -> None:
    """A text of separators alone, a list of nothing that is a label, an object; `[]` is a label that all others are not."""
    config = lists(tmp_path, [["a"], [{"b": 1}], [["a"]], [None], [""], [], ["a;b"]], label_separator=";")
    assert labels(config) == ["a", "[]"]
    assert [why for _, why in reasons(config)] == [
        "a label is a dict where a text or a number is needed",
        "a label is a list where a text or a number is needed",
        "no label",
        "no label",
        "the separator ';' is in the label `a;b`: choose another",
    ]
    assert sum((Counter(each) for each in peek(config).labels.values()), Counter()) == {"a": 1, "[]": 1}
    cells = csv(tmp_path, "text,label\na,;\nb, ; \nc,b;a\n", label_separator=";")
    assert labels(cells) == ["a;b"]


def test_the_label_of_a_file_may_be_several(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text\n一\n", encoding="utf-8")
    files = [{"path": "a.csv", "label": "b; a"}]
    assert labels(section(tmp_path, files, label_separator=";", labels=["a"])) == ["a;b"]


def test_a_separator_within_the_name_of_a_label_is_refused(tmp_path: Path) -> None:
    config = csv(tmp_path, "text,label\na,0;1\n", label_separator=";", label_names={0: "x;y", 1: "z"})
    with pytest.raises(RequestError, match="';' is in the name `x;y`") as caught:
        labels(config)
    assert len(str(caught.value).splitlines()) == 3
    with pytest.raises(ValueError, match="leave out that or `label_separator`"):
        csv(tmp_path, "text,label\na,0;1\n", label_separator=";", score_threshold=0.5)


def test_the_names_of_classes_in_lists_are_those_of_the_data_set(tmp_path: Path) -> None:
    from datasets import ClassLabel, Dataset, Features, Sequence, Value

    features = Features({"text": Value("string"), "label": Sequence(ClassLabel(names=["clean", "rude"]))})
    rows = Dataset.from_dict({"text": ["一", "二"], "label": [[1, 0], [1]]}, features=features)
    rows.save_to_disk(str(tmp_path / "set"))
    config = section(tmp_path, "set", format="datasets", label_separator=";")
    assert sorted(map(str, labels(config))) == ["clean;rude", "rude"]
