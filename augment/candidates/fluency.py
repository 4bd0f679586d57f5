"""How fluent a sentence is with another word in it, by an n-gram model of the user's own; without one there is no test.

Only the words near enough to the index to be scored together with it are used: the others score alike before and
after. The model (ARPA, or KenLM's own format; Heafield 2011) is one of words with spaces between them, for Chinese of
the words that jieba finds.

    fluency = open_fluency(job, most=2.0)
    fluency.passing(["这家", "酒店", "很", "好"], 1, ("旅馆", "客舍"))      # ("旅馆",)
"""

from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from augment.config.job import Job
from augment.errors import RequestError

_PACKAGE = "kenlm"
_HINT = "name an ARPA file, or one that KenLM's build_binary made"


class NGrams(Protocol):
    """A model of n-grams, as KenLM opens it: `order` is n, `score` the log10 probability of words."""

    order: int

    def score(self, words: str, bos: bool, eos: bool) -> float:
        """Return log10 of the probability; bos, eos: whether the words begin, and end, a text."""
        ...


class Fluency:
    """The test: a word may lower by at most this much the log10 probability of the words around it."""

    def __init__(self, model: NGrams, most: float) -> None:
        """Keep the model."""
        self._model, self._most = model, most

    def passing(self, tokens: Sequence[str], index: int, words: Sequence[str]) -> tuple[str, ...]:
        """Return the words that fit at an index of a text, in their order."""
        if not words:
            return ()
        reach = self._model.order - 1
        before, after = tokens[max(index - reach, 0) : index], tokens[index + 1 : index + 1 + reach]
        first, last = len(before) == index, index + 1 + len(after) == len(tokens)

        def score(word: str) -> float:
            """Return log10 of the probability with a word in the place."""
            return self._model.score(" ".join([*before, word, *after]), bos=first, eos=last)

        least = score(tokens[index]) - self._most
        return tuple(word for word in words if score(word) >= least)


def open_fluency(job: Job, most: float) -> Fluency | None:
    """Return the test by the job's model; None where it names none, or the package for it is not installed.

    RequestError if the file is not there or is no such model.
    """
    if job.resources.ngrams is None or not _is_installed():
        return None
    return Fluency(_open(job.root / job.resources.ngrams), most)


def require_ngrams(job: Job) -> None:
    """Raise RequestError if the job names a model that is not there."""
    if job.resources.ngrams is not None and not (job.root / job.resources.ngrams).is_file():
        raise RequestError("resources.ngrams", f"there is no file {job.root / job.resources.ngrams}", _HINT)


def fluency_notices(job: Job) -> tuple[str, ...]:
    """Return that a model is named which no installed package can read, with how to install one."""
    if job.resources.ngrams is None or _is_installed():
        return ()
    return (f"{_PACKAGE} is not installed, so resources.ngrams is not used: pip install {_PACKAGE}",)


def fluency_versions(job: Job) -> dict[str, str]:
    """Return whether a model that is named is used: without the package for it other words pass."""
    if job.resources.ngrams is None:
        return {}
    return {_PACKAGE: version(_PACKAGE) if _is_installed() else "none"}


def _is_installed() -> bool:
    """Return whether the package is there."""
    return find_spec(_PACKAGE) is not None


@cache
def _open(path: Path) -> NGrams:
    """Read a model, once in a process."""
    import kenlm

    try:
        model: NGrams = kenlm.Model(str(path))
    except (OSError, RuntimeError) as error:
        reason = str(error).strip().splitlines()[0]
        raise RequestError("resources.ngrams", f"{path} cannot be read: {reason}", _HINT) from None
    return model
