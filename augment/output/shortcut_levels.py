"""How frequent accepted shortcuts are in a dataset, before its samples and with them.

levels = Levels(read_flags(Path("flags.csv")))
levels.add(table)
list(levels.sentences())    # ["`※`, accepted for positive, is in 49% of its rows and 48% of the others; before: 90% and 5%"]
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.stages.accepted import FlaggedNgram
from augment.text.ngrams import pattern_of


@dataclass(frozen=True)
class ShortcutLevel:
    """An accepted shortcut: the shares of the rows that hold it, of its class and of the others, now and before."""

    word: str
    label: str
    now: tuple[float, float]
    before: tuple[float, float]


class Levels:
    """Rows that hold what is accepted, by flag: of its class and of the others, source rows and samples."""

    def __init__(self, flags: Sequence[FlaggedNgram]) -> None:
        """Take what is accepted."""
        self._patterns = [(flag, pattern_of(flag.ngram)) for flag in flags]
        self._rows: Counter[tuple[int, bool, bool]] = Counter()
        self._holding: Counter[tuple[int, bool, bool]] = Counter()

    def add(self, table: pa.Table) -> None:
        """Add rows of a dataset, with the columns text, text_pair, label and source_id."""
        sample = np.asarray(pc.is_valid(table.column("source_id")))
        for number, (flag, pattern) in enumerate(self._patterns):
            sides = (pc.match_substring_regex(table.column(name), pattern) for name in ("text", "text_pair"))
            holds = np.logical_or(*(np.asarray(pc.fill_null(side, False)) for side in sides))
            own = np.asarray(pc.fill_null(pc.equal(table.column("label"), flag.label), False))
            for its, made in product((True, False), repeat=2):
                rows = (own == its) & (sample == made)
                self._rows[number, its, made] += int(rows.sum())
                self._holding[number, its, made] += int((rows & holds).sum())

    def shares(self) -> Iterator[ShortcutLevel]:
        """Yield the shares of each accepted shortcut; nothing of one whose class, or whose others, have no rows."""
        for number, (flag, _) in enumerate(self._patterns):
            if self._rows[number, True, False] and self._rows[number, False, False]:
                now, before = (
                    (self._share(number, True, made), self._share(number, False, made))
                    for made in ((False, True), (False,))
                )
                yield ShortcutLevel(flag.ngram.text, flag.label, now, before)

    def sentences(self) -> Iterator[str]:
        """Yield a sentence on each accepted shortcut."""
        for level in self.shares():
            yield (
                f"`{level.word}`, accepted for {level.label}, is in {level.now[0]:.0%} of its rows and "
                f"{level.now[1]:.0%} of the others; before: {level.before[0]:.0%} and {level.before[1]:.0%}"
            )

    def _share(self, number: int, own: bool, made: tuple[bool, ...]) -> float:
        """Return in what share of some rows a shortcut occurs."""
        keys = [(number, own, sample) for sample in made]
        return sum(self._holding[key] for key in keys) / sum(self._rows[key] for key in keys)
