"""The name under which a source column is written: its own, unless augment writes a column of that name in the same file.

Then `_source` follows it, and a number where that name is used as well, so no column is lost or overwritten.

    written_names(["edits", "edits_source"], derived=False)      # {"edits": "edits_source_2", ...}
    written_names(["words"], derived=False, own={"words"})       # {"words": "words_source"}
"""

from collections.abc import Collection, Sequence
from itertools import count

from augment.tables.columns import DECLARED

# Our names in data/ and probes/, whatever the pipeline, so that a source column has the same name after all of them.
OURS = frozenset(column.name for column in DECLARED if column.public)
# Our names in dropped.parquet, where all splits are in one file.
OURS_DROPPED = OURS | {column.name for column in DECLARED if column.dropped}


def written_names(
    columns: Sequence[str], *, derived: bool, dropped: bool = False, own: Collection[str] = ()
) -> dict[str, str]:
    """Return the name that each source column has in a file with rows, no two the same.

    derived: whether a column `label` of ours is added; dropped: whether the file is dropped.parquet; own: names of the
    columns that the stages of the run write to the file, if they are more than ours.
    """
    ours = (OURS_DROPPED if dropped else OURS) | ({"label"} if derived else frozenset()) | frozenset(own)
    used = {*ours, *columns}
    names: dict[str, str] = {}
    for name in columns:
        names[name] = name if name not in ours else _free(f"{name}_source", used)
        used.add(names[name])
    return names


def _free(name: str, used: set[str]) -> str:
    """Return a name that is not used yet: this one, or with the first number that makes it so."""
    tries = (f"{name}_{number}" for number in count(2))
    return name if name not in used else next(other for other in tries if other not in used)
