"""Measure attribution methods on the model and the corpus of a job, method by method; what is measured is kept at once.

result = evaluate_attribution(read_job("hotel-zh"), methods=["integrated_gradients", "deeplift", "occlusion"])
result.means["deeplift"], result.verdicts["deeplift"]
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from augment.api.progress_bar import Shown, shown
from augment.attribution.method import AttributionMethod
from augment.attribution.methods import METHODS, method_of
from augment.config.in_memory import FunctionModel
from augment.config.job import Config, Job, job_of
from augment.corpus import corpus_hashes, require_unchanged, with_label_names
from augment.errors import RequestError, nearest
from augment.evaluation.faithfulness.chart import chart
from augment.evaluation.faithfulness.measuring import MethodBench
from augment.evaluation.faithfulness.result import PERMUTED, RANDOM, Faithfulness
from augment.models.heads import require_single
from augment.models.model_folder import model_folder
from augment.progress import Progress
from augment.tables.files import read_json, shaped, write_json, write_text
from augment.tables.leftovers import require_own_only, sweep_leftovers
from augment.tables.locking import locked, sweep_staged
from augment.tables.run_folder import folder_of, require_same
from augment.version import __version__

FILES = FILE, PAGE, PICTURE = "attribution.json", "attribution.md", "attribution.svg"
# Raised when the same request would give other figures than before.
_ALGORITHM = 1
_OF_ANSWERS = ("occlusion", "shapley", "lime")


def evaluate_attribution(
    job: Job | Config | Sequence[Config],
    output: Path | str | None = None,
    overwrite: bool = False,
    progress: Shown = None,
    *,
    methods: Sequence[str | Mapping[str, object] | AttributionMethod] = (),
) -> Faithfulness:
    """Return what attribution methods are worth on the model and corpus of a job; the folder defaults to runs/<job>-attribution.

    methods: those of `faithfulness.methods` by default; the first is what others are compared with. What a folder has is
    read, and methods that are not there are added. RequestError for an unknown method, or one key too many; DataError for a
    corpus with too few texts; ModelError for a model of a number; FingerprintError if the folder holds figures of another request, LockedError if one is at work there.
    """
    job = with_label_names(job_of(job))
    folder = folder_of(output if output is not None else Path("runs") / f"{job.name}-attribution")
    given = methods or job.faithfulness.methods
    wanted = chosen_methods(given, isinstance(job.needs_model(), FunctionModel))
    job.needs_corpus()
    model = model_folder(job.needs_model(), job.run)
    if model.head != "multi":
        require_single(model.head, str(model.path), "measuring attribution methods")
    _require_own(folder)
    with shown(progress) as report, locked(folder) as lock, lock.staged():
        sweep_staged(folder)
        sweep_leftovers(folder, FILES)
        _measure(job, folder, wanted, not given, overwrite, report)
    result = read_faithfulness(folder)
    write_text(folder / PAGE, _page(job, result))
    write_text(folder / PICTURE, chart(result))
    return result


def read_faithfulness(folder: Path) -> Faithfulness:
    """Return what a folder holds; RequestError if it holds no figures of attribution methods."""
    held = read_json(folder / FILE)
    cells, limits = held.get("methods"), held.get("limits")
    if not isinstance(cells, dict) or not isinstance(limits, dict) or held.get("reference") not in cells:
        what, hint = (
            "holds no figures of attribution methods",
            "name the folder of `augment evaluate --attribution`",
        )
        raise RequestError(str(folder / FILE), what, hint)
    facts, refused, notices = (held.get(name) for name in ("facts", "refused", "notices"))
    with shaped(folder / FILE):
        return Faithfulness(
            folder,
            str(held["reference"]),
            cells,
            limits,
            dict(facts) if isinstance(facts, dict) else {},
            {str(name): str(why) for name, why in refused.items()} if isinstance(refused, dict) else {},
            tuple(map(str, notices)) if isinstance(notices, list) else (),
        )


def chosen_methods(
    given: Sequence[str | Mapping[str, object] | AttributionMethod], answers_only: bool
) -> dict[str, AttributionMethod]:
    """Return methods by what they are called; RequestError for an unknown one. answers_only: the model has no gradients."""
    named: dict[str, AttributionMethod] = {}
    for one in given or (_OF_ANSWERS if answers_only else tuple(METHODS)):
        method = (
            one
            if isinstance(one, AttributionMethod)
            else _method({"method": one} if isinstance(one, str) else one)
        )
        named[called(method)] = method
    return named


def called(method: AttributionMethod) -> str:
    """Return what a method is called: its name, and the keys that are not at their defaults."""
    fields = type(method).model_fields
    own = [
        f"{name} {value}"
        for name, value in method.model_dump().items()
        if name != "method" and value != fields[name].default
    ]
    return f"{method.method} ({', '.join(own)})" if own else method.method


def _method(values: Mapping[str, object]) -> AttributionMethod:
    """Return the method of some settings."""
    name = str(values.get("method"))
    if name not in METHODS:
        raise RequestError(f"method: {name}", "no such attribution method", nearest(name, list(METHODS)))
    try:
        return method_of(values)
    except ValidationError as error:
        first = error.errors()[0]
        keys = [key for key in METHODS[name].model_fields if key != "method"]
        where = ".".join(str(part) for part in first["loc"][1:]) or name
        what = f"`{where}`: {first['msg']}"
        raise RequestError(f"method: {name}", what, f"its keys are {', '.join(keys) or 'none'}") from None


def _measure(
    job: Job,
    folder: Path,
    wanted: Mapping[str, AttributionMethod],
    every: bool,
    overwrite: bool,
    report: Progress,
) -> None:
    """Measure what is missing in a folder. every: all methods were meant, so one that the model does not allow is passed over."""
    fingerprint = _fingerprint(job)
    held = _held(folder, fingerprint, overwrite)
    cells: dict[str, Any] = dict(held.get("methods") or {})
    refused: dict[str, str] = dict(held.get("refused") or {})
    reference = str(held.get("reference") or next(iter(wanted)))
    missing = {name: method for name, method in wanted.items() if name not in cells and name not in refused}
    sanity = {PERMUTED, RANDOM} - {*cells, *refused}
    if not missing and not sanity:
        return
    bench = MethodBench.of(job, report)
    require_unchanged(job, fingerprint["corpus"])
    known = {
        "fingerprint": fingerprint,
        "version": __version__,
        "reference": reference,
        "facts": _facts(job, bench),
    }
    if "limits" not in held:
        report("search the limits", 0, 0)
        held["limits"] = bench.limits()
    planned = [*missing, *(name for name in (PERMUTED, RANDOM) if name in sanity)]
    first = wanted.get(reference) or _named(reference)
    for number, name in enumerate(planned):
        report(name, number, len(planned))
        try:
            if name == PERMUTED:
                cells[name] = bench.permuted(first)
            elif name == RANDOM:
                cells[name] = bench.of_random_weights(first)
            else:
                cells[name] = bench.measured(missing[name])
        except RequestError as error:
            if not every and name in missing:
                raise
            if name == reference:
                raise
            refused[name] = f"{error.what}"
        kept = {"limits": held["limits"], "notices": bench.notices, "refused": refused, "methods": cells}
        write_json(folder / FILE, {**known, **kept})
    report("evaluate", len(planned), len(planned))


def _named(reference: str) -> AttributionMethod:
    """Return the method that a folder compares with; RequestError where its keys are not at their defaults."""
    if reference not in METHODS:
        raise RequestError(
            f"method: {reference}", "the folder compares others with it", "request it again, with its keys"
        )
    return method_of({"method": reference})


def _facts(job: Job, bench: MethodBench) -> dict[str, object]:
    """Return what was measured on."""
    return {
        "model": job.needs_model().path,
        "texts": len(bench.rows.ids),
        "words": round(sum(map(len, bench.answers.players)) / len(bench.rows.ids), 1),
        "mosaics": 0 if bench.mosaics is None else len(bench.mosaics.inside),
        "planted": 0 if bench.planted is None else len(bench.planted.words),
    }


def _fingerprint(job: Job) -> dict[str, Any]:
    """Return what decides the figures: not the methods, which may be added, nor the device."""
    model = job.needs_model()
    return {
        "faithfulness": _ALGORITHM,
        "settings": job.faithfulness.model_dump(mode="json", exclude={"methods"}),
        "corpus": corpus_hashes(job),
        "model": model_folder(model, job.run).digest(),
        "max_length": model.max_length,
        "windows": [model.windows, model.overlap, model.most_windows],
        "dtype": job.run.dtype,
        "seed": job.seed,
    }


def _held(folder: Path, fingerprint: dict[str, Any], overwrite: bool) -> dict[str, Any]:
    """Return what a folder holds of this request; FingerprintError naming what differs."""
    if not (folder / FILE).exists():
        return {}
    if overwrite:
        for name in (PAGE, PICTURE, FILE):
            (folder / name).unlink(missing_ok=True)
        return {}
    held = read_json(folder / FILE)
    require_same(folder, held.get("fingerprint"), fingerprint, "figures")
    return dict(held)


def _require_own(folder: Path) -> None:
    """Raise RequestError unless a folder is new or empty or holds figures of attribution methods; nothing is touched."""
    if (folder / FILE).exists():
        read_faithfulness(folder)
    else:
        require_own_only(folder, FILES, "figures of attribution methods")


def _page(job: Job, result: Faithfulness) -> str:
    """Return the page: what was measured on what, and the tables."""
    facts = result.facts
    about = (
        f"Model `{facts['model']}`; {facts['texts']} held-out texts of {facts['words']} words in the mean, "
        f"{facts['mosaics']} explanations of mosaics, {facts['planted']} texts with a planted word."
    )
    head = [
        f"# {job.name}: which attribution method to trust",
        "",
        f"![figures and curves]({PICTURE})",
        "",
        about,
        "",
    ]
    return "\n".join([*head, *result.lines()]) + "\n"
