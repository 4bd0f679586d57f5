"""Folders as datasets are published: README.md or the names of the files give the splits."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from augment.config.job import Job
from augment.config.sections import CorpusConfig
from augment.corpus import corpus_hashes, read
from augment.errors import AugmentError

README = """---
license: mit
configs:
- config_name: default
  data_files:
  - split: train
    path: data/train-*
  - split: test
    path: [data/test-*]
- config_name: probes
  data_files: probes/*.parquet
---
# My set
"""


def write(root: Path, names: list[str]) -> None:
    """Write a Parquet or CSV file of one row for each name, its text the name."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".parquet":
            pq.write_table(pa.table({"text": [name], "label": [1]}), path)
        else:
            path.write_text(f"text,label\n{name},1\n", encoding="utf-8")


def table_names(root: Path) -> list[tuple[str, str]]:
    """Return text and split of each row of the folder `set`."""
    config = CorpusConfig.model_validate({"root": root, "files": "set"})
    return [(row["text"], row["split"]) for chunk in read(config) for row in chunk.rows.to_pylist()]


def test_the_front_matter_names_files_and_splits(tmp_path: Path) -> None:
    """The configuration called default is read, and no other file."""
    names = ["data/train-00000-of-00002.parquet", "data/train-00001-of-00002.parquet", "data/test-0.parquet"]
    write(tmp_path / "set", [*names, "probes/x.parquet", "data/extra.parquet"])
    (tmp_path / "set/README.md").write_text(README, encoding="utf-8")
    assert table_names(tmp_path) == list(zip(names, ["train", "train", "test"], strict=True))


@pytest.mark.parametrize(
    ("names", "splits"),
    [
        (["data/test-00000-of-00001.parquet", "data/train-00000-of-00001.parquet"], ["test", "train"]),
        (["dev.csv", "train.csv"], ["validation", "train"]),
        (["my_test.csv", "my_train.csv"], ["test", "train"]),
    ],
)
def test_without_it_names_of_files_give_the_split(
    tmp_path: Path, names: list[str], splits: list[str]
) -> None:
    """As the `datasets` library finds them; a file without a split in its name is left alone."""
    write(tmp_path / "set", [*names, "contest.csv"])
    (tmp_path / "set/README.md").write_text("# no front matter", encoding="utf-8")
    assert table_names(tmp_path) == list(zip(names, splits, strict=True))


@pytest.mark.parametrize(
    ("readme", "message"),
    [
        (
            "configs: [{config_name: a, data_files: x}, {config_name: b, data_files: y}]",
            "several configurations: `a`, `b`",
        ),
        ("configs: [{data_files: ../secret.csv}]", "is outside the folder"),
        ("configs: [{data_files: /etc/passwd}]", "is outside the folder"),
        ("configs: [{data_files: gone.csv}]", "there is no such file"),
        ("a: &a [x, x]\nconfigs: [*a, *a]", "its front matter cannot be read"),
        ("configs: [", "its front matter cannot be read"),
        ("configs: !!python/object/apply:os.system [ls]", "its front matter cannot be read"),
    ],
)
def test_a_front_matter_that_cannot_be_followed_is_refused(tmp_path: Path, readme: str, message: str) -> None:
    """Nothing outside the folder is read."""
    write(tmp_path, ["secret.csv", "set/train.csv"])
    (tmp_path / "set/README.md").write_text(f"---\n{readme}\n---\n", encoding="utf-8")
    with pytest.raises(AugmentError, match=message):
        table_names(tmp_path)


def test_a_pointer_of_git_lfs_is_named(tmp_path: Path) -> None:
    """A clone without git-lfs holds pointers in place of the data."""
    (tmp_path / "set").mkdir()
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"
    (tmp_path / "set/train.parquet").write_text(pointer, encoding="utf-8")
    with pytest.raises(AugmentError, match=r"a pointer here, not the data\nrun `git lfs pull`"):
        table_names(tmp_path)


def test_hidden_files_of_a_clone_are_not_hashed(tmp_path: Path) -> None:
    """Git changes its own files when nothing of the data has changed."""
    write(tmp_path / "set", ["train.csv", ".git/index.csv"])
    job = Job(corpus=CorpusConfig.model_validate({"root": tmp_path, "files": "set"}))
    assert list(corpus_hashes(job)) == ["set/train.csv"]
