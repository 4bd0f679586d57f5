"""Push the data of a run to the hub of datasets: the only thing here that uses the network, and only where that is allowed."""

import os
from pathlib import Path

from augment.errors import RequestError
from augment.verification import verify


def push(folder: str | Path, repository: str, allow_upload: bool = False, private: bool = True) -> str:
    """Upload data/ of a finished run as a dataset with its splits, and return the id of the dataset.

    RequestError unless uploads are allowed; DataError if the folder is not whole.
    """
    if not allow_upload:
        raise RequestError(
            f"--to hub {repository}",
            "this uploads your data to the network, which is not allowed",
            "allow it with --allow-upload; the dataset is private unless --public is given",
        )
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "TRUE", "YES", "ON"):
        raise RequestError("HF_HUB_OFFLINE", "the hub is switched off", "unset HF_HUB_OFFLINE and call again")
    verify(folder).require()
    from datasets import load_dataset

    load_dataset(str(folder)).push_to_hub(repository, private=private)
    return repository
