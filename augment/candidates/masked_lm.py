"""Words that a masked language model puts in place of a token, in its sentence.

It fills what fits, not what means the same: "the food was [MASK]" takes "bad" as gladly as "great". So every sample is
judged, and the label check decides.
"""

from collections.abc import Sequence
from itertools import product

import torch
from transformers import AutoModelForMaskedLM

from augment.candidates.slot import Proposed, Slot
from augment.config.sections import RunConfig
from augment.errors import ModelError
from augment.models.bounded import encode
from augment.models.classifier import load, positions, require_known
from augment.models.device import USUAL_BUDGET, device_of
from augment.models.model_folder import resource_folder
from augment.models.packing import pack

_LONGEST = 512
_PIECES = 3


class MaskedWords:
    """Fills of a masked model: one mask for each piece of the token, tokens of at most three pieces."""

    are_words: bool = True

    def __init__(self, path: str, run: RunConfig, most: int) -> None:
        """Load the model from safetensors, without code of its own; ModelError if it cannot fill masks."""
        model, self._tokenizer = load(resource_folder("masked_lm", path, run), AutoModelForMaskedLM)
        if self._tokenizer.mask_token_id is None:
            what = "this is no masked language model: it has no mask"
            raise ModelError(path, what, "name another in resources.masked_lm")
        self._device = device_of(run.device)
        self._model = model.to(self._device).eval().requires_grad_(False)
        self._longest = min(_LONGEST, positions(model))
        self._budget = USUAL_BUDGET if run.token_budget == "auto" else run.token_budget
        self._most = most

    def offer_all(self, slots: Sequence[Slot]) -> list[Proposed]:
        """Return nothing: none of these words need mean the same."""
        return [Proposed()] * len(slots)

    def offer(self, slots: Sequence[Slot]) -> list[tuple[str, ...]]:
        """Return the fills of each place, most probable first; nothing for tokens of more than three pieces."""
        result: list[tuple[str, ...]] = [()] * len(slots)
        prepared = [(index, *masked) for index, slot in enumerate(slots) if (masked := self._mask(slot))]
        for batch in pack([len(pieces) for _, pieces, _ in prepared], self._budget):
            rows = [prepared[item] for item in batch]
            padded = self._tokenizer.pad(
                {"input_ids": [pieces for _, pieces, _ in rows]}, return_tensors="pt"
            )
            require_known(int(padded["input_ids"].max()), self._model)
            with torch.no_grad():
                logits = self._model(**padded.to(self._device)).logits.log_softmax(-1).cpu()
            shift = padded["input_ids"].shape[1]
            for (index, pieces, holes), row in zip(rows, logits, strict=True):
                offset = shift - len(pieces) if self._tokenizer.padding_side == "left" else 0
                result[index] = self._words(row[[hole + offset for hole in holes]])
        return result

    def _mask(self, slot: Slot) -> tuple[list[int], list[int]] | None:
        """Return the pieces of the text with those of the token masked, and the indices of the masks."""
        row = encode(self._tokenizer, [slot.whole], None, self._longest, return_offsets_mapping=True)
        holes = [
            index
            for index, (start, end) in enumerate(row["offset_mapping"][0])
            if start < end and start < slot.end and end > slot.start
        ]
        pieces = list(row["input_ids"][0])
        if not 0 < len(holes) <= _PIECES:
            return None
        for hole in holes:
            pieces[hole] = self._tokenizer.mask_token_id
        return pieces, holes

    def _words(self, logits: torch.Tensor) -> tuple[str, ...]:
        """Return the words made of the best pieces for each mask, [masks, V] log-probabilities, most probable first."""
        width = self._most * 2 if len(logits) == 1 else 4
        scores, pieces = logits.topk(min(width, logits.shape[-1]), dim=-1)
        fills = [
            (
                -sum(float(scores[hole, pick]) for hole, pick in enumerate(picks)),
                [int(pieces[hole, pick]) for hole, pick in enumerate(picks)],
            )
            for picks in product(range(scores.shape[1]), repeat=len(logits))
        ]
        words = [
            self._tokenizer.decode(ids).strip()
            for _, ids in sorted(fills, key=lambda fill: (round(fill[0], 5), fill[1]))
        ]
        whole = [word.replace(" ", "") if not word.isascii() else word for word in words]
        return tuple(dict.fromkeys(word for word in whole if word.isalpha()))[: self._most * 2]
