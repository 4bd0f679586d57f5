"""What a dead writer left in a folder of results goes, and nothing else counts as ours."""

from pathlib import Path

import pytest

from augment.errors import RequestError
from augment.tables.leftovers import require_own_only, sweep_leftovers

FILES = ("harden.json", "harden.md")
OURS = ("harden.json.tmp-0123456789ab", "harden.md.tmp-0123456789ab")
OTHERS = ("harden.svg.tmp-0123456789ab", "harden.json.tmp-0123456789", "my harden.json.tmp-0123456789ab")


def test_only_files_of_ours_that_were_being_written_are_removed(tmp_path: Path) -> None:
    sweep_leftovers(tmp_path / "not there", FILES)
    for name in (*OURS, *OTHERS, *FILES):
        (tmp_path / name).touch()
    sweep_leftovers(tmp_path, FILES)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted((*OTHERS, *FILES))


def test_a_folder_with_anything_else_is_refused(tmp_path: Path) -> None:
    require_own_only(tmp_path / "not there", FILES, "hardening")
    for name in OURS:
        (tmp_path / name).touch()
    require_own_only(tmp_path, FILES, "hardening")
    (tmp_path / OTHERS[0]).touch()
    for path in (tmp_path, tmp_path / OURS[0]):
        with pytest.raises(RequestError, match="not empty and holds no hardening"):
            require_own_only(path, FILES, "hardening")
