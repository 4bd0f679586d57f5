"""What a stage decides on all rows: hashed where it waits, and decided anew where it was damaged."""

import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from augment.api.run import run
from augment.config.sections import CorpusConfig
from augment.tables.hashing import Hashes, hashes_of
from tests.small import small_job


def rows(folder: Path) -> dict[str, Hashes]:
    """Return the hashes of every file with rows."""
    return {path.name: hashes_of(pq.read_table(path)) for path in sorted(folder.rglob("*.parquet"))}


@pytest.mark.parametrize("name", ["00000.arrow", "merged.json"])
def test_decisions_that_were_damaged_are_made_again(small: Path, tmp_path: Path, name: str) -> None:
    lines = ["text,label", *(f"很好 房间 great movie,{('good', 'bad')[row % 2]}" for row in range(40))]
    (tmp_path / "c.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    corpus = CorpusConfig.model_validate({"root": str(tmp_path), "files": {"train": "c.csv"}})
    job = small_job(small, shard_rows=10).model_copy(update={"corpus": corpus})
    whole = rows(run("augment-wide", job, tmp_path / "whole").folder)

    def stop(phase: str, done: int, total: int) -> None:
        """Stop in the last phase, when what repeats is known and the first shard is rid of it."""
        if phase == "augment-wide: distinct" and done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run("augment-wide", job, tmp_path / "stopped", progress=stop)
    for index in (0.3, 0.6, 0.9):
        folder = Path(shutil.copytree(tmp_path / "stopped", tmp_path / str(index)))
        path = folder / "run" / "phase-1" / "decided" / name
        content = bytearray(path.read_bytes())
        content[int(index * len(content))] ^= 1
        path.write_bytes(content)
        run("augment-wide", job, folder)
        assert rows(folder) == whole
