"""Folders of texts, one a file: the name of the folder is the label, as in aclImdb and THUCNews.

reviews/pos/1.txt, reviews/neg/1.txt              labels pos and neg
aclImdb/train/pos/0_9.txt, aclImdb/test/...       train and test are the splits, as validation, val, dev and valid are
notes/1.txt, notes/2.txt                          no label, unless the config gives the folder one

text_folders(Path("data/aclImdb"), "aclImdb", "auto", labelled=False)    # [TextFolder("aclImdb/test", ...), ...]
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import pyarrow as pa

from augment.corpus.formats.encoding import blocks, encoding_of
from augment.corpus.formats.records import SPLITS, Allowed, Record, Records, SourceBatch, gathered
from augment.errors import DataError

# Folders of texts without a label in corpora that people have; they are not read.
UNLABELLED = frozenset({"unsup", "unlabeled", "unlabelled"})


@dataclass(frozen=True)
class TextFolder:
    """Texts, one a file, by the label of their folder (None: they have none). The id of a text is its file's path."""

    name: str
    path: Path
    labels: tuple[str | None, ...]
    encoding: str
    split: str | None = None

    def schema(self, whole: bool) -> pa.Schema:
        """Return the columns: id and text, and label where the folders are labels."""
        names = ("id", "text") if self.labels == (None,) else ("id", "text", "label")
        return pa.schema([(name, pa.string()) for name in names])

    def batches(
        self, schema: pa.Schema, size: int, allowed: Allowed, whole: bool = True
    ) -> Iterator[SourceBatch]:
        """Yield the texts, label by label and by name; a file that is empty or cannot be read is a fault."""

        def make(rows: list[dict[str, str]]) -> pa.RecordBatch:
            columns = [pa.array([row[field.name] for row in rows], field.type) for field in schema]
            return pa.RecordBatch.from_arrays(columns, schema=schema)

        files = ((label, file) for label in self.labels for file in self._files(label))
        yield from gathered(self._records(files), make, size)

    def peek(self, schema: pa.Schema, count: int) -> list[Record]:
        """Return the first texts of each label in turn, so that no label is missing among them."""
        by_label = [[(label, file) for file in self._files(label)] for label in self.labels]
        turns = [pair for turn in zip_longest(*by_label) for pair in turn if pair is not None]
        return [row for _, row in self._records(iter(turns[:count])) if not isinstance(row, str)]

    def _files(self, label: str | None) -> list[Path]:
        """Return the files of a label."""
        return _texts(self.path / label if label is not None else self.path)

    def _records(self, files: Iterator[tuple[str | None, Path]]) -> Records[dict[str, str]]:
        """Yield the text of each file; the last end of line ends the text and is no part of it."""
        for number, (label, file) in enumerate(files, 1):
            identity = file.relative_to(self.path).as_posix()
            try:
                encoding = encoding_of(file, self.encoding, True)
            except DataError as error:
                yield number, f"{identity}: {error.what}"
                continue
            text = "".join(blocks(file, encoding, whole=True))
            text = text.removesuffix("\n").removesuffix("\r")
            yield number, {"id": identity, "text": text} | ({} if label is None else {"label": label})


def text_folders(path: Path, name: str, encoding: str, labelled: bool) -> list[TextFolder]:
    """Return the tables of a folder of texts, one a split; none if it holds no texts in that order.

    labelled: the config gives the label, so that the texts may be in the folder itself.
    """
    splits = [folder for folder in _folders(path) if folder.name.lower() in SPLITS and _labels(folder)]
    if splits:
        return [
            TextFolder(f"{name}/{folder.name}", folder, _labels(folder), encoding, folder.name)
            for folder in splits
        ]
    labels = _labels(path)
    if labels:
        return [TextFolder(name, path, labels, encoding)]
    return [TextFolder(name, path, (None,), encoding)] if labelled and _texts(path) else []


def _labels(path: Path) -> tuple[str, ...]:
    """Return the names of the folders that hold texts."""
    return tuple(folder.name for folder in _folders(path) if folder.name not in UNLABELLED and _texts(folder))


def _folders(path: Path) -> list[Path]:
    """Return the folders in a folder, by name."""
    return sorted(entry for entry in path.iterdir() if entry.is_dir() and not entry.name.startswith("."))


def _texts(path: Path) -> list[Path]:
    """Return the texts in a folder, by name: files that end in .txt, or where there are none, in nothing."""
    files = [entry for entry in path.iterdir() if not entry.name.startswith(".") and entry.is_file()]
    texts = [file for file in files if file.suffix.lower() == ".txt"]
    return sorted(texts or [file for file in files if not file.suffix])
