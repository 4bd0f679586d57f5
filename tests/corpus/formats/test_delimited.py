"""Records come out of a table in text code point for code point; broken ones are named and the reading goes on."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.config.sections import CorpusConfig
from augment.corpus.formats import tables
from augment.errors import DataError, RequestError
from tests.corpus.formats.one_file import CELLS, PAIRS, faults, rows, separated


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


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"files": "absent.csv"}, "the file does not exist"),
        ({"files": "corpus.dat"}, "does not name a format"),
        ({"files": ["corpus.txt", "corpus.txt"]}, "named twice"),
        ({"files": "folder"}, "no saved dataset"),
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
    """Missing files, unknown formats and options without effect are reported before anything is read."""
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
    """As in a spreadsheet saved with more columns than it has; what is in one is kept."""
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
    """Wherever its quotes are."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "corpus.tsv")
        written = "".join(f"{text}\t{number}\n" for number, text in enumerate(texts))
        path.write_bytes(f"text\tlabel\n{written}".encode())
        result = rows(path, encoding="utf-8")
        assert [row["label"] for row in result] == [str(number) for number in range(len(texts))]
        for row, text in zip(result, texts, strict=True):
            assert row["text"] in (text, text[1:-1].replace('""', '"'))


def test_a_txt_of_texts_and_labels_needs_a_choice(tmp_path: Path) -> None:
    """Its labels would become part of the texts; where the file decides the label a tab is one of the text."""
    path = tmp_path / "corpus.txt"
    path.write_text("很好\t1\n很差\t0\n", encoding="utf-8")
    with pytest.raises(RequestError, match=r"`corpus\.format: text-label`"):
        rows(path)
    assert rows(path, format="text-label")[0] == {"text": "很好", "label": "1"}
    assert rows(path, files={"path": path.name, "label": "x"})[0] == {"text": "很好\t1"}
