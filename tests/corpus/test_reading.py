"""The corpus reader: roles of columns, ids, labels, splits and limits, on made-up files and on real corpora."""

import csv
import json
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.config.job import read_job
from augment.config.sections import CorpusConfig
from augment.corpus import Chunk, Shape, inspect, read, settled_shape
from augment.errors import DataError, RequestError
from augment.tables.columns import CORPUS
from augment.tables.rows import Reject
from tests.conftest import CHECKOUT
from tests.texts import TEXTS

WORDS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20),
    st.sampled_from(TEXTS),
)


def config(root: Path, files: object, **options: object) -> CorpusConfig:
    """Return a corpus section for files below a folder."""
    return CorpusConfig.model_validate({"root": root, "files": files, **options})


def corpus(folder: Path, lines: str, **options: object) -> CorpusConfig:
    """Return a corpus section for one CSV file with this content."""
    (folder / "a.csv").write_text(lines, encoding="utf-8", newline="")
    return config(folder, "a.csv", **options)


def column(chunks: list[Chunk], name: str) -> list[object]:
    """Return one column of all chunks."""
    return [value for chunk in chunks for value in chunk.rows.column(name).to_pylist()]


def values(section: CorpusConfig, name: str) -> list[object]:
    """Return one column of a corpus."""
    return column(list(read(section)), name)


def rejects(section: CorpusConfig) -> list[Reject]:
    """Return the rejects of a corpus."""
    return [reject for chunk in read(section) for reject in chunk.rejects]


def write(path: Path, records: list[dict[str, str]]) -> None:
    """Write records in the format of the file's name."""
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(records), path)
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    else:
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(
                stream, delimiter="\t" if path.suffix == ".tsv" else ",", quoting=csv.QUOTE_ALL
            )
            writer.writerows([list(records[0]), *(list(record.values()) for record in records)])


@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl", "parquet"])
@settings(max_examples=40)
@given(pairs=st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=8))
def test_every_row_comes_out_unchanged_or_is_rejected(suffix: str, pairs: list[tuple[str, str]]) -> None:
    """Texts and labels survive code point for code point; rows in = rows out + rejects."""
    records = [{"text": text, "label": label} for text, label in [("好", "1"), *pairs]]
    good = [record for record in records if record["text"].strip() and record["label"].strip()]
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder, f"a.{suffix}"), records)
        chunks = list(read(config(Path(folder), f"a.{suffix}"), batch_rows=3))
    assert column(chunks, "text") == [record["text"] for record in good]
    assert column(chunks, "label") == [record["label"] for record in good]
    assert column(chunks, "source") == good
    assert sum(chunk.rows.num_rows + len(chunk.rejects) + chunk.skipped for chunk in chunks) == len(records)


def test_rows_have_the_columns_of_the_corpus_and_the_source(tmp_path: Path) -> None:
    """Every chunk has the same schema, and none is longer than requested."""
    section = corpus(tmp_path, "text,label,more\n" + "好,1,NA\n" * 5 + ",1,\n")
    chunks = list(read(section, batch_rows=2))
    source = pa.struct([(name, pa.string()) for name in ("text", "label", "more")])
    expected = pa.schema([*((one.name, one.type) for one in CORPUS), ("source", source)])
    assert [chunk.rows.num_rows for chunk in chunks] == [2, 2, 1]
    assert all(chunk.rows.schema.equals(expected) for chunk in chunks)
    assert column(chunks, "id") == [f"a.csv:{number}" for number in range(1, 6)]
    assert rejects(section) == [Reject("a.csv:6", "corpus", "empty text", "a.csv:7")]


@pytest.mark.parametrize(
    ("header", "roles"),
    [
        ("label,review", ("review", None, "label", None, None)),
        (" Text ,CATEGORY", (" Text ", None, "CATEGORY", None, None)),
        ("评论,标签", ("评论", None, "标签", None, None)),
        ("sentence1,sentence2,label", ("sentence1", "sentence2", "label", None, None)),
        ("id,text,split", ("text", None, None, "id", "split")),
    ],
)
def test_usual_column_names_are_found(tmp_path: Path, header: str, roles: tuple[str | None, ...]) -> None:
    """Case and surrounding spaces do not matter; the real name is kept."""
    shape = inspect(corpus(tmp_path, header + "\n" + ",".join("x" for _ in header.split(",")) + "\n"))
    assert (shape.text, shape.text_pair, shape.label, shape.id, shape.split) == roles
    assert shape.schema.names == header.split(",")


