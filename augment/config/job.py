"""The job of a run: which corpus, which model, which resources, where and how.

A job is made of sections. Each `-c FILE` gives some of them; no section may be given twice, so nothing is merged
and what is in a file is what holds. Every section is frozen: picklable, and safe to hand to a worker.

    job = read_job([Path("configs/hotel-zh.yaml")], overrides=["run.device=cpu"])
    job.corpus.files
"""

import re
from pathlib import Path
from typing import Self

from pydantic import (
    field_validator,
    model_validator,
)

from augment.config.sections import (
    CorpusConfig,
    EvaluateConfig,
    ModelConfig,
    OutputConfig,
    ResourcesConfig,
    RunConfig,
    Section,
    TrainConfig,
    _idle,
)
from augment.config.yaml_file import Document, checked, load, parse
from augment.errors import RequestError


class Job(Section):
    """Everything a pipeline runs on."""

    name: str = "job"
    corpus: CorpusConfig | None = None
    model: ModelConfig | None = None
    judge: ModelConfig | None = None
    resources: ResourcesConfig = ResourcesConfig()
    train: TrainConfig = TrainConfig()
    evaluate: EvaluateConfig = EvaluateConfig()
    run: RunConfig = RunConfig()
    output: OutputConfig = OutputConfig()
    seed: int = 0

    @field_validator("judge")
    @classmethod
    def _explains_nothing(cls, judge: ModelConfig | None) -> ModelConfig | None:
        """Refuse the calibration of a model that only judges."""
        _idle(
            judge and judge.calibration,
            None,
            "as `judge.calibration`: the judge is asked, and explains nothing",
        )
        return judge

    @field_validator("name")
    @classmethod
    def _is_a_name(cls, name: str) -> str:
        """Refuse a name that leads out of the folder `runs`, where runs are called by it."""
        if name.strip(". ") == "" or re.search(r"[/\\\0-\x1f\x7f]", name) or len(name.encode()) > 200:
            raise ValueError("a run is called by it: write a short name without / or \\, not a path")
        return name

    @model_validator(mode="after")
    def _same_folds(self) -> Self:
        """Refuse a model and a judge that were trained on other folds: a row has one."""
        named = {each.folds for each in (self.model, self.judge) if each is not None} - {None}
        if len(named) > 1:
            raise ValueError("`model.folds` and `judge.folds` must be the same number: a row has one fold")
        return self

    @property
    def folds(self) -> int | None:
        """Into how many parts the rows of train are divided; None if each model has seen them all."""
        return next((each.folds for each in (self.model, self.judge) if each and each.folds), None)

    def of_fold(self, fold: int | None) -> "Job":
        """Return the job with the models that did not see a fold, for rows of that fold alone."""
        models = {"model": self.model, "judge": self.judge}
        return self.model_copy(update={name: each and each.of_fold(fold) for name, each in models.items()})

    def without_model(self) -> "Job":
        """Return the job without its model."""
        return self.model_copy(update={"model": None})

    @property
    def label_names(self) -> dict[str, str]:
        """The names the corpus gives to numbered labels; empty if it gives none."""
        return dict(self.corpus.label_names or {}) if self.corpus else {}

    @property
    def root(self) -> Path:
        """The folder that file names are relative to."""
        return self.corpus.root if self.corpus else Path("data")

    def calibration_file(self) -> Path | None:
        """Return the file of the calibration that is named, if one is; RequestError if it is not there."""
        name = self.model.calibration if self.model is not None else None
        if name is None:
            return None
        if not (self.root / name).is_file():
            hint = "name the file run/calibration-ig.json of a finished run"
            raise RequestError("model.calibration", f"there is no file {self.root / name}", hint)
        return self.root / name

    def needs_corpus(self) -> CorpusConfig:
        """Return the corpus section; RequestError if no config gave one."""
        if self.corpus is None:
            raise RequestError(
                f"the job `{self.name}`", "no config gives a `corpus:`", "add one, or name another with -c"
            )
        return self.corpus

    def needs_flags(self) -> Path:
        """Return the file of accepted shortcuts; RequestError if none is named."""
        if self.resources.flags is None:
            raise RequestError(
                "resources.flags",
                "`balance` and `cut` repair what a user has accepted as a shortcut, and no file names it",
                "run `augment keywords`, fill in `accept` in its flags.csv, and name that with --accept-flags",
            )
        return self.root / self.resources.flags

    def needs_judge(self) -> ModelConfig:
        """Return the judge section; RequestError if no config gave one."""
        if self.judge is None:
            raise RequestError(
                f"the job `{self.name}`", "no config gives a `judge:`", "add `judge: {path: FOLDER}`"
            )
        return self.judge

    def needs_model(self) -> ModelConfig:
        """Return the model section; RequestError if no config gave one."""
        if self.model is None:
            raise RequestError(
                f"the job `{self.name}`",
                "no config gives a `model:`",
                "add `model: {path: FOLDER}` or use --model",
            )
        return self.model


def read_job(paths: list[Path], overrides: list[str] | None = None, data: Path | None = None) -> Job:
    """Return the job that the files give together.

    `overrides` are `section.key=value` words, `data` replaces `corpus.root`. RequestError if a file is missing or
    wrong, a section is given twice, or an override names no key.
    """
    sections: dict[str, object] = {}
    givers: dict[str, Document] = {}
    for path in paths:
        document = load(path)
        for section, value in document.values.items():
            if section in givers:
                raise RequestError(
                    document.where((section,)),
                    f"section `{section}` is also given by {givers[section].path}",
                    "keep it in one of the two files",
                )
            givers[section] = document
            sections[section] = value
    for section, document in givers.items():
        checked(Job, document, {section: sections[section]})
    sections.setdefault("name", "+".join(path.stem for path in paths) or "job")
    if data is not None and isinstance(sections.get("corpus"), dict):
        sections["corpus"] = {**_mapping(sections["corpus"]), "root": str(data)}
    for word in overrides or []:
        _override(sections, word)
    spoken = Document(Path("--set"), sections)
    return checked(Job, spoken, sections)


def origin(paths: list[Path], section: str, key: str) -> str:
    """Return `file:line` of a setting in the one of the files that gives it, its own name where none does."""
    for document in map(load, paths):
        if (section, key) in document.lines:
            return document.where((section, key))
    return f"{section}.{key}"


def _override(sections: dict[str, object], word: str) -> None:
    """Set one `section.key=value`, its value read as YAML."""
    name, equals, value = word.partition("=")
    keys = name.split(".")
    if not equals or not 1 <= len(keys) <= 2 or not all(keys):
        raise RequestError(
            f"--set {word}", "not of the form section.key=value", "for example --set run.dtype=bfloat16"
        )
    parsed = parse(f"value: {value}", Path(f"--set {name}")).values["value"]
    inner = {**_mapping(sections.get(keys[0])), keys[-1]: parsed}
    sections[keys[0]] = parsed if len(keys) == 1 else inner
    try:
        checked(Job, Document(Path(f"--set {name}"), sections), sections)
    except RequestError as error:
        raise RequestError(f"--set {word}", error.what, error.hint) from None


def _mapping(value: object) -> dict[str, object]:
    """Return a section as a mapping; anything else is left for validation to refuse."""
    return dict(value) if isinstance(value, dict) else {}
