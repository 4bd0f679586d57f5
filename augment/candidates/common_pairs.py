"""Pairs of English words that are common on the web, of the package symspellpy where that is installed.

Its list of 243,000 pairs (from Google's n-grams, restricted to dictionary words) tells that "very convenient" is English
where a corpus of film reviews does not have it. Only that a pair is in the list counts, not how often it was seen.
"""

import importlib.util
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

PACKAGE, _FILE = "symspellpy", "frequency_bigramdictionary_en_243_342.txt"


def common_pairs() -> Iterator[tuple[str, str]]:
    """Yield the pairs, none where the package is not installed."""
    path = _installed()
    if path is not None:
        with path.open(encoding="utf-8-sig") as lines:
            for line in lines:
                left, right, *_ = line.split()
                yield left, right


def pair_versions() -> dict[str, str]:
    """Return the package that the pairs are from, with its version; nothing where it is not installed."""
    return {PACKAGE: version(PACKAGE)} if _installed() is not None else {}


def _installed() -> Path | None:
    """Return where the list is installed; None where it is not."""
    spec = importlib.util.find_spec(PACKAGE)
    folders = [Path(folder) for folder in (spec.submodule_search_locations or ())] if spec else []
    return next((file for folder in folders if (file := folder / _FILE).is_file()), None)
