"""Names: one name has one meaning. `python tests/test_names.py` prints the figures of the layout."""

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import CHECKOUT
from tests.test_layers import LAYERS, MODULES, PACKAGE, cycles

_SUPPRESSION = re.compile(r"#\s*(noqa|type:\s*ignore|pragma:\s*no|nosec|pylint:)")


def defined(tree: ast.Module) -> Iterator[str]:
    """Yield the classes and type aliases that a module defines, without a leading underscore."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            yield node.name.lstrip("_")
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            # A constant is all capitals; what only begins with one is an alias of a type, or a type variable.
            if isinstance(target, ast.Name) and re.match(r"_*[A-Z]\w*[a-z]", target.id):
                yield target.id.lstrip("_")


def two_meanings() -> dict[str, list[str]]:
    """Return the names of classes and type aliases that two modules or more define, with the modules."""
    homes: dict[str, list[str]] = defaultdict(list)
    for module, tree in MODULES.items():
        for name in set(defined(tree)):
            homes[name].append(module)
    return {name: modules for name, modules in homes.items() if len(modules) > 1}


def suppressions() -> list[str]:
    """Return the lines of the package that silence a checker."""
    return [
        f"{path.relative_to(CHECKOUT)}:{number}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if _SUPPRESSION.search(line)
    ]


def package_tests() -> list[Path]:
    """Return the test files in folders that are called like a package; those at the top test several packages."""
    tests = CHECKOUT / "tests"
    return [path.relative_to(tests) for path in sorted(tests.rglob("test_*.py")) if path.parent != tests]


def without_module(tests: list[Path]) -> list[str]:
    """Return the tests whose module is not where their path says: tests/x/test_y.py tests augment/x/y.py."""
    return [
        str(test)
        for test in tests
        if not (PACKAGE / test.with_name(test.name.removeprefix("test_"))).is_file()
    ]


def loose_modules() -> list[str]:
    """Return the modules at the top of the package that are in no sub-package."""
    return sorted(path.stem for path in PACKAGE.glob("*.py") if path.stem != "__init__")


def test_a_class_or_type_alias_has_one_meaning() -> None:
    assert two_meanings() == {}, "call each what it is, or define it once and import it"


def test_few_lines_silence_a_checker() -> None:
    assert len(suppressions()) < 10, suppressions()


def test_few_modules_are_loose() -> None:
    assert len(loose_modules()) <= 6


def figures() -> dict[str, object]:
    """Return the figures of the layout by what they count."""
    tests = package_tests()
    mirrored = len(tests) - len(without_module(tests))
    return {
        "layers": len(LAYERS),
        "cycles": len(cycles()),
        "names with two meanings": len(two_meanings()),
        "suppressions": len(suppressions()),
        "tests that mirror their module": f"{mirrored} of {len(tests)}",
        "loose modules": len(loose_modules()),
    }


if __name__ == "__main__":
    for name, figure in figures().items():
        sys.stdout.write(f"{name}: {figure}\n")
