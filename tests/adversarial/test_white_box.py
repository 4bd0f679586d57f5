"""What the attack sees of a text that the model reads in several windows."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

from augment.adversarial.attempts import Attempt, WordChoice
from augment.adversarial.goals import ClassGoal
from augment.adversarial.white_box import WhiteBox
from augment.config.sections import ModelConfig, RunConfig
from augment.models.classifier import open_classifier
from augment.models.windows import Pooling
from augment.text.edits import Edit
from augment.text.segment import segment
from tests.models.nets import NETS, save


@dataclass(frozen=True)
class Given:
    """A text to attack."""

    id: str
    text: str
    text_pair: str | None = None

    @property
    def spans(self) -> tuple[tuple[int, int], ...]:
        """Where its tokens are."""
        return tuple(segment(self.text, "auto", "word"))

    @property
    def side(self) -> tuple[int, ...]:
        """All tokens are in the text."""
        return (0,) * len(self.spans)

    def members(self, token: int) -> tuple[int, ...]:
        """Return the token: there are no groups."""
        return (token,)

    def spread(self, choice: WordChoice) -> WordChoice:
        """Return the choice."""
        return choice

    def edits(self, choice: WordChoice) -> tuple[Edit, ...]:
        """Return no edits."""
        assert not choice
        return ()

    def texts(self, choice: WordChoice) -> tuple[str, str | None]:
        """Return the text; nothing is edited here."""
        assert not choice
        return self.text, None


@pytest.mark.parametrize("windows", ["mean", "max"])
def test_the_slope_of_a_long_text_is_that_of_its_pooled_logits(tmp_path: Path, windows: Pooling) -> None:
    """By another way: the logits of all windows in one graph, over the embeddings of the whole text."""
    config = ModelConfig(path=str(save(NETS["bert"], tmp_path / "bert")), max_length=16, windows=windows)
    classifier = open_classifier(config, RunConfig(device="cpu", threads=1))
    rows = [Given("long", "房间很干净，但是服务太差了。" * 4), Given("short", "服务很好")]
    box = WhiteBox(classifier)
    box.open(rows)
    own = np.eye(len(classifier.classes))[1]
    slopes = box.slopes([Attempt(row, own=own) for row in rows], ClassGoal())
    for row, slope in zip(rows, slopes, strict=True):
        pieces = classifier.encode([row.text], [None])[0].pieces
        parts = classifier.windows.of([pieces])
        slots = np.arange(len(pieces))[None] if parts is None else np.stack(parts.slots)
        batch = classifier.batch(
            [[pieces[slot] for slot in each] for each in slots], [[0] * len(each) for each in slots]
        )
        whole = classifier.embed(classifier.batch([pieces], [[0] * len(pieces)]))[0].requires_grad_(True)
        logits = classifier.logits(batch, whole[torch.from_numpy(slots)])
        pooled = logits.amax(0) if windows == "max" else logits.mean(0)
        assert slope.logits.tolist() == pytest.approx(pooled.tolist(), abs=1e-5)
        lead = pooled[1] - torch.cat([pooled[:1], pooled[2:]]).max()
        (gradient,) = torch.autograd.grad(lead, whole)
        assert slope.gradient == pytest.approx(gradient.numpy(), abs=1e-5)
