"""What is installed here, without importing any of it."""

import tomllib
from pathlib import Path

from augment.api.environment import EXTRAS, Component, environment
from augment.version import __version__
from tests.conftest import CHECKOUT


def test_every_area_is_there_and_what_is_missing_has_a_hint(tmp_path: Path) -> None:
    components = environment(tmp_path)
    assert list(dict.fromkeys(component.area for component in components)) == [
        "version",
        "device",
        "extra",
        "dictionary",
        "tagger",
        "corpus",
    ]
    assert Component("version", "augment", __version__) in components
    assert all(component.hint for component in components if "missing" in component.state)
    demo = next(component for component in components if component.area == "corpus")
    assert demo.hint == "augment fetch demo"


def test_the_extras_are_those_of_the_project() -> None:
    settings = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = settings["project"]["optional-dependencies"]
    named = {name: tuple(word.partition(">")[0] for word in words) for name, words in extras.items()}
    assert {name: packages for name, (packages, _) in EXTRAS.items()} == named
