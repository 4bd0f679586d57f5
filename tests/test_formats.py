"""Records come out of every format code point for code point; broken ones are named and the reading goes on."""

import csv
import gzip
import io
import json
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.config.sections import CorpusConfig
from augment.corpus.formats import SourceBatch, tables
from augment.errors import DataError, RequestError
from tests.texts import TEXTS

CELLS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30),
    st.sampled_from(TEXTS),
    st.sampled_from(
        ["\r", "\n", "\r\n", '"', '""', '",\n"', "\u2028", "\u0085", "\ufeff", "\ufeff\ufeff", "\\", "\t"]
    ),
)
PAIRS = st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=8)


def batches(path: Path, **options: object) -> list[SourceBatch]:
    """Return all batches of one file, three records each."""
    config = CorpusConfig.model_validate({"root": path.parent, "files": path.name, **options})
    return [
        batch
        for _, table in tables(config)
        for batch in table.batches(table.schema(whole=True), 3, {"text": (str,)})
    ]


def rows(path: Path, **options: object) -> list[dict[str, object]]:
    """Return all records of one file."""
    return [row for batch in batches(path, **options) for row in batch.rows.to_pylist()]


def faults(path: Path, **options: object) -> list[tuple[int, int, str]]:
    """Return row number, line and reason of all broken records."""
    return [(one.number, one.line, one.reason) for batch in batches(path, **options) for one in batch.faults]


def separated(pairs: list[tuple[str, str]], delimiter: str) -> str:
    """Return pairs as a quoted table with a header."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writerows([("text", "label"), *pairs])
    return stream.getvalue()


@pytest.mark.parametrize(("suffix", "delimiter"), [("csv", ","), ("tsv", "\t")])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@settings(max_examples=25)
@given(pairs=PAIRS)
def test_quoted_fields_survive(
    suffix: str, delimiter: str, encoding: str, pairs: list[tuple[str, str]]
) -> None:
    """Any field of a quoted table comes back, in every encoding."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"corpus.{suffix}")
        path.write_bytes(separated(pairs, delimiter).encode(encoding))
        named = "utf-8" if encoding == "utf-8-sig" else encoding
        assert rows(path, encoding=named) == [{"text": text, "label": label} for text, label in pairs]


@settings(max_examples=50)
@given(pairs=PAIRS)
def test_gb18030_is_found_by_itself(pairs: list[tuple[str, str]]) -> None:
    """A file that is not UTF-8 but GB18030 is read as such without being told."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "corpus.csv")
        path.write_bytes(separated([("文本标签中文", "好"), *pairs], ",").encode("gb18030"))
        assert rows(path)[1:] == [{"text": text, "label": label} for text, label in pairs]


@pytest.mark.parametrize("ascii_only", [True, False])
@settings(max_examples=50)
@given(pairs=PAIRS)
def test_json_strings_survive(ascii_only: bool, pairs: list[tuple[str, str]]) -> None:
    """Any string of a JSON line comes back, escaped or not."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "corpus.jsonl")
        records = [{"text": text, "label": label} for text, label in pairs]
        lines = [json.dumps(record, ensure_ascii=ascii_only) + "\n" for record in records]
        path.write_bytes("".join(lines).encode())
        assert rows(path) == records


@settings(max_examples=50)
@given(pairs=PAIRS)
def test_parquet_strings_survive(pairs: list[tuple[str, str]]) -> None:
    """Any string of a Parquet file comes back."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "corpus.parquet")
        records = [{"text": text, "label": label} for text, label in pairs]
        pq.write_table(pa.Table.from_pylist(records), path)
        assert rows(path) == records


@settings(max_examples=50)
@given(texts=st.lists(CELLS.map(lambda text: text.replace("\n", " ").rstrip("\r") + "."), min_size=1))
def test_lines_end_only_at_line_feeds(texts: list[str]) -> None:
    """Unicode line separators, lone carriage returns and tabs belong to the text of a line."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "corpus.txt")
        for end in ("\n", "\r\n"):
            path.write_bytes(end.join(["first", *texts]).encode())
            assert [row["text"] for row in rows(path, encoding="utf-8")] == ["first", *texts]


