"""Bytes become text in one encoding or not at all, and heads end with a line."""

import codecs
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.corpus.formats.encoding import BLOCK, encoding_of, lines
from augment.errors import DataError, RequestError
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
        (b"text\n\xff\xff\n", "auto", "not UTF-8 at byte 5, and there is too little to tell another"),
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
