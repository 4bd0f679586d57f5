"""The cache of calibrations: read again by what they were made for, and never trusted when damaged."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from augment.attribution.calibration import Calibration
from augment.attribution.calibration_cache import VARIABLE, cache_folder, keep, matches
from augment.attribution.calibration_file import Finished, Learned
from augment.attribution.path_integral import Scores
from augment.config.sections import RunConfig
from augment.ig.quadrature import patterson

MADE_FOR = {"model": "abc", "target": "gold", "tolerance": 0.05, "max_length": 64}
CALIBRATION = Calibration(patterson(), 0.05, 1.5, 0.9, "zero", "smooth", 0.01, 0.02, 24)
ROWS = Scores(
    [np.asarray([0.1, -0.2]), np.asarray([1 / 3])],
    np.asarray([0.5, 0.25]),
    np.asarray([0.1, 0.2]),
    np.asarray([0.5, np.nan]),
    np.asarray([0.01, np.nan]),
    evals=np.asarray([64, 32], dtype=np.int16),
    status=["converged", "not_converged"],
)
LEARNED = Learned(CALIBRATION, Finished(("r1", "第二行"), ROWS))


def only(folder: Path) -> Path:
    """Return the one file that a cache holds."""
    (file,) = (path for path in folder.rglob("*") if path.is_file())
    return file


def test_a_calibration_comes_back_bit_for_bit_with_its_rows(tmp_path: Path) -> None:
    keep(tmp_path, MADE_FOR, "s1", LEARNED)
    (kept,) = matches({"cache": tmp_path}, MADE_FOR)
    assert (kept.sample, kept.owner) == ("s1", "cache")
    assert replace(kept.calibration, chain=CALIBRATION.chain) == CALIBRATION
    for one, other in zip(kept.calibration.chain.levels, CALIBRATION.chain.levels, strict=True):
        np.testing.assert_array_equal(one.weights, other.weights)
    assert kept.finished is not None
    assert kept.finished.ids == ("r1", "第二行")
    np.testing.assert_array_equal(kept.finished.scores.gap, ROWS.gap)
    np.testing.assert_array_equal(kept.finished.scores.pieces[1], ROWS.pieces[1])


@pytest.mark.parametrize("other", [{"model": "abd"}, {"tolerance": 0.01}, {"max_length": 32}])
def test_what_was_made_for_something_else_is_not_found(tmp_path: Path, other: dict[str, object]) -> None:
    keep(tmp_path, MADE_FOR, "s1", LEARNED)
    assert not list(matches({"cache": tmp_path}, {**MADE_FOR, **other}))


def test_rows_explained_for_another_target_are_other_texts_only(tmp_path: Path) -> None:
    keep(tmp_path, MADE_FOR, "s1", LEARNED, rows=False)
    (kept,) = matches({"model": tmp_path, "cache": None}, {**MADE_FOR, "target": "predicted"})
    assert (kept.finished, kept.owner) == (None, "model")


@pytest.mark.parametrize("damage", ["cut", "factor", "weights", "seal", "empty", "list", "folder"])
def test_a_damaged_file_is_passed_over_and_written_anew(tmp_path: Path, damage: str) -> None:
    keep(tmp_path, MADE_FOR, "s1", LEARNED)
    file = only(tmp_path)
    text = file.read_text(encoding="utf-8")
    values = json.loads(text)
    if damage == "folder":
        file.unlink()
        file.mkdir()
    else:
        file.write_text(
            {
                "cut": text[: len(text) // 2],
                "factor": text.replace('"factor":1.5', '"factor":1.6'),
                "weights": text.replace("0.1", "0.2", 1),
                "seal": json.dumps({**values, "sha256": "0" * 64}),
                "empty": "",
                "list": "[[1]]",
            }[damage],
            encoding="utf-8",
        )
    assert not list(matches({"cache": tmp_path}, MADE_FOR))
    keep(tmp_path, MADE_FOR, "s1", LEARNED)
    assert len(list(matches({"cache": tmp_path}, MADE_FOR))) == (damage != "folder")


@pytest.mark.parametrize("factor", [0.1, float("nan"), -1.0])
def test_a_factor_below_the_least_is_not_trusted_even_where_the_seal_is_right(
    tmp_path: Path, factor: float
) -> None:
    keep(tmp_path, MADE_FOR, "s1", replace(LEARNED, calibration=replace(CALIBRATION, factor=factor)))
    assert not list(matches({"cache": tmp_path}, MADE_FOR))


def test_many_writers_leave_one_whole_file(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: keep(tmp_path, MADE_FOR, "s1", LEARNED), range(12)))
    assert only(tmp_path).name == "s1.json"
    assert len(list(matches({"cache": tmp_path}, MADE_FOR))) == 1


def test_a_folder_that_cannot_be_written_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    keep(tmp_path / "file", MADE_FOR, "s1", LEARNED)
    keep(None, MADE_FOR, "s1", LEARNED)
    assert not list(matches({"cache": tmp_path / "file"}, MADE_FOR))


def test_the_folder_is_the_users_own_unless_another_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cache_folder(RunConfig()) is None
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    assert cache_folder(RunConfig()) == tmp_path
    assert cache_folder(RunConfig(cache=str(tmp_path / "mine"))) == tmp_path / "mine"
    assert cache_folder(RunConfig(cache="")) is None
    monkeypatch.delenv(VARIABLE)
    own = cache_folder(RunConfig())
    assert own is not None
    assert own.name == "augment"


def test_the_oldest_make_room_in_a_full_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("augment.attribution.calibration_cache._KEPT", 2)
    for number in range(5):
        keep(tmp_path, {**MADE_FOR, "model": f"m{number}"}, "s1", LEARNED, rows=False)
        for file in tmp_path.rglob("*.json"):
            os.utime(file, (file.stat().st_mtime - 10,) * 2)
    kept = [
        number
        for number in range(5)
        if list(matches({"cache": tmp_path}, {**MADE_FOR, "model": f"m{number}"}))
    ]
    assert kept == [2, 3, 4]
