"""The layers: a module imports only from strictly lower ones, nothing goes in circles, and what is heavy stays at its doors."""

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import augment
from tests.conftest import CHECKOUT

PACKAGE = CHECKOUT / "augment"
LAYERS: tuple[tuple[str, ...], ...] = (
    ("errors", "ig", "progress", "seeding", "version"),
    ("config", "text"),
    ("models", "tables"),
    ("attribution", "candidates", "corpus", "report", "rewriting"),
    ("adversarial",),
    ("stages", "training"),
    ("audit", "pipeline"),
    ("engine",),
    ("output",),
    ("api", "verification"),
    ("evaluation", "review"),
    ("hardening",),
    ("cli",),
    ("__main__",),
)
LAYER = {unit: number for number, units in enumerate(LAYERS) for unit in units}

# What the root package defines itself. Its other names are lazy: `import augment` imports none of its modules.
ROOT: set[str] = set()

HEAVY = {"torch", "transformers", "datasets", "pandas", "sklearn"}
# Units whose modules may import heavy packages at the top; of the others only what DOORS lists, inside functions.
HOMES = {
    "ig",
    "models",
    "attribution",
    "training.r_drop",
    "training.row_weights",
    "training.head_loss",
    "training.length_buckets",
    "training.freezing",
    "training.wordpiece",
    "training.pretrained_vectors",
    "candidates.context",
    "candidates.masked_lm",
    "candidates.neighbours",
    "adversarial.white_box",
    "api.online",
    "rewriting.local",
}
DOORS = {
    "candidates.plausibility": {"logistic": {"sklearn"}, "_sense": {"sklearn"}},
    "candidates.senses": {"_left_vectors": {"sklearn"}},
    "engine.beginning": {"cuda_devices": {"torch"}},
    "evaluation.evaluation": {"to_pandas": {"pandas"}},
    "evaluation.faithfulness.answers": {"_of": {"torch"}},
    "evaluation.faithfulness.material": {"explained": {"torch"}},
    "evaluation.faithfulness.row_costs": {"counted_rows": {"torch"}},
    "evaluation.faithfulness.twin_models": {"shuffled": {"torch"}, "planted": {"transformers"}},
    "evaluation.scoring": {"area": {"sklearn"}},
    "api.renderings": {"frame": {"pandas"}},
    "api.user_tables": {"with_samples": {"pandas"}},
    "corpus.formats.columnar": {"from_folder": {"datasets"}, "from_hub": {"datasets"}},
    "output.two_sample": {"two_sample_auc": {"sklearn"}},
    "output.manifest": {"to_pandas": {"pandas"}},
    "training.continuing": {"train_on": {"torch", "transformers"}},
    "training.fitting": {"fit": {"transformers"}, "_features": {"datasets"}},
    "training.saving": {"save": {"transformers"}},
    "training.scoring": {"score_of": {"sklearn"}, "tfidf_accuracy": {"sklearn"}},
    "review.hub": {"push": {"datasets"}},
    "seeding": {"tensor_rng": {"torch"}},
    "training.starting": {"start_of": {"torch", "transformers"}, "_pretrained": {"torch", "transformers"}},
}


def paths() -> dict[str, Path]:
    """Return the file of every module, by its name below `augment`; the root package itself is left out."""
    result = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        name = ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix("__init__").rstrip(".")
        if name:
            result[name] = path
    return result


@cache
def modules() -> dict[str, ast.Module]:
    """Return the syntax tree of every module, by its name below `augment`; parsed by the process that needs it."""
    return {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in paths().items()}


def targets(node: ast.AST) -> Iterator[str]:
    """Yield the dotted name of everything that a statement imports."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.level == 0:
        yield from (f"{node.module}.{alias.name}" for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield f"a relative import of {node.module}"


def imported(tree: ast.AST) -> Iterator[str]:
    """Yield the names below `augment` that a module imports anywhere, in functions and for type checking too."""
    for node in ast.walk(tree):
        for target in targets(node):
            assert not target.startswith("a relative"), target
            if target.startswith("augment.") and target.removeprefix("augment.") not in ROOT:
                yield target.removeprefix("augment.")


def module_of(name: str) -> str:
    """Return the longest module that a dotted name begins with."""
    while name not in modules():
        assert "." in name, f"no module augment.{name}"
        name = name.rpartition(".")[0]
    return name


def cycles() -> list[list[str]]:
    """Return a cycle of imports as its modules, those for type checking included; nothing if there is none."""
    graph = {
        name: {other for target in imported(tree) if (other := module_of(target)) != name}
        for name, tree in modules().items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return [error.args[1]]
    return []


def at_the_top(tree: ast.Module) -> Iterator[str]:
    """Yield what a module imports when it is imported: not in functions, not for type checking."""
    pending: list[ast.AST] = [*tree.body]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from targets(node)
            pending += ast.iter_child_nodes(node)


def test_every_module_has_a_layer_and_every_layer_its_modules() -> None:
    units = {name.partition(".")[0] for name in modules()}
    assert units - set(LAYER) == set(), "new: give it the lowest layer that is above all it imports"
    assert set(LAYER) - units == set(), "gone: take it out of LAYERS"


def test_a_module_imports_only_from_strictly_lower_layers() -> None:
    """A package is one layer, and its modules may import each other."""
    wrong = [
        f"{name} imports {target}"
        for name, tree in modules().items()
        for target in imported(tree)
        if (unit := name.partition(".")[0]) != (other := target.partition(".")[0])
        and LAYER.get(other, 0) >= LAYER.get(unit, len(LAYERS))
    ]
    assert wrong == []


def test_no_imports_go_in_circles() -> None:
    """Inside packages too."""
    assert cycles() == []


def test_heavy_packages_are_imported_at_the_top_only_where_models_live() -> None:
    """Directly, or by importing a module that does."""
    heavy: set[str] = set()
    while True:
        more = {
            name
            for name, tree in modules().items()
            for target in at_the_top(tree)
            if target.partition(".")[0] in HEAVY
            or (
                target.startswith("augment.")
                and target.removeprefix("augment.") not in ROOT
                and module_of(target[8:]) in heavy
            )
        }
        if more <= heavy:
            break
        heavy |= more
    assert {name for name in heavy if name not in HOMES and name.partition(".")[0] not in HOMES} == set()
    assert "models.classifier" in heavy


def test_elsewhere_heavy_packages_are_imported_at_the_doors_listed_here() -> None:
    doors: dict[str, dict[str, set[str]]] = {}
    for name, tree in modules().items():
        if name in HOMES or name.partition(".")[0] in HOMES:
            continue
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef):
                packages = {
                    target.partition(".")[0] for node in ast.walk(function) for target in targets(node)
                } & HEAVY
                if packages:
                    doors.setdefault(name, {})[function.name] = packages
    assert doors == DOORS


def test_no_module_shares_its_name_with_a_public_function() -> None:
    """Importing augment.run would put the module in the place of the function."""
    assert set(augment.__all__) & {Path(name).name for name in modules()} == set()
