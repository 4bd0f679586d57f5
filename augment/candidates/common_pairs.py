"""Pairs of English words that are common on the web, of the package symspellpy where that is installed.

Its list of 243,000 pairs (from Google's n-grams, restricted to dictionary words) shows that "very convenient" is English
where a corpus of film reviews does not have it. Only that a pair is in the list counts, not how often it was seen.
"""

from collections.abc import Iterator
from importlib.metadata import version

from augment.text.packaged import packaged_file

PACKAGE, _FILE = "symspellpy", "frequency_bigramdictionary_en_243_342.txt"


def common_pairs() -> Iterator[tuple[str, str]]:
    """Yield the pairs, none where the package is not installed."""
    path = packaged_file(PACKAGE, _FILE)
    if path is not None:
        with path.open(encoding="utf-8-sig") as lines:
            for line in lines:
                left, right, *_ = line.split()
                yield left, right


def pair_versions() -> dict[str, str]:
    """Return the package that the pairs are from, with its version; nothing where it is not installed."""
    return {PACKAGE: version(PACKAGE)} if packaged_file(PACKAGE, _FILE) is not None else {}
