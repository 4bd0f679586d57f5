"""Fixtures for all tests: real corpora and encoders where they lie beside the checkout, small real models everywhere."""

import os
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real corpora and encoders; the test is skipped where it is absent."""
    folder = Path(os.environ.get("AUGMENT_SHARED", CHECKOUT.parent / "shared"))
    if not (folder / "datasets").is_dir():
        pytest.skip(f"needs the real corpora: no {folder}/datasets; set AUGMENT_SHARED to their folder")
    return folder
