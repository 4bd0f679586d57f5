"""Attribute a prediction to the pieces of each row: integrated gradients, and plain gradients for comparison.

Rows are sorted by length and laid out in windows; all open rows of a window and all new nodes of a rule go into the
same batches, within a budget of pieces. A row is settled when `factor` times its estimate (`ig.residual`) and the gap of its
scores are within the tolerance; otherwise the next rule of the chain adds nodes to those it has. Rows equal in all that is fed to
the model are computed once. A TextCNN needs no nodes: its integral has a closed form.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeVar

import numpy as np
import torch
from torch import Tensor

from augment.attribution.layers import Cut, Secant
from augment.ig.baseline import FillerName
from augment.ig.gradients import Batch, Gradients, Question, evaluate
from augment.ig.quadrature import Chain, Level, gauss_legendre, patterson, single
from augment.ig.residual import Integral, Paths, estimate, incomplete, integrate, measure
from augment.ig.target import Quantity, quantity, runner_up
from augment.models.classifier import Classifier
from augment.models.packing import fill

Method = Literal["integrated_gradients", "gradient", "gradient_x_input"]
Mode = Literal["tolerance", "p95", "ranking", "fixed"]

# For rules that were not calibrated the error of 99 texts in 100 is within this factor of its estimate; for the first rule,
# which has no coarser one to compare with, within this factor more.
UNCALIBRATED = 2.25
_ALONE = 2.0
# Modes in which a row claims that its error is within the tolerance.
PROMISING = ("tolerance", "p95")
# What rows are called that are within what was promised of them.
PROMISED = ("converged", "p95", "precision_floor")
_TINY = 1e-12
# Numbers kept for one window: rows x nodes x pieces.
_WINDOW = 1 << 22


@dataclass(frozen=True)
class ModelInputs:
    """What is explained. pieces, segments: N rows of input and token type ids; logits: [N, C] float32 at x.

    target: [N] int64, the class explained in each row. owners: the token of each piece, -1 for none, where tokens are
    to be ranked. starts: rows of the same lengths that the paths begin at, in place of a baseline. against: [N] int64, the
    other class of a difference, by default the one with the next logit. Tensors on the CPU.
    """

    pieces: Sequence[Sequence[int]]
    segments: Sequence[Sequence[int]]
    logits: Tensor
    target: Tensor
    owners: Sequence[Sequence[int]] | None = None
    starts: Sequence[Sequence[int]] | None = None
    against: Tensor | None = None

    @property
    def strongest_other(self) -> Tensor:
        """The class that each target is compared with, [N] int64."""
        return runner_up(self.logits, self.target) if self.against is None else self.against

    def layouts(self, classifier: Classifier, baseline: FillerName, rows: Sequence[int]) -> list[Hashable]:
        """Return what the answer at the baseline of some rows depends on: where the text speaks no word is left of it.

        Other texts are seen in the place of a row's own: with its mask, positions and pooled piece.
        """
        if self.starts is None:
            return [(classifier.frame(self.pieces[row], baseline), tuple(self.segments[row])) for row in rows]
        return [
            (tuple(self.starts[row]), classifier.frame(self.pieces[row], "zero"), tuple(self.segments[row]))
            for row in rows
        ]

    def take(self, indices: Sequence[int]) -> "ModelInputs":
        """Return the rows at some places, in their order; a place may come twice."""
        index = list(indices)
        owners, starts = (
            None if values is None else [values[row] for row in index]
            for values in (self.owners, self.starts)
        )
        return ModelInputs(
            [self.pieces[row] for row in index],
            [self.segments[row] for row in index],
            self.logits[index],
            self.target[index],
            owners,
            starts,
            None if self.against is None else self.against[index],
        )


def uncalibrated() -> tuple[Chain, ...]:
    """Return the rules for a model of which nothing is known: Patterson's 7 to 127 nodes, each among the next."""
    return (patterson(),)


def fixed(steps: int) -> tuple[Chain, ...]:
    """Return the Gauss-Legendre rule of `steps` nodes as the only one."""
    return (single(gauss_legendre(steps)),)


Estimates = TypeVar("Estimates", Tensor, np.ndarray)


def bounded(estimates: Estimates, factor: float, power: float, tolerance: float) -> Estimates:
    """Return the bound of the error for estimates of it: factor x estimate, at a power of less than 1 drawn to the tolerance.

    A small estimate is small by chance more often than it is right, and a large one large.
    """
    return factor * tolerance * (estimates / tolerance) ** power


