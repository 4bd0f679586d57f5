"""Harden the classifier of a job in rounds, and compare it with the one before and with one trained as long on repeated rows.

hardening = harden(read_job([Path("configs/sst2-en.yaml")]))
print(hardening.models["hardened"]["accuracy under attack"], hardening.model)
"""

import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from augment.api.progress_bar import Shown, shown
from augment.config.in_memory import InMemoryModel
from augment.config.job import Config, Job, job_of
from augment.corpus import corpus_hashes, require_unchanged, with_label_names
from augment.engine.fingerprint import fingerprint_of
from augment.errors import RequestError
from augment.evaluation.cells import anchored
from augment.hardening.attacking import attack_plans
from augment.hardening.figures import Gain
from augment.hardening.result import MODEL, Hardening, card_lines
from augment.hardening.rounds import DUPLICATE, HARDENED, START, AttackRound, Rounds
from augment.pipeline.definition import Pipeline
from augment.progress import Progress
from augment.tables.files import read_json, shaped, write_json, write_text
from augment.tables.leftovers import require_own_only, sweep_leftovers
from augment.tables.locking import locked, sweep_staged
from augment.tables.run_folder import folder_of, require_same
from augment.training import ALGORITHM as TRAINING
from augment.training.examples import first_by_hash, limited, splits_of
from augment.training.label_columns import require_classes
from augment.version import __version__

FILES = FILE, PAGE = "harden.json", "harden.md"
_WORK = "work"
# Raised when the same request would give other figures than before.
_ALGORITHM = 1


def harden(
    job: Job | Config | Sequence[Config],
    output: Path | str | None = None,
    overwrite: bool = False,
    progress: Shown = None,
    *,
    settings: Mapping[str, object] | None = None,
) -> Hardening:
    """Attack the model of a job on train rows, train it on with what succeeded, and measure it on rows held out.

    The folder defaults to runs/<job>-harden; the model is in it, in `model`. settings: keys of the attacks' stages, such as
    {"attack.similarity": 0.9}. One that was broken off goes on, a finished one is read. RequestError, DataError or ModelError if the job cannot be hardened, also where the
    model always gives one answer or is no better than chance; FingerprintError if the folder holds another one, LockedError if one is at work there.
    """
    began = time.monotonic()
    job = job_of(job)
    folder = folder_of(output if output is not None else Path("runs") / f"{job.name}-harden")
    plans = attack_plans(job.harden, settings or {})
    if job.harden.weight != 1.0:
        require_classes(job, "harden.weight", "it is for rows of one label")
    job = _usable(with_label_names(job))
    _require_own(folder)
    with shown(progress) as report, locked(folder) as lock, lock.staged():
        sweep_staged(folder)
        sweep_leftovers(folder, FILES)
        fingerprint = _fingerprint(job, plans)
        _check_folder(folder, fingerprint, overwrite)
        if not _is_finished(folder):
            _make(job, plans, folder, fingerprint, report, began)
    return read_hardening(folder)


def read_hardening(folder: Path) -> Hardening:
    """Return the finished hardening in a folder; RequestError if there is none."""
    result = read_json(folder / FILE).get("result")
    if not isinstance(result, dict):
        raise RequestError(
            str(folder / FILE), "holds no finished hardening", "run `augment harden` again, it goes on"
        )
    with shaped(folder / FILE):
        known = {name: value for name, value in result.items() if name not in ("folder", "model")}
        known["attacks"], known["notices"] = tuple(known["attacks"]), tuple(known["notices"])
        known["rounds"] = tuple(AttackRound(**one) for one in known["rounds"])
        known["gains"] = {
            other: {name: Gain(**one) for name, one in of.items()} for other, of in known["gains"].items()
        }
        return Hardening(folder, **known)


