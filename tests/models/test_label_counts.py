"""F1 of several labels, compared with scikit-learn."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from augment.models.label_counts import LabelCounts

LABELS = ("a", "b", "差")
SETS = st.lists(st.tuples(*(st.sets(st.sampled_from(LABELS)) for _ in range(2))), min_size=1, max_size=20)


@settings(max_examples=25)
@given(rows=SETS)
def test_the_counts_give_the_f1_of_scikit_learn(rows: list[tuple[set[str], set[str]]]) -> None:
    counts = LabelCounts()
    for right, answered in rows:
        counts.add(right, answered)
    given, seen = (np.array([[label in row[side] for label in LABELS] for row in rows]) for side in (0, 1))
    wanted = dict(zip(LABELS, f1_score(given, seen, average=None, zero_division=0), strict=True))
    assert counts.micro == pytest.approx(f1_score(given, seen, average="micro", zero_division=0))
    assert all(counts.f1(label) == pytest.approx(wanted[label]) for label in LABELS)
    known = [wanted[label] for label in counts.labels]
    assert counts.macro == pytest.approx(sum(known) / len(known) if known else 0)
