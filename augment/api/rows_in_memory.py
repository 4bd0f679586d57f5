"""Texts of a program as rows, as the corpus reader would give them, with ids that do not depend on their order."""

from collections.abc import Hashable, Iterable, Sequence
from hashlib import blake2b

import pyarrow as pa

from augment.api.given_texts import GivenTexts
from augment.errors import RequestError
from augment.tables.columns import CORPUS


def ids_of(given: GivenTexts, ids: Iterable[Hashable] | None) -> list[str]:
    """Return the ids of texts: those given, or a hash of each text, with a number for one that comes again.

    RequestError for ids that are not one of its own for each text.
    """
    if ids is not None:
        names = [str(name) for name in ids]
        if len(set(names)) != len(names) or len(names) != len(given.texts):
            what = "there is not one id of its own for each text"
            raise RequestError("ids", what, "give unique ids, or none")
        return names
    seen: dict[str, int] = {}
    names = []
    for text, pair in zip(given.texts, given.pairs, strict=True):
        name = blake2b(f"{text}\0{pair or ''}".encode(), digest_size=8).hexdigest()
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name}-{seen[name]}")
    return names


def rows_of(
    ids: Sequence[str],
    texts: Sequence[str],
    pairs: Sequence[str | None],
    labels: Sequence[str | None],
    split: str,
) -> pa.Table:
    """Return texts as rows of a split."""
    values: dict[str, Sequence[object]] = {
        "id": ids,
        "text": texts,
        "text_pair": pairs,
        "label": labels,
        "split": [split] * len(ids),
    }
    return pa.table({column.name: pa.array(values[column.name], column.type) for column in CORPUS})
