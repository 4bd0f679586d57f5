"""A key of a stage that does nothing is an error which names it, its line and what fits."""

from pathlib import Path

import pytest

from augment.config.job import Job
from augment.pipeline.definition import Pipeline
from tests.plans import refused_with_line

HEAD = "name: mine\nabout: of my own\nstages:\n  - kind: tokenize\n"
SCORED = "  - kind: attribute\n  - kind: rank\n    k: 2\n"
PLAIN = "  - kind: attribute\n    method: {}\n"


@pytest.mark.parametrize(
    ("stages", "line", "what", "hint"),
    [
        *(
            (PLAIN.format(method) + f"    {key}\n", 7, f"`{key.split(':')[0]}` cannot be", f"`method: {method}`")
            for method in ("gradient", "gradient_x_input")
            for key in ("tolerance: 0.01", "p95: 0.05", "ranking: 3", "fixed: 8")
        ),
        (PLAIN.format("gradient") + "    replace_by: mask\n", 7, "`replace_by` cannot be", "keys that fit are name, target"),
        (PLAIN.format("occlusion") + "    tolerance: 0.01\n", 7, "`tolerance` cannot be", "one evaluation for each token"),
        (PLAIN.format("occlusion") + "    cut: bert.embeddings\n", 7, "`cut` cannot be", "quantity and replace_by"),
        (PLAIN.format("integrated_gradients") + "    replace_by: unk\n", 7, "`replace_by`", "tolerance, p95, ranking and fixed"),
        (PLAIN.format("gradient") + "    baseline: mask\n", 7, "`baseline` cannot be 'mask'", "keys that fit are name, target"),
        (SCORED + "  - kind: substitute\n    sources: [typos]\n    pos: false\n", 10, "`pos` cannot be false", "add `lexicon`"),
        (SCORED + "  - kind: substitute\n    sources: [typos, homophones]\n    similarity: 0.3\n", 10, "`similarity`", "forms of the token"),
        (SCORED + "  - kind: substitute\n    sources: []\n", 9, "`sources` cannot be", "at least one"),
        (SCORED + "  - kind: attack\n    sources: []\n    delete: true\n    most: 3\n", 11, "`most` cannot be 3", "name `sources`"),
        (SCORED + "  - kind: attack\n    sources: []\n    delete: true\n    context: 0.5\n", 11, "`context` cannot be 0.5", "only left out"),
        (SCORED + "  - kind: attack\n    sources: []\n    delete: false\n", 10, "`delete` cannot be false", "nothing is tried"),
        (SCORED + "  - kind: attack\n    search: greedy\n    each: 4\n", 8, "cannot be", "`each` does nothing with `search: greedy`"),
        (SCORED + "  - kind: balance\n    remove: false\n    insert: false\n", 10, "`insert` cannot be false", "no sample is made"),
        (SCORED + "  - kind: delete\n  - kind: judge\n  - kind: keep\n    rules: []\n", 11, "`rules` cannot be", "at least one"),
        (
            SCORED + "  - kind: delete\n  - kind: judge\n  - kind: keep\n    rules:\n      - {verdict: drop}\n      - {verdict: keep}\n",
            11, "`rules` cannot be", "no sample comes to rule 2",
        ),
        (
            SCORED + "  - kind: delete\n  - kind: judge\n  - kind: keep\n    rules:\n"
            "      - {verdict: keep, p_gold_at_least: 0.8, p_gold_below: 0.7}\n",
            12, "cannot be", "fits no sample",
        ),
        (
            SCORED + "  - kind: delete\n  - kind: judge\n  - kind: keep\n    rules:\n      - {verdict: keep, methods: [delete_othr]}\n",
            10, "`methods: delete_othr` of stage `keep` does nothing", "did you mean `delete_other`?",
        ),
    ],
)  # fmt: skip
def test_a_key_of_a_stage_that_does_nothing_is_refused_with_its_line(
    tmp_path: Path, stages: str, line: int, what: str, hint: str
) -> None:
    path = tmp_path / "流程.yaml"
    path.write_text(HEAD + stages, encoding="utf-8")
    refused_with_line(path, line, what, hint)


def test_values_that_are_the_usual_ones_add_nothing_and_are_read() -> None:
    stages = [
        {"kind": "tokenize"},
        {"kind": "attribute", "method": "gradient", "baseline": "auto", "cut": "bert.embeddings"},
        {"kind": "rank", "by": "ig", "k": 2},
        {"kind": "substitute", "sources": ["typos"], "pos": True, "context": 0.98},
        {"kind": "attack", "sources": [], "delete": True},
    ]
    plan = Pipeline.model_validate({"name": "a", "about": "", "stages": stages})
    assert Pipeline.model_validate(plan.model_dump()) == plan
    job = Job.model_validate({"output": {"soft_share": 0.5}, "run": {"workers": None}})
    assert Job.model_validate(job.model_dump()) == job
