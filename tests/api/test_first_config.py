"""The config that `init` writes: what is seen goes into it, it is read again as it was meant, and no file is replaced."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.api.first_config import first_config, write_new
from augment.config.job import Job, read_job
from augment.errors import RequestError


def job_of(folder: Path, **corpus: object) -> Job:
    """Return the job of the config that is written for a corpus in a folder."""
    path = folder / "mine.yaml"
    write_new(path, first_config({"root": str(folder), **corpus}, path.name))
    return read_job(path)


def write(folder: Path, name: str, text: str) -> str:
    """Write a file and return its name."""
    (folder / name).write_text(text, encoding="utf-8")
    return name


def test_the_columns_that_are_seen_are_named(tmp_path: Path) -> None:
    name = write(tmp_path, "评论.csv", "review,label,note\n很好,1,a\n很差,0,b\n")
    corpus = job_of(tmp_path, files=[name]).needs_corpus()
    assert (corpus.text, corpus.label, corpus.files[0].path) == ("review", "label", "评论.csv")
    text = (tmp_path / "mine.yaml").read_text(encoding="utf-8")
    assert "2 rows seen; labels: 0 (1), 1 (1)" in text
    assert "# label_names: {0: NAME, 1: NAME}" in text
    assert "# other columns, kept as they are: note" in text


def test_what_parts_several_labels_of_a_cell_is_a_comment(tmp_path: Path) -> None:
    rows = "".join(
        f"很好 {n},{label}\n" for n, label in enumerate(("room;food", "food", "room;staff", "staff;food"))
    )
    several = write(tmp_path, "several.csv", f"review,label\n{rows}")
    assert job_of(tmp_path, files=[several]).needs_corpus().label_separator is None
    text = (tmp_path / "mine.yaml").read_text(encoding="utf-8")
    assert "\n  # label_separator: ';'  # if a row may have several labels\n" in text.replace('"', "'")
    single = write(tmp_path, "single.csv", "review,label\n很好,Sci/Tech\n很差,Sports\n")
    assert "label_separator" not in first_config({"root": str(tmp_path), "files": [single]}, "other.yaml")


def test_a_column_of_few_values_is_taken_for_the_label(tmp_path: Path) -> None:
    rows = "".join(f"很好 {n},{'good' if n % 2 else 'bad'},{n}\n" for n in range(20))
    name = write(tmp_path, "a.csv", f"review,stars,number\n{rows}")
    assert job_of(tmp_path, files=[name]).needs_corpus().label == "stars"


def test_of_two_such_columns_none_is_taken(tmp_path: Path) -> None:
    rows = "".join(f"很好 {n},{'good' if n % 2 else 'bad'},{'a' if n % 3 else 'b'}\n" for n in range(20))
    name = write(tmp_path, "a.csv", f"review,stars,shop\n{rows}")
    assert job_of(tmp_path, files=[name]).needs_corpus().label is None
    assert "it could be stars, shop" in (tmp_path / "mine.yaml").read_text(encoding="utf-8")


def test_files_by_split_and_pairs_are_kept_so(tmp_path: Path) -> None:
    for name in ("train.jsonl", "dev.jsonl"):
        write(tmp_path, name, json.dumps({"text1": "怎么还款", "text2": "如何还钱", "label": "same"}) + "\n")
    job = job_of(tmp_path, files={"train": ["train.jsonl"], "validation": ["dev.jsonl"]})
    assert [file.split for file in job.needs_corpus().files] == ["train", "validation"]
    assert (job.needs_corpus().text_pair, job.train.start) == ("text2", "bert-small")
    assert job.needs_model().path == "models/train"


@given(
    column=st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=12).filter(
        str.strip
    )
)
def test_any_name_of_a_column_is_read_again(column: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("names")
    (folder / "a.jsonl").write_text(json.dumps({column: "很好", "label": "x"}) + "\n", encoding="utf-8")
    if column not in ("label", "id", "split"):
        corpus = job_of(folder, files=["a.jsonl"], text=column, format="jsonl").needs_corpus()
        assert corpus.text == column


def test_a_config_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(RequestError, match="the file exists"):
        write_new(path, "other")
    assert path.read_text(encoding="utf-8") == "mine"
    with pytest.raises(RequestError, match=r"name it .*a\.yaml"):
        write_new(tmp_path / "a.csv", "other")
    with pytest.raises(RequestError, match="no folder"):
        write_new(tmp_path / "no" / "a.yaml", "other")
