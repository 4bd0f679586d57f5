"""Pipelines that tests run, and pipelines as text that cannot be read: what is reported of them, and where."""

from pathlib import Path

import pytest

from augment.errors import RequestError
from augment.pipeline.definition import Pipeline, read_pipeline


def refused_with_line(path: Path, line: int, what: str, hint: str) -> None:
    """Assert that a pipeline is refused, naming its line, what is wrong and what to do."""
    with pytest.raises(RequestError) as caught:
        read_pipeline(path)
    assert caught.value.where == f"{path}:{line}"
    assert what in caught.value.what
    assert hint in caught.value.hint


# Key words replaced by any near word, or left out by themselves: many samples of any corpus, some of which change the prediction.
DENSE_PROBE = Pipeline.model_validate(
    {
        "name": "dense-probe",
        "about": "",
        "splits": ("test",),
        "stages": [
            {"kind": "tokenize"},
            {"kind": "attribute", "target": "predicted"},
            {"kind": "rank", "fraction": 0.25},
            {
                "kind": "substitute",
                "on": "key",
                "samples": 2,
                "sources": ["lexicon", "masked_lm", "neighbours"],
            },
            {"kind": "delete", "on": "key", "samples": 2},
            {"kind": "judge"},
            {
                "kind": "keep",
                "rules": [
                    {
                        "verdict": verdict,
                        "methods": [f"{method}_key"],
                        "source": "right",
                        "prediction": "changed",
                    }
                    for verdict, method in (("adversarial", "substitute"), ("contrast", "delete"))
                ],
            },
        ],
    }
)
