"""Save a trained model as one folder: the old model or the new one, never weights of one with the vocabulary of the other.

The new folder is written next to the old one. The old one is renamed away, the new one takes its name; what a kill in
between leaves is finished by the next training (`finish_swap`). Files there that no training wrote go along.
"""

import errno
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from safetensors import SafetensorError

from augment.errors import DiskFullError, RequestError
from augment.models.folds import folds_in
from augment.models.model_folder import CALIBRATIONS, MADE
from augment.tables.files import sync_folder
from augment.tables.locking import staged_of
from augment.training.out_of_fold import ANSWERS
from augment.version import __version__

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

# Names of the two folders in the one next to the model.
NEW, _OLD = "model", "old"
# What a training writes, where its folder has no list of it.
_USUAL = re.compile(
    r"(config|generation_config|tokenizer|tokenizer_config|special_tokens_map|added_tokens|vocab)\.json"
    r"|model(-\d+-of-\d+)?\.safetensors|model\.safetensors\.index\.json|vocab\.txt|merges\.txt|spiece\.model"
)


def save(
    folder: Path, model: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase", corpus: Mapping[str, str]
) -> None:
    """Write model and tokenizer into a new folder; DiskFullError if there is no room."""
    from transformers.utils import logging

    logging.disable_progress_bar()
    # How the last texts were cut is no part of a tokenizer, and it would be saved.
    tokenizer.backend_tokenizer.no_truncation()
    tokenizer.backend_tokenizer.no_padding()
    with _room(folder):
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        files = sorted(path.name for path in folder.iterdir() if path.is_file())
        made = {"augment": __version__, "corpus": corpus, "files": files}
        (folder / MADE).write_text(json.dumps(made) + "\n", encoding="utf-8")


def swap(staged: Path, folder: Path) -> None:
    """Let the new model in `staged` replace what is in the folder, whose other files go along."""
    with _room(folder):
        if folder.is_dir():
            for path in _others(folder):
                if not os.path.lexists(staged / NEW / path.name):
                    _copied(path, staged / NEW / path.name)
        _sync(staged / NEW)
        try:
            if folder.is_dir():
                folder.rename(staged / _OLD)
            (staged / NEW).rename(folder)
        except BaseException as error:
            # The staged folder is removed next, the old model with it.
            if not os.path.lexists(folder) and (staged / _OLD).is_dir():
                (staged / _OLD).rename(folder)
            if getattr(error, "errno", None) not in (errno.EBUSY, errno.EXDEV):
                raise
            raise RequestError(
                str(folder),
                "the folder cannot be replaced: it is where a disk is mounted",
                "name a folder in it",
            ) from None
        sync_folder(folder.parent)


def finish_swap(folder: Path) -> None:
    """Put the new model in its place where a training was killed after it had moved the old one away."""
    for staged in staged_of(folder):
        if not folder.exists() and (staged / _OLD).is_dir() and (staged / NEW).is_dir():
            (staged / NEW).rename(folder)


def _others(folder: Path) -> Iterator[Path]:
    """Yield what is in the folder of a model and was not written by a training."""
    try:
        files = json.loads((folder / MADE).read_text(encoding="utf-8")).get("files")
    except (OSError, ValueError, AttributeError):
        files = None
    folds = {path.name for path in folds_in(folder)}
    for path in sorted(folder.iterdir()):
        ours = path.name in files if isinstance(files, list) else _USUAL.fullmatch(path.name) is not None
        if not ours and path.name not in (MADE, ANSWERS, CALIBRATIONS) and path.name not in folds:
            yield path


def _copied(path: Path, to: Path) -> None:
    """Copy a file, a link or a folder."""
    if path.is_dir() and not path.is_symlink():
        shutil.copytree(path, to, symlinks=True)
    else:
        shutil.copy2(path, to, follow_symlinks=False)


def _sync(folder: Path) -> None:
    """Make the files of a folder durable."""
    for home, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError), Path(home, name).open("rb") as stream:
                os.fsync(stream.fileno())
        sync_folder(Path(home))


@contextmanager
def _room(folder: Path) -> Iterator[None]:
    """Raise DiskFullError where what is written in the block has no room."""
    try:
        yield
    except (OSError, SafetensorError) as error:
        full = getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT) or "No space left" in str(error)
        if not full:
            raise
        raise DiskFullError(
            str(folder.parent),
            "no space is left on the disk",
            "free some and train again; the model that was there is untouched",
        ) from None
