"""The file name of each split: short, unique, and valid for every file system and `load_dataset`.

A name of letters, digits, underscores and single dots is used as it is. In any other the rest becomes an underscore;
eight digits of its hash follow where it was cut, or where two names would be the same file.

    file_stems(["train", "dev/1", "dev 1"])      # {"train": "train", "dev/1": "dev_1_1d9f1a84", "dev 1": "dev_1_..."}
"""

import re
from collections import Counter
from collections.abc import Iterable
from hashlib import blake2b

# Bytes of a name: a file system allows 255, of which the ending and what a file in the making has behind it need some.
_LONGEST = 120
# Names that `datasets` or a system keeps for itself.
_RESERVED = frozenset(
    {"all", "con", "prn", "aux", "nul"} | {f"{port}{n}" for port in ("com", "lpt") for n in range(10)}
)


def file_stems(splits: Iterable[str]) -> dict[str, str]:
    """Return the name of the file of each split, without its ending; no two are the same where case is ignored."""
    plain = {split: _plain(split) for split in sorted(set(splits))}
    counts = Counter(stem.casefold() for stem in plain.values())
    stems: dict[str, str] = {}
    used = set[str]()
    # Those whose name is used as it is come first, so that no other takes it; `train` before `Train`.
    for split in sorted(plain, key=lambda split: (plain[split] != split, split != split.casefold(), split)):
        stem = plain[split]
        is_first = stem == split and stem.casefold() not in used
        if not is_first and (counts[stem.casefold()] > 1 or stem.casefold() in used or _is_cut(split)):
            stem = f"{_cut(stem, _LONGEST - 9)}_{_hash(split)}"
        while stem.casefold() in used:
            stem = f"{_cut(stem, _LONGEST - 9)}_{_hash(stem)}"
        used.add(stem.casefold())
        stems[split] = stem
    return stems


def _plain(split: str) -> str:
    """Return a name of letters, digits, underscores and single dots between them, of limited length."""
    words = "".join(mark if mark.isalnum() or mark in "._" else "_" for mark in split)
    # A dot may only be between two words: `load_dataset` takes no other.
    words = re.sub(r"(?<!\w)\.|\.(?!\w)", "_", words)
    stem = _cut(words, _LONGEST) or "_"
    return f"{stem}_" if stem.partition(".")[0].casefold() in _RESERVED else stem


def _is_cut(split: str) -> bool:
    """Return whether the name of a split is too long for its file."""
    return len(split.encode(errors="surrogatepass")) > _LONGEST


def _cut(text: str, size: int) -> str:
    """Return the beginning of a text that fits a number of UTF-8 bytes, not ending in a dot."""
    return text.encode(errors="replace")[:size].decode(errors="ignore").rstrip(".")


def _hash(text: str) -> str:
    """Return eight digits that depend on the text."""
    return blake2b(text.encode(errors="surrogatepass"), digest_size=4).hexdigest()
