"""Pipelines as text that cannot be read: what is reported of them, and where."""

from pathlib import Path

import pytest

from augment.errors import RequestError
from augment.pipeline.definition import read_pipeline


def refused_with_line(path: Path, line: int, what: str, hint: str) -> None:
    """Assert that a pipeline is refused, naming its line, what is wrong and what to do."""
    with pytest.raises(RequestError) as caught:
        read_pipeline(path)
    assert caught.value.where == f"{path}:{line}"
    assert what in caught.value.what
    assert hint in caught.value.hint