@pytest.mark.parametrize(
    ("lines", "options", "message"),
    [
        ("text,review\na,b\n", {}, r"`text` and `review` could each be the text\nset `corpus\.text:`"),
        ("label,category,text\n1,2,a\n", {}, "`label` and `category` could each be the label"),
        (
            "x,y\n1,2\n",
            {},
            r"no column looks like the text; there are `x`, `y`\nset `corpus\.text: COLUMN` \(--text COLUMN\); if the first line .* `corpus\.columns: \[text, label\]`",
        ),
        ("text\na\n", {"label": "lable"}, "no column `lable`, named by `corpus.label`"),
        ("text,label\na,1\n", {"labels": ["1", "2"]}, "no row has the label `2`"),
    ],
)
def test_columns_that_are_unclear_must_be_named(
    tmp_path: Path, lines: str, options: dict[str, object], message: str
) -> None:
    """The message names the columns and the setting that decides."""
    with pytest.raises(RequestError, match=message):
        list(read(corpus(tmp_path, lines, **options)))


def test_named_columns_win(tmp_path: Path) -> None:
    """A column named by the config ends every doubt about its role."""
    section = corpus(tmp_path, "title,content,class,label\n题,文,a,b\n", text="content", label="class")
    assert (values(section, "text"), values(section, "label")) == (["文"], ["a"])


def test_a_column_of_numbers_is_no_text(tmp_path: Path) -> None:
    """Typed sources declare what a column is; an object is no label either."""
    pq.write_table(pa.table({"text": [1], "label": [["a"]]}), tmp_path / "a.parquet")
    with pytest.raises(RequestError, match="column `text` holds int64, not a text"):
        inspect(config(tmp_path, "a.parquet"))
    pq.write_table(pa.table({"text": ["a"], "label": [{"a": "b"}]}), tmp_path / "a.parquet")
    with pytest.raises(RequestError, match="column `label` holds struct"):
        inspect(config(tmp_path, "a.parquet"))


def test_a_corpus_may_have_no_labels(tmp_path: Path) -> None:
    """Then every label is null, and no row is rejected for it."""
    (tmp_path / "a.txt").write_text("好\nthe end\n", encoding="utf-8")
    assert values(config(tmp_path, "a.txt"), "label") == [None, None]


def test_a_file_may_be_the_label_and_the_split(tmp_path: Path) -> None:
    """What the config sets for a file holds for all its rows."""
    for name in ("pos.txt", "neg.txt"):
        (tmp_path / name).write_text("好\n", encoding="utf-8")
    files = [
        {"path": "pos.txt", "label": 1, "split": "dev"},
        {"path": "neg.txt", "label": 0, "split": "extra"},
    ]
    chunks = list(read(config(tmp_path, files)))
    assert column(chunks, "label") == ["1", "0"]
    assert column(chunks, "split") == ["validation", "extra"]
    assert column(chunks, "id") == ["pos.txt:1", "neg.txt:1"]


def test_labels_are_strings_and_the_source_keeps_its_type(tmp_path: Path) -> None:
    """A whole number in JSON stays one in the source; the second file's missing column is null."""
    (tmp_path / "a.jsonl").write_text('{"text": "好", "label": 1, "n": 7}\n', encoding="utf-8")
    (tmp_path / "b.jsonl").write_text(
        '{"text": "a", "label": 0}\n{"text": "b", "label": null}\n', encoding="utf-8"
    )
    section = config(tmp_path, ["a.jsonl", "b.jsonl"])
    assert values(section, "label") == ["1", "0"]
    assert values(section, "source")[1] == {"text": "a", "label": 0, "n": None}
    assert [reject.reason for reject in rejects(section)] == ["no label"]


def test_unwanted_labels_are_skipped_not_rejected(tmp_path: Path) -> None:
    """`labels` keeps some classes, by their label or by the name given to it."""
    section = corpus(
        tmp_path, "text,label\na,0\nb,1\nc,2\n", labels=["0", "two"], label_names=["zero", "one", "two"]
    )
    [chunk] = read(section)
    assert column([chunk], "label") == ["zero", "two"]
    assert (chunk.skipped, chunk.rejects) == (1, [])
    assert inspect(section).label_names == {"0": "zero", "1": "one", "2": "two"}


def test_a_signed_score_becomes_a_label(tmp_path: Path) -> None:
    """The sign is the label, scores near zero are skipped, and what is no number is rejected."""
    section = corpus(
        tmp_path, "text,score\na,0.5\nb,-2\nc,0.49\nd,?\ne,nan\nf,0\n", label="score", score_threshold=0.5
    )
    [chunk] = read(section)
    assert column([chunk], "label") == ["positive", "negative"]
    assert chunk.skipped == 2
    assert [reject.reason for reject in chunk.rejects] == ["`?` is not a score", "no label"]


