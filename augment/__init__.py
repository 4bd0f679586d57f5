"""Explain a text classifier with integrated gradients, and make training samples from what it shows.

    import augment
    print(augment.explain("这家酒店的服务很好", "models/hotel").top(3))

The names below are loaded on first use: importing the package costs nothing, so the command line starts at once.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from augment.version import __version__ as __version__

if TYPE_CHECKING:
    from augment.api.attribution import Attribution
    from augment.api.attributions import Attributions
    from augment.api.augmenter import Augmenter
    from augment.api.explain import explain
    from augment.api.online import OnlineDataset, Variant, online
    from augment.api.run import run
    from augment.api.sample import Sample
    from augment.config.in_memory import FunctionModel, LoadedModel
    from augment.config.job import Job, read_job
    from augment.errors import AugmentError
    from augment.hardening.hardening import harden
    from augment.hardening.result import Hardening
    from augment.output.manifest import Summary
    from augment.pipeline.definition import Pipeline
    from augment.review.apply_decisions import apply_decisions
    from augment.review.exporting import export_samples
    from augment.review.review_result import ReviewResult
    from augment.verification.verifying import Verification, verify

__all__ = [
    "Attribution",
    "Attributions",
    "AugmentError",
    "Augmenter",
    "FunctionModel",
    "Hardening",
    "Job",
    "LoadedModel",
    "OnlineDataset",
    "Pipeline",
    "ReviewResult",
    "Sample",
    "Summary",
    "Variant",
    "Verification",
    "apply_decisions",
    "explain",
    "export_samples",
    "harden",
    "online",
    "read_job",
    "run",
    "verify",
]

_HOME = {
    "Attribution": "augment.api.attribution",
    "Attributions": "augment.api.attributions",
    "AugmentError": "augment.errors",
    "Augmenter": "augment.api.augmenter",
    "FunctionModel": "augment.config.in_memory",
    "Hardening": "augment.hardening.result",
    "Job": "augment.config.job",
    "LoadedModel": "augment.config.in_memory",
    "OnlineDataset": "augment.api.online",
    "Pipeline": "augment.pipeline.definition",
    "ReviewResult": "augment.review.review_result",
    "Sample": "augment.api.sample",
    "Summary": "augment.output.manifest",
    "Variant": "augment.api.online",
    "Verification": "augment.verification.verifying",
    "apply_decisions": "augment.review.apply_decisions",
    "explain": "augment.api.explain",
    "export_samples": "augment.review.exporting",
    "harden": "augment.hardening.hardening",
    "online": "augment.api.online",
    "read_job": "augment.config.job",
    "run": "augment.api.run",
    "verify": "augment.verification.verifying",
}


def __getattr__(name: str) -> object:
    """Return a public name, importing the module that defines it; AttributeError for any other name."""
    if name not in _HOME:
        raise AttributeError(f"module 'augment' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    """Return the public names alone."""
    return [*__all__, "__version__"]
