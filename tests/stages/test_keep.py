"""Verdicts by rules: the first that fits, else dropped with the reason."""

from augment.stages import Keep
from augment.stages.keep import Rule

SAMPLE: dict[str, object] = {
    "label": "good",
    "method": "substitute_key",
    "p_gold_after": 0.8,
    "pred_before": "good",
    "pred_after": "good",
}


def decide(*rules: Rule, **changes: object) -> tuple[str, str]:
    return Keep(kind="keep", rules=rules).decide({**SAMPLE, **changes})


def test_a_sample_the_model_still_sees_as_gold_is_kept() -> None:
    assert decide(Rule(verdict="keep", p_gold_at_least=0.7)) == ("keep", "p(gold) at least 0.7")


def test_a_sample_below_the_threshold_is_dropped_with_the_reason() -> None:
    assert decide(Rule(verdict="keep", p_gold_at_least=0.7), p_gold_after=0.69) == (
        "drop",
        "p(gold) below 0.7",
    )


def test_a_sample_of_a_doubtful_row_is_kept_where_its_edits_add_no_doubt() -> None:
    rule = Rule(verdict="keep", p_gold_at_least=0.5, p_gold_falls_at_most=0.05)
    assert decide(rule, p_gold_before=0.62, p_gold_after=0.57) == (
        "keep",
        "p(gold) at least 0.5, p(gold) falls by at most 0.05",
    )
    assert decide(rule, p_gold_before=0.62, p_gold_after=0.56) == ("drop", "p(gold) falls by more than 0.05")
    assert decide(rule, p_gold_before=0.45, p_gold_after=0.49)[0] == "drop"
    assert "p_gold_before" in Keep(rules=(rule,)).needs
    assert "p_gold_before" not in Keep(rules=(Rule(verdict="keep"),)).needs


def test_the_threshold_is_compared_after_rounding() -> None:
    assert decide(Rule(verdict="keep", p_gold_at_least=0.7), p_gold_after=0.6999999)[0] == "keep"


def test_the_first_rule_that_fits_decides() -> None:
    rules = (Rule(verdict="soft", p_gold_below=0.9), Rule(verdict="keep"))
    assert decide(*rules)[0] == "soft"
    assert decide(*rules, p_gold_after=0.95) == ("keep", "every sample")


def test_a_rule_for_another_stage_does_not_give_the_reason() -> None:
    rules = (
        Rule(verdict="adversarial", methods=("substitute_key",), prediction="changed"),
        Rule(verdict="contrast", methods=("delete_key",), prediction="changed"),
    )
    assert decide(*rules) == ("drop", "prediction not changed")
    assert decide(*rules, pred_after="bad") == ("adversarial", "prediction changed")
    assert decide(*rules, pred_after="bad", method="delete_key")[0] == "contrast"


def test_a_rule_may_ask_that_the_source_row_was_right() -> None:
    rule = Rule(verdict="adversarial", source="right", prediction="changed")
    assert decide(rule, pred_before="bad") == ("drop", "its source row is not predicted right")


def test_a_row_without_a_label_meets_no_rule_about_gold() -> None:
    assert decide(Rule(verdict="keep", p_gold_at_least=0.0), p_gold_after=None)[0] == "drop"


def test_a_sample_that_is_not_natural_enough_is_dropped_with_the_reason() -> None:
    rule = Rule(verdict="keep", natural_at_least=0.6)
    assert decide(rule, naturalness=0.6) == ("keep", "naturalness at least 0.6")
    assert decide(rule, naturalness=0.59) == ("drop", "naturalness below 0.6")
    assert decide(rule, naturalness=None)[0] == "drop"


def test_naturalness_is_needed_only_where_a_rule_looks_at_it() -> None:
    assert "naturalness" in Keep(rules=(Rule(verdict="keep", natural_at_least=0.6),)).needs
    assert "naturalness" not in Keep().needs
