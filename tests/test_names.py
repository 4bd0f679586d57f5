"""Names: one name has one meaning. `python tests/test_names.py` prints the figures of the layout."""

import ast
import io
import re
import sys
import tokenize
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.conftest import CHECKOUT, FIRST
from tests.test_layers import LAYERS, PACKAGE, cycles, modules

# Tests of the command line, the checkout and the packages as a whole; every other test is at the path of its module.
_WHOLE = {
    "accessibility",
    "bad_input",
    "docs",
    "layers",
    "light",
    "promise",
    "names",
    "public",
    "python_guide",
    "review_loop",
    "wrong_calls",
    "seams",
    "tutorials",
    "security",
    "untouched",
}
# Words that no name of ours has, and what such a thing is called instead. Names of tests are sentences: they may have some.
_INSTEAD = {
    "found": "what was found: matches, findings, path",
    "place": "index, position, path, prefix or slot",
    "places": "indices, positions, paths or slots",
    "say": "report or log",
    "says": "reported",
    "said": "message or printed",
    "tell": "report",
    "told": "reported or message",
    "asked": "requested, question or computed",
    "lack": "missing, or shortfall",
    "lacks": "missing",
    "lacking": "missing",
    "arm": "condition",
    "arms": "conditions",
    "beside": "next_to, staged or others",
    "stands": "position",
    "hangs": "depends",
    "aside": "dropped",
    "luck": "rng",
    "breed": "make_samples",
    "mother": "source",
    "child": "sample, or worker",
    "children": "samples, or workers",
    "noun": "config",
    "verb": "pipeline",
    "hunt": "AttackState",
}
_IN_SENTENCES = {"found", "place", "places"}
_HOLDS = re.compile("|".join(_INSTEAD), re.IGNORECASE)
# The key `evaluate.arms` and its option; a name of the standard library.
_GIVEN_NAMES = {"arms", "active_children"}
# Words that no docstring and no comment of the package and its tests has: others are plainer. Code and quotations in them may.
_OLD = re.compile(
    r"\b(told|say|says|said|asked|beside|stand|stands|lie|lies|hangs? on|so many|want of|lacking|arms?|luck|set aside)\b",
    re.I,
)
# Words that no message, no description of a key, no help and no page of docs/ has.
_OLD_IN_MESSAGES = re.compile(
    r"\b(told|tells?|say|says|said|asked|beside|stand|stands|lie|lies|hangs? (on|together)|so many|want of|lacks?|lacking|"
    r"arms?|luck|set aside|worked on|held against|at the least|data sets?|child|children|parents?|siblings?)\b",
    re.I,
)
# Packages whose strings are data, such as lists of words; a key of the config has the old name.
_WORD_LISTS = ("text", "candidates/context.py")
_KEYS = ("evaluate.arms",)
_PAGES = ("CONTRIBUTING.md", "data/README.md", "benchmarks/README.md")
_QUOTED = re.compile(r"`[^`]*`|\"[^\"]*\"")
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
    for module, tree in modules().items():
        for name in set(defined(tree)):
            homes[name].append(module)
    return {name: modules for name, modules in homes.items() if len(modules) > 1}


def names_of(tree: ast.Module) -> Iterator[str]:
    """Yield the names that a module gives: to variables, parameters, attributes, functions and classes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr
        elif isinstance(node, ast.alias) and node.asname is not None:
            yield node.asname


def words_of(name: str) -> set[str]:
    """Return the words of an identifier, in lower case; of a sentence without those it may have."""
    words = {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)}
    return words - _IN_SENTENCES if name.startswith("test_") else words


def unclear_names() -> list[str]:
    """Return the names that hold a word which shows little of what they are, with what to write instead."""
    result = []
    for folder in ("augment", "tests", "benchmarks"):
        for path in (CHECKOUT / folder).rglob("*.py"):
            source = path.read_text(encoding="utf-8")
            written = {name for name in set(re.findall(r"[A-Za-z_]+", source)) if _HOLDS.search(name)}
            suspects = {name for name in written if words_of(name) & _INSTEAD.keys()}
            # A file without such a word, in a string or a name, need not be parsed.
            given = set(names_of(ast.parse(source))) & suspects if suspects else set()
            given |= set() if path.name.startswith("test_") else {path.stem}
            for name in sorted(given - _GIVEN_NAMES):
                where = path.relative_to(CHECKOUT)
                result += [f"{where}: {name} ({_INSTEAD[word]})" for word in words_of(name) & _INSTEAD.keys()]
    return sorted(result)


def prose_of(source: str) -> Iterator[tuple[int, str]]:
    """Yield the docstrings and comments of a module, each with its line."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            written = ast.get_docstring(node)
            if written is not None:
                yield node.body[0].lineno, written
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def old_words() -> list[str]:
    """Return the docstrings and comments of the package and its tests that have a word of the old voice, with the word."""
    return [
        f"{path.relative_to(CHECKOUT)}:{line}: {match[0]}"
        for path in sorted([*PACKAGE.rglob("*.py"), *(CHECKOUT / "tests").rglob("*.py")])
        if _OLD.search(source := path.read_text(encoding="utf-8"))
        for line, written in prose_of(source)
        if (match := _OLD.search(_QUOTED.sub("", written)))
    ]