def _make(
    job: Job,
    plans: Mapping[str, Pipeline],
    folder: Path,
    fingerprint: dict[str, object],
    report: Progress,
    began: float,
) -> None:
    """Do what is left of a hardening, and write its model and its figures."""
    report("read the corpus", 0, 0)
    corpus = corpus_hashes(job)
    splits, rejected = splits_of(job)
    require_unchanged(job, corpus)
    held_out = "test" if "test" in splits else "validation"
    train = limited(job, splits["train"])
    test = first_by_hash(splits[held_out], job.harden.test_rows, job.seed, "harden test")
    rounds = Rounds(anchored(job), folder, folder / _WORK, plans, train, test, corpus, report)
    rounds.require_victim()
    if not (folder / FILE).exists():
        # By this file the folder is known to be ours, so it comes first.
        write_json(folder / FILE, {"fingerprint": fingerprint, "version": __version__})
    made = rounds.made()
    measured = rounds.measured()
    notices = [f"{count:,} rows of the corpus cannot be used: {reason}" for reason, count in rejected.items()]
    hardening = Hardening(
        folder,
        tuple(plans),
        held_out,
        len(test),
        len(train),
        made,
        {
            name: {figure: share.value for figure, share in one.figures.items()}
            for name, one in measured.items()
        },
        {other: measured[HARDENED].above(measured[other]) for other in (START, DUPLICATE)},
        {name: one.queries for name, one in measured.items()},
        {name: one.edits for name, one in measured.items()},
        (*notices, *rounds.notices),
        round(time.monotonic() - began, 1),
    )
    _put_model(rounds.model(HARDENED, len(made)), folder, "\n".join(card_lines(hardening, job)) + "\n")
    write_text(folder / PAGE, "\n".join([f"# {job.name}: hardened", "", *hardening.lines()]) + "\n")
    write_json(
        folder / FILE,
        {"fingerprint": fingerprint, "version": __version__, "result": hardening.to_dict()},
    )
    shutil.rmtree(folder / _WORK, ignore_errors=True)


def _put_model(made: Path, folder: Path, card: str) -> None:
    """Copy the model of the last round to where it stays, with its card; it is there only when it is whole."""
    fresh = folder / _WORK / "fresh"
    for left in (fresh, folder / MODEL):
        shutil.rmtree(left, ignore_errors=True)
    shutil.copytree(made, fresh)
    write_text(fresh / "README.md", card)
    fresh.rename(folder / MODEL)


def _usable(job: Job) -> Job:
    """Return the job as rounds need it; RequestError if its model cannot be trained on, or its labels are renamed twice."""
    model = job.needs_model()
    if isinstance(model, InMemoryModel):
        hint = "save it with `save_pretrained` and name the folder as model.path"
        raise RequestError(model.path, "a model in memory cannot be trained here", hint)
    if job.run.executor == "rank":
        what = "hardening trains a model, which several ranks would do at once"
        raise RequestError("run.executor: rank", what, "use inline, processes or ray")
    names = job.label_names
    twice = next((name for name in names.values() if names.get(name, name) != name), None)
    if twice is not None:
        what = f"`{twice}` is the name of a label and itself given another name"
        raise RequestError("corpus.label_names", what, "give names that are no labels in the file")
    # Models of folds are for rows that no model has seen; here the one of all rows is trained on.
    without = {"folds": None, "calibration": None}
    judge = None if job.judge is None else job.judge.model_copy(update={"folds": None})
    return job.model_copy(update={"model": model.model_copy(update=without), "judge": judge})


def _fingerprint(job: Job, plans: Mapping[str, Pipeline]) -> dict[str, object]:
    """Return all that decides the figures of a hardening: not the device, the threads or the folder."""
    return {
        "hardening": _ALGORITHM,
        "training": TRAINING,
        "harden": job.harden.model_dump(mode="json"),
        "train": job.train.model_dump(mode="json", exclude={"baseline"}),
        "attacks": {name: fingerprint_of(plan, job) for name, plan in plans.items()},
    }


def _check_folder(folder: Path, fingerprint: dict[str, object], overwrite: bool) -> None:
    """Let a hardening go on in a folder, or clear it where it is to be replaced; FingerprintError naming what differs."""
    if not (folder / FILE).exists():
        return
    if overwrite:
        for name in ("attacks", "rows", _WORK, MODEL):
            shutil.rmtree(folder / name, ignore_errors=True)
        # By the last the folder is known to be ours.
        for name in (PAGE, FILE):
            (folder / name).unlink(missing_ok=True)
        return
    require_same(folder, read_json(folder / FILE).get("fingerprint"), fingerprint, "a hardening")


def _is_finished(folder: Path) -> bool:
    """Return whether the hardening in a folder is finished, and its model there."""
    return (folder / FILE).exists() and "result" in read_json(folder / FILE) and (folder / MODEL).is_dir()


def _require_own(folder: Path) -> None:
    """Raise RequestError unless a folder is new or empty or holds a hardening; nothing is touched."""
    if (folder / FILE).exists():
        if not isinstance(read_json(folder / FILE).get("fingerprint"), dict):
            raise RequestError(str(folder / FILE), "holds no hardening", "name another with --output")
    else:
        require_own_only(folder, FILES, "hardening")
