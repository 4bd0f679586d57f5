"""The job that the words of a command give: corpus files or configs by name, overrides, a model, a folder of data.

The most common mix-ups end here with what to write instead: a corpus given as a config, no corpus at all.

    job_of(CommandLine(("reviews.csv",), text="review", label="stars", model="models/mine"))
    job_of(CommandLine(configs=("demo-zh",), overrides=("run.limit=100",)))
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from augment.cli.listing import everything
from augment.config.job import Config, Job, document_of, origin, read_job
from augment.config.sections import CorpusConfig
from augment.config.shipped import find, names
from augment.config.yaml_file import Document, checked, setting
from augment.corpus.formats import SPLITS, SUFFIXES, require_files
from augment.corpus.formats.unpacking import inner
from augment.errors import RequestError
from augment.pipeline.definition import Pipeline, pipeline_of
from augment.pipeline.overrides import stage_settings, with_settings

_SUFFIXES = {*SUFFIXES, ".zip", ".gz", ".bz2", ".xz"}


@dataclass(frozen=True)
class CommandLine:
    """What a command line gives of a job. files: corpus files, folders, or configs; text, pair, label: column names."""

    files: tuple[str, ...] = ()
    configs: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()
    data: Path | None = None
    model: str | None = None
    text: str | None = None
    pair: str | None = None
    label: str | None = None
    format: str | None = None

    @classmethod
    def of(
        cls,
        files: Sequence[str] | None,
        configs: Sequence[str] | None,
        overrides: Sequence[str],
        data: Path | None,
        model: str | None,
        *columns: str | None,
    ) -> "CommandLine":
        """Return what the options of a command hold, None where one is not given; columns: text, pair, label and format."""
        return cls(tuple(files or ()), tuple(configs or ()), tuple(overrides), data, model, *columns)

    @property
    def columns(self) -> dict[str, str]:
        """The keys of the section `corpus` that options give."""
        given = {"text": self.text, "text_pair": self.pair, "label": self.label, "format": self.format}
        return {key: value for key, value in given.items() if value is not None}


def job_of(words: CommandLine) -> Job:
    """Return the job of a command line.

    The model of a corpus file is models/NAME where nothing names one. RequestError if nothing gives a corpus, or two do.
    """
    files = [word for word in words.files if not _is_config(word)]
    named = [*words.configs, *(word for word in words.files if _is_config(word))]
    configs: list[Config] = [_config(name) for name in named]
    overrides = list(words.overrides)
    for word in overrides:
        _require_section(word)
    if files:
        configs.append(_corpus(files, words.columns, words.data))
        configs += _usual_model(configs, words)
    else:
        overrides += [value_word(f"corpus.{key}", value) for key, value in words.columns.items()]
    if words.model:
        overrides.append(value_word("model.path", words.model))
    # Each word is checked as it is set, and a model is none without its path.
    overrides.sort(key=lambda word: not word.startswith("model.path="))
    if not configs and not any(word.startswith("corpus.") for word in overrides):
        what = "no corpus is given"
        hint = "name a file, such as reviews.csv, or a config with -c; `augment list` shows shipped configs"
        raise RequestError("the command line", what, hint)
    job = read_job(configs, overrides, words.data)
    spoken = next((f"--set {word}" for word in reversed(overrides) if word.startswith("corpus.files=")), None)
    if job.corpus is not None:
        usual = "the command line" if files else None
        require_files(job.corpus, lambda: spoken or usual or origin(configs, "corpus", "files"))
    return job


def request(pipeline: str, words: CommandLine) -> tuple[Pipeline, Job]:
    """Return the pipeline and the job of a command line; a `--set` may name a key of a stage."""
    if is_corpus(pipeline) and not pipeline.endswith((".yaml", ".yml")):
        hint = f"this is a corpus: name a pipeline first, `augment run augment {pipeline}`"
        raise RequestError(f"pipeline `{pipeline}`", "no such pipeline", hint)
    plan = pipeline_of(pipeline)
    of_job, of_stages = stage_settings(words.overrides, plan)
    return with_settings(plan, of_stages), job_of(replace(words, overrides=tuple(of_job)))


def job_words(words: Sequence[str]) -> tuple[list[str], dict[str, object]]:
    """Return the settings that are of the job, and the others, of stages, by their keys."""
    of_job: list[str] = []
    of_stages: dict[str, object] = {}
    for word in words:
        keys, value = setting(word)
        if len(keys) == 1 or keys[0] in Job.model_fields:
            of_job.append(word)
        else:
            of_stages[".".join(keys)] = value
    return of_job, of_stages


def corpus_of(line: CommandLine) -> dict[str, object]:
    """Return the section `corpus` of the files of a command line; RequestError for one that is not there."""
    section = _corpus(line.files, line.columns, line.data)["corpus"]
    corpus = checked(CorpusConfig, Document(Path(line.files[0]), section), section)
    require_files(corpus, lambda: "the command line")
    return section


def value_word(key: str, value: object) -> str:
    """Return the word for --set that sets a value."""
    return f"{key}={json.dumps(value, ensure_ascii=False)}"


def file_words(*named: tuple[str, str | None]) -> list[str]:
    """Return settings for files that are given by their path from here, not from the corpus."""
    return [value_word(name, str(Path(given).resolve())) for name, given in named if given is not None]


def accept_words(accept: Sequence[str] | None, flags: str | None) -> list[str]:
    """Return settings for the shortcuts that are named by hand, and for the file of others."""
    return file_words(("resources.flags", flags)) + (
        [value_word("resources.accept", accept)] if accept else []
    )


def is_corpus(word: str) -> bool:
    """Return whether a word of a command names a corpus: it ends as a data file does, or is a folder.

    A folder that has the name of a shipped pipeline or config is none: with a slash behind it, it is.
    """
    if inner(Path(word)).suffix.lower() in _SUFFIXES:
        return True
    return bool(word.strip()) and word not in {*names("pipelines"), *names("configs")} and Path(word).is_dir()


def _require_section(word: str) -> None:
    """Raise RequestError for a setting of a stage, where no pipeline is named."""
    name = setting(word)[0][0]
    if name not in Job.model_fields and (name == "stages" or name in everything()["stages"]):
        what = f"`{name}` is part of a pipeline, and this command takes none"
        raise RequestError(f"--set {word}", what, "set it with `augment run PIPELINE`, or in a pipeline file")


def _is_config(word: str) -> bool:
    """Return whether a word names a config: a YAML file, or a name with nothing of a path in it."""
    if word.endswith((".yaml", ".yml")):
        return True
    return not is_corpus(word) and not Path(word).is_file() and not set("/\\.") & set(word)


def _corpus(
    files: Sequence[str], columns: Mapping[str, str], data: Path | None
) -> dict[str, dict[str, object]]:
    """Return the section for files that are named from here, or from the folder of data."""
    return {"corpus": {"root": str(data or "."), "files": by_split(files), **columns}}


def by_split(files: Sequence[str]) -> list[str] | dict[str, list[str]]:
    """Return files by their splits, where all of several are called by one, such as train.csv and dev.csv; else the list."""
    splits = [SPLITS.get(Path(name).name.partition(".")[0].lower()) for name in files]
    if len(files) < 2 or None in splits:
        return list(files)
    named: dict[str, list[str]] = {}
    for split, name in zip(splits, files, strict=True):
        named.setdefault(str(split), []).append(name)
    return named


def _usual_model(configs: list[Config], words: CommandLine) -> list[Config]:
    """Return the model that `augment train` makes of a corpus file, where nothing names one."""
    given = words.model or any(word.startswith("model.path=") for word in words.overrides)
    if given or any("model" in document_of(config).values for config in configs):
        return []
    name = next(Path(word).name for word in words.files if not _is_config(word))
    return [{"model": {"path": f"models/{name.partition('.')[0] or name}"}}]


def _config(name: str) -> Path:
    """Return the file of a config; RequestError, with what to write, if the name is that of a corpus."""
    if inner(Path(name)).suffix.lower() in _SUFFIXES:
        what = "this is a corpus; -c takes a config, a YAML file"
        raise RequestError(f"-c {name}", what, f"leave out -c: `augment run augment {name}`")
    return find("configs", name)
