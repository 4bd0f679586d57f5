"""The job that the options of a command give: configs by name or file, overrides, a model, a folder of data.

The most common mix-ups end here with what to write instead: a corpus given as a config, no config at all.

    configured(["demo-zh"], ["run.limit=100"], data=None, model="models/mine")
    configured(["reviews.csv"], None, None, None)        # RequestError with the config to write
"""

import json
import shlex
from pathlib import Path

from augment.config.job import Job, origin, read_job
from augment.config.shipped import find
from augment.corpus.formats import SUFFIXES, require_files
from augment.corpus.formats.unpacking import inner
from augment.errors import RequestError


def configured(
    names: list[str] | None, overrides: list[str] | None, data: Path | None, model: str | None
) -> Job:
    """Return the job of the configs named, with overrides and model."""
    given = [*(overrides or []), *([f"model.path={json.dumps(model, ensure_ascii=False)}"] if model else [])]
    # Each word is checked as it is set, and a model is none without its path.
    words = sorted(given, key=lambda word: not word.startswith("model.path="))
    paths = [_config(name) for name in names or []]
    job = read_job(paths, words, data)
    if not paths and job.corpus is None:
        what = "no config is given, so there is no corpus"
        raise RequestError(
            "-c", what, "add -c CONFIG: a YAML file, or a shipped one; `augment list` shows those"
        )
    spoken = next((f"--set {word}" for word in reversed(words) if word.startswith("corpus.files=")), None)
    if job.corpus is not None:
        require_files(job.corpus, lambda: spoken or origin(paths, "corpus", "files"))
    return job


def _config(name: str) -> Path:
    """Return the file of a config; RequestError, with what to write, if the name is that of a corpus."""
    path = Path(name)
    if inner(path).suffix.lower() not in {*SUFFIXES, ".zip"}:
        return find("configs", name)
    inside = f"corpus: {{root: {path.parent}, files: {path.name}}}"
    sets = " ".join(
        f"--set {shlex.quote(word)}" for word in (f"corpus.files={path.name}", f"corpus.root={path.parent}")
    )
    raise RequestError(
        f"-c {name}",
        "this is the name of a corpus file; -c takes a config, a YAML file that names the corpus",
        f"write `{inside}` in a file that ends in .yaml; or, without -c, {sets}",
    )
