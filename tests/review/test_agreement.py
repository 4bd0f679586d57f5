"""Decisions of several people: what they agree on, kappa against a value computed by hand, and later decisions."""

import pytest

from augment.review.agreement import agreement_of
from augment.review.decision import Decision


def made(name: str, kind: str, **more: str) -> Decision:
    """Return a decision on a row."""
    return Decision.model_validate({"id": name, "hash": "h", "decision": kind, **more})


def test_kappa_is_cohens() -> None:
    """Of 50 rows both accept 20 and reject 15; the textbook case has kappa 0.4."""
    yes, no = "accept", "reject"
    kinds = [*[(yes, yes)] * 20, *[(yes, no)] * 5, *[(no, yes)] * 10, *[(no, no)] * 15]
    files = {
        name: [made(f"r{row}", pair[index]) for row, pair in enumerate(kinds)]
        for index, name in enumerate(("ann", "bob"))
    }
    result = agreement_of(files)
    kappa = result.kappas["ann", "bob"]
    assert (kappa.rows, kappa.share) == (50, 0.7)
    assert kappa.kappa == pytest.approx(0.4)
    assert (len(result.agreed), len(result.disagreed)) == (35, 15)


def test_the_later_decision_of_a_person_holds_and_edits_agree_only_where_they_are_equal() -> None:
    result = agreement_of(
        {
            "ann": [
                made("a", "accept"),
                made("a", "reject"),
                made("b", "edit", text="x"),
                made("c", "reject"),
            ],
            "bob": [made("a", "reject"), made("b", "edit", text="y"), made("d", "accept")],
        }
    )
    assert {decision.id: names for decision, names in result.agreed} == {
        "a": ("ann", "bob"),
        "c": ("ann",),
        "d": ("bob",),
    }
    assert list(result.disagreed) == ["b"]
    assert agreement_of({"ann": [made("a", "accept")], "bob": []}).kappas["ann", "bob"].rows == 0
