"""The texts that methods are measured on: rows of the held-out split, mosaics of two of them, and rows with a planted word.

All of it depends on the corpus, the model and the seed alone, so that every method has the same, in every session.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from augment.api.rows_in_memory import rows_of
from augment.attribution.method import Explained
from augment.attribution.occlusion import seen_tokens
from augment.config.in_memory import FunctionModel
from augment.config.job import Job
from augment.corpus.rows import text_digest
from augment.errors import DataError
from augment.evaluation.faithfulness.neighbour_words import NeighbourWords
from augment.evaluation.faithfulness.twin_models import with_word
from augment.evaluation.material import Labelled, by_split
from augment.ig.quantities import QuantityName
from augment.models.labels import LabelMap
from augment.seeding import chance
from augment.stages import Tokenize
from augment.stages.attribute import explained_rows
from augment.tables.columns import TOKENIZE
from augment.text.editable import is_word
from augment.text.segment import tokens_of

if TYPE_CHECKING:
    from augment.models.predictor import Predictor

# Fewer words have no order to speak of.
_FEWEST = 3
# Rows whose words are counted, and rows that may become a part of a mosaic.
_COUNTED, _PARTS = 2000, 400
_ENDS = ("。", "！", "？", ".", "!", "?", "…", "～", "~")


@dataclass(frozen=True)
class Mosaics:
    """Texts of two parts, each twice: once for the class of either. inside: which tokens are of the part of that class."""

    rows: Explained
    inside: Sequence[np.ndarray]


@dataclass(frozen=True)
class PlantedTexts:
    """Texts whose answer a planted word decides, as the copy that obeys it sees them. words: the token that it is."""

    rows: Explained
    words: Sequence[int]


@dataclass(frozen=True)
class Corpus:
    """The rows of a corpus: those to explain, in the order of their hashes, and those that words are counted in."""

    held_out: list[Labelled]
    train: list[Labelled]
    language: str = "auto"

    @classmethod
    def of(cls, job: Job) -> "Corpus":
        """Read the corpus; DataError if it has nothing held out."""
        splits = by_split(job)
        rows = splits.get("test") or splits["validation"]
        unique = list({(row.text, row.text_pair): row for row in rows}.values())
        held_out, train = (sorted(part, key=_digest) for part in (unique, splits["train"]))
        return cls(held_out, train, job.needs_corpus().language)

    @cached_property
    def words(self) -> list[list[str]]:
        """The words of some training texts, the two of a pair apart."""
        return [
            tokens_of(side, self.language)
            for row in self.train[:_COUNTED]
            for side in (row.text, row.text_pair)
            if side is not None
        ]


def explained(
    job: Job, predictor: "Predictor", rows: Sequence[Labelled], target: Sequence[int] | None = None
) -> Explained:
    """Return rows to explain by the predicted class, or by one given for each."""
    import torch

    quantity: QuantityName = "probability" if isinstance(job.model, FunctionModel) else "logit"
    result = explained_rows(_tokenized(job, rows), predictor, quantity)
    return result if target is None else replace(result, target=torch.as_tensor(list(target)))


def chosen_rows(job: Job, corpus: Corpus) -> list[Labelled]:
    """Return the rows that are explained: of enough words and not too many, all of which the model sees.

    DataError if there are fewer than three.
    """
    settings = job.faithfulness
    chosen: list[Labelled] = []
    for begin in range(0, len(corpus.held_out), _PARTS):
        some = corpus.held_out[begin : begin + _PARTS]
        chosen += [some[row] for row in _whole(job, some, settings.words)]
        if len(chosen) >= settings.rows:
            break
    if len(chosen) < _FEWEST:
        what = f"{len(chosen)} of {len(corpus.held_out):,} held-out texts have {_FEWEST} to {settings.words} words that the model sees"
        raise DataError(job.needs_corpus().origin, what, "raise faithfulness.words")
    return chosen[: settings.rows]


def replacing_words(job: Job, rows: Explained, corpus: Corpus) -> list[list[str]]:
    """Return for each token of each row the word that replaces it."""
    known = NeighbourWords(corpus.words)
    result = []
    for row, spans in enumerate(rows.spans):
        sides = (rows.texts[row], rows.pairs[row] or "")
        words = [sides[side][start:end] for side, (start, end) in zip(rows.sides[row], spans, strict=True)]
        result.append(
            [
                known.instead(words, token, chance(job.seed, "replaced", rows.texts[row], token))
                for token in range(len(words))
            ]
        )
    return result


def mosaics(job: Job, predictor: "Predictor", corpus: Corpus) -> Mosaics | None:
    """Return joined texts of two classes that the model knows; None if there are none, or rows are pairs of texts."""
    labels = LabelMap(predictor.classes, job.label_names)
    rows = [row for row in corpus.held_out if row.text_pair is None]
    known: list[Labelled] = []
    pairs: list[tuple[Labelled, Labelled]] = []
    for begin in range(0, len(rows), _PARTS):
        known += _rightly_answered(job, predictor, rows[begin : begin + _PARTS], labels)
        pairs = _different(known, job.faithfulness.mosaics)
        if len(pairs) == job.faithfulness.mosaics:
            break
    joined = [_joined(one, other) for one, other in pairs]
    both = [
        (text, cut, labels.index(row.label))
        for (text, cut), pair in zip(joined, pairs, strict=True)
        for row in pair
    ]
    if not both:
        return None
    target = [index or 0 for _, _, index in both]
    result = explained(job, predictor, [Labelled(text, "") for text, _, _ in both], target)
    inside = [
        np.asarray([(start < cut) == (number % 2 == 0) for start, _ in result.spans[number]])
        for number, (_, cut, _) in enumerate(both)
    ]
    return Mosaics(result, inside)


def _rightly_answered(
    job: Job, predictor: "Predictor", rows: Sequence[Labelled], labels: LabelMap
) -> list[Labelled]:
    """Return the rows that the model sees whole and gives their label to."""
    fit = [rows[row] for row in _whole(job, rows, job.faithfulness.words)]
    if not fit:
        return []
    targets = explained(job, predictor, fit).target.tolist()
    return [row for row, own in zip(fit, targets, strict=True) if labels.index(row.label) == own]


def rare_words(predictor: "Predictor", corpus: Corpus, count: int) -> list[str]:
    """Return words that few rows have and the model has pieces for, to be planted."""
    from augment.models.classifier import Classifier

    rows = Counter(token for tokens in corpus.words for token in set(tokens) if is_word(token))
    rare = sorted(
        (rows[word], word) for word in rows if (2 <= len(word) <= 9 and word.islower()) or _is_han(word)
    )
    chosen: list[str] = []
    for _, word in rare:
        if not isinstance(predictor, Classifier) or len(chosen) == count:
            break
        pieces = predictor.content(predictor.encode([word], [None])[0].pieces)
        if (
            tokens_of(f"a {word} b", corpus.language) == ["a", word, "b"]
            and predictor.tokenizer.unk_token_id not in pieces
        ):
            chosen.append(word)
    return chosen


def planted_texts(
    job: Job, obedient: "Predictor", words: Sequence[tuple[str, str]], corpus: Corpus
) -> PlantedTexts | None:
    """Return texts of another label in which a planted word makes the copy answer its label; None if there are none."""
    labels = LabelMap(obedient.classes, job.label_names)
    made: list[tuple[Labelled, Labelled, int]] = []
    short = [
        row
        for row in corpus.held_out
        if row.text_pair is None and len(row.text) <= 6 * job.faithfulness.words
    ]
    for number, row in enumerate(short):
        word, label = words[number % len(words)]
        if row.label != label and len(made) < 4 * job.faithfulness.planted:
            text, start = with_word(row.text, word, number, job.seed + 1)
            made.append((row, Labelled(text, label), start))
    if not made:
        return None
    before = explained(job, obedient, [row for row, _, _ in made]).target.tolist()
    whole = explained(job, obedient, [row for _, row, _ in made])
    kept: list[int] = []
    tokens: list[int] = []
    for number, (_, row, start) in enumerate(made):
        index = labels.index(row.label)
        token = next((at for at, span in enumerate(whole.spans[number]) if span[0] == start), None)
        # The word decides where the answer is its label with it, and another without it.
        decides = int(whole.target[number]) == index != before[number]
        if decides and token in seen_tokens(whole, number) and len(kept) < job.faithfulness.planted:
            kept.append(number)
            tokens.append(token or 0)
    return (
        PlantedTexts(explained(job, obedient, [made[number][1] for number in kept]), tokens) if kept else None
    )


def _tokenized(job: Job, rows: Sequence[Labelled]) -> pa.RecordBatch:
    """Return rows as a batch with their tokens, and the pieces that the model is fed."""
    ids = [str(number) for number in range(len(rows))]
    table = rows_of(
        ids, [row.text for row in rows], [row.text_pair for row in rows], [row.label for row in rows], "test"
    )
    return Tokenize().open(job, None)(table.combine_chunks().to_batches()[0])


def _whole(job: Job, rows: Sequence[Labelled], words: int) -> list[int]:
    """Return the indices of rows of three words to `words`, all of which the model sees."""
    batch = _tokenized(job, rows)
    columns = {column.name: batch.column(column.name).to_pylist() for column in TOKENIZE}
    owners = columns["owner"]
    return [
        row
        for row, tokens in enumerate(columns["tokens"])
        if _FEWEST <= len(tokens) <= words
        and not columns["unseen"][row]
        and (owners[row] is None or len(set(owners[row]) - {-1}) >= _FEWEST)
    ]


def _different(rows: Sequence[Labelled], count: int) -> list[tuple[Labelled, Labelled]]:
    """Return pairs of neighbours in a list that have different labels, each row in one."""
    pairs: list[tuple[Labelled, Labelled]] = []
    left = list(rows)
    while left and len(pairs) < count:
        first = left.pop(0)
        second = next((row for row in left if row.label != first.label), None)
        if second is not None:
            left.remove(second)
            pairs.append((first, second))
    return pairs


def _joined(one: Labelled, other: Labelled) -> tuple[str, int]:
    """Return two texts as one, and where the second begins."""
    first = one.text.rstrip()
    if _is_han(first[-1:]):
        first += "。"
    elif not first.endswith(_ENDS):
        first += "."
    text = first if first.endswith(("。", "！", "？")) else f"{first} "
    return text + other.text, len(text)


def _is_han(word: str) -> bool:
    """Return whether a word is of Han characters."""
    return bool(word) and all("\u4e00" <= letter <= "\u9fff" for letter in word)


def _digest(row: Labelled) -> bytes:
    """Return what rows are ordered by."""
    return text_digest(row.text, row.text_pair, b"faithfulness")
