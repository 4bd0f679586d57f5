"""Keep calibrations for later runs with the same model, and read them again.

A calibration belongs to the content of a model and to all else that its paths depend on. One is in a file of its own, named by
these and by the texts it was made on: a run on those texts gets exactly what it would make itself, a run on others has to try
it first. `augment train` writes one into the folder of its model; all others are in a cache folder of the user, and nothing is
ever written into a model that was not trained here.

    for kept in matches(folders, made_for): kept.calibration, kept.sample
    keep(folder, made_for, sample, learned)
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_cache_path

from augment.attribution.calibration import Calibration
from augment.attribution.calibration_file import (
    Finished,
    Learned,
    MadeFor,
    columns_of,
    finished_of,
    read,
    written,
)
from augment.attribution.path_integral import ModelInputs
from augment.attribution.rule_trials import LEAST_FACTOR
from augment.config.sections import RunConfig
from augment.errors import DiskFullError
from augment.models.model_folder import CALIBRATIONS
from augment.tables.files import canonical, write_text

# The environment variable that names another cache folder; empty: none.
VARIABLE = "AUGMENT_CACHE"
# Raised when the same texts would give another calibration than before.
ALGORITHM = 2
# Calibrations in a cache at most, each of some hundred kilobytes.
_KEPT = 500
# Bytes of the largest file that is read: a hundred texts of some thousand pieces.
_LARGEST = 64 << 20
# Of these only the rows that are explained differ, which a trial shows.
_PASSED_OVER = ("target",)


@dataclass(frozen=True)
class KnownCalibration:
    """A calibration that was made before. sample: the digest of its texts; owner: whose folder it was in, model or cache."""

    calibration: Calibration
    finished: Finished | None
    sample: str
    owner: str


def cache_folder(run: RunConfig) -> Path | None:
    """Return the cache folder: `run.cache`, else what AUGMENT_CACHE names, else the user's own; None where it is switched off."""
    given = run.cache if run.cache is not None else os.environ.get(VARIABLE)
    if given is None:
        return user_cache_path("augment", appauthor=False)
    return Path(given).expanduser() if given else None


def sample_digest(rows: ModelInputs, ids: Sequence[str]) -> str:
    """Return the SHA-256 of the rows that a calibration is made on."""
    starts = None if rows.starts is None else [list(row) for row in rows.starts]
    facts = [list(ids), [list(row) for row in rows.pieces], [list(row) for row in rows.segments], starts]
    return _sha256([*facts, rows.target.tolist()])


def matches(folders: Mapping[str, Path | None], made_for: MadeFor) -> Iterator[KnownCalibration]:
    """Yield the calibrations in some cache folders that were made for the same, those of the first folder first.

    folders: folders by what they are called. What is damaged, or no file of ours, is passed over.
    """
    for owner, folder in folders.items():
        home = None if folder is None else folder / CALIBRATIONS / _key(made_for)
        files = sorted(home.glob("*.json")) if home is not None and home.is_dir() else []
        for file in files:
            kept = _read(file, made_for, owner)
            if kept is not None:
                yield kept


def keep(folder: Path | None, made_for: MadeFor, sample: str, learned: Learned, rows: bool = True) -> None:
    """Write a calibration into a cache folder, with its finished `rows` or without; a folder that cannot be written is left alone.

    Several processes may write the same: the file appears whole under its name, and the last one stays.
    """
    if folder is None:
        return
    finished = columns_of(learned.finished) if rows else None
    facts = {
        "made_for": _deciding(made_for),
        "sample": sample,
        **written(learned.calibration),
        "finished": finished,
    }
    text = canonical({**facts, "sha256": _sha256(facts)})
    with suppress(OSError, DiskFullError):
        _make_room(folder / CALIBRATIONS)
        write_text(folder / CALIBRATIONS / _key(made_for) / f"{sample}.json", text + "\n")


def _make_room(home: Path) -> None:
    """Remove the oldest calibrations of a cache that has very many."""
    files = sorted(home.glob("*/*.json"), key=lambda file: file.stat().st_mtime)
    for file in files[: max(len(files) - _KEPT, 0)]:
        file.unlink(missing_ok=True)
        with suppress(OSError):
            file.parent.rmdir()


def _read(file: Path, made_for: MadeFor, owner: str) -> KnownCalibration | None:
    """Return what is in a file; None unless it is what was written, for the same."""
    try:
        if not file.is_file() or file.stat().st_size > _LARGEST:
            return None
        values = json.loads(file.read_text(encoding="utf-8"))
        seal = values.pop("sha256")
        if seal != _sha256(values) or values["made_for"] != json.loads(canonical(_deciding(made_for))):
            return None
        rows, calibration = values["finished"], read(values)
        if calibration.factor < LEAST_FACTOR or calibration.usual < LEAST_FACTOR:
            return None
        return KnownCalibration(
            calibration, None if rows is None else finished_of(rows), str(values["sample"]), owner
        )
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None


def _deciding(made_for: MadeFor) -> dict[str, object]:
    """Return what a calibration depends on, without what a trial shows."""
    rest = {name: value for name, value in made_for.items() if name not in _PASSED_OVER}
    return {**rest, "algorithm": ALGORITHM}


def _key(made_for: MadeFor) -> str:
    """Return the name of the folder for what was made for the same."""
    return _sha256(_deciding(made_for))[:32]


def _sha256(value: object) -> str:
    """Return the SHA-256 of a value as JSON."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()
