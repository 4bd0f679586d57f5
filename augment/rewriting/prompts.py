"""The prompts: those of the package, in Chinese and English, with what a pipeline puts in their place.

prompts = read_prompts({"en": {"paraphrase": "Say it otherwise: {text}"}})
prompts.version                                      # "1, changed 3f2a…"
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml

from augment.tables.files import canonical

# Two braces are one that is sent.
_NAME = re.compile(r"\{\{|\}\}|\{([a-z]+)\}")
# What an override may name, but for the wording of problems.
PARTS = (
    "system",
    "paraphrase",
    "placeholders",
    "counterfactual",
    "balance",
    "ordered",
    "examples",
    "nothing",
    "feedback",
)
NAMES = frozenset(
    {
        "count",
        "label",
        "target",
        "locked",
        "free",
        "ordered",
        "examples",
        "text",
        "problems",
        "number",
        "words",
    }
)


@dataclass(frozen=True)
class Prompts:
    """The wordings of each language, and a version that is another one when any of them is."""

    version: str
    wordings: Mapping[str, Mapping[str, Any]]

    def text(self, language: str, part: str, values: Mapping[str, object]) -> str:
        """Return a part in a language with the values filled in; lines that hold nothing but an empty value are left out."""
        return filled(str(self.wordings[language][part]), values)

    def problem(self, language: str, name: str, values: Mapping[str, object]) -> str:
        """Return the wording of a problem in a language."""
        return filled(str(self.wordings[language]["problems"][name]), values)


def filled(template: str, values: Mapping[str, object]) -> str:
    """Return a template with its {names} filled in, each once: what a text holds is never read as a template."""
    lines = [line for line in template.split("\n") if not _is_empty(line, values)]
    return _NAME.sub(lambda match: _value(match, values), "\n".join(lines))


def names_in(template: str) -> set[str]:
    """Return the {names} of a template."""
    return {match[1] for match in _NAME.finditer(template) if match[1]}


def read_prompts(changes: Mapping[str, Mapping[str, str]], wording: str = "full") -> Prompts:
    """Return the prompts of the package in a wording, full or short, with changes, by language and part."""
    shipped = _shipped()
    version = f"{shipped['version']}{'' if wording == 'full' else f', {wording}'}"
    chosen = shipped.get(wording, {})
    wordings = {
        language: {**shipped[language], **chosen.get(language, {}), **changes.get(language, {})}
        for language in ("en", "zh")
    }
    if any(changes.values()):
        plain = {language: dict(parts) for language, parts in changes.items()}
        version += f", changed {sha256(canonical(plain).encode()).hexdigest()[:12]}"
    return Prompts(version, wordings)


def listed(words: Sequence[str], language: str, nothing: str) -> str:
    """Return words for a prompt, those that occur more often with their number."""
    counts = {word: words.count(word) for word in dict.fromkeys(words)}
    mark = "{} ({} times)" if language == "en" else "{}（{} 次）"
    shown = [word if count == 1 else mark.format(word, count) for word, count in counts.items()]
    return (", " if language == "en" else "、").join(shown) or nothing


def _is_empty(line: str, values: Mapping[str, object]) -> bool:
    """Return whether a line is one name whose value is empty."""
    match = re.fullmatch(r"\{([a-z]+)\}", line.strip())
    return match is not None and values.get(match[1]) == ""


def _value(match: "re.Match[str]", values: Mapping[str, object]) -> str:
    """Return what a name is filled with; a doubled brace is a single one, and an unknown name stays."""
    if match[1] is None:
        return match[0][0]
    return str(values[match[1]]) if match[1] in values else match[0]


@cache
def _shipped() -> dict[str, Any]:
    """Return the prompts of the package."""
    text = (Path(__file__).parent / "prompts.yaml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text))