@dataclass(frozen=True)
class Plan:
    """How to attribute: the method, its quantity, and for integrated gradients the rules and when to stop.

    cut: the module through whose output the path runs, by default the input embeddings.

    modes `tolerance` and `p95`, which differ in the factor: a row stops at the first rule whose error, factor x estimate,
    and its gap, relative to F(x) - F(x'), are at most `tolerance`; `fixed`: at the first rule of the first chain; `ranking`: when the `top` tokens of two rules are the same set and no
    token moved by more than what parts the last of them from the next. factor, power: how an estimate leads to a bound. alone: how much more doubt there is of the first
    rule, than which nothing coarser is known.
    """

    method: Method = "integrated_gradients"
    quantity: Quantity = "logit"
    baseline: FillerName = "zero"
    cut: str | None = None
    mode: Mode = "tolerance"
    tolerance: float = 0.05
    top: int = 5
    chains: tuple[Chain, ...] = field(default_factory=uncalibrated)
    factor: float = UNCALIBRATED
    alone: float = _ALONE
    power: float = 1.0

    def bound(self, estimates: Estimates) -> Estimates:
        """Return the bound of the error for estimates of it."""
        return bounded(estimates, self.factor, self.power, self.tolerance)

    @property
    def allows_closed_form(self) -> bool:
        """Whether a net that has a closed form may use it: the quantity is linear in the logits, no rule is requested."""
        linear = self.quantity in ("logit", "difference") and self.baseline == "zero" and self.cut is None
        return self.method == "integrated_gradients" and linear and self.mode != "fixed"


@dataclass
class Scores:
    """Scores of N rows. pieces: one float64 array [T] a row. The rest are arrays [N].

    value, floor: F(x) and F(baseline); gap: sum of scores - (value - floor), before any correction; error: factor x
    estimate, |gap| over the same measure for one-point methods; evals: gradient evaluations; status: converged,
    not_converged, p95, ranking, exact (closed form) or fixed.
    """

    pieces: list[np.ndarray]
    value: np.ndarray
    floor: np.ndarray
    gap: np.ndarray
    error: np.ndarray
    evals: np.ndarray
    status: list[str]

    def incomplete(self, tolerance: float) -> np.ndarray:
        """Return in which rows the gap is over such a share of F(x) - F(baseline), [N] bool."""
        size = np.asarray([np.abs(row).sum() for row in self.pieces])
        gap, start, end, sizes = (torch.from_numpy(each) for each in (self.gap, self.floor, self.value, size))
        return np.asarray(incomplete(gap, start, end, sizes, tolerance).numpy())


def misses(scores: Scores, tolerance: float) -> np.ndarray:
    """Return how many times the tolerance the error or the gap of each row is, the larger of both, [N]; 1 is within it."""
    change = np.maximum(np.abs(scores.value - scores.floor), _TINY)
    gap = np.where(scores.incomplete(tolerance), np.abs(scores.gap) / change, 0)
    return np.asarray(np.maximum(scores.error, gap) / tolerance)


def doubted(scores: Scores, tolerance: float) -> Scores:
    """Return scores in which no row counts as within tolerance unless it is and adds up: means over several paths."""
    for row in np.flatnonzero(misses(scores, tolerance) > 1).tolist():
        if scores.status[row] in PROMISED:
            scores.status[row] = "not_converged"
    return scores


def put(scores: Scores, rows: Sequence[int], fresh: Scores) -> None:
    """Replace the scores of some rows by fresh ones."""
    for number, row in enumerate(rows):
        scores.pieces[row], scores.status[row] = fresh.pieces[number], fresh.status[number]
        for name in ("value", "floor", "gap", "error", "evals"):
            getattr(scores, name)[row] = getattr(fresh, name)[number]


def attribute(classifier: Classifier, rows: ModelInputs, plan: Plan) -> Scores:
    """Return the scores of every row for its target class."""
    return _Integration(classifier, rows, plan).run()


@dataclass(frozen=True)
class Traced:
    """The path of one row, on the CPU in float64. along: [S, T]; values: [S], F at the nodes; start, end: F(x'), F(x)."""

    along: np.ndarray
    values: np.ndarray
    start: float
    end: float


def trace(classifier: Classifier, rows: ModelInputs, plan: Plan, nodes: np.ndarray) -> list[Traced]:
    """Return the path of every row at `nodes` [S] in [0, 1]."""
    return _Integration(classifier, rows, plan).trace(nodes)


