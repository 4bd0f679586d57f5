"""Words that a masked language model puts in place of a token, next to it, or in place of two, in its sentence.

It fills what fits, not what means the same: "the food was [MASK]" takes "bad" as gladly as "great". So every sample is
judged, and the label check decides.

    words = MaskedWords("models/bert", RunConfig(), most=8)
    words.offer([slot])                        # [("fine", "great", ...)]
    words.inserted([slot], behind=False)       # words that fit before the token
    words.merged([slot])                       # words for all tokens of the slot together
"""

from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import product

import torch
from transformers import AutoModelForMaskedLM, BatchEncoding, PreTrainedModel, PreTrainedTokenizerBase

from augment.candidates.slot import Proposed, Slot, around
from augment.config.sections import RunConfig
from augment.errors import ModelError
from augment.models.bounded import encode
from augment.models.classifier import load, positions, require_known
from augment.models.device import USUAL_BUDGET, device_of
from augment.models.model_folder import ModelFolder, resource_folder
from augment.models.packing import pack
from augment.text.align import Span
from augment.text.script import language

_LONGEST = 512
_PIECES = 3
# The pieces of a text with masks in it, and the indices of the masks.
_Masked = tuple[list[int], list[int]]
# The pieces of a text with those of a word masked, the indices of these, and what they are.
_Tried = tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]


