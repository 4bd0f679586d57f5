"""Packed files are read as they are, up to a limit; damage and bombs are refused, and nothing is written."""

import bz2
import gzip
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from augment.config.job import Job
from augment.config.sections import CorpusConfig
from augment.corpus import corpus_hashes
from augment.corpus.formats import tables, unpacking
from augment.corpus.formats.unpacking import inner, on_disk, unpacked, within
from augment.errors import DataError, RequestError
from augment.tables.files import digest
from tests.corpus.formats.one_file import rows

CONTENT = "text,label\n房间很好,1\nthe room was fine,0\n".encode() * 50


def zstd(content: bytes) -> bytes:
    """Return content packed as one frame of zstandard."""
    return bytes(pa.Codec("zstd").compress(content, asbytes=True))


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": zstd,
}


def content_of(path: Path) -> bytes:
    """Return the bytes of a file, unpacked."""
    with unpacked(path) as stream:
        return stream.read()


def archive(path: Path, members: dict[str, bytes]) -> Path:
    """Write a zip archive and return its path."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return path


@pytest.mark.parametrize("suffix", PACKERS)
def test_packed_bytes_come_back(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"rows.csv{suffix}"
    path.write_bytes(PACKERS[suffix](CONTENT))
    assert content_of(path) == CONTENT
    assert inner(path).name == "rows.csv"


@pytest.mark.parametrize("suffix", PACKERS)
def test_damage_is_bad_data(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"rows.csv{suffix}"
    packed = PACKERS[suffix](CONTENT)
    # A frame of zstandard need not have a checksum.
    flipped = () if suffix == ".zst" else (packed[:12] + b"\xff\xff" + packed[14:],)
    for damaged in (packed[:-5], b"text,label\n", *flipped):
        path.write_bytes(damaged)
        with pytest.raises(DataError, match=r"rows\.csv.*\ndamaged "):
            content_of(path)


@pytest.mark.parametrize("suffix", PACKERS)
def test_a_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str) -> None:
    monkeypatch.setattr(unpacking, "FREE", 1 << 20)
    path = tmp_path / f"rows.csv{suffix}"
    path.write_bytes(PACKERS[suffix](bytes(1 << 24)))
    with pytest.raises(DataError, match="unpacks to more than"):
        content_of(path)


def test_a_bomb_in_an_archive_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "FREE", 1 << 20)
    [path] = within(archive(tmp_path / "rows.zip", {"rows.csv": bytes(1 << 24)}))
    with pytest.raises(DataError, match="unpacks to more than"):
        content_of(path)


def test_the_one_file_of_an_archive_is_the_corpus(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", {"in/": b"", "in/rows.csv": CONTENT, "__MACOSX/in/._rows.csv": b"\0"})
    config = CorpusConfig.model_validate({"root": tmp_path, "files": path.name})
    [(_, table)] = tables(config)
    assert table.name == "a.zip/in/rows.csv"
    assert table.schema(whole=True).names == ["text", "label"]
    assert corpus_hashes(Job(corpus=config)) == {"a.zip": digest(path)}


def test_several_files_of_an_archive_are_named_and_can_be_chosen(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", {"train.csv": CONTENT, "test.csv": CONTENT})
    with pytest.raises(RequestError, match=r"an archive of 2 files: a\.zip/train\.csv, a\.zip/test\.csv"):
        tables(CorpusConfig.model_validate({"root": tmp_path, "files": path.name}))
    both = {"train": "a.zip/train.csv", "test": "a.zip/test.csv"}
    config = CorpusConfig.model_validate({"root": tmp_path, "files": both})
    assert [table.name for _, table in tables(config)] == list(both.values())
    assert corpus_hashes(Job(corpus=config)) == {"a.zip": digest(path)}
    [(_, table)] = tables(CorpusConfig.model_validate({"root": tmp_path, "files": "a.zip/trian.csv"}))
    with pytest.raises(RequestError, match=r"did you mean `train\.csv`"):
        table.schema(whole=True)


def test_a_path_that_leaves_an_archive_leads_nowhere(tmp_path: Path) -> None:
    """Nothing is unpacked to the disk: such a name is only a name."""
    (tmp_path / "in").mkdir()
    (tmp_path / "rows.csv").write_bytes(b"text\nsecret\n")
    path = archive(tmp_path / "in/a.zip", {"../../rows.csv": CONTENT})
    before = sorted(tmp_path.rglob("*"))
    assert [content_of(member) for member in within(path)] == [CONTENT]
    assert sorted(tmp_path.rglob("*")) == before


def test_packing_that_the_name_does_not_show_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(gzip.compress(CONTENT))
    with pytest.raises(DataError, match="packed with gzip"):
        content_of(path)


def test_a_folder_or_a_pipe_is_no_file_of_rows(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="not a regular file"):
        content_of(tmp_path)
    assert on_disk(tmp_path / "absent.csv") == tmp_path / "absent.csv"


def test_gzip_is_unpacked(tmp_path: Path) -> None:
    """A text file may be packed; damage is bad data."""
    path = tmp_path / "corpus.csv.gz"
    path.write_bytes(gzip.compress("text\n房间很好，服务不错\n".encode("gb18030")))
    assert rows(path) == [{"text": "房间很好，服务不错"}]
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(DataError, match="damaged gzip"):
        rows(path)
