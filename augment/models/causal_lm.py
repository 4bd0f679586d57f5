"""A causal language model that gives the perplexity of texts: how surprised it is by a piece, on average.

perplexity = open_perplexity("models/gpt2", RunConfig())
perplexity(["The food was good.", "The food was goodly."])     # array([23.1, 187.4])
"""

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
import torch
from torch.nn.utils.rnn import pad_sequence
from transformers import AutoModelForCausalLM, PreTrainedModel, PreTrainedTokenizerBase

from augment.config.sections import RunConfig
from augment.models.bounded import encode
from augment.models.classifier import load, positions, require_known
from augment.models.device import USUAL_BUDGET, device_of
from augment.models.model_folder import ModelFolder, resource_folder
from augment.models.packing import pack
from augment.text.align import Span

_LONGEST = 512
# Pieces read at a time: each has a number for every piece of the vocabulary, of which there are up to 250,000.
_PIECES = 1024
# Texts whose perplexity is kept: source rows are measured once for each of their samples.
_KEPT = 50_000
# The perplexity of each text, [N] float64; NaN for one of less than two pieces.
Perplexity = Callable[[Sequence[str]], np.ndarray]


class CausalModel:
    """A causal language model in evaluation mode, float32, on the device of the run."""

    def __init__(self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, run: RunConfig) -> None:
        """Move the model to the device."""
        self._device = device_of(run.device)
        self._model = model.to(self._device).eval().requires_grad_(False)
        self._tokenizer = tokenizer
        self._longest = min(_LONGEST, positions(model))
        budget = USUAL_BUDGET if run.token_budget == "auto" else run.token_budget
        self._budget = min(budget, _PIECES)
        self._known: dict[str, float] = {}

    def perplexity(self, texts: Sequence[str]) -> np.ndarray:
        """Return exp of the mean negative log-likelihood of a piece given those before it, [N] float64; NaN for less than two pieces.

        A text is read from the piece that begins one, where the tokenizer has such a piece, and cut at 512 pieces.
        """
        new = list(dict.fromkeys(text for text in texts if text not in self._known))
        if len(self._known) + len(new) > _KEPT:
            self._known.clear()
            new = list(dict.fromkeys(texts))
        self._known |= zip(new, self._measured(new), strict=True)
        return np.array([self._known[text] for text in texts], np.float64)

    def likely(self, texts: Sequence[str], spans: Sequence[Span]) -> list[float]:
        """Return for each text the mean log-probability of the pieces of a span of it, given those before them; NaN for no piece.

        To four digits. No text may be longer than a few sentences: what is beyond 512 pieces is not seen.
        """
        rows, own = [], []
        for text, (start, end) in zip(texts, spans, strict=True):
            encoded = encode(
                self._tokenizer,
                [text],
                None,
                self._longest - 1,
                add_special_tokens=False,
                return_offsets_mapping=True,
            )
            offsets = encoded["offset_mapping"][0]
            within = [at for at, (first, last) in enumerate(offsets) if first < end and last > start]
            first = self._first()
            rows.append([*first, *encoded["input_ids"][0]])
            # The first piece of all has no likelihood, and each other one that of the loss before it.
            own.append([at + len(first) - 1 for at in within if at + len(first)])
        losses = self._losses(rows)
        return [
            round(-float(np.mean(loss[indices])), 4) if indices else float("nan")
            for loss, indices in zip(losses, own, strict=True)
        ]

    def _measured(self, texts: Sequence[str]) -> list[float]:
        """Return the perplexity of texts that are not known."""
        losses = self._losses([self._pieces(text) for text in texts])
        return [
            round(float(np.exp(min(float(loss.mean()), 50.0))), 4) if len(loss) else float("nan")
            for loss in losses
        ]

    def _losses(self, pieces: Sequence[Sequence[int]]) -> list[np.ndarray]:
        """Return the negative log-likelihood of each piece of some texts but the first, given those before it."""
        losses = [np.zeros(0)] * len(pieces)
        able = [number for number, row in enumerate(pieces) if len(row) > 1]
        for batch in pack([len(pieces[number]) for number in able], self._budget):
            rows = [able[item] for item in batch]
            ids = pad_sequence([torch.tensor(pieces[row]) for row in rows], batch_first=True)
            require_known(int(ids.max()), self._model)
            mask = pad_sequence([torch.ones(len(pieces[row])) for row in rows], batch_first=True)
            ids, mask = ids.to(self._device), mask.to(self._device)
            with torch.no_grad():
                logits = self._model(ids, attention_mask=mask.long()).logits[:, :-1].float()
            loss = torch.nn.functional.cross_entropy(logits.transpose(1, 2), ids[:, 1:], reduction="none")
            for row, values in zip(rows, loss.double().cpu().numpy(), strict=True):
                losses[row] = values[: len(pieces[row]) - 1]
        return losses

    def _pieces(self, text: str) -> list[int]:
        """Return the pieces of a text behind the one that begins a text."""
        row = encode(self._tokenizer, [text], None, self._longest - 1, add_special_tokens=False)
        return [*self._first(), *row["input_ids"][0]]

    def _first(self) -> list[int]:
        """Return the piece that begins a text, where the tokenizer has one."""
        start = self._tokenizer.bos_token_id
        return [] if start is None else [start]


def open_perplexity(path: str, run: RunConfig) -> Perplexity:
    """Return what gives the perplexity of texts by the model of a folder or hub id; ModelError if it cannot, or must not, be loaded."""
    return open_causal(path, run).perplexity


def open_causal(path: str, run: RunConfig) -> CausalModel:
    """Return the model of a folder or hub id; ModelError if it cannot, or must not, be loaded."""
    folder = resource_folder("causal_lm", path, run)
    return _opened(folder, folder.digest(), run)


@cache
def _opened(folder: ModelFolder, digest: str, run: RunConfig) -> CausalModel:
    """Load a model, once in a process for a `run`; `digest` is what a change of the folder is known by."""
    return CausalModel(*load(folder, AutoModelForCausalLM), run)
