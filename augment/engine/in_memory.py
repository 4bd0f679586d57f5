"""Where a model in memory can be used: other processes and a later run must be able to recognise it."""

import pickle
from pathlib import Path

from augment.config.in_memory import InMemoryModel
from augment.config.job import Job
from augment.errors import RequestError
from augment.tables.run_folder import PLAN


def require_shareable(job: Job, folder: Path, overwrite: bool) -> None:
    """Raise RequestError if an unnamed model would go to other processes or to a later run, or a named one cannot."""
    executor = job.run.executor
    for section, config in (("model", job.model), ("judge", job.judge)):
        if not isinstance(config, InMemoryModel):
            continue
        if config.name is None and executor != "inline":
            raise RequestError(
                f"run.executor: {executor}",
                f"the {section} is in the memory of this process and has no name, so no other process can know it",
                "use `executor: inline`, or give the model a `name`",
            )
        if config.name is None and (folder / PLAN).exists() and not overwrite:
            raise RequestError(
                str(folder),
                f"holds a run, and the {section} in memory has no name: it may not be the model of that run",
                "give the model a `name` from the first run on, use another folder, or overwrite",
            )
        if executor == "processes":
            _require_sendable(config)


def _require_sendable(config: InMemoryModel) -> None:
    """Raise RequestError if a model cannot be sent to another process."""
    try:
        pickle.dumps(config)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise RequestError(
            config.path,
            f"it cannot be sent to another process: {str(error).splitlines()[0]}",
            "define the function at the top of a module, or use `executor: inline`",
        ) from None