def test_class_names_come_from_the_features_of_a_parquet_file(tmp_path: Path) -> None:
    """The label is the name of the class; -1 is how that library writes no label."""
    features = {"info": {"features": {"label": {"names": ["neg", "pos"], "_type": "ClassLabel"}}}}
    table = pa.table({"text": ["a", "b"], "label": [1, -1]})
    pq.write_table(
        table.replace_schema_metadata({"huggingface": json.dumps(features)}), tmp_path / "a.parquet"
    )
    section = config(tmp_path, "a.parquet")
    assert inspect(section).class_names == ("neg", "pos")
    assert values(section, "label") == ["pos", None]


def test_saved_data_sets_are_read_with_their_splits(tmp_path: Path) -> None:
    """A `DatasetDict` folder gives each split under its name; class names and selected rows survive."""
    from datasets import ClassLabel, Dataset, DatasetDict, Features, Value

    features = Features({"text": Value("string"), "label": ClassLabel(names=["neg", "pos"])})
    rows = Dataset.from_dict({"text": ["好", "𠮷", "c"], "label": [1, 0, 1]}, features=features)
    DatasetDict({"train": rows.select([2, 0]), "val": rows.select([1])}).save_to_disk(tmp_path / "both")
    rows.save_to_disk(tmp_path / "one")
    chunks = list(read(config(tmp_path, "both")))
    assert column(chunks, "id") == ["both/train:1", "both/train:2", "both/val:1"]
    assert column(chunks, "text") == ["c", "好", "𠮷"]
    assert column(chunks, "split") == ["train", "train", "validation"]
    assert column(chunks, "source")[0] == {"text": "c", "label": 1}
    assert inspect(config(tmp_path, "one")).class_names == ("neg", "pos")
    assert values(config(tmp_path, [{"path": "one", "split": "test"}]), "split") == ["test"] * 3


def test_given_ids_are_used_and_must_be_unique(tmp_path: Path) -> None:
    """A repeated id of a named column names both places; an empty one is made from file and row."""
    assert values(corpus(tmp_path, "id,text\n7,a\n,b\n"), "id") == ["7", "a.csv:2"]
    with pytest.raises(DataError, match=r"a\.csv:4\nthe id `7` is also at a\.csv:2\nset `corpus\.id`"):
        list(read(corpus(tmp_path, "id,text\n7,a\n8,b\n7,c\n", id="id")))


def test_ids_of_several_files_do_not_collide(tmp_path: Path) -> None:
    """Ids that were found, not named, get the file in front; named ones are taken at their word."""
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("id,text\n0,x\n", encoding="utf-8")
    assert values(config(tmp_path, ["a.csv", "b.csv"]), "id") == ["a.csv:0", "b.csv:0"]
    with pytest.raises(DataError, match=r"b\.csv:2\nthe id `0` is also at a\.csv:2"):
        list(read(config(tmp_path, ["a.csv", "b.csv"], id="id")))


def test_file_names_in_ids_do_not_depend_on_the_machine(tmp_path: Path) -> None:
    """An absolute name below the root is the same file as the relative one."""
    corpus(tmp_path, "text\na\n")
    assert values(config(tmp_path, str(tmp_path / "a.csv")), "id") == ["a.csv:1"]


def test_equal_texts_share_a_split(tmp_path: Path) -> None:
    """Without a split of its own a row is placed by the hash of its text: about 80, 10 and 10 per cent."""
    lines = "".join(f"第{number}句,{number % 2}\n" for number in range(2000))
    chunks = list(read(corpus(tmp_path, "text,label\n" + lines + lines)))
    splits = column(chunks, "split")
    assert splits[:2000] == splits[2000:]
    shares = {name: number / 4000 for name, number in Counter(splits).items()}
    assert shares == pytest.approx({"train": 0.8, "validation": 0.1, "test": 0.1}, abs=0.03)


def test_the_own_split_of_the_source_is_kept(tmp_path: Path) -> None:
    """Usual short names become validation; an empty cell is placed by hash."""
    section = corpus(tmp_path, "text,split\na,Train\nb,dev\nc,valid\nd,challenge\ne,\n")
    splits = values(section, "split")
    assert splits[:4] == ["train", "validation", "validation", "challenge"]
    assert splits[4] in ("train", "validation", "test")


