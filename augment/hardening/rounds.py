"""The rounds of a hardening: attack the model on train rows, train it on with all samples so far, do the same again.

Next to it a duplicate is trained for as many steps on as many rows, in which the source row of each sample is repeated in its
stead. Every step has its own folder, so that a hardening that was broken off goes on with the one that is missing.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from augment.adversarial.chance_level import require_victim
from augment.config.job import Job
from augment.errors import RequestError
from augment.hardening.attacking import AttackedRows, Attacking
from augment.hardening.figures import Gain, RowShare, figures_of, gains
from augment.models.labels import LabelMap
from augment.pipeline.definition import Pipeline
from augment.progress import Progress
from augment.training.continuing import train_on
from augment.training.examples import Examples, by_hash, taken
from augment.training.label_columns import kind_of

START, DUPLICATE, HARDENED = "starting model", "duplicate", "hardened"
_FOLDER = {START: "start", DUPLICATE: "duplicate", HARDENED: "hardened"}


@dataclass(frozen=True)
class AttackRound:
    """A round: how many rows were attacked, how many samples that gave, and on how many rows it trained, for how many steps."""

    number: int
    attacked: int
    samples: int
    rows: int
    steps: int


@dataclass(frozen=True)
class MeasuredModel:
    """The figures of a model by name; by attack the rows computed of an attacked row, and the words edited of a success."""

    figures: Mapping[str, RowShare]
    queries: Mapping[str, float | None]
    edits: Mapping[str, float | None]

    def above(self, other: "MeasuredModel") -> dict[str, Gain]:
        """Return by figure how much it is above another model."""
        return gains(self.figures, other.figures)


class Rounds:
    """Makes the models of a hardening and measures them. `notices`: what a reader should know of how it went."""

    def __init__(
        self,
        job: Job,
        folder: Path,
        work: Path,
        plans: Mapping[str, Pipeline],
        train: Examples,
        test: Examples,
        corpus: Mapping[str, str],
        report: Progress,
    ) -> None:
        """Keep the job with absolute paths, the folder, the one for models, the attacks, the rows, and their hashes."""
        self.notices: list[str] = []
        self._job, self._work, self._plans = job, work, plans
        self._train, self._test, self._corpus, self._report = train, test, corpus, report
        paired = any(pair is not None for pair in [*train.pairs, *test.pairs])
        self._attacking = Attacking(job, folder, paired)
        self._last = 0

    def model(self, name: str, number: int) -> Path:
        """Return the folder of a model after a round."""
        if name == START or not number:
            return Path(self._job.needs_model().path)
        return self._work / f"{_FOLDER[name]}-{number}"

    def require_victim(self) -> None:
        """Raise RequestError, unless an attack allows it, for a model that always gives one answer or is no better than chance."""
        answers = self._answers(self.model(START, 0), self._test)
        if any(stage.refuses_victims for plan in self._plans.values() for stage in plan.stages):
            kind, separator = kind_of(self._job), self._job.label_separator
            require_victim(self._job.needs_model().path, self._test.labels, answers, kind, separator)

    def made(self) -> tuple[AttackRound, ...]:
        """Make the models of all rounds, and return what each round did; RequestError if the first gives no sample."""
        rounds: list[AttackRound] = []
        samples, sources = Examples([], [], [], []), list[int]()
        for number in range(1, self._job.harden.rounds + 1):
            attacked, made = self._attacked(number)
            if not len(made.samples):
                if not rounds:
                    what = f"the attack changed the answer to none of the {attacked:,} train rows it tried"
                    hint = "name another recipe as harden.attack, or install a lexicon (`augment doctor` lists them)"
                    raise RequestError(f"harden.attack: {self._job.harden.attack}", what, hint)
                self.notices.append(f"round {number} gave no sample: the rounds end before it")
                break
            samples = _joined(samples, made.samples)
            sources = [*sources, *made.sources]
            rows = len(self._train) + len(samples)
            steps = math.ceil(self._job.harden.epochs * rows / self._job.train.batch_size)
            rounds.append(AttackRound(number, attacked, len(made.samples), rows, steps))
            for name, more in ((HARDENED, samples), (DUPLICATE, taken(self._train, sources))):
                self._trained(name, number, more, steps)
            self._last = number
        return tuple(rounds)

    def measured(self) -> dict[str, MeasuredModel]:
        """Return the figures of the starting model, of the duplicate and of the hardened model on the rows held out."""
        return {name: self._measured(name) for name in (START, DUPLICATE, HARDENED)}

    def _measured(self, name: str) -> MeasuredModel:
        """Return the figures of a model: its answers, and what each attack does to it."""
        folder = self.model(name, self._last)
        answers = self._answers(folder, self._test)
        right = [answer == label for answer, label in zip(answers, self._test.labels, strict=True)]
        attacks = {
            attack: self._attack(f"{_FOLDER[name]}-{attack}", attack, self._test, folder)
            for attack in self._plans
        }
        return MeasuredModel(
            figures_of(right, {attack: made.outcomes for attack, made in attacks.items()}),
            {
                attack: _mean(made.queries, made.outcomes, ("changed", "unchanged"))
                for attack, made in attacks.items()
            },
            {attack: _mean(made.edits, made.outcomes, ("changed",)) for attack, made in attacks.items()},
        )

    def _attacked(self, number: int) -> tuple[int, AttackedRows]:
        """Return how many train rows a round attacked, and what came of it: of all rows, or of blocks until there are enough samples."""
        ratio, attack = self._job.harden.ratio, next(iter(self._plans))
        model = self.model(HARDENED, number - 1)
        if ratio is None:
            return len(self._train), self._attack(f"round-{number}", attack, self._train, model)
        wanted = max(1, round(ratio * len(self._train)))
        # Each round begins with other rows.
        left = by_hash(self._train, self._job.seed, f"harden {number}")
        samples, sources, tried, block = Examples([], [], [], []), list[int](), 0, 0
        while left and len(samples) < wanted:
            block += 1
            rows, left = left[:wanted], left[wanted:]
            made = self._attack(f"round-{number}-{block}", attack, taken(self._train, rows), model)
            room = wanted - len(samples)
            tried += len(rows)
            samples = _joined(samples, taken(made.samples, list(range(len(made.samples)))[:room]))
            sources += [rows[source] for source in made.sources[:room]]
        return tried, AttackedRows((), (), (), samples, tuple(sources))

    def _attack(self, name: str, attack: str, rows: Examples, model: Path) -> AttackedRows:
        """Return what comes of an attack on rows."""

        def report(what: str, done: int, total: int) -> None:
            """Report how far it is, under its own name."""
            self._report(f"{name}: {what}", done, total)

        return self._attacking.run(name, self._plans[attack], rows, model, report)

    def _trained(self, name: str, number: int, more: Examples, steps: int) -> None:
        """Train the model of the round before on train rows and more, unless that is done."""
        to = self.model(name, number)
        if to.exists():
            return
        weight = self._job.harden.weight
        rows = _joined(self._train, more)
        if weight != 1.0:
            rows = replace(rows, weights=[1.0] * len(self._train) + [weight] * len(more))
        settings = {"steps": steps, "limit": None, "baseline": False, "epochs": None}
        job = self._job.model_copy(
            update={
                "train": self._job.train.model_copy(update=settings),
                "seed": self._job.seed + number,
            }
        )

        def report(_: str, done: int, total: int) -> None:
            """Report how far it is."""
            self._report(f"round {number}: train the {name} model", done, total)

        train_on(job, self.model(name, number - 1), rows, to, self._corpus, report)

    def _answers(self, model: Path, rows: Examples) -> list[str]:
        """Return what a model answers to rows, as the corpus writes labels: of a number within the tolerance the label."""
        from augment.models.classifier import open_classifier

        config = self._job.needs_model().model_copy(update={"path": str(model)})
        classifier = open_classifier(config, self._job.run)
        labels = LabelMap.of(classifier, self._job)
        labels.require(rows.labels)
        answers = classifier.ask(rows.texts, rows.pairs).tolist()
        return [
            labels.nearest(answer, [label], config.tolerance)
            for answer, label in zip(answers, rows.labels, strict=True)
        ]


def _joined(one: Examples, other: Examples) -> Examples:
    """Return examples followed by others."""
    return Examples(
        [*one.texts, *other.texts],
        [*one.pairs, *other.pairs],
        [*one.labels, *other.labels],
        [*one.ids, *other.ids],
    )


def _mean(values: Sequence[int], outcomes: Sequence[str | None], wanted: tuple[str, ...]) -> float | None:
    """Return the mean of the values of rows with some outcomes; None where there is none."""
    some = [value for value, outcome in zip(values, outcomes, strict=True) if outcome in wanted]
    return round(sum(some) / len(some), 3) if some else None