def test_a_label_is_parted_from_its_text_once(tmp_path: Path) -> None:
    """The text keeps every other delimiter."""
    path = tmp_path / "corpus.all"
    path.write_text("5 How far  is it ?\n没有\n", encoding="utf-8")
    assert rows(path, format="label-text", delimiter=" ") == [{"label": "5", "text": "How far  is it ?"}]
    assert faults(path, format="label-text", delimiter=" ") == [
        (2, 2, "no delimiter ' ' between text and label")
    ]
    path.write_text("好\t吃\t1\n", encoding="utf-8")
    assert rows(path, format="text-label") == [{"text": "好\t吃", "label": "1"}]


def test_unquoted_fields_keep_their_quotes(tmp_path: Path) -> None:
    """Without quoting a quote is a character like any other, and the columns may be named by the config."""
    path = tmp_path / "corpus.tsv"
    path.write_text('1\t"half\r\n2\tsaid "so"\n\n', encoding="utf-8", newline="")
    result = rows(path, quoted=False, columns=["id", "text"])
    assert result == [{"id": "1", "text": '"half'}, {"id": "2", "text": 'said "so"'}]


def test_broken_rows_are_named_by_row_and_line(tmp_path: Path) -> None:
    """Too few fields, too many, and broken quoting are faults; rows behind them are read."""
    path = tmp_path / "corpus.csv"
    path.write_text('label,text\n1,"两\n行"\n2\n3,a,b\n4,"x" y\n5,好\n', encoding="utf-8")
    assert rows(path) == [{"label": "1", "text": "两\n行"}, {"label": "5", "text": "好"}]
    assert faults(path) == [
        (2, 4, "1 fields where 2 are named"),
        (3, 5, "3 fields where 2 are named"),
        (4, 6, "broken quoting: ',' expected after '\"'"),
    ]


def test_a_quote_never_closed_is_bad_data(tmp_path: Path) -> None:
    """The rest of the file would vanish into one field, so the reading stops and names the line."""
    path = tmp_path / "corpus.csv"
    path.write_text('text\n好\n"never closed\n好\n', encoding="utf-8")
    with pytest.raises(DataError, match=r"corpus\.csv:3\na quote opened"):
        rows(path)


def test_a_field_may_be_longer_than_the_csv_module_allows(tmp_path: Path) -> None:
    """Long documents are read whole."""
    path = tmp_path / "corpus.csv"
    path.write_text("text,label\n" + "好" * 200_000 + ",1\n", encoding="utf-8")
    assert len(str(rows(path)[0]["text"])) == 200_000


