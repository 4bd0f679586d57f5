"""Folders of texts: the folder is the label, one above it may be the split."""

from pathlib import Path

import pytest

from augment.config.sections import CorpusConfig
from augment.corpus import peek, read
from augment.errors import RequestError
from tests.corpus.formats.reading import faults, rows


def write(root: Path, texts: dict[str, bytes]) -> None:
    """Write files below a folder."""
    for name, text in texts.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(text)


def section(root: Path, files: object, **options: object) -> CorpusConfig:
    """Return a corpus section."""
    return CorpusConfig.model_validate({"root": root, "files": files, **options})


def read_all(config: CorpusConfig, *names: str) -> list[tuple[object, ...]]:
    """Return columns of the rows of a corpus."""
    return [tuple(row[name] for name in names) for chunk in read(config) for row in chunk.rows.to_pylist()]


def test_the_folder_of_a_text_is_its_label_and_its_path_the_id(tmp_path: Path) -> None:
    """A text may have lines; the end of the last one is no part of it. GB18030 is found for each file."""
    write(
        tmp_path,
        {
            "体育/1.txt": "湖人赢了。\n\n第二段\n".encode("gb18030"),
            "体育/2.txt": "国足\r\n".encode(),
            "财经/1.txt": b"stocks fell",
            "财经/.DS_Store": b"\0",
            "README": b"about",
        },
    )
    assert read_all(section(tmp_path, "."), "id", "text", "label") == [
        ("体育/1.txt", "湖人赢了。\n\n第二段", "体育"),
        ("体育/2.txt", "国足", "体育"),
        ("财经/1.txt", "stocks fell", "财经"),
    ]


def test_folders_named_like_splits_are_splits(tmp_path: Path) -> None:
    """As aclImdb is packed, with lists next to the folders; texts without a label are not read."""
    write(
        tmp_path,
        {
            "imdb/README": b"about",
            "imdb/train/urls_pos.txt": b"http://x",
            "imdb/train/pos/0_9.txt": b"great",
            "imdb/train/neg/0_1.txt": b"bad",
            "imdb/train/unsup/0_0.txt": b"?",
            "imdb/test/pos/0_9.txt": b"fine",
            "imdb/dev/neg/0_9.txt": b"awful",
        },
    )
    assert read_all(section(tmp_path, "imdb"), "id", "text", "label", "split") == [
        ("imdb/dev:neg/0_9.txt", "awful", "neg", "validation"),
        ("imdb/test:pos/0_9.txt", "fine", "pos", "test"),
        ("imdb/train:neg/0_1.txt", "bad", "neg", "train"),
        ("imdb/train:pos/0_9.txt", "great", "pos", "train"),
    ]


def test_a_folder_with_a_label_from_the_config_holds_its_texts_itself(tmp_path: Path) -> None:
    """Files without an ending are texts where none ends in .txt."""
    write(tmp_path, {"p/1.txt": "好".encode(), "n/53068": b"bad"})
    files = [{"path": "p", "label": "positive"}, {"path": "n", "label": "negative"}]
    assert read_all(section(tmp_path, files), "text", "label") == [("好", "positive"), ("bad", "negative")]


def test_an_empty_or_undecodable_text_is_a_fault_that_names_its_file(tmp_path: Path) -> None:
    """The others are read."""
    write(tmp_path, {"a/1.txt": b"", "a/2.txt": b"good", "b/1.txt": b"bad"})
    assert [row["text"] for row in rows(tmp_path, ".")] == ["good", "bad"]
    assert faults(tmp_path, ".") == [(1, "a/1.txt: the file is empty")]


def test_the_first_texts_of_every_label_are_seen(tmp_path: Path) -> None:
    """However many the first label has."""
    write(tmp_path, {f"a/{number}.txt": b"x" for number in range(9)} | {"b/1.txt": b"y"})
    labels = peek(section(tmp_path, "."), count=4).labels
    assert {name for seen in labels.values() for name in seen} == {"a", "b"}


def test_a_folder_of_files_that_may_hold_many_texts_each_needs_a_choice(tmp_path: Path) -> None:
    """pos.txt and neg.txt next to each other may be a text a line; the message lists what a folder may hold."""
    write(tmp_path, {"d/pos.txt": b"a\nb", "d/neg.txt": b"c\nd"})
    with pytest.raises(RequestError, match="a folder with no texts, no data files by split"):
        rows(tmp_path, "d")
