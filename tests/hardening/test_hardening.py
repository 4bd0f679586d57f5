"""A whole hardening of a small model: train rows are attacked, held-out rows measure, and what was broken off goes on."""

import json
import shutil
from pathlib import Path

import pytest

import augment
from augment.config.in_memory import FunctionModel
from augment.config.job import Job
from augment.config.sections import CorpusConfig, HardenConfig, ModelConfig, RunConfig
from augment.corpus import read
from augment.errors import FingerprintError, RequestError
from augment.hardening.attacking import attack_plans
from augment.hardening.hardening import harden, read_hardening
from augment.hardening.result import Hardening
from augment.models.classifier import open_classifier
from augment.models.model_folder import model_folder
from augment.training import train
from augment.training.wordpiece import learn
from augment.verification.verifying import verify
from tests.cli.test_commands import augment as augment_command
from tests.several import several_job, write_several
from tests.small import random_bert, small_job

SETTINGS = {"attack": "deepwordbug", "others": ("deletion",), "rounds": 1, "epochs": 2.0, "test_rows": 24}


def job_of(small: Path, **settings: object) -> Job:
    """Return the job of the small corpus with 60 train rows and no lexicon: words are misspelt, or left out."""
    job = small_job(small)
    return job.model_copy(
        update={
            "train": job.train.model_copy(update={"limit": 60}),
            "resources": job.resources.model_copy(update={"lexicons": ()}),
            "harden": HardenConfig.model_validate({**SETTINGS, **settings}),
        }
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the hardening that most tests read."""
    return tmp_path_factory.mktemp("runs") / "hardened"


@pytest.fixture(scope="module")
def hardened(small: Path, folder: Path) -> Hardening:
    """Return a hardening of one round, killed once while it trained the duplicate, and finished by a second call."""

    def killed(what: str, done: int, total: int) -> None:
        if "train the duplicate" in what and done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        harden(job_of(small), folder, progress=killed)
    with pytest.raises(RequestError, match="holds no finished hardening"):
        read_hardening(folder)
    return harden(job_of(small), folder, progress=False)


def ids(path: Path) -> set[str]:
    """Return the ids of the rows in a file."""
    return {json.loads(line)["id"] for line in path.read_text(encoding="utf-8").splitlines()}


def without_time(hardening: Hardening) -> dict[str, object]:
    """Return what a hardening holds but for its folder and its time."""
    return {
        name: of for name, of in hardening.to_dict().items() if name not in ("folder", "model", "seconds")
    }


def test_rows_that_it_wrote_itself_are_read_as_utf_8(hardened: Hardening, folder: Path) -> None:
    assert hardened.models
    manifests = list(folder.glob("attacks/*/manifest.json"))
    assert manifests
    for manifest in manifests:
        assert json.loads(manifest.read_text(encoding="utf-8"))["job"]["corpus"]["encoding"] == "utf-8"


def test_figures_are_of_three_models_and_both_attacks(hardened: Hardening) -> None:
    assert list(hardened.models) == ["starting model", "duplicate", "hardened"]
    assert hardened.attacks == ("deepwordbug", "deletion")
    for figures in hardened.models.values():
        assert list(figures) == [
            "accuracy",
            "accuracy under deepwordbug",
            "success rate of deepwordbug",
            "accuracy under deletion",
            "success rate of deletion",
        ]
        assert all(0 <= float(value or 0) <= 1 for value in figures.values())
        assert float(figures["accuracy under deletion"] or 0) <= float(figures["accuracy"] or 0)
    (one,) = hardened.rounds
    assert (one.attacked, one.rows) == (60, 60 + one.samples)
    assert one.samples > 0
    assert one.steps == -(-2 * one.rows // 16)


def test_gains_are_differences_of_the_figures(hardened: Hardening) -> None:
    for other, gained in hardened.gains.items():
        for name, gain in gained.items():
            values = [hardened.models[model][name] for model in ("hardened", other)]
            if None not in values:
                assert gain.mean == pytest.approx(float(values[0] or 0) - float(values[1] or 0))
                assert float(gain.low or 0) <= float(gain.mean or 0) <= float(gain.high or 0)


def test_only_train_rows_are_attacked_for_samples(hardened: Hardening, small: Path) -> None:
    made, tested = (ids(hardened.folder / "rows" / f"{name}.jsonl") for name in ("round-1", "start-deletion"))
    assert (len(made), len(tested)) == (60, 24)
    splits = {
        row["id"]: row["split"]
        for chunk in read(small_job(small).needs_corpus())
        for row in chunk.rows.select(["id", "split"]).to_pylist()
    }
    assert {splits[name] for name in made} == {"train"}
    assert {splits[name] for name in tested} == {hardened.held_out}


def test_the_model_is_a_folder_of_safetensors_with_a_card(hardened: Hardening, small: Path) -> None:
    names = {path.name for path in hardened.model.iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.json", "README.md"} <= names
    assert not any(name.endswith((".bin", ".pt", ".pkl")) for name in names)
    card = (hardened.model / "README.md").read_text(encoding="utf-8")
    assert card.startswith("---\nlibrary_name: transformers\n")
    assert "| hardened above duplicate |" in card
    config = ModelConfig(path=str(hardened.model), max_length=64)
    assert open_classifier(config, RunConfig(device="cpu")).classes == ("bad", "good")


def test_the_table_is_in_the_folder_and_its_attacks_are_whole_runs(hardened: Hardening) -> None:
    page = (hardened.folder / "harden.md").read_text(encoding="utf-8")
    assert "\n".join(hardened.lines()) in page
    assert not (hardened.folder / "work").exists()
    attacks = sorted(path.name for path in (hardened.folder / "attacks").iterdir())
    assert len(attacks) == 7
    assert verify(hardened.folder / "attacks" / attacks[-1]).ok


def test_a_finished_one_is_read_and_an_unbroken_one_is_the_same(
    hardened: Hardening, small: Path, tmp_path: Path
) -> None:
    """Also through the public function, with the same job; the first one was killed in between."""
    before = (hardened.model / "model.safetensors").stat().st_mtime_ns
    assert augment.harden(job_of(small), hardened.folder, progress=False) == hardened
    assert (hardened.model / "model.safetensors").stat().st_mtime_ns == before
    other = harden(job_of(small), tmp_path / "out", progress=False)
    assert without_time(other) == without_time(hardened)
    weights = [(one.model / "model.safetensors").read_bytes() for one in (hardened, other)]
    assert weights[0] == weights[1]


def test_another_request_is_refused_by_what_differs_and_replaced_on_request(
    hardened: Hardening, small: Path, tmp_path: Path
) -> None:
    copy = shutil.copytree(hardened.folder, tmp_path / "copy")
    (copy / "mine.txt").write_text("keep", encoding="utf-8")
    with pytest.raises(FingerprintError, match=r"`harden\.weight` was 1\.0, is 2\.0"):
        harden(job_of(small, weight=2.0), copy, progress=False)
    again = harden(job_of(small, weight=2.0, others=(), test_rows=8), copy, overwrite=True, progress=False)
    assert again.attacks == ("deepwordbug",)
    assert (copy / "mine.txt").read_text(encoding="utf-8") == "keep"


def test_a_ratio_ends_the_attack_when_there_are_enough_samples(small: Path, tmp_path: Path) -> None:
    one = harden(job_of(small, ratio=0.1, others=(), test_rows=8), tmp_path / "out", progress=False)
    (made,) = one.rounds
    assert made.samples == 6
    assert made.attacked in range(6, 60)


def test_a_model_that_gives_one_answer_is_refused(small: Path, tmp_path: Path) -> None:
    tokenizer = learn(["很好 很差 the movie"] * 4, 100, 64)
    model = random_bert(tmp_path / "model", tokenizer, ("bad", "good"), num_hidden_layers=1)
    job = job_of(small).model_copy(update={"model": ModelConfig(path=str(model), max_length=64)})
    with pytest.raises(
        RequestError, match=r"rows looked at, of 2 labels: there is nothing to change|no better than chance"
    ):
        harden(job, tmp_path / "out", progress=False)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"attack": "input-reduction"}, "shortens texts while the answer stays"),
        ({"attack": "explain"}, "0 of its stages attack the model"),
        ({"attack": "explian"}, "explian"),
    ],
)
def test_what_is_no_attack_is_refused(
    settings: dict[str, object], message: str, small: Path, tmp_path: Path
) -> None:
    with pytest.raises(RequestError, match=message):
        harden(job_of(small, **settings), tmp_path / "out", progress=False)
    assert not (tmp_path / "out").exists()


def test_an_attack_without_candidates_is_an_error_with_a_way_out(small: Path, tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="changed the answer to none of the 60 train rows") as caught:
        harden(job_of(small, attack="pwws"), tmp_path / "out", progress=False)
    assert "lexicon" in caught.value.hint


def test_what_cannot_be_trained_is_refused(small: Path, tmp_path: Path) -> None:
    job = job_of(small)
    own = FunctionModel(function=lambda texts: [[0.5, 0.5]] * len(texts), classes=("bad", "good"))
    with pytest.raises(RequestError, match="a model in memory cannot be trained here"):
        harden(job.model_copy(update={"model": own}), tmp_path / "out", progress=False)
    ranks = job.run.model_copy(update={"executor": "rank"})
    with pytest.raises(RequestError, match="several ranks would do at once"):
        harden(job.model_copy(update={"run": ranks}), tmp_path / "out", progress=False)
    corpus = CorpusConfig.model_validate(
        {**job.needs_corpus().model_dump(), "label_names": {"good": "bad", "bad": "good"}}
    )
    with pytest.raises(RequestError, match="itself given another name"):
        harden(job.model_copy(update={"corpus": corpus}), tmp_path / "out", progress=False)


def test_settings_reach_the_attacks_and_none_makes_them_equal(small: Path, tmp_path: Path) -> None:
    plans = attack_plans(job_of(small).harden, {"attack.most_edits": 1})
    assert all(plan.stages[1].model_dump()["most_edits"] == 1 for plan in plans.values())
    with pytest.raises(RequestError, match="would make all attacks of the hardening the same"):
        harden(job_of(small), tmp_path / "out", progress=False, settings={"attack.recipe": "pwws"})


def test_a_folder_of_something_else_is_left_alone(small: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep", encoding="utf-8")
    with pytest.raises(RequestError, match="not empty and holds no hardening"):
        harden(job_of(small), tmp_path, overwrite=True, progress=False)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_the_command_prints_the_folder_of_the_model_the_table_and_json(
    hardened: Hardening, tmp_path: Path, small: Path
) -> None:
    """Of a finished hardening; a key of a stage is a setting of the attacks, and another one another request."""
    config = tmp_path / "small.yaml"
    config.write_text(job_of(small).model_dump_json(exclude_none=True, exclude={"name"}), encoding="utf-8")
    words = ("harden", "-q", "-c", config, "-o", hardened.folder)
    shown = augment_command(*words)
    assert (shown.code, shown.out.splitlines()[-1]) == (0, str(hardened.model))
    assert "accuracy under deletion: " in shown.err
    assert json.loads(augment_command(*words, "--json").out) == json.loads(json.dumps(hardened.to_dict()))
    refused = augment_command(*words, "--set", "attack.most_edits=1")
    assert (refused.code, len(refused.err.splitlines())) == (3, 3)
    assert "most_edits" in refused.err


def test_a_model_of_several_labels_is_hardened(tmp_path: Path) -> None:
    job = several_job(write_several(tmp_path), "labels", epochs=8, limit=40)
    train(job)
    config = HardenConfig.model_validate({**SETTINGS, "others": (), "epochs": 1.0, "test_rows": 16})
    made = harden(job.model_copy(update={"harden": config}), tmp_path / "out", progress=False)
    assert made.rounds[0].samples
    for figures in made.models.values():
        assert float(figures["accuracy"] or 0) >= float(figures["accuracy under deepwordbug"] or 0)
    assert model_folder(ModelConfig(path=str(made.model)), job.run).head == "multi"


def test_samples_that_weigh_otherwise_are_for_rows_of_one_label(tmp_path: Path) -> None:
    job = several_job(write_several(tmp_path), "labels")
    config = HardenConfig.model_validate({**SETTINGS, "weight": 2.0})
    with pytest.raises(RequestError, match=r"harden\.weight"):
        harden(job.model_copy(update={"harden": config}), tmp_path / "out", progress=False)