def test_broken_json_lines_are_named(tmp_path: Path) -> None:
    """Lines that are no JSON object, or whose text is not text, are faults; blank lines are nothing."""
    path = tmp_path / "corpus.jsonl"
    lines = [
        '{"text": "好"}',
        "",
        '{"text": ',
        "[1]",
        '{"text": 5}',
        '{"text": "\\ud800"}',
        '{"text": null}',
        "9" * 5000,
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    assert rows(path) == [{"text": "好"}, {"text": None}]
    assert faults(path) == [
        (2, 3, "not JSON: Expecting value at column 10"),
        (3, 4, "JSON list, not an object"),
        (4, 5, "`text` holds int where str is needed"),
        (5, 6, "not text: half of a surrogate pair"),
        (7, 8, "not readable JSON: a number too long or nesting too deep"),
    ]


def test_json_values_keep_their_type(tmp_path: Path) -> None:
    """Numbers and truth values stay what they are; mixed and endless ones become JSON text."""
    path = tmp_path / "corpus.jsonl"
    records: list[dict[str, object]] = [
        {"i": 1, "f": 1, "b": True, "n": {"a": ["好"]}, "m": "x", "big": 2**60, "huge": 2**70, "none": None},
        {"i": None, "f": 0.5, "b": False, "n": [1], "m": 1, "big": 1, "huge": 1},
    ]
    path.write_text("\n".join(json.dumps(record) for record in records), encoding="utf-8")
    text = {"n": '{"a": ["好"]}', "m": "x", "huge": str(2**70)}
    assert rows(path) == [
        records[0] | text,
        records[1] | {"n": "[1]", "m": "1", "huge": "1", "none": None},
    ]
    assert [type(row["f"]) for row in rows(path)] == [float, float]


NESTED: tuple[list[object], ...] = (
    [["红", "大"], [], None, [None]],
    [{"a": 1, "词": {"x": [True]}}, None, {"词": {"x": []}, "a": None}],
    [[{"k": "v", "": 0.5}], [{"": 1, "k": "😀"}]],
    [[], []],
    [{"a.b": None}],
)
UNEVEN: tuple[list[object], ...] = (
    [{"a": 1}, {"a": 1, "b": 2}],
    [{}],
    [[1], ["x"]],
    [[1], {"a": 1}],
    [{"a": 1}, {"b": 1}, {"a": 2}],
    [[2**53 + 1, 0.5]],
    [json.loads("[" * 20 + "]" * 20)],
)


@pytest.mark.parametrize("values", NESTED)
def test_lists_and_objects_of_one_kind_stay_what_they_are(tmp_path: Path, values: list[object]) -> None:
    """They come back value for value, from Parquet as well."""
    path = tmp_path / "corpus.jsonl"
    path.write_text("\n".join(json.dumps({"text": "好", "n": value}) for value in values), encoding="utf-8")
    result = pa.Table.from_batches([batch.rows for batch in batches(path)])
    assert pa.types.is_nested(result.schema.field("n").type)
    assert result.column("n").to_pylist() == values
    pq.write_table(result, tmp_path / "corpus.parquet")
    assert [row["n"] for row in rows(tmp_path / "corpus.parquet")] == values


@pytest.mark.parametrize("values", UNEVEN)
def test_lists_and_objects_that_no_type_holds_are_json_text(tmp_path: Path, values: list[object]) -> None:
    """A type of Arrow would add keys or change numbers, so they are kept as they are written."""
    path = tmp_path / "corpus.jsonl"
    path.write_text("\n".join(json.dumps({"text": "好", "n": value}) for value in values), encoding="utf-8")
    assert [json.loads(str(row["n"])) for row in rows(path)] == values


def test_lines_without_an_object_are_refused(tmp_path: Path) -> None:
    """The message says how rows are written in JSON."""
    path = tmp_path / "corpus.json"
    path.write_text("1\n2\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"no line holds a JSON object\n.*in one array"):
        rows(path)


def test_parquet_keeps_arrow_types(tmp_path: Path) -> None:
    """Only dictionaries are read as their values, since they differ from batch to batch."""
    path = tmp_path / "corpus.parquet"
    table = pa.table(
        {
            "text": pa.array(["好", "a"]).dictionary_encode(),
            "label": pa.array([1, 0], pa.int8()),
            "tags": pa.array([["x"], None]),
        }
    )
    pq.write_table(table, path)
    [batch] = batches(path)
    assert batch.rows.schema.types == [pa.string(), pa.int8(), pa.list_(pa.string())]
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError, match="not a sound Parquet file"):
        rows(path)


def test_gzip_is_unpacked(tmp_path: Path) -> None:
    """A text file may be packed; damage is bad data."""
    path = tmp_path / "corpus.csv.gz"
    path.write_bytes(gzip.compress("text\n房间很好，服务不错\n".encode("gb18030")))
    assert rows(path) == [{"text": "房间很好，服务不错"}]
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(DataError, match="damaged gzip"):
        rows(path)


def test_latin_1_means_windows_1252_as_in_browsers(tmp_path: Path) -> None:
    """Where that has no character, it is Latin-1."""
    path = tmp_path / "corpus.txt"
    path.write_bytes(b"caf\xe9 \x96 \x80 5, don\x92t\n")
    assert rows(path, encoding="latin-1") == [{"text": "café – € 5, don’t"}]
    path.write_bytes(b"caf\xe9 \x85 \x81 au lait\n")
    assert rows(path, encoding="ISO-8859-1") == [{"text": "café \x85 \x81 au lait"}]


def test_the_head_of_a_large_file_may_end_within_a_character(tmp_path: Path) -> None:
    """Columns are known from the head, whatever follows it."""
    path = tmp_path / "corpus.jsonl"
    line = json.dumps({"text": "好" * 1000}, ensure_ascii=False) + "\n"
    path.write_bytes(line.encode() * 400 + b"\xff\xff")
    [(_, table)] = tables(CorpusConfig.model_validate({"root": tmp_path, "files": path.name}))
    assert table.schema(whole=False).names == ["text"]
    with pytest.raises(DataError):
        table.schema(whole=True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"files": "absent.csv"}, "the file does not exist"),
        ({"files": "corpus.dat"}, "does not tell the format"),
        ({"files": ["corpus.txt", "corpus.txt"]}, "named twice"),
        ({"files": "folder"}, "no saved data set"),
        ({"files": "folder", "format": "csv"}, "a folder, where format csv needs a file"),
        ({"files": "corpus.txt", "columns": ["a"]}, "csv and tsv files only"),
        ({"files": "corpus.txt", "quoted": True}, "csv and tsv files only"),
        ({"files": "corpus.txt", "delimiter": ";"}, "has no `delimiter`"),
        ({"files": "corpus.txt", "format": "csv", "delimiter": "::"}, "must be one character"),
        ({"files": "corpus.txt", "format": "text-label", "delimiter": ""}, "`delimiter` is empty"),
        ({"hub": "owner/name"}, "which is not allowed"),
    ],
)
def test_wrong_requests_are_refused(tmp_path: Path, options: dict[str, object], message: str) -> None:
    """Missing files, unknown formats and options without effect are told before anything is read."""
    (tmp_path / "folder").mkdir()
    for name in ("corpus.txt", "corpus.dat"):
        (tmp_path / name).write_text("好\n", encoding="utf-8")
    with pytest.raises(RequestError, match=message):
        tables(CorpusConfig.model_validate({"root": tmp_path, **options}))


