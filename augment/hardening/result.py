"""What a hardening came to, as data and as people read it: tables in Markdown, and the card of the hardened model.

hardening.models["hardened"]["accuracy under attack"], hardening.gains["duplicate"]["accuracy"].verdict
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from augment.config.job import Job
from augment.hardening.figures import ACCURACY, Gain, success_of, under
from augment.hardening.rounds import AttackRound

MODEL = "model"


@dataclass(frozen=True)
class Hardening:
    """What a hardening came to. models: figures (0 to 1) of the starting model, the duplicate and the hardened one, by name.

    gains: how much the hardened model is above each of the other two, by figure. held_out: the split it is measured on. attacks:
    their names, the one trained on first. queries, edits: rows computed of an attacked row, words edited of a success, by model and attack.
    """

    folder: Path
    attacks: tuple[str, ...]
    held_out: str
    held_out_rows: int
    rows: int
    rounds: tuple[AttackRound, ...]
    models: Mapping[str, Mapping[str, float | None]]
    gains: Mapping[str, Mapping[str, Gain]]
    queries: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)
    edits: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def model(self) -> Path:
        """The folder of the hardened model."""
        return self.folder / MODEL

    def to_dict(self) -> dict[str, object]:
        """Return plain JSON values."""
        return {**asdict(self), "folder": str(self.folder), "model": str(self.model)}

    def lines(self) -> Iterator[str]:
        """Yield the figures of each model, what the hardened one gains, and what the rounds did."""
        names = _names(self.attacks)
        yield (
            f"{self.held_out_rows:,} rows of {self.held_out}, of which nothing was trained on. "
            f"`{self.attacks[0]}` made the samples, from {self.rows:,} train rows. `duplicate` was trained for as many steps "
            "on as many rows, with each sample's source row in its stead."
        )
        yield from ("", f"| model | {' | '.join(names)} |", "|---" * (1 + len(names)) + "|")
        for model, figures in self.models.items():
            yield f"| {model} | {' | '.join(_percent(figures[name]) for name in names)} |"
        for other, gained in self.gains.items():
            yield f"| hardened above {other} | {' | '.join(_points(gained[name]) for name in names)} |"
        yield from (
            "",
            "Differences in points, with 95 % intervals of a paired bootstrap of the test rows. A lower success rate is better.",
            "",
            "| model | attack | rows computed of an attacked row | words edited of a success |",
            "|---|---|---|---|",
        )
        for model, of in self.queries.items():
            for attack, queries in of.items():
                yield f"| {model} | {attack} | {_number(queries)} | {_number(self.edits[model][attack])} |"
        yield from (
            "",
            "| round | rows attacked | samples | rows trained on | steps |",
            "|---|---|---|---|---|",
        )
        for one in self.rounds:
            yield f"| {one.number} | {one.attacked:,} | {one.samples:,} | {one.rows:,} | {one.steps:,} |"
        for notice in self.notices:
            yield from ("", f"Note: {notice}.")

    def verdicts(self) -> Iterator[str]:
        """Yield a line for each figure of the hardened model: what it was, what it is, and whether that is a difference."""
        for name in _names(self.attacks):
            before, now = (self.models[model][name] for model in ("starting model", "hardened"))
            differences = ", ".join(
                f"{_points(gained[name])} against {_article(other)}" for other, gained in self.gains.items()
            )
            yield f"{name}: {_percent(before)} -> {_percent(now)} ({differences})"


def card_lines(hardening: Hardening, job: Job) -> Iterator[str]:
    """Yield the model card of the hardened model."""
    yield from (
        "---",
        "library_name: transformers",
        "pipeline_tag: text-classification",
        "tags: [text-classification, adversarial-training]",
        "---",
        "",
        f"# A text classifier, hardened by `augment harden` ({job.name})",
        "",
        f"The model `{job.needs_model().path}` was attacked on its training rows with `{hardening.attacks[0]}` and trained on with the "
        f"texts that changed its answer, in {len(hardening.rounds)} round{'s' * (len(hardening.rounds) > 1)}. Classes, vocabulary and license are those of that model.",
        "",
        "## Figures",
        "",
        *hardening.lines(),
        "",
        "## Limits",
        "",
        "It holds better against the attacks measured here; another attack, or this one with more candidates, may succeed more often. Samples keep "
        "the label of their source row, which may no longer hold for some of them.",
    )


def _names(attacks: tuple[str, ...]) -> list[str]:
    """Return the figures in the order of the tables."""
    return [ACCURACY, *(name for attack in attacks for name in (under(attack), success_of(attack)))]


def _article(model: str) -> str:
    """Return the name of a model with its article."""
    return f"the {model}"


def _percent(share: float | None) -> str:
    """Return a share in percent, nothing where it is not known."""
    return "" if share is None else f"{100 * share:.1f} %"


def _points(gain: Gain) -> str:
    """Return a difference in points with its interval, nothing where it is not known."""
    if gain.mean is None or gain.low is None or gain.high is None:
        return ""
    return f"{100 * gain.mean:+.1f} ({100 * gain.low:+.1f} to {100 * gain.high:+.1f})"


def _number(value: float | None) -> str:
    """Return a number with one digit, nothing where there is none."""
    return "" if value is None else f"{value:.1f}"
