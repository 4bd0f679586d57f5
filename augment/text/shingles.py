"""The parts of a text by which texts that are nearly the same are found: sequences of characters in Chinese, of words in English.

Case, width, spaces and punctuation make no difference.

    >>> sorted(sequences("A clean, QUIET room!"))
    ['a clean quiet', 'clean quiet room']
    >>> sorted(sequences("房间很干净！"))
    ['房间很干净']
    >>> alike(sequences("a b c d"), sequences("a b c e"))
    0.3333333333333333
"""

from unicodedata import normalize

import regex

from augment.text.script import language

_CHARACTERS, _WORDS = 5, 3
_SPOKEN = regex.compile(r"[\p{L}\p{M}\p{N}]+")


def sequences(text: str) -> frozenset[str]:
    """Return every 5 characters in a row of a text with Han letters enough, else every 3 words; all of a shorter one.

    A text without a letter or digit is its own only sequence.
    """
    plain = normalize("NFKC", text).casefold()
    words = _SPOKEN.findall(plain)
    if not words:
        return frozenset([plain.strip()])
    if language(text) == "en":
        return frozenset(
            " ".join(words[begin : begin + _WORDS]) for begin in range(max(len(words) - _WORDS + 1, 1))
        )
    letters = "".join(words)
    return frozenset(
        letters[begin : begin + _CHARACTERS] for begin in range(max(len(letters) - _CHARACTERS + 1, 1))
    )


def alike(one: frozenset[str], other: frozenset[str]) -> float:
    """Return the share of sequences that two texts have in common, of all that either has (Jaccard), 0 to 1."""
    return len(one & other) / max(len(one | other), 1)
