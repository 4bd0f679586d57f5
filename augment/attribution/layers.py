"""A classifier as a function of something other than its input embeddings; each view is a `Network`.

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

# An answer is that of an end of the path if it differs by less than this share of the way, and of its size, which is rounding.
_NEAR, _BITS = 0.01, 1e-4


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

    def require(self, name: FillerName, batch: Batch) -> None:
        """Raise RequestError if no path can run through the module, or its ends, tried on a batch, are not text and baseline.

        The latter is so where a residual goes round the module, where a second output of it matters, and where it is called twice.
        """
        self.module()
        with self.classifier.in_float32():
            problem = self._problem(name, batch)
            if problem is None:
                return
            homes = [self.name.rsplit(".", count)[0] for count in range(1, self.name.count(".") + 1)]
            fitting = (home for home in homes if Cut(self.classifier, home)._problem(name, batch) is None)
            home = next(fitting, None)
        hint = "leave `cut` out for the input embeddings" if home is None else f"use `{home}`, which fits"
        raise RequestError(f"cut: {self.name}", problem, hint)

    def _problem(self, name: FillerName, batch: Batch) -> str | None:
        """Return why no path can run through the module, None if one can."""
        whole = self.classifier
        try:
            inputs = self.embed(batch)
        except RequestError as error:
            return error.what
        with torch.no_grad():
            floor = whole.logits(batch, whole.baseline(name, batch, whole.embed(batch)))
            text, start = whole.logits(batch), self.baseline(name, batch, inputs)
            ends = self.logits(batch, inputs), self.logits(batch, start)
        here = inputs.clone().requires_grad_(True)
        with torch.enable_grad():
            value = self.logits(batch, here).sum()
        if not value.requires_grad or torch.autograd.grad(value, here, allow_unused=True)[0] is None:
            return "the model's answer does not depend on its output"
        slack = _NEAR * (text - floor).abs().max() + _BITS * text.abs().max()
        if (ends[0] - text).abs().max() > slack:
            return "the model calls it more than once, and each time its output is another"
        if (ends[1] - floor).abs().max() > slack:
            return "more than its output reaches the answer: a path through it alone does not begin at the baseline"
        return None

    def logits(self, batch: Batch, embeddings: Tensor | None = None) -> Tensor:
        """Return logits [B, C] float32, with `embeddings` [B, T, D] in place of the module's output if given."""
        if embeddings is None:
            return self.classifier.logits(batch)

        def replace(_: nn.Module, __: object, output: object) -> object:
            """Put the embeddings where the output stood."""
            return (embeddings, *output[1:]) if isinstance(output, tuple) else embeddings

        return self._hooked(replace, lambda: self.classifier.logits(batch))

    @property
    def is_input(self) -> bool:
        """Whether the module is that of the input embeddings."""
        return self.module() is self.classifier.model.get_input_embeddings()

    def _seen(self, batch: Batch, embeddings: Tensor | None) -> Tensor:
        """Return the module's output when the model is fed a batch, or these embeddings."""
        if self.is_input:
            return self.classifier.embed(batch) if embeddings is None else embeddings
        seen: list[object] = []

        def look(_: nn.Module, __: object, output: object) -> None:
            """Keep the output."""
            seen.append(output[0] if isinstance(output, tuple) and output else output)

        with torch.no_grad():
            self._hooked(look, lambda: self.classifier.logits(batch, embeddings))
        first = seen[0] if seen else None
        if not isinstance(first, Tensor) or first.dim() != 3 or first.shape[:2] != batch["input_ids"].shape:
            what = "its output is not one vector a piece" if seen else "the model does not call it"
            raise RequestError(
                f"cut: {self.name}", what, "name a layer, such as the module that norms the embeddings"
            )
        return first.float()

    def _hooked(self, hook: Callable[..., object], forward: Callable[[], Tensor]) -> Tensor:
        """Return what a forward pass gives while a hook sits on the module."""
        handle = self.module().register_forward_hook(hook)
        try:
            with self.classifier.every_piece():
                return forward()
        finally:
            handle.remove()

    def module(self) -> nn.Module:
        """Return the module; RequestError if the model has none of that name."""
        modules = dict(self.classifier.model.named_modules())
        if self.name not in modules or not self.name:
            hint = nearest(self.name, sorted(filter(None, modules)))
            raise RequestError(f"cut: {self.name}", "the model has no module of that name", hint)
        module: nn.Module = modules[self.name]
        return module
