"""The documentation matches the program: help, keys, stages and columns are printed from the code and compared.

A block between `<!-- generated: help run -->` and `<!-- end -->` is written by this file; the words around it are not.

    python tests/test_docs.py       writes every block of docs/*.md and CONTRIBUTING.md again
"""

import ast
import re
import shlex
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, get_args

import pytest
import typer
from pydantic import BaseModel
from typer.testing import CliRunner

import augment
from augment.cli.commands import app
from augment.cli.listing import everything
from augment.config import job, sections
from augment.config.llm import LlmConfig
from augment.config.shipped import find, names
from augment.config.yaml_file import parse
from augment.errors import AugmentError
from augment.pipeline.definition import Pipeline, check_plan, read_pipeline
from augment.stages import AnyStage
from augment.stages.keep import Rule
from augment.stages.protocol import Stage
from augment.tables.columns import GROUPS, Column

CHECKOUT = Path(__file__).resolve().parents[1]
READMES = [CHECKOUT / "README.md", CHECKOUT / "README.zh.md"]
GUIDES = [CHECKOUT / "docs" / f"{name}.md" for name in ("commands", "configs", "output", "pipelines")]
# English pages with their Chinese ones.
CHINESE = [(path, path.with_suffix(".zh.md")) for path in GUIDES if path.with_suffix(".zh.md").exists()]
GENERATED = [*GUIDES, CHECKOUT / "CONTRIBUTING.md"]
PAGES = [
    *READMES,
    *sorted((CHECKOUT / "docs").glob("*.md")),
    *(CHECKOUT / name for name in ("CONTRIBUTING.md", "CHANGELOG.md", "data/README.md")),
]
BLOCK = re.compile(r"(<!-- generated: (.+?) -->\n)(.*?)(<!-- end -->)", re.DOTALL)
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
# Tests, tools and users' files are not in these.
SKIPPED = {
    ".git",
    ".venv",
    ".hypothesis",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    "__pycache__",
    "dist",
    "site",
}
SUFFIXES = {".css", ".j2", ".js", ".json", ".md", ".py", ".toml", ".txt", ".yaml", ""}
# Written apart, so that this file does not hold what it looks for.
HOSTS = (
    "pypi" + ".org",
    "python" + "hosted",
    "npmjs" + ".org",
    "ana" + "conda",
    "tuna.tsing" + "hua",
    "ali" + "yun",
)
MACHINE_PATHS = re.compile(r"(?<![\w.~*-])/(?:wor" + r"k|root|home|Users|private|mnt)/")

Schema = dict[str, Any]
COMMANDS = typer.main.get_group(app).commands
STAGES: dict[str, type[Stage]] = {
    get_args(stage.model_fields["kind"].annotation)[0]: stage for stage in get_args(get_args(AnyStage)[0])
}
SECTIONS: dict[str, type[BaseModel]] = {
    "job": job.Job,
    "corpus": sections.CorpusConfig,
    "file": sections.SourceFile,
    "text": sections.PlainText,
    "model": sections.ModelConfig,
    "resources": sections.ResourcesConfig,
    "llm": LlmConfig,
    "train": sections.TrainConfig,
    "evaluate": sections.EvaluateConfig,
    "harden": sections.HardenConfig,
    "faithfulness": sections.FaithfulnessConfig,
    "run": sections.RunConfig,
    "output": sections.OutputConfig,
}
KINDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "`true`, `false`",
    "object": "mapping",
}
ON = {"row": "source rows", "sample": "samples", "both": "both"}
BOUNDS = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
BLOCKS = {
    *(f"help {name}" for name in COMMANDS),
    *(f"section {name}" for name in SECTIONS),
    *(f"stage {name}" for name in STAGES),
    *(f"pipeline {name}" for name in names("pipelines")),
    *(f"columns {name}" for name in GROUPS),
    "rule",
    "configs",
    "exit codes",
    "layers",
}


def generated(name: str) -> str:
    """Return the text of a block."""
    kind, _, rest = name.partition(" ")
    writers: dict[str, Callable[[str], str]] = {
        "help": _help,
        "section": lambda section: _keys(SECTIONS[section]),
        "stage": _stage,
        "pipeline": _pipeline,
        "columns": _columns,
        "rule": lambda _: _keys(Rule),
        "configs": lambda _: _table(
            ("config", "what it is"), [(f"`{n}`", a) for n, a in everything()["configs"].items()]
        ),
        "exit": lambda _: _table(("code", "meaning"), _exit_codes()),
        "layers": lambda _: _layers(),
    }
    return writers[kind](rest)


