"""One cell of an experiment: a draw of rows, the samples a condition makes of them, the model trained on both, its tests.

The augmenting model is trained on the draw alone: it is that of the condition `duplicate`. All conditions of a cell have the same number of
rows, by copies where a condition made too few, and of steps.

    bench = Bench.of(job, folder)
    bench.measured(Condition.of("eda"), rows=100, seed=0)     # {"clean": 0.81, "label_kept": 0.86, ...}
"""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from augment.api.run import run
from augment.candidates.lexicon import DICTIONARIES
from augment.config.job import Job, read_job
from augment.config.sections import CorpusConfig, ModelConfig, OutputConfig, ResourcesConfig, TrainConfig
from augment.config.shipped import find
from augment.corpus import with_label_names
from augment.errors import RequestError
from augment.evaluation.conditions import ALONE, CUT, DUPLICATE, Condition
from augment.evaluation.cutting import cut
from augment.evaluation.head_scoring import NumberAnswers, SetAnswers
from augment.evaluation.head_scoring import scores_of as head_scores
from augment.evaluation.material import (
    Labelled,
    by_split,
    drawn,
    drawn_freely,
    fitting_rows,
    held_out,
    noisy,
    other_domain,
    read_rows,
    write_rows,
)
from augment.evaluation.scoring import LabelledLogits, fitted_offsets, scores_of
from augment.models.labels import LabelMap
from augment.pipeline.definition import Pipeline
from augment.progress import Progress, silent
from augment.seeding import chance
from augment.stages.accepted import accepted, require_labels
from augment.training import SCRATCH, default_epochs, require_two, train
from augment.training.label_columns import classes_of, kind_of, labels_in

Measured = dict[str, float | int | None]
TestScores = dict[str, float | None]
Made = tuple[list[Labelled], Measured]
# Texts in other words that a row of the test is given; all of them must be answered rightly.
_REWORDINGS = 3
_PASSES = 12.0


