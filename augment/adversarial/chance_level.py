"""Whether a model is worth attacking: one that always gives one answer, or guesses, has no success rate that means anything.

require_victim("models/mine", labels, answers)      # RequestError with the reason, or nothing
"""

from collections import Counter
from collections.abc import Sequence

from augment.config.label_sets import parted
from augment.errors import RequestError
from augment.models.kind import Kind
from augment.models.labels import number_of

# Rows from which on a model is judged.
ENOUGH = 20
# Standard errors by which a model must be better than chance.
_SURE = 2.0
_HINT = "train it (`augment train`), or see that corpus.label_names names its classes rightly; `any_victim: true` attacks it all the same"


def require_victim(
    name: str, labels: Sequence[str], answers: Sequence[str], kind: Kind = "single", separator: str = ";"
) -> None:
    """Raise RequestError if a model gives rows of several labels one answer, or finds the labels no better than chance.

    Better than chance: the mean over labels of the share answered rightly exceeds one over the number of labels by two
    standard errors; of rows of several labels the mean over labels of having and not having it, which by chance is a half; of
    numbers their rank correlation with the labels exceeds 0. Of too few rows, or rows of one label, nothing is concluded.
    """
    if len(labels) < ENOUGH or len(set(labels)) < 2:
        return
    if len(set(answers)) == 1:
        what = f"answers `{answers[0]}` to all {len(labels)} rows looked at, of {len(set(labels))} labels: there is nothing to change"
        raise RequestError(f"model {name}", what, _HINT)
    if kind == "regression":
        _require_order(name, labels, answers)
    elif kind == "multi":
        _require_labels(name, *(_sets(texts, separator) for texts in (labels, answers)))
    else:
        _require_classes(name, labels, answers)


def _require_classes(name: str, labels: Sequence[str], answers: Sequence[str]) -> None:
    """Raise RequestError if a model of one class of several is no better than chance."""
    rows = Counter(labels)
    right = Counter(label for label, answer in zip(labels, answers, strict=True) if label == answer)
    shares = {label: right[label] / count for label, count in rows.items()}
    _require_above(name, list(shares.values()), list(rows.values()), 1 / len(rows))


def _require_labels(name: str, given: Sequence[set[str]], answered: Sequence[set[str]]) -> None:
    """Raise RequestError if a model of several labels is no better than chance."""
    shares, counts = [], []
    for label in sorted(set().union(*given)):
        for has in (True, False):
            rows = [answer for own, answer in zip(given, answered, strict=True) if (label in own) is has]
            if rows:
                shares.append(sum((label in answer) is has for answer in rows) / len(rows))
                counts.append(len(rows))
    _require_above(name, shares, counts, 0.5)


def _require_above(name: str, shares: Sequence[float], counts: Sequence[int], chance: float) -> None:
    """Raise RequestError if the mean of shares, each of a number of rows, is not surely above chance."""
    mean = sum(shares) / len(shares)
    error = sum(chance * (1 - chance) / count for count in counts) ** 0.5 / len(counts)
    if mean < chance + _SURE * error:
        what = f"is no better than chance: right on {mean:.0%} of the rows of a label, the mean over {len(shares)} labels"
        raise RequestError(f"model {name}", what, _HINT)


def _require_order(name: str, labels: Sequence[str], answers: Sequence[str]) -> None:
    """Raise RequestError if the numbers that a model answers do not rise with the labels."""
    from scipy.stats import spearmanr

    numbers = [[number_of(text) or 0.0 for text in texts] for texts in (labels, answers)]
    correlation = float(spearmanr(*numbers).statistic)
    if correlation < _SURE / (len(labels) - 1) ** 0.5:
        what = f"is no better than chance: its answers and the labels have a rank correlation of {correlation:.2f}"
        raise RequestError(f"model {name}", what, _HINT)


def _sets(texts: Sequence[str], separator: str) -> list[set[str]]:
    """Return the labels of each row."""
    return [set(parted(text, separator)) for text in texts]
