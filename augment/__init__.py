"""Explain a text classifier with integrated gradients, and make training samples from what it shows.

    import augment
    print(augment.explain("这家酒店的服务很好", "models/hotel").top(3))

The names below are loaded on first use: importing the package costs nothing, so the command line starts at once.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from augment.epochs import OnlineDataset, Variant, online
    from augment.explaining import Attribution, explain
    from augment.job import Job
    from augment.running import run
    from augment.summary import Summary
    from augment.verifying import Verification, verify

__version__ = "0.1.0"
__all__ = [
    "Attribution",
    "Job",
    "OnlineDataset",
    "Summary",
    "Variant",
    "Verification",
    "explain",
    "online",
    "run",
    "verify",
]

_HOME = {
    "Attribution": "augment.explaining",
    "Job": "augment.job",
    "OnlineDataset": "augment.epochs",
    "Summary": "augment.summary",
    "Variant": "augment.epochs",
    "Verification": "augment.verifying",
    "explain": "augment.explaining",
    "online": "augment.epochs",
    "run": "augment.running",
    "verify": "augment.verifying",
}


def __getattr__(name: str) -> object:
    """Return a public name, importing the module that defines it; AttributeError for any other name."""
    if name not in _HOME:
        raise AttributeError(f"module 'augment' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
