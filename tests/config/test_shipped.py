"""What comes with the package: every pipeline parses and can be planned, every config parses, and any verb runs on any noun."""

import json
import shutil
from pathlib import Path

import pytest

from augment.api.check import check_run
from augment.cli.listing import everything
from augment.config.job import Job, read_job
from augment.config.shipped import find, folder, names
from augment.config.yaml_file import load
from augment.corpus import inspect
from augment.errors import RequestError
from augment.pipeline.definition import read_pipeline
from augment.pipeline.requirements import check_sections

PIPELINES, CONFIGS = names("pipelines"), names("configs")
SETTINGS = {"gpu", "ray"}
CORPUS_CONFIGS = [name for name in CONFIGS if name not in SETTINGS]
# What a verb must never hold: where, on what, with which model, from which seed.
FOREIGN = {
    "path",
    "model",
    "judge",
    "device",
    "dtype",
    "seed",
    "corpus",
    "files",
    "root",
    "run",
    "output",
    "train",
    "resources",
}


def keys(value: object) -> set[str]:
    """Return every key in nested mappings and lists."""
    if isinstance(value, dict):
        return set(value) | {key for inner in value.values() for key in keys(inner)}
    return {key for inner in value for key in keys(inner)} if isinstance(value, list) else set()


def test_there_are_pipelines_and_configs() -> None:
    assert {"explain", "compare", "augment", "probe", "attack"} <= set(PIPELINES)
    assert {"demo-zh", "demo-en", "gpu"} <= set(CONFIGS)
    assert sorted(PIPELINES) == PIPELINES
    assert sorted(CONFIGS) == CONFIGS


@pytest.mark.parametrize("name", PIPELINES)
def test_every_pipeline_can_be_planned_and_has_the_name_of_its_file(name: str) -> None:
    plan = read_pipeline(find("pipelines", name))
    assert plan.name == name
    assert plan.about.strip()


@pytest.mark.parametrize("name", PIPELINES)
def test_a_pipeline_has_no_paths_and_no_model(name: str) -> None:
    """It names no path, model, device or seed."""
    document = load(find("pipelines", name))
    assert set(document.values) <= {"name", "about", "splits", "stages"}
    assert keys(document.values) & FOREIGN == set()


@pytest.mark.parametrize("name", CONFIGS)
def test_a_config_has_no_stages(name: str) -> None:
    """It parses alone, and holds no stage and no seed."""
    document = load(find("configs", name))
    assert document.values.keys() <= Job.model_fields.keys() - {"name", "seed"}
    assert "stages" not in keys(document.values)
    job = read_job([find("configs", name)])
    assert job.name == name
    assert (set(document.values) == {"run"}) == (name in SETTINGS)


# Nothing listens there, and a check sends nothing.
LLM = ("llm.server=http://127.0.0.1:9/v1", "llm.model=any")


@pytest.mark.parametrize("config", CORPUS_CONFIGS)
@pytest.mark.parametrize("pipeline", PIPELINES)
def test_any_pipeline_runs_on_any_config(pipeline: str, config: str, tmp_path: Path) -> None:
    """Also with the settings of a device, with accepted flags to balance, and with a language model to rewrite with."""
    plan = read_pipeline(find("pipelines", pipeline))
    flags = tmp_path / "flags.csv"
    flags.write_text("accept,label,kind,text,form,flag\nyes,1,word,※,※,why\n", encoding="utf-8")
    job = read_job([find("configs", config), find("configs", "gpu")], [f"resources.flags={flags}", *LLM])
    check_sections(plan, job)
    assert job.needs_corpus().files
    assert job.run.device == "cuda"


@pytest.mark.parametrize("config", [name for name in CORPUS_CONFIGS if not name.startswith("demo-")])
def test_the_columns_of_every_corpus_are_found(config: str, shared: Path) -> None:
    """On the real files, where they are next to the checkout."""
    corpus = read_job([find("configs", config)], data=shared / "datasets").needs_corpus()
    if not all((corpus.root / file.path).exists() for file in corpus.files):
        pytest.skip(f"{config} is not among the real corpora here")
    shape = inspect(corpus)
    assert shape.label is not None or all(file.label is not None for file in corpus.files)
    assert (shape.text_pair is not None) == (config == "pairs-zh")


@pytest.fixture(scope="module")
def fetched(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with files of the forms of both demonstrations, and a model of their labels."""
    folder = tmp_path_factory.mktemp("fetched")
    for name in ("demo-zh", "demo-en"):
        (folder / name).mkdir()
    for name, text in (("pos", "房间很好"), ("neg", "房间很差")):
        lines = [f"{text} {row}" for row in range(120)]
        (folder / f"demo-zh/{name}.txt").write_text("\n".join(lines), encoding="utf-8")
    snippets = [f"{row}\t{3 if row % 2 else -3}\tA lovely film, number {row}.\n" for row in range(240)]
    (folder / "demo-en/movieReviewSnippets_GroundTruth.txt").write_text("".join(snippets), encoding="utf-8")
    model = Path(shutil.copytree(small / "model", folder / "model"))
    settings = json.loads((model / "config.json").read_text(encoding="utf-8"))
    settings["id2label"] = {"0": "negative", "1": "positive"}
    (model / "config.json").write_text(json.dumps(settings), encoding="utf-8")
    return folder


@pytest.mark.parametrize("config", ["demo-zh", "demo-en"])
@pytest.mark.parametrize("pipeline", PIPELINES)
def test_the_demonstration_can_be_checked(pipeline: str, config: str, fetched: Path, tmp_path: Path) -> None:
    """On files of our own in place of the fetched ones, whatever is in this checkout; `balance` with its flags, `rewrite` with a server."""
    flags = tmp_path / "flags.csv"
    flags.write_text("accept,label,kind,text,form,flag\nyes,positive,word,※,※,why\n", encoding="utf-8")
    job = read_job(
        [find("configs", config)],
        [f"model.path={fetched / 'model'}", f"resources.flags={flags}", *LLM],
        fetched,
    )
    assert config in check_run(pipeline, job)["corpus"]


def test_the_list_has_a_sentence_on_each() -> None:
    result = everything()
    assert (list(result["pipelines"]), list(result["configs"])) == (PIPELINES, CONFIGS)
    assert all(8 < len(about) < 200 for kind in result.values() for about in kind.values())


def test_a_name_is_looked_up_and_a_path_is_taken_as_it_is() -> None:
    assert find("pipelines", "augment") == folder("pipelines") / "augment.yaml"
    for path in ("mine.yaml", "./mine", "里/外.yml"):
        assert find("configs", path) == Path(path)


def test_a_name_nothing_has_is_refused_with_the_nearest() -> None:
    with pytest.raises(RequestError) as caught:
        find("pipelines", "atack")
    assert (caught.value.where, caught.value.hint) == ("pipeline `atack`", "did you mean `attack`?")
    with pytest.raises(RequestError, match=r"known here: .*demo-zh"):
        find("configs", "好")