def refreshed(page: str) -> str:
    """Return a page with all of its blocks written again."""
    return BLOCK.sub(lambda block: f"{block[1]}{generated(block[2])}\n{block[4]}", page)


def fences(path: Path, *languages: str) -> list[str]:
    """Return the code of a page in the languages."""
    return [
        code for language, code in FENCE.findall(path.read_text(encoding="utf-8")) if language in languages
    ]


def _help(name: str) -> str:
    """Return what `augment NAME --help` prints on a terminal of 80 columns."""
    result = CliRunner().invoke(app, [name, "--help"], prog_name="augment", terminal_width=80)
    return f"```text\n$ augment {name} --help\n{result.output.rstrip()}\n```"


def _keys(model: type[BaseModel]) -> str:
    """Return what a model is, and a table of its keys."""
    schema: Schema = model.model_json_schema()
    required = schema.get("required", [])
    rows = [
        (
            f"`{name}`",
            _values(key),
            "required" if name in required else _default(key),
            key.get("description", ""),
        )
        for name, key in schema["properties"].items()
        if name != "kind"
    ]
    return f"{_line(model)}\n\n{_table(('key', 'value', 'default', 'meaning'), rows)}"


def _values(key: Schema) -> str:
    """Return which values a key takes."""
    options = [choice for choice in key.get("anyOf", [key]) if choice.get("type") != "null"]
    if options[1:] and all("enum" in option for option in options):
        return ", ".join(map(_values, options))
    option: Schema = options[0]
    if "$ref" in option:
        return "section"
    if "enum" in option or "const" in option:
        return ", ".join(f"`{value}`" for value in option.get("enum", [option.get("const")]))
    if option["type"] == "array":
        item: Schema = option["items"]
        return f"list of {item['$ref'].rpartition('/')[2] if '$ref' in item else _values(item)}"
    bounds = [f"{sign} {option[bound]}" for bound, sign in BOUNDS.items() if bound in option]
    return ", ".join([KINDS[option["type"]], *bounds])


def _default(key: Schema) -> str:
    """Return the default of a key as YAML writes it; nothing where it is null or a section."""
    value = key.get("default")
    return "" if value is None or "$ref" in key else f"`{_yaml(value)}`"


