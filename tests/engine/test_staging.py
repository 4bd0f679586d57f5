"""Runs that are killed, at any moment and by anything, and resumed: the same rows in the same order, nothing left over."""

import gc
import random
import shutil
import subprocess
import warnings
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from augment.api.run import run
from augment.errors import AugmentError, DiskFullError
from augment.tables.files import LEFTOVER
from augment.tables.hashing import Hashes, hashes_of
from tests.engine.killing import calls_of, killed_after, killed_at
from tests.small import small_job

# How many of the places are tried here; benchmarks/engine/faults.py tries all of them.
KILLS = 6
SPLITS = ("train", "validation", "test")


def work(small: Path, folder: Path, **settings: object) -> None:
    """Run a small pipeline into a folder."""
    run("augment-wide", small_job(small, shard_rows=40, **settings), folder)


def rows(folder: Path) -> dict[str, Hashes]:
    """Return the hashes of every file with rows in a run's folder."""
    return {
        str(path.relative_to(folder)): hashes_of(pq.read_table(path))
        for path in sorted(folder.rglob("*.parquet"))
    }


def left_over(folder: Path) -> list[Path]:
    """Return what no finished run leaves: half-written files, parts of shards, locks and folders next to it."""
    inside = [path for path in folder.rglob("*") if LEFTOVER in path.name or path.match("part-*.parquet")]
    return inside + [path for path in folder.parent.iterdir() if path.name.startswith(f".{folder.name}.")]


