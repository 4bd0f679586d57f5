"""A pretrained encoder that gives vectors, not classes: of words, and of words in their texts.

encoder = open_encoder("models/e5-small", RunConfig())
encoder.words.table, encoder.words.tokenizer         # word embeddings [V, W] float32, and what cuts words into pieces
encoder.seen({"这家酒店很好": [(2, 4)]})                # {("这家酒店很好", (2, 4)): the vector of 酒店 in its text, [W]}
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch.nn.utils.rnn import pad_sequence
from transformers import AutoModel, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from augment.config.sections import RunConfig
from augment.errors import ModelError
from augment.models import bounded
from augment.models.classifier import positions, reading, require_known
from augment.models.device import USUAL_BUDGET, device_of, remember_few_shapes
from augment.models.model_folder import resource_folder
from augment.models.packing import pack
from augment.text.align import Span

# The cosine of what is not seen, below all others.
UNSEEN = -2.0
_LONGEST = 512


@dataclass(frozen=True)
class WordVectors:
    """The input embeddings of a model, [V, W] float32, and its tokenizer."""

    table: np.ndarray
    tokenizer: PreTrainedTokenizerBase

    @staticmethod
    def of(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> "WordVectors":
        """Return those of a model."""
        weight = model.get_input_embeddings().weight
        return WordVectors(np.asarray(weight.float().cpu().numpy()), tokenizer)


class Encoder:
    """An encoder in evaluation mode, float32, on the device of the run."""

    def __init__(self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, run: RunConfig) -> None:
        """Move the model to the device."""
        self._device = device_of(run.device)
        self._model = model.to(self._device).eval().requires_grad_(False)
        self._tokenizer = tokenizer
        self._budget = USUAL_BUDGET if run.token_budget == "auto" else run.token_budget
        self._longest = min(_LONGEST, positions(model))

    @property
    def words(self) -> WordVectors:
        """The input embeddings, by piece."""
        return WordVectors.of(self._model, self._tokenizer)

    def seen(self, wanted: Mapping[str, Sequence[Span]]) -> dict[tuple[str, Span], np.ndarray]:
        """Return the vector of each span (code points) in its text: the mean of the last layer over its pieces, [W] float32.

        A span of which the encoder sees no piece has none. Every text is read once.
        """
        texts = list(wanted)
        if not texts:
            return {}
        encoded = bounded.encode(self._tokenizer, texts, None, self._longest, return_offsets_mapping=True)
        pieces, offsets = encoded["input_ids"], encoded["offset_mapping"]
        vectors: dict[tuple[str, Span], np.ndarray] = {}
        for batch in pack([len(row) for row in pieces], self._budget):
            # Decoders have no piece to pad with; whatever is there is masked.
            ids = pad_sequence([torch.tensor(pieces[row]) for row in batch], batch_first=True)
            require_known(int(ids.max()), self._model)
            mask = pad_sequence([torch.ones(len(pieces[row])) for row in batch], batch_first=True)
            with torch.no_grad():
                answer = self._model(ids.to(self._device), attention_mask=mask.long().to(self._device))
            for row, state in zip(batch, answer.last_hidden_state.float().cpu().numpy(), strict=True):
                for span in wanted[texts[row]]:
                    within = _overlapping(offsets[row], span)
                    if within:
                        vectors[texts[row], span] = state[within].mean(0)
        return vectors


def open_encoder(path: str, run: RunConfig) -> Encoder:
    """Return the encoder of a folder or hub id, read once in a process; ModelError if it cannot, or must not, be loaded."""
    folder = resource_folder("encoder", path, run)
    return _opened(folder.path, folder.digest(), run)


@cache
def _opened(folder: Path, digest: str, run: RunConfig) -> Encoder:
    """Load an encoder; `digest` is what a change of the folder is known by."""
    if run.threads is not None:
        torch.set_num_threads(run.threads)
    remember_few_shapes()
    return Encoder(*load_encoder(folder, "resources.encoder"), run)


def load_encoder(folder: Path, key: str) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Return an encoder without a head, and without a decoder, float32, from safetensors, and its tokenizer.

    ModelError, with the `key` that named it, if it cannot be read or if its tokenizer gives no offsets.
    """
    safe = {"local_files_only": True, "trust_remote_code": False}
    # What a checkpoint lacks, such as a pooler, is drawn by chance: a draw that a remembered encoder does without.
    with (
        reading(f"{key}: {folder}", "cannot be read", "name another encoder"),
        torch.random.fork_rng(devices=[]),
    ):
        model = AutoModel.from_pretrained(folder, use_safetensors=True, dtype=torch.float32, **safe)
        tokenizer = AutoTokenizer.from_pretrained(folder, **safe)
    if not tokenizer.is_fast:
        what = "its tokenizer gives no offsets"
        raise ModelError(f"{key}: {folder}", what, "name an encoder with a tokenizer.json")
    bounded.require_bounded(tokenizer, f"{key}: {folder}")
    return (model.get_encoder() if model.config.is_encoder_decoder else model), tokenizer


def _overlapping(offsets: Sequence[Span], span: Span) -> list[int]:
    """Return the pieces that share a code point with a span."""
    begin, end = span
    return [
        number
        for number, (first, last) in enumerate(offsets)
        if first < last and first < end and last > begin
    ]
