"""Words near a token in the embedding space of the model itself, or of an encoder that the job names.

Near for the model is not the same as near in meaning: a small classifier puts words together that push the same way.
So this source comes last, and every sample is judged. The embeddings of a pretrained encoder know more. Words are
whole-word pieces of the tokenizer and, for models fed with Chinese characters, frequent words of the dictionary as the
mean of their pieces.
"""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from transformers import PreTrainedTokenizerBase

from augment.candidates.slot import Proposed, Slot
from augment.config.job import Job
from augment.models.classifier import open_classifier
from augment.models.encoder import UNSEEN, WordVectors, open_encoder
from augment.text.script import language
from augment.text.segment import frequent_words

_NEAR = 0.5
_DICTIONARY = 20000
_BLOCK = 512


class Neighbours:
    """The nearest words by cosine of centred embeddings, at least 0.5."""

    are_words: bool = True

    def __init__(self, vectors: WordVectors, most: int) -> None:
        """Take the embeddings; the vocabulary is embedded when a token first asks."""
        self._table, self._tokenizer = vectors.table, vectors.tokenizer
        self._most = most

    @cached_property
    def _centre(self) -> np.ndarray:
        """The mean embedding, [D]; without it all words look alike."""
        return np.asarray(self._table.mean(0))

    @cached_property
    def _vocabulary(self) -> tuple[list[str], np.ndarray]:
        """The words that may be offered and their unit vectors, [W, D]."""
        words = list(dict.fromkeys(_whole_words(self._tokenizer) + frequent_words(_DICTIONARY)))
        vectors, known = self._embed(words)
        return [word for word, good in zip(words, known, strict=True) if good], vectors[known]

    def offer_all(self, slots: Sequence[Slot]) -> list[Proposed]:
        """Return nothing: none of these words need mean the same."""
        return [Proposed()] * len(slots)

    def offer(self, slots: Sequence[Slot]) -> list[tuple[str, ...]]:
        """Return the neighbours of each token, nearest first."""
        tokens = list(dict.fromkeys(slot.word for slot in slots))
        known: dict[str, tuple[str, ...]] = {}
        for begin in range(0, len(tokens), _BLOCK):
            block = tokens[begin : begin + _BLOCK]
            vectors, good = self._embed(block)
            near = np.round(vectors @ self._vocabulary[1].T, 5)
            for word, row, fine in zip(block, near, good, strict=True):
                known[word] = self._nearest(word, row) if fine else ()
        return [known[slot.word] for slot in slots]

    def close(self, word: str, others: Sequence[str], least: float = _NEAR) -> tuple[str, ...]:
        """Return those of some words whose cosine with a word is at least `least`, nearest first.

        A word of pieces that the model does not know is near to none.
        """
        near = self.cosines(word, others)
        order = sorted(range(len(others)), key=lambda index: (-near[index], index))
        return tuple(others[index] for index in order if near[index] >= least)

    def cosines(self, word: str, others: Sequence[str]) -> list[float]:
        """Return the cosine of each of some words with a word, to five digits; -2 where either is not known."""
        vectors, good = self._embed([word, *others])
        near = np.round(vectors[1:] @ vectors[0], 5)
        return [
            float(one) if good[0] and known else UNSEEN for one, known in zip(near, good[1:], strict=True)
        ]

    def _nearest(self, word: str, near: np.ndarray) -> tuple[str, ...]:
        """Return the words with the highest cosine, equal ones in the order of the vocabulary."""
        count = min(self._most * 2 + 1, len(near))
        best = np.argpartition(-near, count - 1)[:count]
        ordered = sorted(best.tolist(), key=lambda index: (-near[index], index))
        kind = language(word)
        close = [self._vocabulary[0][index] for index in ordered if near[index] >= _NEAR]
        return tuple(
            other for other in close if other.casefold() != word.casefold() and language(other) == kind
        )

    def _embed(self, words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Return unit vectors [N, D] and whether each word is made of known pieces [N]."""
        tokenizer = self._tokenizer
        rows = tokenizer(list(words), add_special_tokens=False)["input_ids"] if words else []
        vectors = np.zeros((len(words), self._table.shape[1]), dtype=np.float32)
        good = np.zeros(len(words), dtype=bool)
        for index, pieces in enumerate(rows):
            if pieces and tokenizer.unk_token_id not in pieces and max(pieces) < len(self._table):
                vectors[index] = self._table[pieces].mean(0) - self._centre
                length = np.linalg.norm(vectors[index])
                good[index] = length > 0
                vectors[index] /= length or 1.0
        return vectors, good


def open_neighbours(job: Job, most: int) -> Neighbours:
    """Return the neighbours in the embeddings of the job's encoder; of its model where it names no encoder."""
    if job.resources.encoder is not None:
        return Neighbours(open_encoder(job.resources.encoder, job.run).words, most)
    classifier = open_classifier(job.needs_model(), job.run)
    return Neighbours(WordVectors.of(classifier.model, classifier.tokenizer), most)


def _whole_words(tokenizer: PreTrainedTokenizerBase) -> list[str]:
    """Return the pieces of the vocabulary that are words of their own, in the order of their ids."""
    pieces = tokenizer.convert_ids_to_tokens(list(range(len(tokenizer))))
    marked = any(piece.startswith(("Ġ", "▁")) for piece in pieces if piece)
    words: list[str] = []
    for piece in pieces:
        if not piece or piece in tokenizer.all_special_tokens or piece.startswith("##"):
            continue
        if marked and not piece.startswith(("Ġ", "▁")):
            continue
        word = tokenizer.convert_tokens_to_string([piece]).strip()
        if len(word) > 1 and word.isalpha():
            words.append(word)
    return words
