"""The online data set: the samples of a run, then others, the same in any worker."""

import pickle
import shutil
from collections import Counter, defaultdict
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from torch.utils.data import DataLoader
from transformers import Trainer, TrainerCallback, TrainerControl, TrainerState, TrainingArguments

import augment
from augment.api.online import OnlineDataset, Variant
from augment.config.job import Job
from augment.config.sections import ModelConfig, PlainText, ResourcesConfig, RunConfig
from augment.errors import FingerprintError, RequestError
from augment.models.classifier import load, loaded
from augment.models.model_folder import model_folder
from augment.models.textcnn import TextCNN
from augment.pipeline.definition import Pipeline
from augment.text.edits import replay
from augment.training.wordpiece import learn
from tests.small import random_bert, small_job
from tests.stages.test_diverse import WORDS
from tests.test_docs import CHECKOUT, fences
from tests.written import written_job

PLAN = Pipeline.model_validate(
    {
        "name": "small",
        "about": "",
        "stages": [
            {"kind": "tokenize"},
            {"kind": "attribute"},
            {"kind": "rank", "fraction": 0.25},
            {"kind": "substitute", "on": "any", "samples": 2, "share": 0.3},
            {"kind": "delete", "on": "any"},
            {"kind": "judge"},
            {"kind": "keep"},
        ],
    }
)