@settings(max_examples=20)
@given(texts=st.lists(WORDS.filter(str.strip), min_size=1, max_size=30), limit=st.integers(1, 40))
def test_a_limit_chooses_by_text_and_keeps_the_order(texts: list[str], limit: int) -> None:
    """The same rows are chosen whatever the chunks; those not chosen are skipped."""
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder, "a.jsonl"), [{"text": text} for text in texts])
        everything = column(list(read(config(Path(folder), "a.jsonl"))), "id")
        section = config(Path(folder), "a.jsonl", limit=limit)
        chunks, others = list(read(section, batch_rows=4)), list(read(section))
    kept = column(chunks, "id")
    assert kept == column(others, "id")
    assert len(kept) == min(limit, len(texts))
    assert kept == [identity for identity in everything if identity in set(kept)]
    assert sum(chunk.skipped for chunk in chunks) == len(texts) - len(kept)


@pytest.mark.parametrize(
    ("lines", "options", "message"),
    [
        ("text,label\n", {}, "the file has no rows"),
        ("text,label\n,1\n", {}, "no row is left to use"),
        ("text,score\na,0.1\n", {"label": "score", "score_threshold": 1}, "no row is left to use"),
    ],
)
def test_a_corpus_without_rows_is_bad_data(
    tmp_path: Path, lines: str, options: dict[str, object], message: str
) -> None:
    """Nothing is done in silence on nothing."""
    with pytest.raises(DataError, match=message):
        list(read(corpus(tmp_path, lines, **options)))


def test_files_must_go_together(tmp_path: Path) -> None:
    """The text has one name, and a column one type, in all files."""
    (tmp_path / "a.jsonl").write_text('{"text": "a", "n": 1}\n', encoding="utf-8")
    (tmp_path / "b.jsonl").write_text('{"body": "a"}\n', encoding="utf-8")
    with pytest.raises(RequestError, match=r"b\.jsonl\nno column `text`"):
        inspect(config(tmp_path, ["a.jsonl", "b.jsonl"]))
    (tmp_path / "b.jsonl").write_text('{"text": "a", "n": "x"}\n', encoding="utf-8")
    with pytest.raises(RequestError, match="different types in different files"):
        inspect(config(tmp_path, ["a.jsonl", "b.jsonl"]))


def test_lists_of_other_kinds_in_another_file_are_json_text(tmp_path: Path) -> None:
    """What was written is kept: no key is added, and nothing is refused that a column of text has room for."""
    (tmp_path / "a.jsonl").write_text('{"text": "a", "n": [1], "o": {"词": 1}, "m": [1]}\n', encoding="utf-8")
    (tmp_path / "b.jsonl").write_text(
        '{"text": "b", "n": ["x"], "o": {"b": 1}, "m": null}\n', encoding="utf-8"
    )
    (tmp_path / "c.csv").write_text("text,o\nc,d\n", encoding="utf-8")
    result = config(tmp_path, ["a.jsonl", "b.jsonl", "c.csv"])
    assert values(result, "source") == [
        {"text": "a", "n": "[1]", "o": '{"词": 1}', "m": [1]},
        {"text": "b", "n": '["x"]', "o": '{"b": 1}', "m": None},
        {"text": "c", "n": None, "o": "d", "m": None},
    ]
    pq.write_table(pa.table({"text": ["d"], "n": [[0.5]]}), tmp_path / "d.parquet")
    with pytest.raises(RequestError, match="different types in different files"):
        inspect(config(tmp_path, ["b.jsonl", "d.parquet"]))


def test_awkward_texts_pass_whole(tmp_path: Path) -> None:
    """The shared list of awkward texts, as text and as label."""
    write(tmp_path / "a.csv", [{"text": text, "label": text} for text in TEXTS])
    assert values(config(tmp_path, "a.csv"), "text") == [text for text in TEXTS if text.strip()]


def test_inspecting_loads_no_heavy_library(tmp_path: Path) -> None:
    """`augment check` answers at once: no torch, pandas, datasets or transformers."""
    corpus(tmp_path, "text,label\na,1\n")
    code = (
        "import sys; from augment.corpus import inspect; from augment.config.sections import CorpusConfig, SourceFile\n"
        f"inspect(CorpusConfig(root={str(tmp_path)!r}, files=(SourceFile(path='a.csv'),)))\n"
        "print(sorted({'torch', 'pandas', 'datasets', 'transformers'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=300
    )
    assert done.stdout.strip() == "[]"