def messages_of(source: str) -> Iterator[tuple[int, str]]:
    """Yield the strings of a module that people read, each with its line: those with a space that are no docstrings."""
    tree = ast.parse(source)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        if node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or id(node) in docstrings:
            continue
        if " " in node.value.strip():
            yield node.lineno, node.value


def prose_of_page(page: str) -> Iterator[tuple[int, str]]:
    """Yield the lines of a page of documentation outside its code, each with its number."""
    code = False
    for number, line in enumerate(page.splitlines(), 1):
        code ^= line.startswith("```")
        if not code:
            yield number, line


def old_words_in_messages() -> list[str]:
    """Return the messages, descriptions and help of the package that have a word of the old voice, with the word."""
    skipped = tuple(PACKAGE / name for name in _WORD_LISTS)
    paths = [
        path
        for path in sorted(PACKAGE.rglob("*.py"))
        if path not in skipped and not set(path.parents) & set(skipped)
    ]
    return _old_in((path, messages_of(path.read_text(encoding="utf-8"))) for path in paths)


def old_words_in_docs() -> list[str]:
    """Return the lines of docs/ and of the pages next to code that have a word of the old voice, with the word."""
    paths = [*sorted((CHECKOUT / "docs").glob("*.md")), *(CHECKOUT / name for name in _PAGES)]
    return _old_in((path, prose_of_page(path.read_text(encoding="utf-8"))) for path in paths)


def _old_in(texts: Iterable[tuple[Path, Iterator[tuple[int, str]]]]) -> list[str]:
    """Return where texts have a word of the old voice, with the word."""
    return [
        f"{path.relative_to(CHECKOUT)}:{line}: {match[0]}"
        for path, lines in texts
        for line, text in lines
        if (match := _OLD_IN_MESSAGES.search(_bare(text)))
    ]


def _bare(text: str) -> str:
    """Return a text without what it quotes, and without names of keys."""
    return re.sub("|".join(map(re.escape, _KEYS)), "", _QUOTED.sub("", text))


def suppressions() -> list[str]:
    """Return the lines of the package that silence a checker."""
    return [
        f"{path.relative_to(CHECKOUT)}:{number}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if _SUPPRESSION.search(line)
    ]


def module_tests() -> list[Path]:
    """Return the test files that are to be at the path of their module: all but those of the whole."""
    tests = CHECKOUT / "tests"
    whole = {tests / f"test_{name}.py" for name in _WHOLE}
    return [path.relative_to(tests) for path in sorted(tests.rglob("test_*.py")) if path not in whole]


def without_module(tests: list[Path]) -> list[str]:
    """Return the tests whose module is not where their path shows: tests/x/test_y.py tests augment/x/y.py, or y.js of the report."""
    modules = [PACKAGE / test.with_name(test.name.removeprefix("test_")) for test in tests]
    return [
        str(test)
        for test, module in zip(tests, modules, strict=True)
        if not module.is_file() and not module.with_suffix(".js").is_file()
    ]


def loose_modules() -> list[str]:
    """Return the modules at the top of the package that are in no sub-package."""
    return sorted(path.stem for path in PACKAGE.glob("*.py") if path.stem != "__init__")


def test_a_class_or_type_alias_has_one_meaning() -> None:
    assert two_meanings() == {}, "call each what it is, or define it once and import it"


def test_names_are_clear() -> None:
    assert unclear_names() == []


def test_every_test_mirrors_its_module() -> None:
    assert without_module(module_tests()) == [], "tests/x/test_y.py tests augment/x/y.py"


def test_the_files_that_are_begun_first_exist() -> None:
    assert [name for name in FIRST if not (CHECKOUT / "tests" / name).is_file()] == []


def test_docstrings_and_comments_are_plain() -> None:
    assert old_words() == [], "write report, print, requested, next to, is, depends on, n, missing, condition"


def test_messages_and_help_are_plain() -> None:
    assert old_words_in_messages() == [], (
        "write report, print, requested, next to, is, depends on, n, missing, condition"
    )


def test_documentation_is_plain() -> None:
    assert old_words_in_docs() == [], (
        "write report, print, requested, next to, is, depends on, n, missing, condition"
    )


def test_few_lines_silence_a_checker() -> None:
    assert len(suppressions()) < 10, suppressions()


def test_few_modules_are_loose() -> None:
    assert len(loose_modules()) <= 6


def figures() -> dict[str, object]:
    """Return the figures of the layout by what they count."""
    tests = module_tests()
    mirrored = len(tests) - len(without_module(tests))
    return {
        "layers": len(LAYERS),
        "cycles": len(cycles()),
        "names with two meanings": len(two_meanings()),
        "unclear names": len(unclear_names()),
        "old words in docstrings and comments": len(old_words()),
        "old words in messages and help": len(old_words_in_messages()),
        "old words in documentation": len(old_words_in_docs()),
        "suppressions": len(suppressions()),
        "tests that mirror their module": f"{mirrored} of {len(tests)}",
        "loose modules": len(loose_modules()),
    }


if __name__ == "__main__":
    for name, figure in figures().items():
        sys.stdout.write(f"{name}: {figure}\n")