@pytest.fixture(scope="module")
def job(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Job:
    lexicon = tmp_path_factory.mktemp("words") / "words.tsv"
    lines = [f"{word}\t{other}\n" for word, others in WORDS.items() for other in others]
    lexicon.write_text("".join(lines), encoding="utf-8")
    resources = ResourcesConfig(lexicons=(str(lexicon),))
    return small_job(small, limit=40).model_copy(update={"resources": resources})


@pytest.fixture(scope="module")
def finished(job: Job, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a finished run of the pipeline."""
    return augment.run(PLAN, job, tmp_path_factory.mktemp("runs") / "batch").folder


@pytest.fixture(scope="module")
def rows(job: Job, finished: Path) -> OnlineDataset:
    return augment.online(PLAN, job, finished)


def variants(rows: OnlineDataset, epoch: int) -> list[Variant]:
    return [rows.variant(index, epoch) for index in range(len(rows))]


def alone(items: list[Variant]) -> list[Variant]:
    """Return a batch as it comes."""
    return items


def test_epoch_0_gives_the_first_samples_of_the_run(rows: OnlineDataset, finished: Path) -> None:
    samples = {row["id"]: row for row in pq.read_table(finished / "explain/samples.parquet").to_pylist()}
    made = Counter[str]()
    for item in variants(rows, 0):
        if item.method is None:
            assert not any(name.startswith(f"{item.id}~") for name in samples) or item.text
            continue
        sample = samples[f"{item.id}~{item.method}~1"]
        assert (item.text, item.text_pair) == (sample["text"], sample["text_pair"])
        assert [edit._asdict() for edit in item.edits] == sample["edits"]
        made[item.method] += 1
    assert made["substitute_any"] > made["delete_any"] > 0


def test_edits_made_on_the_source_text_give_the_variant_and_the_label_stays(rows: OnlineDataset) -> None:
    for epoch in range(7):
        for index, item in enumerate(variants(rows, epoch)):
            source = rows.source(index)
            assert (item.id, item.label) == (source.id, source.label)
            assert rows.labels[item.label_id] == item.label
            assert replay(source.text, source.text_pair, item.edits) == (item.text, item.text_pair)
            assert (item.method is None) == (item.text == source.text)


def test_epochs_differ_and_each_stage_comes_as_often_as_it_has_samples(rows: OnlineDataset) -> None:
    epochs = [variants(rows, epoch) for epoch in range(6)]
    changed = [sum(one != other for one, other in zip(epochs[0], later, strict=True)) for later in epochs[1:]]
    assert min(changed) > len(rows) / 2
    for index in range(len(rows)):
        methods = Counter(epoch[index].method for epoch in epochs if epoch[index].method)
        assert methods["substitute_any"] <= 4
        assert methods["delete_any"] == 2


def test_the_same_seed_gives_the_same_and_another_seed_others(
    job: Job, rows: OnlineDataset, finished: Path, tmp_path: Path
) -> None:
    assert variants(augment.online(PLAN, job, finished), 3) == variants(rows, 3)
    other = augment.online(PLAN, job.model_copy(update={"seed": 7}), tmp_path / "other")
    assert variants(other, 3) != variants(rows, 3)


def test_attribution_is_computed_once_where_no_run_is_given(
    job: Job, rows: OnlineDataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert variants(augment.online(PLAN, job), 1) == variants(rows, 1)
    manifest = tmp_path / "runs" / "small-small-online" / "manifest.json"
    before = manifest.stat().st_mtime_ns
    assert variants(augment.online(PLAN, job), 2) == variants(rows, 2)
    assert manifest.stat().st_mtime_ns == before


def test_it_can_be_pickled_and_goes_on_at_the_same_epoch(rows: OnlineDataset) -> None:
    rows.set_epoch(2)
    again = pickle.loads(pickle.dumps(rows))
    rows.set_epoch(0)
    assert again.epoch == 2
    assert [again[index] for index in range(len(again))] == variants(rows, 2)


# A machine of one core warns of two workers.
@pytest.mark.filterwarnings("ignore:This DataLoader will create")
@pytest.mark.parametrize("persistent", [False, True])
def test_workers_give_what_one_process_gives_in_every_epoch(rows: OnlineDataset, persistent: bool) -> None:
    loader = DataLoader(rows, batch_size=8, num_workers=2, collate_fn=alone, persistent_workers=persistent)
    for epoch in (0, 1, 2):
        rows.set_epoch(epoch)
        assert [item for batch in loader for item in batch] == variants(rows, epoch)
    rows.set_epoch(0)


def test_the_trainer_trains_on_another_variant_in_each_epoch(
    job: Job, finished: Path, tmp_path: Path
) -> None:
    model, tokenizer = load(model_folder(job.needs_model(), job.run), TextCNN)
    seen: list[tuple[str, str]] = []

    def encoded(item: Variant) -> dict[str, object]:
        seen.append((item.id, item.text))
        words = tokenizer(item.text, truncation=True, max_length=32, padding="max_length")
        return {
            "input_ids": words["input_ids"],
            "attention_mask": words["attention_mask"],
            "labels": item.label_id,
        }

    rows = augment.online(PLAN, job, finished, transform=encoded)

    class NextEpoch(TrainerCallback):
        """Tells the data set which epoch begins."""

        def on_epoch_begin(
            self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: object
        ) -> None:
            rows.set_epoch(round(state.epoch or 0))

    arguments = TrainingArguments(
        output_dir=str(tmp_path),
        num_train_epochs=3,
        use_cpu=True,
        report_to=[],
        disable_tqdm=True,
        save_strategy="no",
    )
    Trainer(model=model, args=arguments, train_dataset=rows, callbacks=[NextEpoch()]).train()
    for epoch in range(3):
        here = seen[epoch * len(rows) : (epoch + 1) * len(rows)]
        assert sorted(here) == sorted((item.id, item.text) for item in variants(rows, epoch))


def test_a_pair_keeps_both_sides_and_what_cannot_be_edited_is_given_as_it_is(
    small: Path, tmp_path: Path
) -> None:
    lines = ["id,review,second,label", "a,the movie 房间 很好 👍🏽,服务 ＡＢＣ 𠮷 story,good", "b,！,？,bad"]
    (tmp_path / "pairs.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    job = small_job(small)
    settings = {"root": tmp_path, "files": "pairs.csv", "text": "review", "text_pair": "second"}
    corpus = type(job.needs_corpus()).model_validate(settings)
    reader = random_bert(tmp_path / "model", learn(lines * 4, 200, 64), ("bad", "good"), num_hidden_layers=1)
    model = job.needs_model().model_copy(update={"path": str(reader)})
    job = job.model_copy(update={"corpus": corpus, "model": model})
    splits = job.run.model_copy(update={"splits": ("train", "validation", "test")})
    rows = augment.online(PLAN, job.model_copy(update={"run": splits}), tmp_path / "scores")
    by_id = {rows.source(index).id: index for index in range(len(rows))}
    variants = [rows.variant(by_id["a"], epoch) for epoch in range(12)]
    assert {edit.side for item in variants for edit in item.edits} == {0, 1}
    assert len({(item.text, item.text_pair) for item in variants}) > 2
    assert rows.variant(by_id["b"], 0) == rows.source(by_id["b"])


def test_scores_of_another_request_are_refused_naming_what_differs(job: Job, finished: Path) -> None:
    with pytest.raises(FingerprintError, match="another seed"):
        augment.online(PLAN, job.model_copy(update={"seed": 1}), finished)
    with pytest.raises(FingerprintError, match="another pipeline"):
        augment.online("augment-wide", job, finished)


NATURAL = Pipeline.model_validate(
    {
        "name": "natural",
        "about": "",
        "stages": [
            {"kind": "tokenize"},
            {"kind": "evidence"},
            {"kind": "attribute"},
            {"kind": "rank", "fraction": 0.25},
            {"kind": "substitute", "on": "any", "samples": 2, "natural": 0.5},
            {"kind": "delete", "on": "any", "by": "phrase"},
            {"kind": "judge"},
            {"kind": "keep"},
        ],
    }
)


@pytest.fixture(scope="module")
def natural_job(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Job:
    return written_job(small, tmp_path_factory.mktemp("written"))


@pytest.fixture(scope="module")
def natural_run(natural_job: Job, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a finished run with natural samples."""
    return augment.run(NATURAL, natural_job, tmp_path_factory.mktemp("runs") / "natural").folder


def test_natural_samples_are_those_of_the_run_that_keeps_what_it_learned(
    natural_job: Job, natural_run: Path
) -> None:
    rows = augment.online(NATURAL, natural_job, natural_run)
    samples = {row["id"]: row for row in pq.read_table(natural_run / "explain/samples.parquet").to_pylist()}
    made = Counter[str | None]()
    for item in variants(rows, 0):
        made[item.method] += 1
        if item.method is not None:
            assert samples[f"{item.id}~{item.method}~1"]["text"] == item.text
    assert made["substitute_any"] > 5


def test_natural_samples_are_drawn_from_what_is_learned_where_no_run_is_given(
    natural_job: Job, natural_run: Path, tmp_path: Path
) -> None:
    rows = augment.online(NATURAL, natural_job, natural_run)
    assert variants(augment.online(NATURAL, natural_job, tmp_path / "scores"), 5) == variants(rows, 5)
    assert variants(augment.online(NATURAL, natural_job, tmp_path / "scores"), 1) == variants(rows, 1)


def test_a_run_that_learned_from_other_texts_or_words_is_refused(
    natural_job: Job, natural_run: Path, tmp_path: Path
) -> None:
    (tmp_path / "more.txt").write_text("房间很大\n", encoding="utf-8")
    texts = natural_job.resources.model_copy(update={"texts": (PlainText(path=str(tmp_path / "more.txt")),)})
    words = natural_job.resources.model_copy(update={"lexicons": ()})
    for resources, name in ((texts, "resources"), (words, "lexicons")):
        with pytest.raises(FingerprintError, match=f"another .*{name}"):
            augment.online(NATURAL, natural_job.model_copy(update={"resources": resources}), natural_run)


def test_a_finished_run_without_what_was_learned_is_refused(
    natural_job: Job, natural_run: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(natural_run, tmp_path / "old"))
    (folder / "run" / "evidence.parquet").unlink()
    with pytest.raises(RequestError, match="did not keep it"):
        augment.online(NATURAL, natural_job, folder)


def test_no_pair_of_words_is_more_of_the_edits_of_many_epochs_than_its_part_of_the_rows(
    natural_job: Job, natural_run: Path
) -> None:
    """A row that is not given a pair of words in a run is not given it in any epoch."""
    rows = augment.online(NATURAL, natural_job, natural_run)
    given: dict[str, set[str]] = defaultdict(set)
    for epoch in range(12):
        for item in variants(rows, epoch):
            for edit in item.edits if item.method == "substitute_any" else ():
                given[edit.old].add(item.id)
    having = Counter(one for index in range(len(rows)) for one in given if one in rows.source(index).text)
    assert given
    assert all(len(ids) < 0.4 * having[old] for old, ids in given.items())


@pytest.mark.parametrize("name", ["attack", "explain", "balance"])
def test_a_pipeline_whose_samples_cannot_be_drawn_is_refused(job: Job, name: str) -> None:
    with pytest.raises(RequestError, match=r"cannot be drawn anew|no stage of it makes samples"):
        augment.online(name, job)


def test_attack_samples_are_refused_with_the_reason_and_the_other_ways(job: Job) -> None:
    with pytest.raises(RequestError, match="they depend on the model's answers") as caught:
        augment.online("attack", job)
    assert "augment harden" in caught.value.hint


def test_the_attacking_rows_of_the_guide_attack_the_model_in_training(small: Path) -> None:
    """As docs/online.md has it, without a Trainer around it: new samples in each epoch, of other rows, with their labels."""
    names: dict[str, object] = {}
    exec(compile(fences(CHECKOUT / "docs" / "online.md", "python")[-1], "online.md", "exec"), names)
    make = names["WithAttacks"]
    assert callable(make)
    model, tokenizer = loaded(model_folder(ModelConfig(path=str(small / "model")), RunConfig()))
    texts = ["a lovely movie, wonderful and great", "an awful movie, boring and terrible"] * 3
    rows = make(texts, [1, 0] * 3, tokenizer, share=0.5)
    assert len(rows) == 9
    rows.on_epoch_begin(None, TrainerState(epoch=0), None, model=model)
    for sample in rows.samples:
        assert sample.text not in texts
        assert sample.label == [1, 0, 1][sample.source]
    assert {rows[index]["labels"] for index in range(9)} == {0, 1}


def test_there_is_no_epoch_below_0_and_no_row_beyond_the_last(rows: OnlineDataset) -> None:
    with pytest.raises(ValueError, match="counted from 0"):
        rows.set_epoch(-1)
    with pytest.raises(IndexError):
        _ = rows[len(rows)]
    assert rows[-1] == rows[len(rows) - 1]