def test_a_column_named_twice_is_refused(tmp_path: Path) -> None:
    """Neither of the two can be meant."""
    path = tmp_path / "corpus.csv"
    path.write_text("text,text\na,b\n", encoding="utf-8")
    with pytest.raises(RequestError, match="`text` is named twice"):
        rows(path)


def test_columns_without_a_name_get_one_and_empty_ones_are_left_out(tmp_path: Path) -> None:
    """As in a spreadsheet saved with more columns than it has; what stands in one is kept."""
    path = tmp_path / "corpus.csv"
    path.write_text("v1,v2,,,\nham,a,,,\nspam,b\n", encoding="utf-8")
    assert rows(path) == [{"v1": "ham", "v2": "a"}, {"v1": "spam", "v2": "b"}]
    path.write_text("v1,column_3,,\nham,a,,x\n", encoding="utf-8")
    assert rows(path) == [{"v1": "ham", "column_3": "a", "column_4": "x"}]
    path.write_text("text,label\na,1,\nb,2,x\n", encoding="utf-8")
    assert rows(path) == [{"text": "a", "label": "1"}]
    assert faults(path) == [(2, 3, "3 fields where 2 are named")]


def test_a_space_behind_every_delimiter_is_no_part_of_the_value(tmp_path: Path) -> None:
    """Nor is one before a quote; a space behind some of them alone is."""
    path = tmp_path / "corpus.csv"
    path.write_text('"text",label\n"好, a", 0\n"b", 1\n', encoding="utf-8")
    assert rows(path) == [{"text": "好, a", "label": "0"}, {"text": "b", "label": "1"}]
    path.write_text('label, text\n0, "a, b"\n1,c\n', encoding="utf-8")
    assert rows(path) == [{"label": "0", "text": "a, b"}, {"label": "1", "text": "c"}]
    path.write_text("label,text\n0, a\n1,b\n", encoding="utf-8")
    assert rows(path) == [{"label": "0", "text": " a"}, {"label": "1", "text": "b"}]


def test_quotes_behind_backslashes_are_characters_where_the_file_uses_them(tmp_path: Path) -> None:
    """Backslashes elsewhere stay, and where quotes are doubled all of them do."""
    path = tmp_path / "corpus.csv"
    path.write_text(
        'text,label\n"he said \\"hi\\", twice",1\nC:\\new \\"x\\",2\n"C:\\new",3\n', encoding="utf-8"
    )
    assert [row["text"] for row in rows(path)] == ['he said "hi", twice', 'C:\\new "x"', "C:\\new"]
    path.write_text('text,label\n"a ""b"" \\",1\n"c",2\n', encoding="utf-8")
    assert [row["text"] for row in rows(path)] == ['a "b" \\', "c"]


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_the_delimiter_that_parts_the_rows_is_found(tmp_path: Path, delimiter: str) -> None:
    """Where the format's own does not."""
    path = tmp_path / "corpus.csv"
    path.write_text(f"text{delimiter}label\n好, a, b{delimiter}1\nc{delimiter}0\n", encoding="utf-8")
    assert rows(path) == [{"text": "好, a, b", "label": "1"}, {"text": "c", "label": "0"}]
    path.write_text(f"text\na{delimiter}b\n", encoding="utf-8")
    assert rows(path, columns=["text"])[1:] == [{"text": f"a{delimiter}b"}]