@pytest.fixture(scope="module")
def unbroken(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a run that nothing disturbed."""
    folder = tmp_path_factory.mktemp("runs") / "whole"
    work(small, folder)
    return folder


def test_what_earlier_tests_left_to_the_garbage_collector_is_not_counted() -> None:
    gc.disable()
    try:
        circle: list[object] = [TemporaryDirectory()]
        circle.append(circle)
        del circle
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            assert calls_of(gc.collect) == 0
            gc.collect()
    finally:
        gc.enable()


def test_a_run_killed_anywhere_is_resumed_to_the_same_rows(
    small: Path, tmp_path: Path, unbroken: Path
) -> None:
    positions = calls_of(lambda: work(small, tmp_path / "count"))
    assert positions > 40
    chosen = sorted([*random.Random(0).sample(range(positions), KILLS - 2), positions - 2, positions - 1])
    for index in chosen:
        folder = tmp_path / f"at-{index}"
        assert killed_at(index, partial(work, small, folder)), index
        work(small, folder)
        assert rows(folder) == rows(unbroken), index
        assert not left_over(folder), index


def test_a_run_killed_again_and_again_comes_to_the_same_end(
    small: Path, tmp_path: Path, unbroken: Path
) -> None:
    chance, folder = random.Random(1), tmp_path / "often"
    kills = 0
    while killed_at(chance.randrange(5, 120), partial(work, small, folder)):
        kills += 1
        assert kills < 100
    assert kills
    assert rows(folder) == rows(unbroken)
    assert not left_over(folder)


def test_a_run_that_replaces_another_can_be_killed_anywhere_and_begun_again(
    small: Path, tmp_path: Path, unbroken: Path
) -> None:
    folder = tmp_path / "replaced"
    for index in (3, 13, 30):
        run("explain", small_job(small), folder, overwrite=True)
        killed_at(index, lambda: run("augment-wide", small_job(small, shard_rows=40), folder, overwrite=True))
        run("augment-wide", small_job(small, shard_rows=40), folder, overwrite=True)
        assert rows(folder) == rows(unbroken), index
        assert not left_over(folder), index


def test_workers_of_a_killed_run_die_with_it_and_it_is_resumed(
    small: Path, tmp_path: Path, unbroken: Path
) -> None:
    folder = tmp_path / "processes"
    for seconds in (3.0, 5.0):
        killed_after(seconds, lambda: work(small, folder, executor="processes", workers=2))
    work(small, folder, executor="processes", workers=2)
    assert rows(folder) == rows(unbroken)
    assert not left_over(folder)


@pytest.fixture(scope="module")
def stopped(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a run that was stopped in its second phase, all of the first done and one shard of the second."""
    folder = tmp_path_factory.mktemp("runs") / "stopped"

    def stop(phase: str, done: int, total: int) -> None:
        """Stop in the second phase."""
        if phase == "augment-wide: distinct" and done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run("augment-wide", small_job(small, shard_rows=40), folder, progress=stop)
    return folder


def files_in(folder: Path) -> set[str]:
    """Return the names of all files in a folder."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def flipped(path: Path, chance: random.Random) -> None:
    """Turn one bit of a file around."""
    content = bytearray(path.read_bytes())
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    path.write_bytes(content)


def finish(small: Path, folder: Path) -> list[int]:
    """Finish a run, and return how many rows each phase found done when it began."""
    result: dict[str, int] = {}

    def note_first(phase: str, done: int, total: int) -> None:
        """Keep the first report of a phase."""
        result.setdefault(phase, done)

    run("augment-wide", small_job(small, shard_rows=40), folder, progress=note_first)
    return [result[phase] for phase in ("augment-wide", "augment-wide: keywords", "augment-wide: distinct")]


# What the work was laid out as: it cannot be made again without doing all of it again.
LAID_OUT = ("run/plan.json", "run/active.parquet", "run/rest.parquet")
# Every other file of the stopped run, by the phase that it is of.
WAITING = ("part-{:05d}.parquet", "part-{:05d}.done.json", "lines-{:05d}.parquet")
ROWS, SHARDS = 245, 7


def test_a_stopped_run_holds_the_files_that_the_next_tests_damage(stopped: Path) -> None:
    parts = {
        f"run/phase-{phase}/{form.format(shard)}"
        for phase in (0, 1)
        for form in WAITING
        for shard in range(SHARDS)
    }
    merged = {"run/phase-0/decided/merged.json", "run/phase-1/decided/merged.json", "run/keywords.parquet"}
    last = {"run/part-00000.parquet", "run/part-00000.done.json"}
    assert files_in(stopped) == {*LAID_OUT, *parts, *merged, *last}


@pytest.mark.parametrize("name", LAID_OUT)
def test_damage_to_what_was_laid_out_is_refused_by_name_and_nothing_is_touched(
    small: Path, tmp_path: Path, stopped: Path, name: str
) -> None:
    chance = random.Random(name)
    for turn in range(5):
        folder = Path(shutil.copytree(stopped, tmp_path / str(turn)))
        flipped(folder / name, chance)
        if not turn:
            (folder / name).write_bytes((folder / name).read_bytes()[:-7])
        before = {path: (folder / path).read_bytes() for path in files_in(folder)}
        with pytest.raises(AugmentError) as refused:
            work(small, folder)
        assert refused.value.exit_code in (2, 3, 5)
        assert (str(folder) if name == LAID_OUT[0] else name) in refused.value.where
        assert {path: (folder / path).read_bytes() for path in files_in(folder)} == before


def test_shards_that_are_cut_short_are_made_again_and_no_others(
    small: Path, tmp_path: Path, unbroken: Path, stopped: Path
) -> None:
    """A shard is made again where its part, its receipt or its lines are damaged, in the phase that they are of."""
    chance = random.Random(0)
    whole = finish(small, Path(shutil.copytree(stopped, tmp_path / "whole")))
    assert whole == [ROWS, ROWS, 40]
    first = {"phase-0/part-00001.parquet", "phase-0/part-00002.done.json", "phase-0/lines-00003.parquet"}
    second = {"phase-1/part-00004.parquet", "phase-1/lines-00005.parquet"}
    for number, (names, result) in enumerate(
        (
            (first, [ROWS - 120, ROWS, 40]),
            ({*first, *second, "part-00000.parquet"}, [ROWS - 120, ROWS - 80, 0]),
            ({"part-00000.done.json"}, [ROWS, ROWS, 0]),
            ({"keywords.parquet"}, whole),
            ({"phase-0/decided/merged.json", "phase-1/decided/merged.json"}, whole),
        )
    ):
        folder = Path(shutil.copytree(stopped, tmp_path / str(number)))
        for name in names:
            content = (folder / "run" / name).read_bytes()
            (folder / "run" / name).write_bytes(content[: chance.randrange(len(content))])
        assert finish(small, folder) == result
        assert rows(folder) == rows(unbroken), names
        assert not left_over(folder)


def test_a_flipped_bit_of_what_waits_never_becomes_other_rows(
    small: Path, tmp_path: Path, unbroken: Path, stopped: Path
) -> None:
    """One bit in each kind of file at once, in a shard of its own; benchmarks/engine/damage.py tries them one by one."""
    for turn in range(4):
        chance, folder = random.Random(turn), Path(shutil.copytree(stopped, tmp_path / str(turn)))
        for name in (
            "phase-0/part-00001.parquet",
            "phase-0/part-00002.done.json",
            "phase-0/lines-00003.parquet",
            ("phase-0/decided/merged.json", "keywords.parquet")[turn % 2],
            "phase-1/part-00004.parquet",
            "phase-1/lines-00005.parquet",
            ("part-00000.parquet", "part-00000.done.json")[turn // 2],
        ):
            flipped(folder / "run" / name, chance)
        work(small, folder)
        assert rows(folder) == rows(unbroken), turn


def test_a_whole_part_with_other_labels_is_made_again(
    small: Path, tmp_path: Path, unbroken: Path, stopped: Path
) -> None:
    """It is a sound file: only its receipt tells that these are not the rows that were written."""
    folder = Path(shutil.copytree(stopped, tmp_path / "run"))
    for name in ("phase-1/part-00004.parquet", "part-00000.parquet"):
        table = pq.read_table(folder / "run" / name)
        other = pc.if_else(pc.equal(table["label"], "good"), "bad", "good")
        table = table.set_column(table.schema.get_field_index("label"), "label", other)
        pq.write_table(table, folder / "run" / name)
    assert finish(small, folder) == [ROWS, ROWS - 40, 0]
    assert rows(folder) == rows(unbroken)


def test_a_full_disk_keeps_what_is_done_and_the_run_goes_on_when_there_is_room(
    small: Path, tmp_path: Path, unbroken: Path
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)],
        capture_output=True,
        check=False,
        timeout=60,
    )
    if not mounted or mounted.returncode:
        pytest.skip("a small disk cannot be mounted here")
    try:
        with pytest.raises(DiskFullError) as full:
            work(small, disk / "out")
        assert full.value.exit_code == 7
        kept = len(list((disk / "out").rglob("*.done.json")))
        assert kept > 0
        assert not [path for path in disk.rglob("*") if LEFTOVER in path.name]
        subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True, timeout=60)
        work(small, disk / "out")
        assert rows(disk / "out") == rows(unbroken)
        assert not left_over(disk / "out")
    finally:
        subprocess.run(["umount", str(disk)], check=True, timeout=60)