class MaskedWords:
    """Fills of a masked model: one mask for each piece of the token, tokens of at most three pieces."""

    are_words: bool = True

    def __init__(self, path: str, run: RunConfig, most: int) -> None:
        """Load the model from safetensors, without code of its own; ModelError if it cannot fill masks."""
        folder = resource_folder("masked_lm", path, run)
        model, self._tokenizer = _opened(folder, folder.digest(), run)
        if self._tokenizer.mask_token_id is None:
            what = "this is no masked language model: it has no mask"
            raise ModelError(path, what, "name another in resources.masked_lm")
        self._device = device_of(run.device)
        self._model = model.to(self._device).eval().requires_grad_(False)
        self._longest = min(_LONGEST, positions(model))
        self._budget = USUAL_BUDGET if run.token_budget == "auto" else run.token_budget
        self._most = most
        self._written = lru_cache(maxsize=1 << 16)(self._write)
        # A text is looked at for each of its tokens, and for each way to put words in.
        self._encoded = lru_cache(maxsize=256)(self._encode)

    def offer_all(self, slots: Sequence[Slot]) -> list[Proposed]:
        """Return nothing: none of these words need mean the same."""
        return [Proposed()] * len(slots)

    def offer(self, slots: Sequence[Slot]) -> list[tuple[str, ...]]:
        """Return the fills of each place, most probable first; nothing for tokens of more than three pieces."""
        return self._filled([self._mask(slot) for slot in slots])

    def inserted(self, slots: Sequence[Slot], behind: bool) -> list[tuple[str, ...]]:
        """Return words that fit before each token, or behind it, most probable first."""
        return self._filled([self._next_to(slot, behind) for slot in slots])

    def merged(self, slots: Sequence[Slot]) -> list[tuple[str, ...]]:
        """Return words that fit in place of all that a slot spans, most probable first."""
        return self._filled([self._as_one(slot) for slot in slots])

    def scores(self, slots: Sequence[Slot], offered: Sequence[Sequence[str]]) -> list[list[float]]:
        """Return for the words offered for each place how likely each is there: the mean log-probability of its pieces, all of them masked.

        To four digits; NaN for a word of more than six pieces, and where the text is too long.
        """
        tried = [
            [self._with(slot, word) for word in words] for slot, words in zip(slots, offered, strict=True)
        ]
        masked = list(
            dict.fromkeys((pieces, own) for some in tried for one in some if one for pieces, own, _ in [one])
        )
        known = dict(
            zip(masked, self._at_masks([(list(pieces), list(own)) for pieces, own in masked]), strict=True)
        )

        def score(one: _Tried | None) -> float:
            """Return the score of a word in its place."""
            logits = known[one[:2]] if one is not None else None
            if one is None or logits is None:
                return float("nan")
            return round(float(logits[range(len(one[2])), list(one[2])].mean()), 4)

        return [[score(one) for one in some] for some in tried]

    def _with(self, slot: Slot, word: str) -> _Tried | None:
        """Return the pieces of the text around a place with those of a word in it masked, their indices, and what they are."""
        text, (start, end) = around(slot, word)
        pieces, offsets = self._encode(text)
        own = tuple(_own(offsets, start, end))
        if not 0 < len(own) <= 2 * _PIECES:
            return None
        hidden = tuple(
            self._tokenizer.mask_token_id if index in own else piece for index, piece in enumerate(pieces)
        )
        return hidden, own, tuple(pieces[index] for index in own)

    def _filled(self, masked: Sequence[_Masked | None]) -> list[tuple[str, ...]]:
        """Return the words for the masks of each text, most probable first; nothing for None."""
        return [() if logits is None else self._words(logits) for logits in self._at_masks(masked)]

    def _at_masks(self, masked: Sequence[_Masked | None]) -> list[torch.Tensor | None]:
        """Return the log-probabilities of the pieces at the masks of each text, [masks, V]; None for None."""
        result: list[torch.Tensor | None] = [None] * len(masked)
        prepared = [(index, *each) for index, each in enumerate(masked) if each is not None]
        for batch in pack([len(pieces) for _, pieces, _ in prepared], self._budget):
            rows = [prepared[item] for item in batch]
            padded = self._tokenizer.pad(
                {"input_ids": [pieces for _, pieces, _ in rows]}, return_tensors="pt"
            )
            require_known(int(padded["input_ids"].max()), self._model)
            shift = padded["input_ids"].shape[1]
            lines, holes = [], []
            for number, (_, pieces, gaps) in enumerate(rows):
                offset = shift - len(pieces) if self._tokenizer.padding_side == "left" else 0
                lines += [number] * len(gaps)
                holes += [gap + offset for gap in gaps]
            logits = self._logits(padded.to(self._device), lines, holes)
            for (index, _, _), row in zip(
                rows, torch.split(logits, [len(gaps) for *_, gaps in rows]), strict=True
            ):
                result[index] = row
        return result

    def _logits(self, batch: BatchEncoding, lines: list[int], holes: list[int]) -> torch.Tensor:
        """Return log-probabilities of the pieces at some indices of some lines of a batch, [N, V].

        Only there the last layer is computed: on a small model it is most of the work.
        """

        def at_holes(module: torch.nn.Module, given: tuple[torch.Tensor]) -> tuple[torch.Tensor]:
            """Return what the last layer is given, at the masks alone, [1, N, D]."""
            return (given[0][lines, holes][None],)

        last = self._model.get_output_embeddings()
        handle = last.register_forward_pre_hook(at_holes)
        try:
            with torch.no_grad():
                logits: torch.Tensor = self._model(**batch).logits[0]
            return logits.log_softmax(-1).cpu()
        finally:
            handle.remove()

    def _mask(self, slot: Slot) -> _Masked | None:
        """Return the pieces of the text with those of the token masked; None for more than three."""
        pieces, holes = self._pieces(slot)
        if not 0 < len(holes) <= _PIECES:
            return None
        for hole in holes:
            pieces[hole] = self._tokenizer.mask_token_id
        return pieces, holes

    def _next_to(self, slot: Slot, behind: bool) -> _Masked | None:
        """Return the pieces of the text with masks put before the token or behind it; None where the text is too long."""
        pieces, own = self._pieces(slot)
        masks = self._masks(slot, len(own))
        if not own or len(pieces) + masks > self._longest:
            return None
        first = own[-1] + 1 if behind else own[0]
        pieces[first:first] = [self._tokenizer.mask_token_id] * masks
        return pieces, list(range(first, first + masks))

    def _as_one(self, slot: Slot) -> _Masked | None:
        """Return the pieces of the text with masks for a single word in place of what a slot spans; None where it has no pieces."""
        pieces, own = self._pieces(slot)
        if not own:
            return None
        masks = self._masks(slot, len(own))
        pieces[own[0] : own[-1] + 1] = [self._tokenizer.mask_token_id] * masks
        return pieces, list(range(own[0], own[0] + masks))

    def _pieces(self, slot: Slot) -> _Masked:
        """Return the pieces of the text, and the indices of those of the token."""
        pieces, offsets = self._encoded(slot.whole)
        return list(pieces), _own(offsets, slot.start, slot.end)

    def _encode(self, text: str) -> tuple[tuple[int, ...], tuple[Span, ...]]:
        """Return the pieces of a text, and the code points of each."""
        row = encode(self._tokenizer, [text], None, self._longest, return_offsets_mapping=True)
        return tuple(row["input_ids"][0]), tuple(row["offset_mapping"][0])

    @staticmethod
    def _masks(slot: Slot, pieces: int) -> int:
        """Return how many masks a word takes: two in Chinese where a piece is a character, else one."""
        return 2 if language(slot.word) == "zh" and pieces > 1 else 1

    def _words(self, logits: torch.Tensor) -> tuple[str, ...]:
        """Return the words made of the best pieces for each mask, [masks, V] log-probabilities, most probable first."""
        width = self._most * 2 if len(logits) == 1 else 4
        best = logits.topk(min(width, logits.shape[-1]), dim=-1)
        scores, pieces = best.values.tolist(), best.indices.tolist()
        fills = [
            (
                -sum(scores[hole][pick] for hole, pick in enumerate(picks)),
                tuple(pieces[hole][pick] for hole, pick in enumerate(picks)),
            )
            for picks in product(range(len(scores[0])), repeat=len(scores))
        ]
        words = [
            self._written(ids) for _, ids in sorted(fills, key=lambda fill: (round(fill[0], 5), fill[1]))
        ]
        return tuple(dict.fromkeys(word for word in words if word.isalpha()))[: self._most * 2]

    def _write(self, pieces: tuple[int, ...]) -> str:
        """Return the word that some pieces make; Chinese ones are written without spaces."""
        word = str(self._tokenizer.decode(list(pieces))).strip()
        return word if word.isascii() else word.replace(" ", "")


def _own(offsets: Sequence[Span], start: int, end: int) -> list[int]:
    """Return the indices of the pieces that share a code point with a span."""
    return [
        index for index, (first, last) in enumerate(offsets) if first < last and first < end and last > start
    ]


@cache
def _opened(
    folder: ModelFolder, digest: str, run: RunConfig
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Load a masked model, once in a process for a `run`; `digest` is what a change of the folder is known by."""
    return load(folder, AutoModelForMaskedLM)
