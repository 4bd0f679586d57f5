"""A byte changed in any file is found, and so is a manifest, a plan or a receipt that does not fit."""

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from augment.tables.files import digest, read_json, write_json
from augment.tables.run_folder import MANIFEST, PLAN
from augment.verification import Verification, verify
from tests.cli.test_commands import augment as command
from tests.verification.folders import Row, failed, files_of, problems, rehashed, resealed


def changed_json(folder: Path, name: str, change: Callable[[Row], None]) -> Verification:
    """Return what is found once a JSON file in run/ was changed and hashed again."""
    values = read_json(folder / name)
    change(values)
    write_json(folder / name, values)
    return verify(rehashed(folder, name))


@pytest.mark.parametrize("seed", range(70))
def test_a_changed_byte_in_any_file_is_found(folder: Path, seed: int) -> None:
    """Every file in turn, at a random place."""
    chance = random.Random(seed)
    names = files_of(folder)
    name = names[seed % len(names)]
    content = bytearray((folder / name).read_bytes())
    content[chance.randrange(len(content))] ^= chance.randrange(1, 256)
    (folder / name).write_bytes(content)
    verification = verify(folder)
    assert "files" in failed(verification)
    assert Path(name).name in problems(verification, "files")


def test_a_changed_byte_is_found_in_every_format(awkward: Path, tmp_path: Path) -> None:
    chance = random.Random(7)
    for number, name in enumerate(files_of(awkward)):
        folder = Path(shutil.copytree(awkward, tmp_path / str(number)))
        content = bytearray((folder / name).read_bytes())
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        (folder / name).write_bytes(content)
        assert Path(name).name in problems(verify(folder), "files")


def test_every_file_cut_short_emptied_or_gone_is_found(folder: Path) -> None:
    for name in files_of(folder):
        if name == MANIFEST:
            continue
        whole = (folder / name).read_bytes()
        for content in (whole[:-1], b""):
            (folder / name).write_bytes(content)
            assert name in problems(verify(folder), "files")
        (folder / name).unlink()
        assert f"{name}: missing" in problems(verify(folder), "files")
        (folder / name).write_bytes(whole)
    assert verify(folder).ok


@pytest.mark.parametrize(
    "name", ["评论.txt", "data/more.parquet", "probes/x/y.csv", "explain/.a", "run/part-00099.done.json"]
)
def test_a_file_the_run_did_not_write_is_found(folder: Path, name: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text("{}", encoding="utf-8")
    assert f"{name}: not written by the run" in problems(verify(folder), "files")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[:-1],
        lambda text: text[: len(text) // 2],
        lambda text: b"",
        lambda text: b"[]",
        lambda text: text.replace(b"\n", b" ", 1),
        lambda text: text.replace(b'"rows"', b'"rowx"', 1),
        lambda text: text.replace(b'"augment"', b'"\\u0061ugment"', 1),
        lambda text: text[:40] + b"\xff" + text[40:],
    ],
)
def test_a_manifest_that_is_not_as_it_was_written_is_a_failed_check(
    folder: Path, spoil: Callable[[bytes], bytes]
) -> None:
    (folder / MANIFEST).write_bytes(spoil((folder / MANIFEST).read_bytes()))
    verification = verify(folder)
    assert MANIFEST in problems(verification, "files")
    assert all(check.looked or check.wrong for check in verification.checks)


@pytest.mark.parametrize("seed", range(12))
def test_damage_that_was_hashed_again_never_ends_in_an_error(folder: Path, seed: int) -> None:
    """What the damage hits decides whether it shows; most of it does."""
    chance = random.Random(seed)
    name = chance.choice([name for name in files_of(folder) if name != MANIFEST])
    content = bytearray((folder / name).read_bytes())
    for _ in range(30):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    (folder / name).write_bytes(content)

    def change(manifest: Row) -> None:
        known = manifest["files"].get(name)
        (known or manifest["beside"])["sha256" if known else name] = digest(folder / name)

    verification = verify(resealed(folder, change))
    assert verification.ok == (not failed(verification))
    assert "SHA-256" not in problems(verification, "files")


COUNTS = ("rows read", "rows processed", "rows rejected", "samples made", "samples dropped")


@pytest.mark.parametrize("name", COUNTS)
def test_a_count_that_does_not_fit_is_found(folder: Path, name: str) -> None:
    def change(manifest: Row) -> None:
        manifest["summary"]["counts"][name] += 1

    verification = verify(resealed(folder, change))
    assert "balance" in failed(verification)
    assert name in problems(verification, "balance")


@pytest.mark.parametrize(
    ("key", "message"), [("fingerprint", "fingerprint"), ("job", "settings"), ("staged", "receipts")]
)
def test_a_plan_that_is_not_that_of_the_run_is_found(folder: Path, key: str, message: str) -> None:
    def change(plan: Row) -> None:
        plan[key].update(active=9, seed=9)

    result = changed_json(folder, PLAN, change)
    assert message in problems(result, "plan")
    assert "files" not in failed(result)


def test_receipts_that_are_missing_doubled_or_do_not_add_up_are_found(folder: Path, tmp_path: Path) -> None:
    name = next(name for name in files_of(folder) if name.endswith(".done.json"))
    result = changed_json(folder, name, lambda receipt: receipt.update(rows=receipt["rows"] + 1))
    assert failed(result) == {"plan"}
    assert "the rows of the receipts" in problems(result, "plan")
    result = changed_json(folder, name, lambda receipt: receipt.update(shard=77))
    assert "the receipt of another shard" in problems(result, "plan")
    result = changed_json(folder, name, lambda receipt: receipt.pop("rejects"))
    assert "cannot be read: rejects" in problems(result, "plan")
    (folder / name).write_text("[]", encoding="utf-8")
    assert "cannot be read" in problems(verify(folder), "plan")
    (folder / name).unlink()
    assert "the shards with a receipt" in problems(verify(folder), "plan")


def test_a_calibration_that_is_not_the_one_made_is_found(paired: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(paired, tmp_path / "run"))
    name = next(name for name in files_of(folder) if "calibration" in name)
    (folder / name).write_text("[]", encoding="utf-8")
    verification = verify(rehashed(folder, name))
    assert (failed(verification), "calibrations" in problems(verification, "plan")) == ({"plan"}, True)


def test_the_report_may_be_drawn_again_and_nothing_else_is_taken_for_right(folder: Path) -> None:
    assert command("report", folder, "--rows", 3).code == 0
    assert verify(folder).ok
    (folder / "README.md").write_text("mine", encoding="utf-8")
    assert command("report", folder, "--rows", 4).code == 0
    assert problems(verify(folder), "files").startswith("README.md: ")
    text = (folder / MANIFEST).read_text(encoding="utf-8")
    (folder / MANIFEST).write_text(text.replace('"seconds": ', '"seconds": 1'), encoding="utf-8")
    assert command("report", folder).code == 0
    assert MANIFEST in problems(verify(folder), "files")
