"""Several texts explained: a sequence of explanations that is also a table, a page or a figure.

attributions = explain(df["review"], model)
attributions[0].top(3)
attributions.to_pandas()          # a row a token; `row` is the index of the Series
"""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, overload

from augment.api import renderings
from augment.api.attribution import Attribution

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Attributions(Sequence[Attribution]):
    """The explanations of N texts, in their order. row_names: the index of a Series, else numbers; notices: what holds for all."""

    items: tuple[Attribution, ...]
    row_names: tuple[Hashable, ...]
    notices: tuple[str, ...] = ()

    @overload
    def __getitem__(self, chosen: int) -> Attribution: ...
    @overload
    def __getitem__(self, chosen: slice) -> "Attributions": ...
    def __getitem__(self, chosen: int | slice) -> "Attribution | Attributions":
        """Return the explanation of one text by its number, or those of a part of the texts."""
        if isinstance(chosen, slice):
            return Attributions(self.items[chosen], self.row_names[chosen], self.notices)
        return self.items[chosen]

    def __len__(self) -> int:
        """Return the number of texts."""
        return len(self.items)

    def __iter__(self) -> Iterator[Attribution]:
        """Return the explanations one by one."""
        return iter(self.items)

    def to_dict(self) -> dict[str, object]:
        """Return plain JSON values: the explanations as a list, and the notices."""
        return {"attributions": [one.to_dict() for one in self], "notices": list(self.notices)}

    def to_pandas(self) -> "pd.DataFrame":
        """Return a table with a row a token: `row` (the index of the text), token, score, side, start, end, and the labels."""
        return renderings.frame([one.to_dict() for one in self], self.row_names)

    def to_html(self, path: str | Path | None = None) -> str:
        """Return a page with all texts coloured that needs no other file, and write it to `path` if one is given."""
        return renderings.page([one.to_dict() for one in self], path, self.notices)

    def to_markdown(self, top: int = 5) -> str:
        """Return the explanations as Markdown, one below the other."""
        return "\n\n---\n\n".join(one.to_markdown(top) for one in self)

    def to_latex(self) -> str:
        """Return the coloured texts for LaTeX, a paragraph each; the document needs the package xcolor."""
        return "\n\n".join(one.to_latex() for one in self)

    def plot(self, path: str | Path | None = None, *, font: str | None = None) -> "Figure":
        """Return a figure of matplotlib with the coloured texts, and save it to `path` if one is given; at most 50 texts."""
        return renderings.figure([(one.heading, one.pieces()) for one in self], path, font)

    def __str__(self) -> str:
        """Return the first texts, a line each."""
        more = len(self) - _SHOWN
        return "\n".join([*map(str, self.items[:_SHOWN]), *([f"… {more:,} more"] if more > 0 else [])])

    def _repr_html_(self) -> str:
        """Return the first texts, coloured, for a notebook."""
        shown = "".join(one._repr_html_() for one in self[:_SHOWN])
        more = len(self) - _SHOWN
        return shown + (f"<p>… {more:,} more</p>" if more > 0 else "")


# Texts that a notebook shows.
_SHOWN = 20
