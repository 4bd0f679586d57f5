"""One text explained: a score for each word, and every form in which it can be looked at or kept.

attribution = explain("这家酒店的服务很好", "models/hotel-zh")
attribution.top(3)                # [("好", 2.1), ("很", 0.9), ("服务", 0.4)]
attribution.to_html("a.html")     # or to_pandas(), to_markdown(), to_latex(), to_dict(), plot("a.png")
"""

from collections.abc import Hashable
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from augment.api import renderings
from augment.api.renderings import as_json
from augment.models.kind import Kind
from augment.report.colour import scaled
from augment.report.coloured import as_html, as_latex, as_markdown, markdown_escaped
from augment.text.common import common_tokens

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Attribution:
    """The explanation of one text.

    scores: one a token, in the unit of the quantity, positive for the target. rest: the score of special pieces.
    gap: sum of all scores - (F(x) - F(baseline)); error: the estimated error of the scores; both None for a method whose
    scores do not have to add up. probability: of target. target, prediction: labels as the user writes them.
    unseen: how many tokens are, wholly or in part, beyond the length that the model is fed.
    method, quantity: how it was explained; notices: what was done otherwise than usual, and why. kind: single; multi, where
    several labels may be right: prediction has all of them, and target the one explained; regression: probability is the number.
    """

    text: str
    text_pair: str | None
    tokens: tuple[str, ...]
    side: tuple[int, ...]
    spans: tuple[tuple[int, int], ...]
    scores: tuple[float, ...]
    target: Hashable
    prediction: Hashable
    probability: float
    rest: float
    gap: float | None
    error: float | None
    evaluations: int
    status: str
    unseen: int = 0
    method: str = "integrated_gradients"
    quantity: str = "logit"
    notices: tuple[str, ...] = ()
    kind: Kind = "single"

    def top(self, count: int = 5) -> list[tuple[str, float]]:
        """Return the tokens that matter most, either way, with their scores; equal ones in the order of the text."""
        order = sorted(range(len(self.tokens)), key=lambda token: (-abs(self.scores[token]), token))
        return [(self.tokens[token], self.scores[token]) for token in order[: renderings.counted(count)]]

    def common(self) -> list[tuple[str, float, float]]:
        """Return the words that both texts of a pair have in common, in order, with their scores in either.

        They are the longest common subsequence of the tokens; none for a single text.
        """
        return [(self.tokens[i], self.scores[i], self.scores[j]) for i, j in self.common_indices()]

    def common_indices(self) -> list[tuple[int, int]]:
        """Return the indices of the tokens that both texts have in common, in the first and in the second."""
        sides = [[token for token, of in enumerate(self.side) if of == side] for side in (0, 1)]
        first, second = ([self.tokens[token] for token in side] for side in sides)
        return [(sides[0][i], sides[1][j]) for i, j in common_tokens(first, second)]

    def pieces(self) -> list[tuple[str, float | None]]:
        """Return the text cut at its tokens, each with its score scaled to [-1, 1]; None for what is between."""
        tints = scaled(self.scores, max((abs(score) for score in self.scores), default=0.0))
        parts: list[tuple[str, float | None]] = []
        for side, whole in ((0, self.text), (1, self.text_pair)):
            if whole is None:
                continue
            parts += [(" ⫽ ", None)] if side else []
            end = 0
            for token, (start, stop) in enumerate(self.spans):
                if self.side[token] == side:
                    parts += [(whole[end:start], None), (whole[start:stop], tints[token])]
                    end = stop
            parts.append((whole[end:], None))
        return [(part, tint) for part, tint in parts if part]

    def to_dict(self) -> dict[str, object]:
        """Return plain JSON values; a label that JSON does not have as its text."""
        values = {name: as_json(value) for name, value in asdict(self).items()}
        return {**values, "common": as_json(self.common_indices())} if self.text_pair is not None else values

    def to_pandas(self) -> "pd.DataFrame":
        """Return a table with a row a token: token, score, side, start, end; of a pair also whether both texts have it."""
        return renderings.frame([self.to_dict()], None)

    def to_html(self, path: str | Path | None = None) -> str:
        """Return a page with the coloured text that needs no other file, and write it to `path` if one is given."""
        return renderings.page([self.to_dict()], path)

    def to_markdown(self, top: int = 5) -> str:
        """Return Markdown: the text, words for the target bold and words against it struck out, and the strongest words."""
        rows = [f"| {markdown_escaped(word)} | {score:+.4f} |" for word, score in self.top(top)]
        table = ["| word | score |", "|---|---:|", *rows]
        if self.text_pair is not None:
            shared = " ".join(markdown_escaped(word) for word, _, _ in self.common())
            table += ["", f"In both: {shared or 'nothing'}"]
        return "\n".join(
            [f"**{markdown_escaped(self.heading)}**", "", as_markdown(self.pieces()), "", *table]
        )

    def to_latex(self) -> str:
        """Return the coloured text for LaTeX; the document needs the package xcolor."""
        return f"% needs \\usepackage{{xcolor}}\n{as_latex(self.pieces())}"

    def plot(self, path: str | Path | None = None, *, font: str | None = None) -> "Figure":
        """Return a figure of matplotlib with the coloured text, and save it to `path` if one is given.

        RequestError if matplotlib is not installed, or no font has the characters of the text.
        """
        return renderings.figure([(self.heading, self.pieces())], path, font)

    @property
    def heading(self) -> str:
        """The labels, the probability and how exact the scores are, on one line."""
        number = f"{self.target} {self.probability:.4g}"
        head = (
            number
            if self.kind == "regression"
            else f"{self.prediction} · {self.target} {self.probability:.3f}"
        )
        head += "" if self.error is None else f" · error {self.error:.2%}"
        head += "" if self.method == "integrated_gradients" else f" · {self.method}"
        return head + (f" · {self.unseen} words not seen" if self.unseen else "")

    def __str__(self) -> str:
        """Return the labels and the words that matter most."""
        words = ", ".join(f"{word} {score:+.3f}" for word, score in self.top())
        return f"{self.heading}: {words}"

    def _repr_html_(self) -> str:
        """Return the coloured text for a notebook, escaped."""
        return f"<div><small>{escape(self.heading)}</small><br>{as_html(self.pieces())}</div>"
