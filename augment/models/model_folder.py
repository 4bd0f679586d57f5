"""A model folder, checked before anything in it is loaded: safe, complete, and identified by its content.

Reading a config file costs milliseconds; importing transformers costs seconds. `augment check` stops here.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from augment.config.in_memory import FunctionModel, InMemoryModel, LoadedModel
from augment.config.job import Job
from augment.config.label_sets import SEPARATOR
from augment.config.sections import ModelConfig, RunConfig
from augment.errors import ModelError
from augment.models.heads import head_of
from augment.models.kind import Kind
from augment.models.labels import LabelMap
from augment.models.weights import READ, read_object, require_plain, require_safetensors

# What the built-in convolutional net calls itself.
TEXTCNN = "augment-textcnn"
# The file by which a folder that was trained here is known: our version, and the SHA-256 of the corpus files.
MADE = "augment.json"
# The folder in it with how its integrated gradients are calibrated.
CALIBRATIONS = "calibrations"


@dataclass(frozen=True)
class ModelFolder:
    """A model by its folder: kind, class names in order (empty if it names none), digest of its content."""

    path: Path
    kind: str
    names: tuple[str, ...]
    # What replaces the content hash of a model in memory.
    identity: str | None = None
    reads_pairs: bool = True
    head: Kind = "single"

    @property
    def classes(self) -> tuple[str, ...]:
        """The class names in order; a model that names none has two, as transformers assumes."""
        return self.names or ("LABEL_0", "LABEL_1")

    def digest(self) -> str:
        """Return the SHA-256 of every file that decides what the model answers."""
        total = hashlib.sha256()
        if self.identity is not None:
            return hashlib.sha256(self.identity.encode()).hexdigest()
        for file in sorted(
            {file for pattern in READ for file in self.path.glob(pattern)} - {self.path / MADE}
        ):
            total.update(file.name.encode() + b"\0")
            with file.open("rb") as stream:
                total.update(hashlib.file_digest(stream, "sha256").digest())
        return total.hexdigest()

    def trained_on(self) -> dict[str, str]:
        """Return the SHA-256 of each corpus file it was trained on, as far as the folder lists them."""
        if self.identity is not None:
            return {}
        file = self.path / MADE
        try:
            corpus = json.loads(file.read_text(encoding="utf-8")).get("corpus") if file.is_file() else None
        except (OSError, ValueError, AttributeError):
            corpus = None
        return {str(name): str(value) for name, value in corpus.items()} if isinstance(corpus, dict) else {}


def model_folder(config: ModelConfig, run: RunConfig) -> ModelFolder:
    """Return what the folder of a model config holds.

    ModelError if it is not there, must not be loaded, or if it is not known what its answers mean.
    """
    if isinstance(config, InMemoryModel):
        return _in_memory(config)
    folder = look(resolve(config.path, config.revision, run.allow_download))
    head = head_of(read_object(folder.path / "config.json"), str(folder.path / "config.json"))
    names = folder.names or (("LABEL_0",) if head == "regression" else ())
    return replace(folder, head=head, names=names)


def _in_memory(config: InMemoryModel) -> ModelFolder:
    """Return what is known of a model in memory."""
    pairs = not isinstance(config, FunctionModel) or config.pairs
    kind = "function" if isinstance(config, FunctionModel) else "loaded"
    head = _head_in_memory(config) if isinstance(config, LoadedModel) else "single"
    return ModelFolder(Path(config.path), kind, config.classes, config.identity, pairs, head)


def _head_in_memory(config: LoadedModel) -> Kind:
    """Return what the answers of a loaded model mean, by its own config."""
    own = getattr(config.model, "config", None)
    keys = ("problem_type", "sentence_transformers", "sbert_ce_default_activation_function")
    known = {key: getattr(own, key, None) for key in keys}
    return head_of({**known, "num_labels": len(config.classes)}, config.path)


def resolve(path: str, revision: str | None, allow_download: bool) -> Path:
    """Return the folder named, or that of a hub id in the local cache or, if allowed, downloaded; else ModelError."""
    if Path(path).is_dir():
        return Path(path)
    what = "no such folder, and no such model in the local cache of the hub"
    hint = "train it with `augment train`, fix the path, or allow downloads (--set run.allow_download=true; explain: --allow-download)"
    if Path(path).is_file():
        raise ModelError(path, "this is a file, not a folder", "name the folder that it is in")
    if path.count("/") > 1 or path.startswith((".", "/", "~")):
        raise ModelError(path, "no such folder", hint)
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError

    wanted = list(READ)
    try:
        return Path(
            snapshot_download(
                path, revision=revision, local_files_only=not allow_download, allow_patterns=wanted
            )
        )
    except (HFValidationError, OSError):
        raise ModelError(path, what, hint) from None


def resource_folder(
    key: Literal["masked_lm", "causal_lm", "encoder"], path: str, run: RunConfig
) -> ModelFolder:
    """Return what the folder or hub id of a resource holds; ModelError, which names the key, if it cannot be used."""
    where, hint = f"resources.{key}: {path}", "name a folder with a model of transformers"
    try:
        folder = look(resolve(path, None, run.allow_download))
    except ModelError as error:
        if not Path(path).exists():
            hint += ", or a hub id and allow downloads (--set run.allow_download=true)"
        raise ModelError(where, error.what, hint) from None
    if folder.kind == TEXTCNN:
        raise ModelError(where, "a `textcnn` sees no word in its text", hint)
    return folder


def require_fit(
    folder: ModelFolder,
    names: Mapping[str, str],
    labels: Iterable[str],
    paired: bool,
    separator: str = SEPARATOR,
) -> None:
    """Raise DataError or ModelError if the model lacks a label of the rows, or reads one text and they have two.

    names: those the corpus gives to numbers; separator: what it has between the labels of a row.
    """
    LabelMap(folder.classes, names, folder.head, separator).require(labels)
    if paired:
        require_pairs(folder)


def idle_classes(config: ModelConfig, job: Job, labels: Iterable[str]) -> list[str]:
    """Return a notice if no row has some classes of a model; none where the user has chosen labels.

    labels: those of the rows, as the corpus names them.
    """
    if job.corpus is not None and job.corpus.labels is not None:
        return []
    folder = model_folder(config, job.run)
    return LabelMap(folder.classes, job.label_names, folder.head, job.label_separator).idle(labels)


def require_pairs(folder: ModelFolder) -> None:
    """Raise ModelError if the model reads one text only, and is to read two."""
    if not folder.reads_pairs:
        what = "the function takes one text, and here are two"
        raise ModelError(str(folder.path), what, "write it for tuples of two texts, and set `pairs=True`")
    if folder.kind == TEXTCNN:
        raise ModelError(
            str(folder.path),
            "a `textcnn` reads one text, and here are two",
            "use a model of pairs: `augment train --set train.start=bert-small` makes one",
        )


def look(path: Path) -> ModelFolder:
    """Return what a model folder holds.

    ModelError if it has no readable config, asks for code of its own, or if any of its weights are not safetensors.
    """
    config = _config(path)
    require_plain(path)
    for name in ("config.json", "tokenizer_config.json"):
        settings = read_object(path / name) if (path / name).exists() else {}
        if "auto_map" in settings:
            raise ModelError(
                str(path / name),
                "the model wants to run code of its own (`auto_map`)",
                "use a model that transformers knows; remote code is never run here",
            )
    require_safetensors(path, config)
    if not any((path / name).exists() for name in ("tokenizer.json", "tokenizer_config.json")):
        raise ModelError(str(path), "the folder holds no tokenizer", "save the model's tokenizer in it")
    return ModelFolder(path, str(config.get("model_type", "")), _class_names(path, config.get("id2label")))


def _class_names(path: Path, names: object) -> tuple[str, ...]:
    """Return the class names of a config in order, empty if it gives none; ModelError if they are no mapping of numbers to names."""
    where, hint = str(path / "config.json"), "save the model again with transformers"
    if names is None:
        return ()
    if not isinstance(names, dict) or any(isinstance(name, dict | list) for name in names.values()):
        raise ModelError(where, "`id2label` is not a mapping of numbers to names", hint)
    try:
        return tuple(str(name) for _, name in sorted(names.items(), key=lambda pair: int(pair[0])))
    except ValueError:
        raise ModelError(where, "`id2label` has a key that is no number", hint) from None


def _config(path: Path) -> dict[str, object]:
    """Return config.json; ModelError if there is none."""
    if not (path / "config.json").exists():
        raise ModelError(
            str(path),
            "there is no model here: no config.json",
            "run `augment train` first, or name a model folder",
        )
    return read_object(path / "config.json")


@contextmanager
def quiet() -> Iterator[None]:
    """Let transformers load something without progress bars, and without warnings within the block."""
    from transformers.utils import logging

    logging.disable_progress_bar()
    verbosity = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
