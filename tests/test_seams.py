"""Outside `stages/` nobody asks which stage one is: what others must know of it is declared in `stages/protocol.py`."""

import ast
from collections.abc import Iterator

import pytest

from augment import stages
from tests.test_layers import modules, paths

STAGES = {name for name in stages.__all__ if name.isalpha()} | {"Stage", "WholeStage", "TableStage", "Editor"}
# Names of variables that hold a stage.
HOLDERS = {"stage", "whole", "earlier", "later", "giver", "ends"}


def questions(tree: ast.AST) -> Iterator[str]:
    """Yield every expression that asks a stage for its class, its kind, or what it may not have."""
    for node in ast.walk(tree):
        names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
        holds = names & HOLDERS
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id in ("isinstance", "issubclass") and names & STAGES:
                yield ast.unparse(node)
            if node.func.id in ("isinstance", "getattr", "hasattr") and holds:
                yield ast.unparse(node)
        if isinstance(node, ast.Compare):
            sides = [ast.unparse(side) for side in (node.left, *node.comparators)]
            if any(side in (f"{name}.kind", f"{name}.get('kind')") for side in sides for name in HOLDERS):
                yield ast.unparse(node)


@pytest.mark.parametrize("name", [name for name in paths() if name.partition(".")[0] != "stages"])
def test_no_module_outside_stages_asks_which_stage_one_is(name: str) -> None:
    assert list(questions(modules()[name])) == [], (
        "declare a property of Stage, with a default, and read that"
    )


@pytest.mark.parametrize(
    "line",
    [
        "isinstance(each, Delete)",
        "getattr(stage, 'samples', None)",
        "x = stage.kind == 'rank'",
        "stage.get('kind') == 'attribute'",
        "stage.kind in ('attribute', 'keywords')",
    ],
)
def test_such_a_question_is_seen(line: str) -> None:
    assert list(questions(ast.parse(line)))
