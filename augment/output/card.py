"""The README.md of a run's folder: what the run was, for people, and which files are which split, for `datasets.load_dataset`.

write_text(folder / "README.md", draw_card(Card("hotel: augment", plan.about, ...)))

`huggingface_hub.DatasetCard` was tried for it and replaces one line, the YAML dump: its template has none of our sections, it
writes invisible characters of a column name as they are, and it adds an import. The tests read the card with it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
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


# Of a card, what its run alone knows; the rest is in its summary and its folder.
_LASTING = ("title", "about", "edits", "facts", "features")
# A column as `datasets` writes it in YAML.
Feature = Mapping[str, object]


@dataclass(frozen=True)
class Card:
    """The content of the README of a run's folder.

    about: what the pipeline does; edits: whether it makes samples; facts: names and values of what was run; counts:
    totals; files: rows by name; dropped: samples by reason; report: whether there is a report.html; keywords: whether the
    key-word table does; diversity: how varied the samples are; replacements: the most frequent edits, with
    their share; findings: what a reader should know first; features: columns of data/ and probes/ with their types, of formats
    that do not hold them.
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
    features: Mapping[str, Sequence[Feature]] = field(default_factory=dict)
    findings: tuple[str, ...] = ()

    @property
    def record(self) -> dict[str, object]:
        """What of it stays as it is when rows are moved, as plain JSON values."""
        return {name: getattr(self, name) for name in _LASTING}


def draw_card(card: Card) -> str:
    """Return the README of the folder: YAML that maps files to splits for `load_dataset`, and what the run was."""
    totals = [(name, f"{value:,}") for name, value in card.counts.items() if value]
    variety = [(name, written(name, value)) for name, value in card.diversity.items()]
    frequent = [(edit, f"{share:.1%}") for edit, share in card.replacements.items()]
    parts = [
        _front_matter(_metadata(card.files, card.features)),
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


def _front_matter(metadata: Mapping[str, object]) -> str:
    """Return the YAML block that the hub and `load_dataset` read."""
    text = yaml.safe_dump(metadata, allow_unicode=True, sort_keys=False)
    if visible(text) != text:
        text = yaml.safe_dump(metadata, allow_unicode=False, sort_keys=False)
    return f"---\n{text}---"


def features_of(schema: pa.Schema) -> list[Feature]:
    """Return the columns of a file as the front matter of a card has them."""
    return [{"name": column.name, **_feature(column.type)} for column in schema]


def reviewed(features: Mapping[str, Sequence[Feature]]) -> dict[str, list[Feature]]:
    """Return the columns of files with that of reviewers; probes have those of the data where there were no probes before."""
    if not features:
        return {}
    column: Feature = {"name": REVIEWED.name, "dtype": "string"}
    both = {"probes/": features["data/"], **features}
    return {
        prefix: [*(one for one in columns if one["name"] != REVIEWED.name), column]
        for prefix, columns in both.items()
    }


def _metadata(files: Mapping[str, int], features: Mapping[str, Sequence[Feature]]) -> dict[str, object]:
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
        if features.get(prefix):
            infos.append({"config_name": config, "features": list(features[prefix])})
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