@dataclass(frozen=True)
class Bench:
    """Where an experiment is made: its job, a folder for what it needs, the training rows, the clean test, and the validation rows.

    validation: rows of the domain that thresholds are fitted on, none where the clean test is made of them. `made` keeps the samples of the last draw, by what made them: conditions that differ in training only have the same.
    """

    job: Job
    folder: Path
    pool: list[Labelled]
    clean: list[Labelled]
    validation: list[Labelled]
    report: Progress
    made: dict[tuple[str, str], Made] = field(default_factory=dict)

    @classmethod
    def of(cls, job: Job, folder: Path, report: Progress) -> "Bench":
        """Read the corpus; DataError if it cannot be trained and tested on."""
        job = anchored(with_label_names(job))
        splits = by_split(job)
        require_two(job, [row.label for row in splits["train"]])
        _check_models(job, splits["train"])
        # What is wrong with them is reported before anything is trained.
        require_labels(job, {row.label for row in splits["train"]})
        validation = splits.get("validation", []) if "test" in splits else []
        return cls(job, folder, splits["train"], held_out(splits, job.evaluate.test_rows), validation, report)

    @property
    def classes(self) -> list[str]:
        """The labels of the training rows."""
        return classes_of(self.job, [row.label for row in self.pool])

    def draw(self, rows: int, seed: int) -> list[Labelled]:
        """Return a draw of the training rows; RequestError if there are fewer."""
        settings = self.job.evaluate
        if kind_of(self.job) != "single":
            return drawn_freely(self.pool, rows, seed, partial(labels_in, self.job))
        return drawn(self.pool, rows, seed, settings.equal_classes)

    @cached_property
    def tests(self) -> dict[str, list[Labelled]]:
        """Every test by name; those that take time to make are kept in the folder."""
        settings = self.job.evaluate
        tests = {"clean": self.clean}
        for name in settings.others:
            config = read_job([find("configs", name)], [], self.job.root)
            labels = partial(labels_in, self.job)
            tests[Path(name).stem] = other_domain(config, self.classes, name, settings.test_rows, labels)
        if settings.synonyms:
            tests["synonyms"] = self._reworded()
        if settings.noise:
            tests["noise"] = noisy(self.clean, settings.noise, self.job.seed)
        if self.job.accepts:
            tests["reversed"] = self._reversed()
        return tests

    @cached_property
    def texts(self) -> dict[str, int]:
        """How many rows each test has; one in several wordings is one."""
        return {name: len({row.of for row in rows}) for name, rows in self.tests.items()}

    @cached_property
    def judge(self) -> ModelConfig:
        """The model that judges labels: the job's own, or one of another kind trained on all training rows."""
        if self.job.judge is not None:
            return self.job.judge
        start = _judging(self.job, self.pool)
        folder = self.folder / "judge"
        if not folder.exists():
            self.report("train the judge", 0, 0)
            settings = TrainConfig(start=start, answers=self.job.train.answers)
            job = self._job(self.pool, self.folder / "judge-corpus", folder, settings)
            self._train(job, folder, lambda _, done, total: self.report("train the judge", done, total))
            shutil.rmtree(self.folder / "judge-corpus")
        return self._model(folder)

    def measured(self, condition: Condition, rows: int, seed: int) -> Measured:
        """Return what a condition comes to on one draw: its scores (0 to 1) by test, and what its samples are like."""
        folder = self.folder / f"{rows}-{seed}"
        draw = self.draw(rows, seed)
        model = folder / DUPLICATE
        if not model.exists():
            self._trained(self._copies(draw, seed), rows, seed, frozenset(), model)
        if condition.name == DUPLICATE:
            return self._scores(model, draw)
        samples, facts = ([], {}) if condition.is_copying else self._samples(condition, draw, seed, model)
        if facts.get("samples") == 0 and not condition.ways:
            # Trained on the same rows it would differ by nothing but their order.
            return {**self._scores(model, draw), **facts, "copies": self._enlarged(rows) - rows}
        rest = self.enlarged(condition, draw, samples, seed)
        if condition.pipeline == CUT:
            rest = self._without_accepted(rest)
        own = folder / "arm"
        self._trained(rest, rows, seed, condition.ways, own)
        copies = len(rest) - self._repeated(condition, rows) - len(samples)
        return {**self._scores(own, draw), **facts, "copies": max(copies, 0)}

    def _samples(self, condition: Condition, draw: Sequence[Labelled], seed: int, model: Path) -> Made:
        """Return the samples of a draw that join its data, and what they are like."""
        plan = condition.plan(self.passes(condition, len(draw)))
        key = model.parent.name, plan.model_dump_json()
        if key not in self.made:
            for other in [other for other in self.made if other[0] != key[0]]:
                del self.made[other]
            self.made[key] = self._make(plan, draw, seed, model)
        return self.made[key]

    def _make(self, plan: Pipeline, draw: Sequence[Labelled], seed: int, model: Path) -> Made:
        """Run a pipeline on a draw; return the samples that join its data, and what they are like."""
        output = model.parent / "samples"
        job = self._job(draw, model.parent / "corpus", model, self.job.train).model_copy(
            update={"output": OutputConfig(report_rows=0), "seed": self.job.seed + seed}
        )
        kept = run(plan, self._without_synonyms(job), output, overwrite=True).folder
        rows = [row for row in _joined(kept) if row.get("source_id")]
        shutil.rmtree(output)
        samples = [Labelled(row["text"], row["label"], row.get("text_pair")) for row in rows]
        count = len(rows)
        facts: Measured = {"samples": count}
        if count:
            facts["edits"] = round(sum(len(row["edits"]) for row in rows) / count, 4)
            facts["label_kept"] = round(sum(self._right(self.judge, samples)) / count, 4)
        return samples, facts

    def enlarged(
        self, condition: Condition, draw: Sequence[Labelled], samples: list[Labelled], seed: int
    ) -> list[Labelled]:
        """Return the rows a condition is trained on, as many as any condition's: the draw, its samples, and copies for what is missing."""
        if condition.pipeline == ALONE:
            return list(draw)
        source = self._repeated(condition, len(draw))
        wanted = self.passes(condition, len(draw)) * self._enlarged(len(draw)) - source
        rng = chance(seed, "evaluate", condition.name, 0)
        chosen = rng.sample(samples, wanted) if len(samples) > wanted else samples
        whole = [*draw] * (source // len(draw))
        return [*whole, *chosen, *_cycled(rng.sample(draw, len(draw)), wanted - len(chosen))]

    def _copies(self, draw: Sequence[Labelled], seed: int) -> list[Labelled]:
        """Return every row of a draw as often as it has variants, and once."""
        return self.enlarged(Condition.of(DUPLICATE), draw, [], seed)

    def _repeated(self, condition: Condition, rows: int) -> int:
        """Return how many rows of a condition's data are the draw's own: once, or once a pass where passes differ."""
        return rows * self.passes(condition, rows)

    def passes(self, condition: Condition, rows: int) -> int:
        """Return in how many passes the samples of `rows` rows differ."""
        return round(self._epochs(rows)) if "online" in condition.ways else 1

    def _epochs(self, rows: int) -> float:
        """Return the passes over the enlarged data of `rows` rows."""
        settings = self.job.train
        fewest = _PASSES if settings.start in SCRATCH else default_epochs(settings, self._enlarged(rows))
        return self.job.evaluate.epochs or fewest

    def _enlarged(self, rows: int) -> int:
        """Return how many rows there are with their variants."""
        return rows * (1 + self.job.evaluate.variants)

    def _trained(
        self, rows: list[Labelled], drawn_rows: int, seed: int, ways: frozenset[str], model_path: Path
    ) -> None:
        """Train a model on rows, with the steps of every condition, or half of them."""
        train_config = self.job.train
        seen = self._epochs(drawn_rows) * self._enlarged(drawn_rows)
        steps = max(1, round(seen / train_config.batch_size / (1 + ("half" in ways))))
        changed = {
            "steps": steps,
            "r_drop": self.job.evaluate.r_drop if "r_drop" in ways else 0.0,
            "limit": None,
            "baseline": False,
        }
        job = self._job(
            rows, model_path.with_name("corpus"), model_path, train_config.model_copy(update=changed)
        )
        self._train(job.model_copy(update={"seed": self.job.seed + seed}), model_path)

    def _train(self, job: Job, model_path: Path, report: Progress = silent) -> None:
        """Train a model next to its path, so that it is there only when it is whole."""
        fresh = model_path.with_name(f"{model_path.name}-fresh")
        for left in (fresh, model_path):
            shutil.rmtree(left, ignore_errors=True)
        config = job.needs_model().model_copy(update={"path": str(fresh)})
        train(job.model_copy(update={"model": config}), report)
        fresh.rename(model_path)

    def _scores(self, model: Path, draw: Sequence[Labelled]) -> Measured:
        """Return the scores on every test, with the threshold that fits rows of the domain that are not of the draw."""
        scores = self._scoring(self._model(model), draw)
        return {
            f"{name}{suffix}": None if value is None else round(value, 5)
            for name, test in self.tests.items()
            for suffix, value in scores(test).items()
        }

    def _scoring(
        self, config: ModelConfig, draw: Sequence[Labelled]
    ) -> Callable[[Sequence[Labelled]], TestScores]:
        """Return what gives the scores of a model on a test, by what is added to the name of the test."""
        if kind_of(self.job) != "single":
            return lambda test: head_scores(self._head_answers(config, test))
        rows = fitting_rows(self.validation or self.pool, draw, self.job.evaluate)
        offsets = fitted_offsets(self._answers(config, rows)) if rows else None
        return lambda test: scores_of(self._answers(config, test), offsets)

    def _model(self, folder: Path) -> ModelConfig:
        """Return a model that was trained here, which reads as much of a text as that of the job."""
        own = self.job.needs_model()
        reading = {name: getattr(own, name) for name in ("max_length", "windows", "overlap", "most_windows")}
        return ModelConfig(path=str(folder), **reading)

    def _right(self, config: ModelConfig, rows: Sequence[Labelled]) -> list[bool]:
        """Return whether a model answers each row with its label."""
        labels, answers = self._answered(config, rows)
        tolerance = self.job.needs_model().tolerance
        pairs = zip(rows, answers.tolist(), strict=True)
        return [labels.nearest(answer, [row.label], tolerance) == row.label for row, answer in pairs]

    def _answered(self, config: ModelConfig, rows: Sequence[Labelled]) -> tuple[LabelMap, np.ndarray]:
        """Return what a model answers to rows, [rows, classes], and what that means."""
        from augment.models.predictor import open_predictor

        predictor = open_predictor(config, self.job.run)
        labels = LabelMap.of(predictor, self.job)
        return labels, predictor.ask([row.text for row in rows], [row.text_pair for row in rows])

    def _head_answers(self, config: ModelConfig, rows: Sequence[Labelled]) -> SetAnswers | NumberAnswers:
        """Return what a model of several labels or of numbers answers to rows, next to what is right."""
        labels, answers = self._answered(config, rows)
        gold = np.asarray([labels.gold(row.label) or (0.0,) * len(labels.classes) for row in rows])
        of = [row.of for row in rows]
        if labels.kind == "regression":
            return NumberAnswers(answers[:, 0], gold[:, 0], of, self.job.needs_model().tolerance)
        return SetAnswers(labels.ordered, answers, gold, of)

    def _answers(self, config: ModelConfig, rows: Sequence[Labelled]) -> LabelledLogits:
        """Return what a model answers to rows, next to their labels."""
        from augment.models.classifier import open_classifier

        classifier = open_classifier(config, self.job.run)
        labels = LabelMap(classifier.classes, self.job.label_names)
        number = {labels.name(index): index for index in range(len(classifier.classes))}
        encoded = classifier.encode([row.text for row in rows], [row.text_pair for row in rows])
        logits = classifier.answer([row.pieces for row in encoded], [row.segments for row in encoded])
        gold = np.asarray([number.get(row.label, -1) for row in rows])
        return LabelledLogits(logits.numpy().astype(np.float64), gold, [row.of for row in rows])

    def _without_accepted(self, rows: Sequence[Labelled]) -> list[Labelled]:
        """Return as many rows without the accepted shortcuts; those of which nothing would be left give way to others."""
        known = {flag.ngram for flag in accepted(self.job)}
        language = self.job.needs_corpus().language
        shorter = [cut(row, known, language) for row in rows]
        left = [row for row in shorter if row.text.strip() and row.text_pair != ""]
        if not left:
            what = "of no row of the draw anything is left without what is accepted"
            raise RequestError(f"evaluate.arms: {CUT}", what, "accept fewer shortcuts")
        return _cycled(left, len(rows))

    def _job(self, rows: Sequence[Labelled], folder: Path, model: Path, settings: TrainConfig) -> Job:
        """Return the job that trains on rows, which are written to a folder.

        A training wants a test; it is given one row, as every test comes afterwards.
        """
        folder.mkdir(parents=True, exist_ok=True)
        write_rows(folder / "train.jsonl", rows)
        write_rows(folder / "test.jsonl", self.clean[:1])
        pair = "text_pair" if any(row.text_pair is not None for row in self.clean) else None
        corpus = CorpusConfig.model_validate(
            {
                "root": str(folder),
                "encoding": "utf-8",
                "files": {"train": "train.jsonl", "test": "test.jsonl"},
                "text": "text",
                "text_pair": pair,
                "label": "label",
                "language": self.job.needs_corpus().language,
                "label_separator": self.job.needs_corpus().label_separator,
            }
        )
        config = self.job.needs_model().model_copy(update={"path": str(model), "calibration": None})
        return self.job.model_copy(
            update={"name": "cell", "corpus": corpus, "model": config, "train": settings}
        )

    def _without_synonyms(self, job: Job) -> Job:
        """Return the job without the lexicons that a test is worded with."""
        left = tuple(name for name in job.resources.lexicons if name not in self.job.evaluate.synonyms)
        return job.model_copy(update={"resources": job.resources.model_copy(update={"lexicons": left})})

    def _reworded(self) -> list[Labelled]:
        """Return the clean test with words replaced from lexicons that no condition uses, in several wordings a row."""
        lexicons = self.job.resources.model_copy(update={"lexicons": self.job.evaluate.synonyms})
        reworded = self._edited("synonyms", _REWORDING, lexicons)
        if not reworded:
            raise RequestError(
                "evaluate.synonyms",
                "no word of the test has a synonym in these lexicons",
                "name lexicons of its language",
            )
        return reworded

    def _reversed(self) -> list[Labelled]:
        """Return the clean test without accepted shortcuts in their own class, and with one in every row of another."""
        changed = self._edited("reversed", _REVERSING, self.job.resources)
        there = {row.of for row in changed}
        return [*changed, *(row for row in self.clean if row.of not in there)]

    def _edited(self, name: str, plan: Pipeline, resources: ResourcesConfig) -> list[Labelled]:
        """Return the samples that a pipeline makes of the clean test, by the numbers of their rows; kept in a file."""
        kept = self.folder / f"{name}.jsonl"
        if not kept.exists():
            corpus, output = self.folder / f"{name}-corpus", self.folder / name
            # No stage asks the model, but a job must name one.
            job = self._job(self.clean, corpus, Path(self.judge.path), self.job.train)
            settings = {"resources": resources, "output": OutputConfig(report_rows=0)}
            rows = _joined(run(plan, job.model_copy(update=settings), output, overwrite=True).folder)
            numbers = {(row.text, row.text_pair): row.of for row in self.clean}
            of = {
                row["id"]: numbers[row["text"], row.get("text_pair")]
                for row in rows
                if not row.get("source_id")
            }
            samples = [row for row in rows if row.get("source_id")]
            labelled = [
                Labelled(row["text"], row["label"], row.get("text_pair"), of[row["source_id"]])
                for row in samples
            ]
            for done in (corpus, output):
                shutil.rmtree(done)
            write_rows(kept, labelled)
        return read_rows(kept)


def _editing(name: str, about: str, edits: dict[str, object]) -> Pipeline:
    """Return a pipeline whose one editing stage meets words that are scored by chance, in `weight`."""
    stages: list[dict[str, object]] = [
        {"kind": "tokenize"},
        {"kind": "weigh", "by": "random"},
        {"kind": "rank", "by": "weight", "k": 1},
        {**edits, "score": "weight"},
    ]
    return Pipeline.model_validate({"name": name, "about": about, "splits": ["train"], "stages": stages})


_REWORDING = _editing(
    "reword",
    "A fifth of the content words by chance, replaced from lexicons.",
    {"kind": "substitute", "on": "any", "samples": _REWORDINGS, "share": 0.2, "sources": ["lexicon"]},
)
_REVERSING = _editing(
    "reverse",
    "Accepted shortcuts taken out of their class and put into the others.",
    {"kind": "balance", "even": False},
)


def _joined(folder: Path) -> list[dict[str, Any]]:
    """Return the rows of a run's training data."""
    rows: list[dict[str, Any]] = pq.read_table(folder / "data" / "train.parquet").to_pylist()
    return rows


def anchored(job: Job) -> Job:
    """Return the job with absolute paths of its resources, as conditions read their rows from another folder."""

    def whole(name: str) -> str:
        """Return the place of a file that is named, or the name of a dictionary."""
        return name if name in DICTIONARIES else str((job.root / name).resolve())

    given = job.resources
    resources: dict[str, object] = {
        "lexicons": tuple(map(whole, given.lexicons)),
        "guard": tuple(map(whole, given.guard)),
        "texts": tuple(text.model_copy(update={"path": whole(text.path)}) for text in given.texts),
        "antonyms": tuple(map(whole, given.antonyms)),
        "protect": tuple(whole(word) if word.endswith(".txt") else word for word in given.protect),
        "flags": None if given.flags is None else whole(given.flags),
        "ngrams": None if given.ngrams is None else whole(given.ngrams),
    }
    synonyms = {"synonyms": tuple(map(whole, job.evaluate.synonyms))}
    return job.model_copy(
        update={
            "resources": given.model_copy(update=resources),
            "evaluate": job.evaluate.model_copy(update=synonyms),
        }
    )


def _judging(job: Job, rows: Sequence[Labelled]) -> str:
    """Return what a judge is trained from where the job names no model for it: another kind than the model if it may."""
    single = job.train.start != "textcnn" and all(row.text_pair is None for row in rows)
    return job.evaluate.judge or ("textcnn" if single else "bert-small")


def _check_models(job: Job, rows: Sequence[Labelled]) -> None:
    """Raise RequestError if the model or the judge cannot read the rows, or if they are of one kind."""
    starts = {"train.start": job.train.start}
    if job.judge is None:
        starts["evaluate.judge"] = _judging(job, rows)
    paired = any(row.text_pair is not None for row in rows)
    for key, start in starts.items():
        if paired and start == "textcnn":
            raise RequestError(
                key, "a `textcnn` reads one text, the corpus has pairs", "name bert-small or an encoder"
            )
    if job.judge is None and job.train.start == starts["evaluate.judge"]:
        raise RequestError(
            "evaluate.judge",
            "the judge is of the family of the model, and would share its faults",
            "name another start, or a trained model as `judge`",
        )


def _cycled(rows: Sequence[Labelled], count: int) -> list[Labelled]:
    """Return rows again and again up to a number."""
    return list(islice(cycle(rows), count))