def try_path(classifier: Classifier, plan: Plan) -> None:
    """Raise RequestError or ModelError if the model has not what the paths of a plan start from or run through."""
    pieces = classifier.some_pieces()
    batch = classifier.batch([pieces], [[0] * len(pieces)])
    network = _view(classifier, plan, exact=False)
    if isinstance(network, Cut):
        network.require(plan.baseline, batch)
    with torch.no_grad():
        network.baseline(plan.baseline, batch, network.embed(batch))


class _Integration:
    """The scores of some rows, brought up to date rule by rule."""

    def __init__(self, classifier: Classifier, rows: ModelInputs, plan: Plan) -> None:
        """Evaluate F at both ends of every row's path."""
        self._classifier, self._rows, self._plan = classifier, rows, plan
        self._exact = classifier.has_closed_form and plan.allows_closed_form and rows.starts is None
        self._network = _view(classifier, plan, self._exact)
        self._against = rows.strongest_other
        count = len(rows.pieces)
        self._scores = Scores(
            [np.zeros(len(row)) for row in rows.pieces],
            self._quantity(rows.logits),
            self._quantity(self._floor()),
            np.zeros(count),
            np.zeros(count),
            np.zeros(count, dtype=np.int16),
            ["fixed"] * count,
        )

    def run(self) -> Scores:
        """Settle every row, equal rows once."""
        first, same = self._distinct()
        for window in self._windows(first):
            if self._exact or self._plan.method != "integrated_gradients":
                self._at_input(window)
            else:
                self._climb(window)
        for row, other in same.items():
            self._copy(other, row)
        return self._scores

    def trace(self, nodes: np.ndarray) -> list[Traced]:
        """Return the values along the path of every row."""
        rows = list(range(len(self._rows.pieces)))
        if not rows:
            return []
        paths = self._empty(rows, len(nodes))
        self._fill(paths, rows, rows, nodes, 0)
        along, values = paths.along.double().cpu().numpy(), paths.values.cpu().numpy()
        ends = zip(self._scores.floor.tolist(), self._scores.value.tolist(), strict=True)
        return [
            Traced(along[row, :, : len(self._rows.pieces[row])], values[row], *end)
            for row, end in zip(rows, ends, strict=True)
        ]

    def _distinct(self) -> tuple[list[int], dict[int, int]]:
        """Return the rows to compute, and for each row that equals one of them which."""
        seen: dict[tuple[object, ...], int] = {}
        same = {}
        for row, (pieces, segments) in enumerate(zip(self._rows.pieces, self._rows.segments, strict=True)):
            # Not F(x): its last bits depend on the place of a row in its batch.
            ends = (int(self._rows.target[row]), int(self._against[row]))
            start = None if self._rows.starts is None else tuple(self._rows.starts[row])
            key = (tuple(pieces), tuple(segments), start, *ends)
            if seen.setdefault(key, row) != row:
                same[row] = seen[key]
        return list(seen.values()), same

    def _copy(self, source: int, row: int) -> None:
        """Give a row the scores of an equal one."""
        scores = self._scores
        scores.pieces[row] = scores.pieces[source].copy()
        for values in (scores.gap, scores.error, scores.evals):
            values[row] = values[source]
        scores.status[row] = scores.status[source]

    def _windows(self, rows: Sequence[int]) -> Iterator[list[int]]:
        """Yield the rows in windows of like length, so that what is kept of their paths stays small."""
        lengths = [len(self._rows.pieces[row]) for row in rows]
        nodes = max(len(chain.nodes) for chain in self._plan.chains)
        for window in fill(lengths, max(_WINDOW // nodes, 1)):
            yield [rows[index] for index in window]

    def _at_input(self, rows: list[int]) -> None:
        """Settle rows by the gradient at the input: plain gradients, and the closed form."""
        paths = self._empty(rows, 1)
        indices = list(range(len(rows)))
        self._fill(paths, rows, indices, np.ones(1), 0, self._plan.method == "gradient")
        integral = integrate(paths, Level(np.ones(1)))
        errors = integral.gap.abs() / measure(paths, integral.scores)
        self._settle(rows, indices, integral, errors, 1, lambda *_: "exact" if self._exact else "fixed")

    def _climb(self, rows: list[int]) -> None:
        """Settle rows by rule after rule; those that no rule settles are marked."""
        indices, spent = list(range(len(rows))), 0
        before: Tensor | None = None
        for chain in self._plan.chains:
            paths = self._empty(rows, len(chain.nodes))
            for number, level in enumerate(chain.levels):
                new = chain.new(number)
                self._fill(paths, rows, indices, new, level.count - len(new))
                spent += len(new)
                integral = integrate(_some(paths, indices), level)
                errors = self._plan.bound(estimate(integral, before)) * (
                    self._plan.alone if before is None else 1
                )
                last = chain is self._plan.chains[-1] and number == len(chain.levels) - 1
                off = self._off(_some(paths, indices), integral)
                open_ = self._open(rows, indices, integral, before, errors, off)
                self._settle(rows, indices, integral, errors, spent, self._status, ~open_ | last, off)
                before = integral.scores[open_]
                indices = [index for index, still in zip(indices, open_.tolist(), strict=True) if still]
                if last or not indices:
                    return

    def _off(self, paths: Paths, integral: Integral) -> Tensor:
        """Return in which rows the scores miss the change of F by more than the tolerance, [N] bool."""
        size = integral.scores.abs().sum(-1)
        return incomplete(integral.gap, paths.start, paths.end, size, self._plan.tolerance)

    def _open(
        self,
        rows: list[int],
        indices: list[int],
        integral: Integral,
        before: Tensor | None,
        errors: Tensor,
        off: Tensor,
    ) -> Tensor:
        """Return which of the rows need another rule, [len(places)] bool; off: those whose scores do not add up."""
        plan = self._plan
        if plan.mode in PROMISING:
            return (errors > plan.tolerance) | off
        if plan.mode == "ranking":
            if before is None:
                return torch.ones(len(indices), dtype=torch.bool, device=errors.device)
            owners = self._rows.owners
            owned = [
                owners[rows[index]] if owners else range(len(self._rows.pieces[rows[index]]))
                for index in indices
            ]
            stable = [
                _stable(now, then, own, plan.top)
                for now, then, own in zip(
                    integral.scores.cpu().numpy(), before.cpu().numpy(), owned, strict=True
                )
            ]
            return ~torch.tensor(stable, device=errors.device)
        return torch.zeros(len(indices), dtype=torch.bool, device=errors.device)

    def _status(self, error: float, off: bool) -> str:
        """Return what a row is called that settles with this error, its gap over the tolerance (`off`) or not."""
        plan = self._plan
        if plan.mode in PROMISING and (off or not error <= plan.tolerance):
            return "not_converged"
        return "converged" if plan.mode == "tolerance" else plan.mode

    def _settle(
        self,
        rows: list[int],
        indices: list[int],
        integral: Integral,
        errors: Tensor,
        spent: int,
        status: Callable[[float, bool], str],
        done: Tensor | None = None,
        off: Tensor | None = None,
    ) -> None:
        """Write down the rows that are done: all of `indices` unless `done` marks some."""
        scores = self._scores
        table, gaps, far = integral.scores.cpu().numpy(), integral.gap.cpu().numpy(), errors.cpu().numpy()
        for index, at in enumerate(indices):
            if done is not None and not bool(done[index]):
                continue
            row = rows[at]
            scores.pieces[row] = table[index, : len(self._rows.pieces[row])]
            scores.gap[row], scores.error[row], scores.evals[row] = gaps[index], far[index], spent
            scores.status[row] = status(far[index], off is not None and bool(off[index]))

    def _empty(self, rows: list[int], nodes: int) -> Paths:
        """Return paths of which only the ends are known."""
        longest, device = max(len(self._rows.pieces[row]) for row in rows), self._classifier.device
        return Paths(
            torch.zeros(len(rows), nodes, longest, device=device),
            torch.zeros(len(rows), nodes, dtype=torch.float64, device=device),
            torch.from_numpy(self._scores.floor[rows]).to(device),
            torch.from_numpy(self._scores.value[rows]).to(device),
        )

    def _fill(
        self,
        paths: Paths,
        rows: list[int],
        indices: list[int],
        nodes: np.ndarray,
        begin: int,
        steepness: bool = False,
    ) -> None:
        """Evaluate rows at nodes, and enter the results from column `begin` on."""
        work = [(index, node) for index in indices for node in range(len(nodes))]
        lengths = [len(self._rows.pieces[rows[index]]) for index, _ in work]

        def enter(items: list[int]) -> None:
            """Evaluate one batch."""
            at = [work[item][0] for item in items]
            node = [work[item][1] for item in items]
            gradients = self._evaluate([rows[index] for index in at], nodes[node])
            shares = gradients.steepness if steepness else gradients.along
            line, column = torch.tensor(at), torch.tensor(node) + begin
            paths.along[line, column, : shares.shape[1]] = shares.float()
            paths.values[line, column] = gradients.value.double()

        self._classifier.in_batches(lengths, enter)

    def _evaluate(self, here: list[int], alphas: np.ndarray) -> Gradients:
        """Return the gradients of a batch of rows at positions `alphas` [B] of their paths."""
        rows, device = self._rows, self._classifier.device
        distinct = list(dict.fromkeys(here))
        index_of = {row: number for number, row in enumerate(distinct)}
        index = torch.tensor([index_of[row] for row in here], device=device)
        few = self._classifier.batch(
            [rows.pieces[row] for row in distinct], [rows.segments[row] for row in distinct]
        )
        inputs = self._network.embed(few)
        baseline = self._start(distinct, few, inputs)
        batch = {name: tensor[index] for name, tensor in few.items()}
        question = Question(self._plan.quantity, rows.target[here].to(device), self._against[here].to(device))
        positions = torch.tensor(alphas, dtype=torch.float32, device=device)
        return evaluate(self._network, batch, inputs[index], baseline[index], positions, question)

    def _start(self, rows: list[int], batch: Batch, inputs: Tensor) -> Tensor:
        """Return what the paths of some rows start from, [B, T, D]."""
        network = self._network
        if self._rows.starts is None:
            return network.baseline(self._plan.baseline, batch, inputs)
        embeddings = starts_of(self._classifier, self._rows, rows, batch, self._plan.baseline)
        return network.carried(batch, embeddings) if isinstance(network, Cut) else embeddings

    def _floor(self) -> Tensor:
        """Return the logits at the baseline, [N, C], for each layout once."""
        rows, name = self._rows, self._plan.baseline
        layouts = rows.layouts(self._classifier, name, range(len(rows.pieces)))
        first = {layout: row for row, layout in reversed(list(enumerate(layouts)))}
        chosen = list(first.values())
        logits = self._classifier.answer(
            [rows.pieces[row] for row in chosen],
            [rows.segments[row] for row in chosen],
            name if rows.starts is None else [rows.starts[row] for row in chosen],
        )
        number = {layout: index for index, layout in enumerate(first)}
        return logits[[number[layout] for layout in layouts]]

    def _quantity(self, logits: Tensor) -> np.ndarray:
        """Return F [N] float64 for logits [N, C]."""
        value = quantity(self._plan.quantity, logits, self._rows.target, self._against)
        return np.asarray(value.double().numpy())


def starts_of(
    classifier: Classifier, rows: ModelInputs, here: Sequence[int], batch: Batch, baseline: FillerName
) -> Tensor:
    """Return the embeddings that paths of the rows `here` start from, [B, T, D]: those of other texts, or a baseline."""
    if rows.starts is None:
        return classifier.baseline(baseline, batch, classifier.embed(batch))
    other = classifier.batch([rows.starts[row] for row in here], [rows.segments[row] for row in here])
    return classifier.embed(other)


def _view(classifier: Classifier, plan: Plan, exact: bool) -> Classifier | Secant | Cut:
    """Return what the paths run through: the input embeddings, or the output of a module."""
    if exact:
        return Secant(classifier)
    return classifier if plan.cut is None else Cut(classifier, plan.cut)


def _some(paths: Paths, indices: list[int]) -> Paths:
    """Return the paths at some places."""
    if len(indices) == len(paths.start):
        return paths
    index = torch.tensor(indices, dtype=torch.int64, device=paths.start.device)
    return Paths(paths.along[index], paths.values[index], paths.start[index], paths.end[index])


def _stable(now: np.ndarray, then: np.ndarray, owner: Sequence[int], top: int) -> bool:
    """Return whether two results have the same `top` tokens, further from the next than any token moved.

    Scores that nearly tie at the border are left as they are when no finer rule could part them: half a percent of all.
    """
    index = np.asarray(owner, dtype=np.int64)
    owned = index >= 0
    tokens = int(index.max(initial=-1)) + 1
    if tokens <= top:
        return True
    fresh, old = (np.bincount(index[owned], values[: len(index)][owned], tokens) for values in (now, then))
    order = np.argsort(-fresh, kind="stable")
    same = set(order[:top]) == set(np.argsort(-old, kind="stable")[:top])
    margin = fresh[order[top - 1]] - fresh[order[top]]
    moved = np.abs(fresh - old).max()
    return bool(same and (margin >= moved or moved <= 0.005 * np.abs(fresh).sum()))
