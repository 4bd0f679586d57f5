"""Train the classifier of a job, save it where the job names it, and measure how well it does."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from augment.config.job import Job
from augment.corpus import corpus_hashes, require_unchanged, with_label_names
from augment.corpus.repeats import repeat_notices, text_key
from augment.errors import RequestError
from augment.models.folds import folds_in
from augment.models.kind import Kind
from augment.models.model_folder import MADE
from augment.progress import Progress, silent
from augment.tables.locking import locked, sweep_staged
from augment.training.examples import Examples, divided_by_fold, first_by_hash, limited, repeats_in, splits_of
from augment.training.fitting import fit
from augment.training.label_columns import classes_of, counts_of, kind_of, require_trainable, usual_answer
from augment.training.out_of_fold import write_answers
from augment.training.saving import NEW, finish_swap, save, swap
from augment.training.scoring import answers, score, score_of, tfidf_accuracy
from augment.training.starting import start_of

# Raised when the same request would train another model than before.
ALGORITHM = 2
# Rows from which the texts of a calibration are chosen.
_CALIBRATED_FROM = 256


@dataclass(frozen=True)
class Training:
    """The result of a training: the folder of the model, on how many rows, and how well it does on the held-out split.

    majority: the share of the most frequent label (or set of labels) there, which a model must beat to have learned anything; folds: how well
    each fold model does on the rows it did not see.
    baseline_accuracy: TF-IDF with logistic regression on the same rows, if the job asks for it; rejected: rows of the corpus
    that cannot be used, by reason; labels: the rows trained on by label; notices: what to know of the corpus. kind: of several
    labels accuracy is that of all labels of a row; of numbers the share within `model.tolerance`, and there is a mean_error,
    to be compared with usual_error: that of the mean of the labels trained on, whose share within the tolerance is `majority`.
    """

    folder: Path
    start: str
    rows: int
    held_out: str
    held_out_rows: int
    accuracy: float
    macro_f1: float
    majority: float
    baseline_accuracy: float | None
    seconds: float
    folds: tuple["FoldScore", ...] = ()
    rejected: Mapping[str, int] = field(default_factory=dict)
    labels: Mapping[str, int] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    kind: Kind = "single"
    mean_error: float | None = None
    usual_error: float | None = None

    @property
    def fold_accuracy(self) -> float | None:
        """The mean accuracy of the fold models on the rows they did not see; None without folds."""
        known = [fold.accuracy for fold in self.folds if fold.accuracy is not None]
        return round(sum(known) / len(known), 4) if known else None


@dataclass(frozen=True)
class FoldScore:
    """How well a fold model does on the rows it did not see: their number and its accuracy, None where there are none."""

    fold: int
    rows: int
    accuracy: float | None


def train(job: Job, progress: Progress | None = None) -> Training:
    """Train on the train split, save to `model.path`, and return the scores on the test split.

    With `model.folds` also one model for each fold, trained without it, in fold-0, fold-1, … of that folder. All models
    appear together, when the last is done. The same job gives the same model on the same machine. RequestError if the job
    has no corpus or model; DataError if there are no labels or the corpus changes; ModelError if the model to start from
    cannot or must not be loaded; LockedError if another training is at work there.
    """
    began = time.monotonic()
    folder = Path(job.needs_model().path)
    for old in (folder, *folds_in(folder)):
        _check_folder(old)
    with locked(folder) as lock:
        finish_swap(lock.folder)
        sweep_staged(lock.folder)
        with lock.staged() as staged:
            made = _train(_saved_to(with_label_names(job), staged / NEW), progress or silent)
            swap(staged, lock.folder)
    return replace(made, folder=folder, seconds=round(time.monotonic() - began, 1))


def _train(job: Job, report: Progress) -> Training:
    """Train and save the models of a job, and return how well they do."""
    require_trainable(job)
    corpus = corpus_hashes(job)
    splits, rejected = splits_of(job)
    require_unchanged(job, corpus)
    fitting, held_out = limited(job, splits["train"]), "test" if "test" in splits else "validation"
    divided = divided_by_fold(job, fitting)
    classes = classes_of(job, fitting.labels)
    cut = _make(job, fitting, classes, corpus, report)
    answered: dict[str, list[object]] = {}
    folds = tuple(_make_fold(job, divided, fold, classes, corpus, answered, report) for fold in divided)
    if folds and kind_of(job) == "single":
        write_answers(Path(job.needs_model().path), tuple(classes), answered)
    result = score(job, splits[held_out])
    baseline = tfidf_accuracy(fitting, splits[held_out]) if job.train.baseline else None
    majority, usual_error = usual_answer(job, fitting.labels, splits[held_out].labels)
    return Training(
        Path(job.needs_model().path),
        job.train.start,
        len(fitting),
        held_out,
        len(splits[held_out]),
        result.accuracy,
        result.macro_f1,
        majority,
        baseline,
        0.0,
        folds,
        rejected,
        counts_of(job, fitting.labels),
        (*repeat_notices(repeats_in(splits)), *_cut_notices(job, cut, len(fitting))),
        kind_of(job),
        result.mean_error,
        usual_error,
    )


def _saved_to(job: Job, folder: Path) -> Job:
    """Return the job with its model in another folder."""
    model = job.needs_model().model_copy(update={"path": str(folder)})
    return job.model_copy(update={"model": model})


def _make(
    job: Job, fitting: Examples, classes: list[str], corpus: Mapping[str, str], report: Progress
) -> int:
    """Train a model on these rows and save it to `model.path`, with the hashes of the corpus they are of; return how many were cut."""
    model, tokenizer = start_of(job, fitting, classes)
    cut = fit(job, model, tokenizer, fitting, classes, report)
    save(Path(job.needs_model().path), model, tokenizer, corpus)
    _calibrate(job, fitting, report)
    return cut


def _cut_notices(job: Job, cut: int, rows: int) -> list[str]:
    """Return a notice where training read less of some rows than predictions do."""
    model = job.needs_model()
    if not cut or model.windows == "first":
        return []
    what = f"{cut:,} of {rows:,} rows are longer than `model.max_length` ({model.max_length} pieces)"
    return [f"{what}: training reads the beginning of each, predictions all of it in windows"]


def _calibrate(job: Job, fitting: Examples, report: Progress) -> None:
    """Keep with the model how its integrated gradients are calibrated, where there are rows enough to learn it from."""
    if not job.train.calibrate or len(fitting) < _CALIBRATED_FROM:
        return
    from augment.attribution.model_calibration import calibrate_model

    report("calibrate", 0, 0)
    some = first_by_hash(fitting, _CALIBRATED_FROM, job.seed, "calibration")
    calibrate_model(job, some.texts, some.pairs)


def _make_fold(
    job: Job,
    divided: dict[int, tuple[Examples, Examples]],
    fold: int,
    classes: list[str],
    corpus: Mapping[str, str],
    answered: dict[str, list[object]],
    report: Progress,
) -> FoldScore:
    """Train and save the model that does not see a fold, add what it answers there, and return how well it does."""
    seen, unseen = divided[fold]
    own, name = job.of_fold(fold), f"train without fold {fold}"
    _make(own, seen, classes, corpus, lambda phase, done, total: report(name, done, total))
    if not len(unseen):
        return FoldScore(fold, 0, None)
    names, probabilities = answers(own, unseen)
    order = [names.index(name) for name in classes]
    columns: dict[str, list[object]] = {
        "id": [*unseen.ids],
        "key": [text_key(text, pair) for text, pair in zip(unseen.texts, unseen.pairs, strict=True)],
        "label": [*unseen.labels],
        "fold": [fold] * len(unseen),
        "probabilities": probabilities[:, order].tolist(),
    }
    for name, column in columns.items():
        answered.setdefault(name, []).extend(column)
    return FoldScore(fold, len(unseen), score_of(own, names, probabilities, unseen.labels).accuracy)


def _check_folder(folder: Path) -> None:
    """Raise RequestError if saving a model would replace something that was not trained here."""
    if not folder.exists() or (folder.is_dir() and ((folder / MADE).is_file() or not any(folder.iterdir()))):
        return
    raise RequestError(
        f"model.path: {folder}",
        "something is there that `augment train` did not make",
        "name a new folder; to fine-tune that model, name it as train.start",
    )
