"""A classifier seen as a function of something else than its input embeddings; each view is a `Network`.

Secant(classifier)                           # its gradient at x is the path integral: the closed form of a TextCNN
Cut(classifier, "bert.encoder.layer.3")      # layer integrated gradients: the path runs through a module's output
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from augment.errors import RequestError, nearest
from augment.ig.baseline import FillerName
from augment.ig.gradients import Batch
from augment.models.classifier import Classifier
from augment.models.textcnn import TextCNN


@dataclass(frozen=True)
class Secant:
    """A TextCNN whose slopes are replaced by their means over the path from the zero embedding."""

    classifier: Classifier

    def embed(self, batch: Batch) -> Tensor:
        """Return the output of the input-embedding module, [B, T, D] float32."""
        return self.classifier.embed(batch)

    def baseline(self, name: FillerName, batch: Batch, embeddings: Tensor) -> Tensor:
        """Return what the paths of a batch start from, [B, T, D]."""
        return self.classifier.baseline(name, batch, embeddings)

    def logits(self, batch: Batch, embeddings: Tensor | None = None) -> Tensor:
        """Return the secant logits [B, C] float32 at the embeddings [B, T, D]."""
        net = self.classifier.model
        if not isinstance(net, TextCNN):
            raise TypeError("only a TextCNN has a closed form")
        return self.classifier.run(lambda: net.secant_logits(**batch), embeddings)


@dataclass(frozen=True)
class Cut:
    """The part of a classifier behind a module: what TruLens calls a cut, and Captum layer integrated gradients.

    The path is the straight line between the module's output for the baseline and its output for the text, so F(x) and
    F(x') are those of the input embeddings. The output must be [B, T, D], or a tuple that begins with it.
    """

    classifier: Classifier
    name: str

    def embed(self, batch: Batch) -> Tensor:
        """Return the output of the module for a batch, [B, T, D] float32."""
        return self._seen(batch, None)

    def baseline(self, name: FillerName, batch: Batch, embeddings: Tensor) -> Tensor:
        """Return the output of the module for the baseline of a batch, [B, T, D]."""
        return self.carried(batch, self.classifier.baseline(name, batch, self.classifier.embed(batch)))

    def carried(self, batch: Batch, embeddings: Tensor) -> Tensor:
        """Return the output of the module when a batch has these input embeddings, [B, T, D]."""
        return self._seen(batch, embeddings)

    def logits(self, batch: Batch, embeddings: Tensor | None = None) -> Tensor:
        """Return logits [B, C] float32, with `embeddings` [B, T, D] in place of the module's output if given."""
        if embeddings is None:
            return self.classifier.logits(batch)

        def replace(_: nn.Module, __: object, output: object) -> object:
            """Put the embeddings where the output stood."""
            return (embeddings, *output[1:]) if isinstance(output, tuple) else embeddings

        return self._hooked(replace, lambda: self.classifier.logits(batch))

    def _seen(self, batch: Batch, embeddings: Tensor | None) -> Tensor:
        """Return the module's output when the model is fed a batch, or these embeddings."""
        if self._module() is self.classifier.model.get_input_embeddings():
            return self.classifier.embed(batch) if embeddings is None else embeddings
        seen: list[Tensor] = []

        def look(_: nn.Module, __: object, output: object) -> None:
            """Keep the output."""
            first = output[0] if isinstance(output, tuple) else output
            if isinstance(first, Tensor):
                seen.append(first)

        with torch.no_grad():
            self._hooked(look, lambda: self.classifier.logits(batch, embeddings))
        if not seen or seen[0].shape[:2] != batch["input_ids"].shape or seen[0].dim() != 3:
            what = "its output is not one vector a piece" if seen else "the model does not call it"
            raise RequestError(
                f"cut: {self.name}", what, "name a layer, such as the module that norms the embeddings"
            )
        return seen[0].float()

    def _hooked(self, hook: Callable[..., object], forward: Callable[[], Tensor]) -> Tensor:
        """Return what a forward pass gives while a hook sits on the module."""
        handle = self._module().register_forward_hook(hook)
        try:
            with self.classifier.every_piece():
                return forward()
        finally:
            handle.remove()

    def _module(self) -> nn.Module:
        """Return the module; RequestError if the model has none of that name."""
        modules = dict(self.classifier.model.named_modules())
        if self.name not in modules or not self.name:
            hint = nearest(self.name, sorted(filter(None, modules)))
            raise RequestError(f"cut: {self.name}", "the model has no module of that name", hint)
        module: nn.Module = modules[self.name]
        return module
