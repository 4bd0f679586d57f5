"""What is installed here, without importing any of it."""

import tomllib
from pathlib import Path

from augment.api.environment import EXTRAS, Part, environment
from augment.version import __version__
from tests.conftest import CHECKOUT


def test_every_area_is_there_and_what_is_missing_has_a_hint(tmp_path: Path) -> None:
    parts = environment(tmp_path)
    assert list(dict.fromkeys(part.area for part in parts)) == [
        "version",
        "device",
        "extra",
        "dictionary",
        "tagger",
        "corpus",
    ]
    assert Part("version", "augment", __version__) in parts
    assert all(part.hint for part in parts if "missing" in part.state)
    demo = next(part for part in parts if part.area == "corpus")
    assert demo.hint == "augment fetch demo"


def test_the_extras_are_those_of_the_project() -> None:
    settings = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = settings["project"]["optional-dependencies"]
    named = {name: tuple(word.partition(">")[0] for word in words) for name, words in extras.items()}
    assert {name: packages for name, (packages, _) in EXTRAS.items()} == named
