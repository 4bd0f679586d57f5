"""Bytes become text in one encoding or not at all, and heads end with a line."""

import codecs
import json
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.config.sections import CorpusConfig
from augment.corpus.formats import tables
from augment.corpus.formats.encoding import BLOCK, encoding_of, lines
from augment.errors import DataError, RequestError
from tests.corpus.formats.one_file import PAIRS, rows, separated
from tests.texts import TEXTS


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
@settings(max_examples=25)
@given(
    text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\r\0"))
    | st.sampled_from(TEXTS)
)
def test_a_line_comes_back_in_the_encoding_that_is_found(encoding: str, text: str) -> None:
    line = "文本标签中文" + text.replace("\r", "").replace("\n", "")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "corpus.txt")
        path.write_bytes(f"{line}\n{line}".encode(encoding))
        assert encoding_of(path, "auto") == encoding
        assert list(lines(path, encoding, whole=True)) == [(1, line), (2, line)]


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_head_ends_with_a_line(tmp_path: Path, encoding: str) -> None:
    """Unless its first line is longer than the head: that is cut."""
    path = tmp_path / "长.txt"
    path.write_bytes(("很好𠮷" * 1001 + "\n").encode(encoding) * 400)
    head = list(lines(path, encoding, whole=False))
    assert 0 < len(head) < 400
    assert {line for _, line in head} == {"很好𠮷" * 1001}
    path.write_bytes(("很好𠮷" * BLOCK).encode(encoding))
    [(_, line)] = lines(path, encoding, whole=False)
    assert line.startswith("很好𠮷" * 1000)


@pytest.mark.parametrize(
    ("content", "encoding", "message"),
    [
        (b"", "auto", "the file is empty"),
        (codecs.BOM_UTF8, "auto", "the file is empty"),
        (codecs.BOM_UTF16_LE, "auto", "the file is empty"),
        (codecs.BOM_UTF16_LE + b"a", "auto", "not UTF-16 at byte 2"),
        (b"text\n\xff\xff\n", "auto", "not UTF-8 at byte 5, and too little text to detect another"),
        ("好".encode()[:2], "utf-8", "not UTF-8 at byte 0"),
        (codecs.BOM_UTF8 + b"a\xff", "utf-8", "not UTF-8 at byte 4"),
        (b"\x81 ", "gb18030", "not GB18030 at byte 0"),
        (("好" * 60).encode() + b"\x81\x40\n", "auto", "not UTF-8 at byte 180"),
        (("好" * (1 << 19)).encode() + b"\xff", "auto", f"not UTF-8 at byte {3 << 19}"),
    ],
)
def test_bytes_that_cannot_be_decoded_are_bad_data(
    tmp_path: Path, content: bytes, encoding: str, message: str
) -> None:
    """The message names the file and the offset of the first wrong byte."""
    path = tmp_path / "corpus.txt"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        encoding_of(path, encoding)
    assert caught.value.where == str(path)


@pytest.mark.parametrize("name", ["texts.txt", "texts.csv.gz"])
def test_a_pipe_or_a_device_is_refused_without_a_wait(name: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / name)
    (tmp_path / f"zero-{name}").symlink_to("/dev/zero")
    for path in (tmp_path / name, tmp_path / f"zero-{name}"):
        with pytest.raises(RequestError, match="not a regular file"):
            encoding_of(path, "auto")


@settings(max_examples=50)
@given(pairs=PAIRS)
def test_gb18030_is_found_by_itself(pairs: list[tuple[str, str]]) -> None:
    """A file that is not UTF-8 but GB18030 is read as such without a setting."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "corpus.csv")
        path.write_bytes(separated([("文本标签中文", "好"), *pairs], ",").encode("gb18030"))
        assert rows(path)[1:] == [{"text": text, "label": label} for text, label in pairs]


def test_latin_1_means_windows_1252_as_in_browsers(tmp_path: Path) -> None:
    """Where that has no character, it is Latin-1."""
    path = tmp_path / "corpus.txt"
    path.write_bytes(b"caf\xe9 \x96 \x80 5, don\x92t\n")
    assert rows(path, encoding="latin-1") == [{"text": "café – € 5, don’t"}]
    path.write_bytes(b"caf\xe9 \x85 \x81 au lait\n")
    assert rows(path, encoding="ISO-8859-1") == [{"text": "café \x85 \x81 au lait"}]


@pytest.mark.parametrize("codec", ["latin-1", "cp1252"])
@pytest.mark.parametrize("mark", ["–", "é", "’s", "…", "café – déjà"])
def test_utf_8_that_was_encoded_twice_is_utf_8_however_little_of_it_there_is(
    mark: str, codec: str, tmp_path: Path
) -> None:
    path = tmp_path / "twice.jsonl"
    twice = f"It may not be history {mark} but then again".encode().decode(codec)
    path.write_text(f"{twice}\nplain\n", encoding="utf-8")
    assert encoding_of(path, "auto") == "utf-8"
    assert next(lines(path, "utf-8", whole=True)) == (1, twice)


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
