"""The README.md of a run's folder: what the run was, for people, and which files are which split, for `datasets.load_dataset`.

write_text(folder / "README.md", draw_card(Card("hotel: augment", plan.about, ...)))

`huggingface_hub.DatasetCard` was tried for it and replaces one line, the YAML dump: its template has none of our sections, it
writes invisible characters of a column name as they are, and it adds an import. The tests read the card with it.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import yaml

from augment.output.diversity import written
from augment.output.export import SAMPLES, SOURCE_ROWS
from augment.tables.columns import REVIEWED
from augment.text.visible import visible

_TAGS = ["text-classification", "augmented", "integrated-gradients"]
# What begins a block of Markdown that is no paragraph.
_BLOCK = re.compile(r"^(?:[#>=~]|[+*-](?=\s|[*-])|```)|(?<=^\d)[.)]|(?<=^\d\d)[.)]")
_DTYPES = {"double": "float64", "float": "float32", "halffloat": "float16"}
_HELD = {
    SOURCE_ROWS: "tokens, spans, scores and ranks of the rows processed, by id",
    SAMPLES: "every sample with its edits, verdict and reason, by id",
    "dropped.parquet": "dropped samples, with the verdict and the reason",
    "rejects.parquet": "rejected rows: id, stage, reason, position in the source",
}
_LINEAGE = """\
A sample names its `source_id`, the `method` that made it, and its `edits`: replacing, in the source row's text, each `old` at
`start:end` (code points) by `new` gives the sample. Samples have the label of their source row; in those made to test a
model (verdict `adversarial` or `contrast`) it may no longer hold. A sample with `label_from` has another label than its
source row, which had that one."""


@dataclass(frozen=True)
class Card:
    """The content of the README of a run's folder.

    about: what the pipeline does; edits: whether it makes samples; facts: names and values of what was run; counts:
    totals; files: rows by name; dropped: samples by reason; report: whether there is a report.html; keywords: whether the
    key-word table does; diversity: how varied the samples are; replacements: the most frequent edits, with
    their share; findings: what a reader should know first; columns: those of data/ and probes/, of formats that do not
    hold them.
    """

    title: str
    about: str
    edits: bool
    facts: Mapping[str, str]
    counts: Mapping[str, int]
    files: Mapping[str, int]
    dropped: Mapping[str, int]
    notices: tuple[str, ...] = ()
    report: bool = True
    keywords: bool = False
    diversity: Mapping[str, float] = field(default_factory=dict)
    replacements: Mapping[str, float] = field(default_factory=dict)
    columns: Mapping[str, pa.Schema] = field(default_factory=dict)
    findings: tuple[str, ...] = ()


def draw_card(card: Card) -> str:
    """Return the README of the folder: YAML that maps files to splits for `load_dataset`, and what the run was."""
    totals = [(name, f"{value:,}") for name, value in card.counts.items() if value]
    variety = [(name, written(name, value)) for name, value in card.diversity.items()]
    frequent = [(edit, f"{share:.1%}") for edit, share in card.replacements.items()]
    parts = [
        _front_matter(_metadata(card.files, card.columns)),
        f"# {_cell(card.title)}",
        _prose(card.about),
        *_section("What was found", "\n".join(f"* {_cell(finding)}" for finding in card.findings)),
        _rows(("", ""), [*card.facts.items(), *totals]),
        *_section("Notices", _notices(card)),
        *_section("Why samples were dropped", _reasons(card)),
        *_section("How varied the samples are", _rows(("", ""), variety) if variety else ""),
        *_section("The most frequent edits", _rows(("edit", "of all edits"), frequent) if frequent else ""),
        *_section("Files", _listing(card)),
        *_section("Load it", _loading(card)),
        _LINEAGE if card.edits else "",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def amend_card(text: str, before: Mapping[str, int], after: Card) -> str:
    """Return the README of a folder whose samples were moved since: its counts, notices and files anew, the rest as it was.

    before: the counts of then; after: a card with those of now, its files, dropped samples and notices, and which files there are
    without rows; nothing else of it is read.
    """
    _, front, body = text.split("---\n", 2)
    features = yaml.safe_load(front).get("dataset_info", [])
    body = _counted_anew(body, before, after.counts)
    head, *sections = re.split(r"^(?=## )", body, flags=re.MULTILINE)
    anew = {
        "Notices": _notices(after),
        "Why samples were dropped": _reasons(after),
        "Files": _listing(after),
        "Load it": f"{_loading(after)}\n\n{_LINEAGE}",
    }
    kept = {part.split("\n")[0].removeprefix("## "): part.split("\n", 1)[1].strip("\n") for part in sections}
    order = ["What was found", "Notices", "Why samples were dropped", *kept]
    parts = [
        _section(title, anew.get(title, kept.get(title, "")))
        for title in dict.fromkeys(order)
        if anew.get(title) or title in kept
    ]
    joined = "\n\n".join(line for part in parts for line in part)
    return f"{_amended(features, after.files)}{head.rstrip()}\n\n{joined}\n"


def _counted_anew(body: str, before: Mapping[str, int], after: Mapping[str, int]) -> str:
    """Return the text of a card with the lines of its counts, which are in one table, written anew."""
    old = [f"| {_cell(name)} | {value:,} |" for name, value in before.items() if value]
    new = [f"| {_cell(name)} | {value:,} |" for name, value in after.items() if value]
    return body.replace("\n".join(old), "\n".join(new), 1)


def _amended(infos: list[dict[str, object]], files: Mapping[str, int]) -> str:
    """Return the YAML block for these files, with the columns of formats without types as they were, and that of reviewers."""
    front = _metadata(files, {})
    known = {str(info["config_name"]): info["features"] for info in infos}
    if known:
        extra = {"name": REVIEWED.name, "dtype": "string"}
        default = known.get("default")
        names = [str(config["config_name"]) for config in _listed(front["configs"])]
        of = {name: known.get(name, default) for name in names}
        front["dataset_info"] = [
            {
                "config_name": name,
                "features": [*(one for one in _listed(columns) if one.get("name") != REVIEWED.name), extra],
            }
            for name, columns in of.items()
        ]
    return f"{_front_matter(front)}\n"


def _listed(value: object) -> list[dict[str, object]]:
    """Return a list of mappings, or an empty one."""
    return value if isinstance(value, list) else []


def _front_matter(metadata: Mapping[str, object]) -> str:
    """Return the YAML block that the hub and `load_dataset` read."""
    text = yaml.safe_dump(metadata, allow_unicode=True, sort_keys=False)
    if visible(text) != text:
        text = yaml.safe_dump(metadata, allow_unicode=False, sort_keys=False)
    return f"---\n{text}---"


def _metadata(files: Mapping[str, int], columns: Mapping[str, pa.Schema]) -> dict[str, object]:
    """Return what the hub and `load_dataset` need: files by split, and columns of files without types."""
    configs: list[dict[str, object]] = []
    infos: list[dict[str, object]] = []
    for config, prefix in (("default", "data/"), ("probes", "probes/")):
        here = sorted(name for name in files if name.startswith(prefix))
        if not here:
            continue
        parts = [{"split": Path(name).stem, "path": name} for name in here]
        # In CSV nothing between two commas is null, and a class named None is not.
        empty = {"keep_default_na": False, "na_values": [""]} if here[0].endswith(".csv") else {}
        configs.append({"config_name": config, "data_files": parts, **empty})
        schema = columns.get(prefix) or ()
        if len(schema):
            features = [{"name": column.name, **_feature(column.type)} for column in schema]
            infos.append({"config_name": config, "features": features})
    return {"tags": _TAGS, "configs": configs, **({"dataset_info": infos} if infos else {})}


def _feature(kind: pa.DataType) -> dict[str, object]:
    """Return a type as `datasets` writes features in YAML."""
    if pa.types.is_struct(kind):
        return {
            "struct": [
                {"name": kind.field(i).name, **_feature(kind.field(i).type)} for i in range(kind.num_fields)
            ]
        }
    if isinstance(kind, pa.ListType | pa.LargeListType):
        inner = _feature(kind.value_type)
        return {"list": next(iter(inner.values())) if inner.keys() & {"dtype", "struct"} else inner}
    return {"dtype": _DTYPES.get(str(kind), str(kind))}


def _section(title: str, content: str) -> list[str]:
    """Return a heading and what comes below it, or nothing where there is no content."""
    return [f"## {title}", content] if content else []


def _notices(card: Card) -> str:
    """Return a list of the notices."""
    return "\n".join(f"* {_cell(notice)}" for notice in card.notices)


def _reasons(card: Card) -> str:
    """Return a table of the samples that were dropped by reason; nothing where none was."""
    reasons = [(reason, f"{count:,}") for reason, count in card.dropped.items()]
    return _rows(("reason", "samples"), reasons) if reasons else ""


def _listing(card: Card) -> str:
    """Return a table of every file of the folder: its name, its rows and what it holds."""
    entries = [
        (f"`{name}`", f"{rows:,}", _held(name, card.counts)) for name, rows in sorted(card.files.items())
    ]
    entries += [("`report.html`", "", "the explained rows drawn, for a browser")] if card.report else []
    if card.keywords:
        entries.append(("`keywords.parquet`", "", "words, phrases and positions that each label depends on"))
        entries.append(("`flags.csv`", "", "possible shortcuts, with an empty column to accept them in"))
    entries.append(("`manifest.json`", "", "counts, settings, versions, and the SHA-256 of every file"))
    entries.append(("`run/`", "", "the plan and a receipt for each shard"))
    return _rows(("file", "rows", "what it holds"), entries)


def _held(name: str, counts: Mapping[str, int]) -> str:
    """Return what a file with rows holds."""
    if name.startswith("data/"):
        joined = counts.get("samples kept")
        return "source rows, each followed by its samples that join, if any" if joined else "source rows"
    return "samples made to test a model" if name.startswith("probes/") else _HELD[name]


def _loading(card: Card) -> str:
    """Return how the rows are loaded, and whether there are probes to load."""
    probes = any(name.startswith("probes/") for name in card.files)
    lines = [
        "```python",
        "from datasets import load_dataset",
        "",
        'rows = load_dataset("path/of/this/folder")',
    ]
    lines += ['probes = load_dataset("path/of/this/folder", "probes")'] if probes else []
    lines.append("```")
    why = "no sample was set apart" if card.edits else "this pipeline edits nothing"
    absent = f'There is no `probes` configuration, because {why}: `load_dataset(..., "probes")` fails here.'
    return "\n".join([*lines, *([] if probes else ["", absent])])


def _rows(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a table."""
    cells = [head, ("---",) * len(head), *(tuple(map(_cell, row)) for row in rows)]
    return "\n".join(f"| {' | '.join(row)} |" for row in cells)


def _cell(text: str) -> str:
    """Return text on one line with nothing in it that would end a cell, begin a tag, or make a link or a picture."""
    line = visible(" ".join(text.split()))
    for char, safe in (("\\", "\\\\"), ("|", "\\|"), ("<", "&lt;"), ("[", "\\["), ("]", "\\]")):
        line = line.replace(char, safe)
    return line


def _prose(text: str) -> str:
    """Return paragraphs of plain words, none of which begins a heading, a list, a block of code or a table."""
    paragraphs = [_cell(paragraph) for paragraph in re.split(r"\n\s*\n", text.strip())]
    return "\n\n".join(_BLOCK.sub(r"\\\g<0>", paragraph) for paragraph in paragraphs)
