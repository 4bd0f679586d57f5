"""Whether a model is worth attacking: one that always gives one answer, or guesses, has no success rate that means anything.

require_victim("models/mine", labels, answers)      # RequestError with the reason, or nothing
"""

from collections import Counter
from collections.abc import Sequence

from augment.errors import RequestError

# Rows from which on a model is judged.
ENOUGH = 20
# Standard errors by which a model must be better than the mean of its classes by chance.
_SURE = 2.0


def require_victim(name: str, labels: Sequence[str], answers: Sequence[str]) -> None:
    """Raise RequestError if a model gives rows of several labels one answer, or finds the labels no better than chance.

    Better than chance: the mean over labels of the share answered rightly exceeds one over the number of labels by two
    standard errors. Of too few rows, or rows of one label, nothing is concluded.
    """
    rows = Counter(labels)
    if len(labels) < ENOUGH or len(rows) < 2:
        return
    hint = "train it (`augment train`), or see that corpus.label_names names its classes rightly; `any_victim: true` attacks it all the same"
    if len(set(answers)) == 1:
        what = f"answers `{answers[0]}` to all {len(labels)} rows looked at, of {len(rows)} labels: there is nothing to change"
        raise RequestError(f"model {name}", what, hint)
    right = Counter(label for label, answer in zip(labels, answers, strict=True) if label == answer)
    shares = {label: right[label] / count for label, count in rows.items()}
    mean, chance = sum(shares.values()) / len(rows), 1 / len(rows)
    error = sum(chance * (1 - chance) / count for count in rows.values()) ** 0.5 / len(rows)
    if mean < chance + _SURE * error:
        what = f"is no better than chance: right on {mean:.0%} of the rows of a label, the mean over {len(rows)} labels"
        raise RequestError(f"model {name}", what, hint)