@pytest.mark.parametrize(
    ("suffix", "options"),
    [("csv", {}), ("csv", {"columns": ["text", "label"]}), ("txt", {"format": "text-label"})],
)
def test_a_header_inside_the_file_is_no_row(tmp_path: Path, suffix: str, options: dict[str, object]) -> None:
    """As where files were put together: it is a fault with its line, never a label `label`."""
    mark = "," if suffix == "csv" else "\t"
    path = tmp_path / f"corpus.{suffix}"
    path.write_text(f"text{mark}label\na{mark}1\ntext{mark}label\nb{mark}0\n", encoding="utf-8")
    assert rows(path, **options) == [{"text": "a", "label": "1"}, {"text": "b", "label": "0"}]
    assert (3, "the header once more, not a row") in [fault[1:] for fault in faults(path, **options)]


def test_every_row_of_a_tsv_with_stray_quotes_is_read(tmp_path: Path) -> None:
    """A quote that opens a row and one that closes another do not swallow the rows between; quoted fields stay such."""
    path = tmp_path / "corpus.tsv"
    lines = [
        "text\tlabel",
        '"a\t1',
        "b\t2",
        'c"\t3',
        'say "d"\t4',
        '"e" is one\t5',
        '"f\tg"\t6',
        '"say ""h"""\t7',
        '"i\nj"\t8',
        '"k\t9',
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    texts = ['"a', "b", 'c"', 'say "d"', '"e" is one', "f\tg", 'say "h"', "i\nj", '"k']
    assert [row["text"] for row in rows(path)] == texts
    assert [row["label"] for row in rows(path)] == [str(number) for number in range(1, 10)]
    assert not faults(path)


LETTERS = st.text(st.sampled_from('ab好 "'), min_size=1, max_size=6).filter(str.strip)


@settings(max_examples=100)
@given(texts=st.lists(LETTERS, min_size=1, max_size=12))
def test_no_row_of_an_unquoted_tsv_is_lost(texts: list[str]) -> None:
    """Wherever its quotes stand."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "corpus.tsv")
        written = "".join(f"{text}\t{number}\n" for number, text in enumerate(texts))
        path.write_bytes(f"text\tlabel\n{written}".encode())
        result = rows(path, encoding="utf-8")
        assert [row["label"] for row in result] == [str(number) for number in range(len(texts))]
        for row, text in zip(result, texts, strict=True):
            assert row["text"] in (text, text[1:-1].replace('""', '"'))


def test_a_txt_of_texts_and_labels_is_asked_about(tmp_path: Path) -> None:
    """Its labels would become part of the texts; where the file decides the label a tab is one of the text."""
    path = tmp_path / "corpus.txt"
    path.write_text("很好\t1\n很差\t0\n", encoding="utf-8")
    with pytest.raises(RequestError, match=r"`corpus\.format: text-label`"):
        rows(path)
    assert rows(path, format="text-label")[0] == {"text": "很好", "label": "1"}
    assert rows(path, files={"path": path.name, "label": "x"})[0] == {"text": "很好\t1"}


@pytest.mark.parametrize(
    "name", ["cp1252", "big5", "euc_kr", "utf-16-be", "UTF-32", "shift_jis", "gbk", "koi8-r"]
)
def test_any_text_encoding_of_python_may_be_named(tmp_path: Path, name: str) -> None:
    """What it can write it reads."""
    text = "text\n" + "".join(mark for mark in "aé中房한ÜЖ" if mark.encode(name, "ignore")) + "\n"
    (tmp_path / "corpus.csv").write_bytes(text.encode(name))
    assert [row["text"] for row in rows(tmp_path / "corpus.csv", encoding=name)] == text.split()[1:]


@pytest.mark.parametrize("name", ["bz2", "rot13", "hex", "zlib", "idna", "unicode_escape", "utf-9", "a\0b"])
def test_what_is_no_text_encoding_is_refused(name: str) -> None:
    """Python has codecs that are none."""
    with pytest.raises(ValueError, match="a text encoding as Python names them"):
        CorpusConfig.model_validate({"files": "a.csv", "encoding": name})
