"""File names of splits: each its own on every file system, short, and a split name that `datasets` takes."""

import re

from datasets import NamedSplit
from hypothesis import given
from hypothesis import strategies as st

from augment.tables.split_files import file_stems

AWKWARD = [
    "dev/1",
    "dev 1",
    "dev-1",
    "dev_1",
    "Dev_1",
    "x" * 300,
    "x" * 301,
    "训练" * 90,
    "..",
    "a..b",
    ".a",
    "",
]
NAMES = st.sampled_from(
    [*AWKWARD, "all", "CON", "con", "com1.x", "é", "e\u0301", "train", "Train"]
) | st.text(max_size=8)


@given(st.sets(NAMES, max_size=12))
def test_every_split_has_a_short_safe_file_of_its_own(splits: set[str]) -> None:
    stems = file_stems(splits)
    assert set(stems) == splits
    assert len({stem.casefold() for stem in stems.values()}) == len(splits)
    for stem in stems.values():
        assert re.fullmatch(r"\w+(\.\w+)*", stem)
        assert len(f"{stem}.parquet.tmp-0a1b2c3d4e5f".encode()) <= 255
        assert str(NamedSplit(stem)) == stem


def test_usual_names_are_kept_and_like_names_distinguished() -> None:
    assert file_stems(["train", "validation", "test", "dev-1"]) == {
        "train": "train",
        "validation": "validation",
        "test": "test",
        "dev-1": "dev_1",
    }
    stems = file_stems(["dev_1", "dev/1", "dev 1"])
    assert stems["dev_1"] == "dev_1"
    assert re.fullmatch(r"dev_1_[0-9a-f]{8}", stems["dev/1"])
    assert file_stems(["Train", "train"])["train"] == "train"
