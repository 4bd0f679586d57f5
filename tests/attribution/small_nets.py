"""Small classifiers, opened, and batches of rows to try methods on.

part = part_of(opened("bert", folder), ["服务很好", "a good film"])
"""

from pathlib import Path

from augment.attribution.path_integral import Plan
from augment.attribution.piece_method import model_inputs
from augment.attribution.row_parts import RowPart, Shares, scored
from augment.config.sections import ModelConfig, RunConfig
from augment.models.classifier import Classifier, open_classifier
from tests.attribution.test_occlusion import rows_of
from tests.models.nets import NETS, save

CPU = RunConfig(device="cpu", threads=1)


def opened(name: str, folder: Path) -> Classifier:
    """Return a small classifier of an architecture."""
    saved = save(NETS[name], folder / name)
    return open_classifier(ModelConfig(path=str(saved), max_length=64), CPU)


def part_of(classifier: Classifier, texts: list[str], plan: Plan | None = None) -> RowPart:
    """Return texts as one batch."""
    parts: list[RowPart] = []

    def keep(part: RowPart) -> Shares:
        """Keep the batch."""
        parts.append(part)
        return Shares(part.inputs.sum(-1))

    scored(classifier, model_inputs(rows_of(classifier, texts)), plan or Plan(), 1, keep)
    return parts[0]