# config: rows used, rejects, rows per label
REAL: dict[str, tuple[int, int, dict[str, int]]] = {
    "demo-zh": (35123, 1, {"negative": 18575, "positive": 16548}),
    "demo-en": (10072, 0, {"negative": 5076, "positive": 4996}),
    "hotel-zh": (7765, 1, {"0": 2443, "1": 5322}),
    "takeaway-zh": (11987, 0, {"0": 7987, "1": 4000}),
    "cr-en": (3771, 4, {"0": 1366, "1": 2405}),
    "news-zh": (20000, 0, {str(number): 2000 for number in range(10)}),
    "emotion-zh": (6711, 0, {"anger": 905, "disgust": 980, "happiness": 1984, "sadness": 2842}),
    "pairs-zh": (4316, 0, {"0": 2978, "1": 1338}),
    "sst2-en": (9613, 0, {"0": 4650, "1": 4963}),
    "trec-en": (5952, 0, {"0": 1300, "1": 1344, "2": 95, "3": 1288, "4": 916, "5": 1009}),
    "shopping-zh": (62773, 1, {"0": 31046, "1": 31727}),
    "reviews-en": (19459, 0, {"negative": 9181, "positive": 10278}),
}


def shipped(name: str, root: Path) -> CorpusConfig:
    """Return the corpus section of a shipped config."""
    return read_job([CHECKOUT / "configs" / f"{name}.yaml"], data=root).needs_corpus()


@pytest.mark.parametrize("name", REAL)
def test_shipped_configs_read_their_corpus(name: str, shared: Path, tmp_path: Path) -> None:
    """Every shipped corpus config gives the rows and labels that its corpus is known to have."""
    for folder in (shared / "datasets").iterdir():
        (tmp_path / {"reviews-zh": "demo-zh"}.get(folder.name, folder.name)).symlink_to(folder)
    if name == "shopping-zh":
        (tmp_path / name).unlink()
        shutil.unpack_archive(shared / "datasets" / name / "online_shopping_10_cats.zip", tmp_path / name)
    (tmp_path / "demo-en").symlink_to(shared / "datasets" / "reviews-en")
    section = shipped(name, tmp_path)
    shape = inspect(section)
    chunks = list(read(section))
    rows, bad, labels = REAL[name]
    assert isinstance(shape, Shape)
    assert len(column(chunks, "text")) == rows
    assert sum(len(chunk.rejects) for chunk in chunks) == bad
    names = shape.label_names
    assert Counter(column(chunks, "label")) == {
        names.get(label, label): count for label, count in labels.items()
    }
    assert set(column(chunks, "split")) <= {"train", "validation", "test"}
    assert not shape.label_names or set(labels) == set(shape.label_names)


def test_every_shipped_corpus_is_tested() -> None:
    """No config is forgotten here."""
    corpora = {path.stem for path in (CHECKOUT / "configs").glob("*.yaml")} - {"gpu", "ray"}
    assert corpora == set(REAL)


def test_accents_of_real_english_text_survive(shared: Path) -> None:
    """The corpus is UTF-8 although it is often read as Latin-1, which would break its accents."""
    texts = values(shipped("sst2-en", shared / "datasets"), "text")
    assert any("crème brûlée" in str(text) for text in texts)
    assert not any("Ã" in str(text) for text in texts)


def one_csv(folder: Path, content: str, **options: object) -> CorpusConfig:
    """Return a corpus section for one CSV file with this content."""
    (folder / "a.csv").write_text(content, encoding="utf-8")
    return CorpusConfig.model_validate({"root": folder, "files": "a.csv", **options})


def ids(config: CorpusConfig) -> list[str]:
    """Return the ids of a corpus."""
    return [name for chunk in read(config) for name in chunk.rows.column("id").to_pylist()]


def test_a_column_of_ids_that_repeats_is_not_used(tmp_path: Path) -> None:
    """The id of a user is no id of a row; the column itself stays in the source."""
    config = one_csv(tmp_path, "id,text\n7,a\n8,b\n7,c\n")
    assert ids(config) == ["a.csv:1", "a.csv:2", "a.csv:3"]
    shape, [notice] = settled_shape(config)
    assert shape.id is None
    assert notice.startswith("the column `id` is not used as id: a.csv:4 repeats an id")
    assert [row["id"] for chunk in read(config) for row in chunk.rows.column("source").to_pylist()] == [
        "7",
        "8",
        "7",
    ]


def test_ids_can_be_switched_off(tmp_path: Path) -> None:
    """Without a notice then."""
    config = one_csv(tmp_path, "id,text\n7,a\n8,b\n", id=False)
    assert ids(config) == ["a.csv:1", "a.csv:2"]
    assert settled_shape(config)[1] == ()
    assert ids(one_csv(tmp_path, "id,text\n7,a\n8,b\n")) == ["7", "8"]
