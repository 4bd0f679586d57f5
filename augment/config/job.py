"""The job of a run: which corpus, which model, which resources, where and how.

A job is made of sections. Each `-c FILE` gives some of them; no section may be given twice, so nothing is merged
and what is in a file is what holds. Every section is frozen: picklable, and safe to hand to a worker.

    job = read_job("hotel-zh", overrides=["run.device=cpu"])
    job = read_job({"corpus": {"files": "reviews.csv"}, "model": {"path": "models/mine"}})
    job.corpus.files
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from pydantic import (
    field_validator,
    model_validator,
)

from augment.config.label_sets import SEPARATOR
from augment.config.llm import LlmConfig
from augment.config.sections import (
    CorpusConfig,
    EvaluateConfig,
    FaithfulnessConfig,
    HardenConfig,
    ModelConfig,
    OutputConfig,
    ResourcesConfig,
    RunConfig,
    Section,
    TrainConfig,
    _idle,
)
from augment.config.shipped import find
from augment.config.yaml_file import NOT_A_SETTING, SETTING, Document, checked, load, setting
from augment.errors import RequestError, WrongTypeError

# A shipped config by its name or a YAML file, a path, or sections as they would be written in a file.
Config = str | Path | Mapping[str, object]


class Job(Section):
    """Everything a pipeline runs on."""

    name: str = "job"
    corpus: CorpusConfig | None = None
    model: ModelConfig | None = None
    judge: ModelConfig | None = None
    llm: LlmConfig | None = None
    resources: ResourcesConfig = ResourcesConfig()
    train: TrainConfig = TrainConfig()
    evaluate: EvaluateConfig = EvaluateConfig()
    harden: HardenConfig = HardenConfig()
    faithfulness: FaithfulnessConfig = FaithfulnessConfig()
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
            "as `judge.calibration`: the judge only predicts and explains nothing",
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
    def label_separator(self) -> str:
        """What is between the labels of a row of several."""
        return (self.corpus.label_separator if self.corpus else None) or SEPARATOR

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

    @property
    def accepts(self) -> bool:
        """Whether shortcuts are accepted, in a file or by hand."""
        return self.resources.flags is not None or bool(self.resources.accept)

    def require_accepted(self) -> None:
        """Raise RequestError if no shortcut is accepted."""
        if not self.accepts:
            raise RequestError(
                "resources.accept",
                "no shortcut is named, and there is nothing else to repair",
                "name one (--accept WORD=LABEL), or run `augment keywords`, write yes in its flags.csv, and add --accept-flags",
            )

    def needs_judge(self) -> ModelConfig:
        """Return the judge section; RequestError if no config gave one."""
        if self.judge is None:
            raise RequestError(
                f"the job `{self.name}`", "no config gives a `judge:`", "add `judge: {path: FOLDER}`"
            )
        return self.judge

    def needs_llm(self) -> LlmConfig:
        """Return the section on the language model; RequestError if no config gave one, or it names no model."""
        if self.llm is None:
            raise RequestError(
                f"the job `{self.name}`",
                "no config gives an `llm:`, so there is no language model to rewrite with, and nothing is sent anywhere",
                "add `llm: {server: http://127.0.0.1:8000/v1, model: NAME}` or `llm: {path: FOLDER}`",
            )
        return self.llm.require_model()

    def keeping_answers(self, path: Path) -> "Job":
        """Return the job with a file of answers, where a language model is named and no file is."""
        if self.llm is None or self.llm.answers is not None:
            return self
        return self.model_copy(update={"llm": self.llm.model_copy(update={"answers": path.resolve()})})

    def needs_model(self) -> ModelConfig:
        """Return the model section; RequestError if no config gave one."""
        if self.model is None:
            raise RequestError(
                f"the job `{self.name}`",
                "no config gives a `model:`",
                "add `model: {path: FOLDER}` or use --model",
            )
        return self.model


def job_of(given: Job | Config | Sequence[Config]) -> Job:
    """Return a job as it is, and that of configs as `read_job` does; WrongTypeError for anything else."""
    if isinstance(given, Job):
        return given
    if not isinstance(given, str | Path | Mapping | list | tuple):
        hint = (
            'give "mine.yaml", a mapping of sections or augment.Job(…); for a DataFrame use augment.Augmenter'
        )
        raise WrongTypeError("job", f"{type(given).__name__} is not taken", hint)
    return read_job(given)


def read_job(
    configs: Config | Sequence[Config], overrides: Sequence[str] = (), data: Path | str | None = None
) -> Job:
    """Return the job that the configs give together: names of shipped ones, YAML files, or mappings of sections.

    `overrides` are `section.key=value` words, `data` replaces `corpus.root`. RequestError if a file is missing or
    wrong, a section is given twice, or an override names no key.
    """
    if not isinstance(configs, str | Path | Mapping | list | tuple):
        hint = 'give "mine.yaml", a mapping of sections, or a list of these'
        raise WrongTypeError("configs", f"{type(configs).__name__} is not taken", hint)
    given = [configs] if isinstance(configs, str | Path | Mapping) else configs
    sections: dict[str, object] = {}
    givers: dict[str, Document] = {}
    for document in map(document_of, given):
        for section, value in document.values.items():
            if section in givers:
                raise RequestError(
                    document.where((section,)),
                    f"section `{section}` is also given by {givers[section].path}",
                    "give it once: remove one of the two",
                )
            givers[section] = document
            sections[section] = value
    for section, document in givers.items():
        checked(Job, document, {section: sections[section]})
    sections.setdefault("name", "+".join(filter(None, map(_called, given))) or "job")
    if data is not None and isinstance(sections.get("corpus"), dict):
        sections["corpus"] = {**_mapping(sections["corpus"]), "root": str(data)}
    for word in overrides:
        _override(sections, word)
    return checked(Job, Document(Path("--set"), sections), sections)


def document_of(config: Config) -> Document:
    """Return the sections of a config; those of a mapping have no lines. RequestError if there is no such config."""
    if isinstance(config, Mapping):
        return Document(Path(_first_file(config) or "a mapping of sections"), dict(config))
    return load(find("configs", config) if isinstance(config, str) else config)


def _called(config: Config) -> str:
    """Return what a run on a config is called by: the name of the file, or of the first file of its corpus."""
    if not isinstance(config, Mapping):
        return Path(config).stem
    return Path(_first_file(config)).name.partition(".")[0]


def _first_file(config: Mapping[str, object]) -> str:
    """Return the first file of the corpus that sections give, nothing if they give none."""
    files = _mapping(config.get("corpus")).get("files")
    while files and isinstance(files, list | tuple | Mapping):
        files = next(iter(files.values() if isinstance(files, Mapping) else files))
    return files if isinstance(files, str) else ""


def origin(configs: Sequence[Config], section: str, key: str) -> str:
    """Return `file:line` of a setting in the one of the files that gives it, its own name where none does."""
    for document in map(document_of, configs):
        if (section, key) in document.lines:
            return document.where((section, key))
    return f"{section}.{key}"


def _override(sections: dict[str, object], word: str) -> None:
    """Set one `section.key=value`, its value read as YAML."""
    keys, value = setting(word)
    if len(keys) > 2:
        raise RequestError(f"--set {word}", NOT_A_SETTING, SETTING)
    inner = {**_mapping(sections.get(keys[0])), keys[-1]: value}
    sections[keys[0]] = value if len(keys) == 1 else inner
    try:
        checked(Job, Document(Path(f"--set {'.'.join(keys)}"), sections), sections)
    except RequestError as error:
        raise RequestError(f"--set {word}", error.what, error.hint) from None


def _mapping(value: object) -> dict[str, object]:
    """Return a section as a mapping; anything else is left for validation to refuse."""
    return dict(value) if isinstance(value, dict) else {}
