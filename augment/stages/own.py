"""The source code of a user's own stage, and whether other processes can import it.

sources_of(pipeline.stages)      # {"mine.Shuffle": "9f86d0..."}: part of the fingerprint of a run
require_importable(pipeline.stages)
"""

import inspect
import sys
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from augment.errors import RequestError, WrongTypeError
from augment.stages.protocol import Stage

_OURS = "augment."


def sources_of(stages: Iterable[Stage]) -> dict[str, str]:
    """Return the SHA-256 of the source of every class of stage that is not ours, by its qualified name.

    The source is the whole file, as a stage may use all that is in it; of a class without a file what Python remembers.
    """
    classes = {each for stage in stages for each in type(stage).__mro__ if issubclass(each, Stage)}
    own = sorted((each for each in classes if not each.__module__.startswith(_OURS)), key=_named)
    return {_named(each): sha256(_source(each)).hexdigest() for each in own}


def require_importable(stages: Iterable[Stage]) -> None:
    """Raise RequestError for a stage whose class another process cannot import, as it is in no module."""
    for stage in stages:
        kind = type(stage)
        module = sys.modules.get(kind.__module__)
        value: object = module
        for name in kind.__qualname__.split("."):
            value = getattr(value, name, None)
        interactive = kind.__module__ == "__main__" and not hasattr(module, "__file__")
        if value is not kind or interactive:
            raise RequestError(
                f"stage `{stage.kind}`",
                f"its class {_named(kind)} cannot be imported by worker processes",
                "define it at the top of a module (a .py file), or use run.executor: inline",
            )


def stages_of(given: object) -> tuple[Stage, ...]:
    """Return the stages of a list; WrongTypeError for anything else."""
    if isinstance(given, str | Stage) or not isinstance(given, Iterable):
        hint = "give a list: Pipeline([Tokenize(), …])"
        raise WrongTypeError("stages", f"{type(given).__name__} is no list of stages", hint)
    stages = tuple(given)
    for number, stage in enumerate(stages):
        if not isinstance(stage, Stage):
            hint = "give instances of augment.stages, such as Tokenize() or Rank(k=3)"
            raise WrongTypeError(f"stages[{number}]", f"{_class_of(stage)} is no stage", hint)
    return stages


def _class_of(value: object) -> str:
    """Return the name of a value's class, or of the class that it is."""
    return f"the class {value.__name__}" if isinstance(value, type) else type(value).__name__


def _named(kind: type) -> str:
    """Return the qualified name of a class; a script has the same, whether it is run or imported."""
    return f"{kind.__module__}.{kind.__qualname__}"


def _source(kind: type) -> bytes:
    """Return the source of a class, empty if Python has none."""
    try:
        return Path(inspect.getfile(kind)).read_bytes()
    except (OSError, TypeError):
        pass
    try:
        return inspect.getsource(kind).encode()
    except (OSError, TypeError):
        return b""