def _yaml(value: object) -> str:
    """Return a value as YAML on one line, without keys that are null."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {_yaml(of)}" for name, of in value.items() if of is not None) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_yaml, value)) + "]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _stage(kind: str) -> str:
    """Return what a stage is, the columns it needs and adds at its defaults, the models it uses, and its keys."""
    about, _, table = _keys(STAGES[kind]).partition("\n\n")
    stage = STAGES[kind].model_construct(kind=kind)
    flow = {"needs": stage.needs, "adds": tuple(column.name for column in stage.adds), "uses": stage.uses}
    lines = [
        f"* {pipeline} " + ", ".join(f"`{name}`" for name in result)
        for pipeline, result in flow.items()
        if result
    ]
    return "\n".join([about, "", *lines, "", table])


def _pipeline(name: str) -> str:
    """Return how a shipped pipeline describes itself, the splits it processes, and its stages."""
    path = find("pipelines", name)
    plan, source = read_pipeline(path), path.read_text(encoding="utf-8")
    stages = source[source.index("stages:") :].rstrip()
    return f"{plan.about.strip()}\n\nSplits: {', '.join(plan.splits)}.\n\n```yaml\n{stages}\n```"


def _columns(group: str) -> str:
    """Return a table of columns: name, Arrow type, which rows have it, in which files, meaning."""
    rows = [
        (f"`{c.name}`", f"`{re.sub(r'(item|element): ', '', str(c.type))}`", ON[c.on], _in(c), c.about)
        for c in GROUPS[group]
    ]
    return _table(("column", "type", "on", "in", "meaning"), rows)


def _in(column: Column) -> str:
    """Return which files a column is declared to be in."""
    return "data" if column.public else "explain, dropped" if column.dropped else "explain"


def _exit_codes() -> list[tuple[str, str]]:
    """Return every exit code of an error, with what it means."""
    kinds = sorted(AugmentError.__subclasses__(), key=lambda kind: kind.exit_code)
    meanings = [(str(kind.exit_code), _line(kind)) for kind in kinds]
    return [
        ("0", "Done."),
        ("1", "A fault of augment."),
        *meanings,
        ("130", "Interrupted."),
        ("143", "Terminated."),
    ]


def _layers() -> str:
    """Return the layers that tests/test_layers.py holds, read without importing it."""
    tree = ast.parse((CHECKOUT / "tests/test_layers.py").read_text(encoding="utf-8"))
    values = {ast.unparse(node.target): node.value for node in tree.body if isinstance(node, ast.AnnAssign)}
    layers = ast.literal_eval(values["LAYERS"] or "")
    return "\n".join(
        ["```text", *(f"{number:>2}  {' '.join(ngrams)}" for number, ngrams in enumerate(layers)), "```"]
    )


def _line(kind: type) -> str:
    """Return a docstring as one line."""
    return " ".join((kind.__doc__ or "").split())


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a table in Markdown."""
    lines = [head, ("---",) * len(head), *([_cell(text) for text in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _cell(text: str) -> str:
    """Return text as Markdown shows it in a table: `|` is no border, and `<` outside code no tag."""
    parts = text.replace("|", "\\|").split("`")
    return "`".join(part if index % 2 else part.replace("<", "&lt;") for index, part in enumerate(parts))


@pytest.mark.parametrize("path", GENERATED, ids=lambda path: path.name)
def test_the_generated_blocks_are_up_to_date(path: Path) -> None:
    """If not: `python tests/test_docs.py`, and read what changed."""
    page = path.read_text(encoding="utf-8")
    assert page == refreshed(page)


def test_every_command_key_stage_pipeline_and_column_is_documented_once() -> None:
    blocks = [block[2] for path in GENERATED for block in BLOCK.finditer(path.read_text(encoding="utf-8"))]
    assert sorted(blocks) == sorted(BLOCKS)
    inner = {model.__name__ for model in SECTIONS.values()} - {"Job"}
    assert set(job.Job.model_json_schema()["$defs"]) == inner


@pytest.mark.parametrize("path", [GUIDES[1], GUIDES[3]], ids=lambda path: path.name)
def test_a_key_the_code_does_not_describe_is_explained_next_to_its_table(path: Path) -> None:
    for chapter in re.split(r"^## ", path.read_text(encoding="utf-8"), flags=re.MULTILINE):
        prose = BLOCK.sub("", chapter)
        for block in BLOCK.finditer(chapter):
            bare = re.findall(r"^\| `(\w+)` \|.*\|  \|$", block[3], re.MULTILINE)
            missing = [key for key in bare if not re.search(rf"`(\w+\.)?{key}\b[^`]*`", prose)]
            assert missing == [], f"{path.name}, {block[2]}"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_links_lead_to_a_file_and_to_a_heading_in_it(path: Path) -> None:
    text = FENCE.sub("", path.read_text(encoding="utf-8"))
    for target, anchor in re.findall(r"\]\(([^)#\s]*)#?([^)\s]*)\)", text):
        if not target.startswith("https://"):
            page = path.parent / target if target else path
            assert page.exists(), target
            assert not anchor or anchor in _anchors(page), f"{target}#{anchor}"


def _anchors(page: Path) -> list[str]:
    """Return the anchors of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return [re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings]


def test_the_two_readmes_have_the_same_shape() -> None:
    """Headings of the same levels, the same code but for its comments, the same links, pictures and table rows."""
    shapes = []
    for path in READMES:
        text = path.read_text(encoding="utf-8")
        code = [
            [re.sub(r"\s*#.*|(?<=\S)  .*", "", line) for line in fence.splitlines()]
            for _, fence in FENCE.findall(text)
        ]
        prose = FENCE.sub("", text)
        levels = re.findall(r"^(#+) ", prose, re.MULTILINE)
        links = sorted(set(re.findall(r"\]\((?!README)([^)#]+)", re.sub(r"\.zh\.(png|md)", r".\1", prose))))
        shapes.append((levels, code, links, len(re.findall(r"^\|", prose, re.MULTILINE))))
    assert shapes[0] == shapes[1]


@pytest.mark.parametrize("pages", CHINESE, ids=lambda pages: pages[1].name)
def test_a_chinese_page_has_the_headings_keys_and_code_of_the_english_one(pages: tuple[Path, Path]) -> None:
    """Headings of the same levels, the same code but for its comments, rows with the same keys, values and defaults."""
    english, chinese = (_chapters(path) for path in pages)
    assert [level for level, *_ in chinese] == [level for level, *_ in english]
    for (_, title, rows, code), (_, _, chinese_rows, chinese_code) in zip(english, chinese, strict=True):
        assert [row for row in rows if row not in chinese_rows] == [], title
        assert chinese_rows == rows, title
        assert chinese_code == code, title


def _chapters(path: Path) -> list[tuple[int, str, list[list[str]], list[str]]]:
    """Return the level and title of each heading, what is code in the rows of keys below it, and its fences."""
    text = path.read_text(encoding="utf-8")
    codes = iter([re.sub(r" *#.*", "", code) for _, code in FENCE.findall(text)])
    parts = re.split(r"^(#+) (.+)$", FENCE.sub("```", text), flags=re.MULTILINE)[1:]
    return [
        (len(level), title, _keys_shown(body), [next(codes) for _ in re.findall("^```$", body, re.MULTILINE)])
        for level, title, body in zip(parts[::3], parts[1::3], parts[2::3], strict=True)
    ]


def _keys_shown(text: str) -> list[list[str]]:
    """Return, of each table row that begins with code, the code in all cells but the last: key, values, default."""
    rows = re.findall(r"^\| (`.*) \|.* \|$", text, re.MULTILINE)
    return [re.findall(r"`[^`]+`", row) for row in rows]


@pytest.mark.parametrize("path", READMES, ids=lambda path: path.name)
def test_a_readme_names_every_pipeline_command_exit_code_and_module(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tree = FENCE.findall(text)[-1][1]
    inside = {part.stem for part in (CHECKOUT / "augment").glob("*.py")} - {"__init__", "__main__"}
    inside |= {part.parent.name for part in (CHECKOUT / "augment").glob("*/__init__.py")}
    assert [name for name in sorted(inside) if not re.search(rf"\b{name}(\.py|/)", tree)] == []
    assert [name for name in names("pipelines") if f"`{name}`" not in text] == []
    assert [name for name in COMMANDS if f"augment {name}" not in text] == []
    assert [code for code, _ in _exit_codes() if f"| {code} |" not in text] == []


def test_the_changelog_names_every_command_pipeline_stage_and_config() -> None:
    text = (CHECKOUT / "CHANGELOG.md").read_text(encoding="utf-8")
    every = [*COMMANDS, *names("pipelines"), *names("configs"), *STAGES]
    assert [name for name in every if f"`{name}`" not in text] == []
    assert augment.__version__ in text


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_command_line_shown_is_one_the_program_takes(path: Path) -> None:
    """Commands, options and arguments parse; shipped names exist, and make targets do."""
    makefile = (CHECKOUT / "Makefile").read_text(encoding="utf-8")
    lines = [line for code in fences(path, "sh") for line in code.splitlines()]
    for words in (shlex.split(line, comments=True) for line in lines):
        if words[:1] == ["make"]:
            assert re.search(rf"^{words[1]}\b.*:", makefile, re.MULTILINE) or words[1] in makefile, words
        if words[:1] == ["augment"] and "--help" not in words:
            COMMANDS[words[1]].make_context(words[1], words[2:])
            if words[1] in ("run", "check"):
                assert find("pipelines", words[2]).suffix == ".yaml"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_yaml_shown_is_a_job_or_a_pipeline(path: Path) -> None:
    for code in fences(path, "yaml"):
        document = parse(code, path)
        if "stages" in document.values:
            plan = Pipeline.model_validate({"name": "shown", "about": "shown", **document.values})
            check_plan(plan, document)
        else:
            job.Job.model_validate(document.values)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_python_shown_parses_and_uses_public_names(path: Path) -> None:
    for code in fences(path, "python"):
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "augment":
                assert node.attr in augment.__all__, node.attr


def test_every_benchmark_is_in_their_index_with_its_results() -> None:
    index = (CHECKOUT / "benchmarks/README.md").read_text(encoding="utf-8")
    scripts = [
        path for path in (CHECKOUT / "benchmarks").rglob("*.py") if "__main__" in path.read_text("utf-8")
    ]
    assert len(scripts) > 20
    for script in scripts:
        page = script.with_suffix(".md")
        assert f"`{script.name}`" in index, script
        assert page.exists() == (f"]({page.parent.name}/{page.name})" in index), page
    for path in (CHECKOUT / "benchmarks").rglob("*.json"):
        assert path.stat().st_size <= 100_000, path


def test_no_file_names_a_place_of_a_machine_or_a_package_host() -> None:
    for path in _files(CHECKOUT):
        text = path.read_text(encoding="utf-8", errors="replace")
        assert [host for host in HOSTS if host in text] == [], path
        assert MACHINE_PATHS.search(text) is None, path


def _files(folder: Path) -> Iterable[Path]:
    """Yield the text files of the checkout; of data, models and runs only what is the project's own."""
    for path in sorted(folder.iterdir()):
        foreign = folder == CHECKOUT and path.name in ("data", "models", "runs")
        if path.is_dir() and path.name not in SKIPPED and not foreign:
            yield from _files(path)
        elif path.is_file() and path.suffix in SUFFIXES:
            yield path
    if folder == CHECKOUT:
        yield CHECKOUT / "data/README.md"


if __name__ == "__main__":
    for guide in GENERATED:
        guide.write_text(refreshed(guide.read_text(encoding="utf-8")), encoding="utf-8")
