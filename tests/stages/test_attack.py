"""The attack: success that holds on the whole text, goals, constraints, budgets, recipes, victims of every kind."""

import random
import shutil
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from pydantic import ValidationError
from transformers import AutoTokenizer, BertConfig, BertForMaskedLM, BertModel, GPT2Config, GPT2LMHeadModel

from augment.adversarial.chance_level import require_victim
from augment.adversarial.constraints import distance
from augment.adversarial.recipes import RECIPE_NAMES
from augment.config.in_memory import FunctionModel
from augment.config.job import Job
from augment.config.sections import ModelConfig, ResourcesConfig
from augment.errors import RequestError
from augment.models.labels import LabelMap
from augment.models.predictor import open_predictor
from augment.models.textcnn import TextCNN
from augment.pipeline.apply import apply
from augment.pipeline.definition import Pipeline
from augment.pipeline.requirements import check_sections
from augment.stages import Attack
from augment.stages.attack_offers import AttackedTokens
from augment.stages.attack_rewordings import Rewordings
from augment.stages.editing import protection, whole_rows
from augment.tables.columns import CORPUS
from augment.text.edits import Edit, replay
from augment.text.segment import tokens_of
from tests.models.nets import NETS, save
from tests.models.test_heads import rewritten
from tests.small import BAD, FILLERS, GOOD, sentence, small_job

# Each word of a good text has another that the small classifier takes for less good, and the other way round.
OTHER = [
    *zip(GOOD, BAD, strict=True),
    *zip(BAD, GOOD, strict=True),
    ("房间", "屋子"),
    ("电影", "影片"),
    ("movie", "film"),
]


@pytest.fixture(scope="module")
def job(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Job:
    lexicon = tmp_path_factory.mktemp("words") / "words.tsv"
    lexicon.write_text("".join(f"{word}\t{other}\n" for word, other in OTHER), encoding="utf-8")
    resources = ResourcesConfig(lexicons=(str(lexicon),), antonyms=())
    return small_job(small).model_copy(update={"resources": resources})


def texts_of(count: int) -> list[tuple[str, str]]:
    chance = random.Random(7)
    return [
        (sentence(chance, words), label)
        for _ in range(count)
        for words, label in ((GOOD, "good"), (BAD, "bad"))
    ]


def table_of(rows: Iterable[tuple[str, str]]) -> pa.Table:
    texts, labels = zip(*rows, strict=True)
    values: dict[str, list[object]] = {
        "id": [f"r{number}" for number in range(len(texts))],
        "text": list(texts),
        "text_pair": [None] * len(texts),
        "label": list(labels),
        "split": ["test"] * len(texts),
    }
    return pa.table({column.name: pa.array(values[column.name], column.type) for column in CORPUS})


def attacked(
    job: Job, rows: Iterable[tuple[str, str]], **keys: object
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the source rows and the samples of an attack."""
    stages = [{"kind": "tokenize"}, {"kind": "attack", "share": 1.0, **keys}]
    plan = Pipeline.model_validate({"name": "t", "about": "", "stages": stages})
    made = apply(plan, table_of(rows), job).table.to_pylist()
    return [row for row in made if not row["source_id"]], [row for row in made if row["source_id"]]


def answers(job: Job, rows: list[dict[str, Any]]) -> list[str]:
    predictor = open_predictor(job.needs_model(), job.run)
    chances = predictor.ask([str(row["text"]) for row in rows], [None] * len(rows))
    return [predictor.classes[int(index)] for index in chances.argmax(-1)]


@pytest.fixture(scope="module")
def masked_job(job: Job, small: Path, tmp_path_factory: pytest.TempPathFactory) -> Job:
    """Return the job with a random masked model and a random causal one on the pieces of the small classifier, and an encoder."""
    folder = tmp_path_factory.mktemp("language")
    tokenizer = AutoTokenizer.from_pretrained(small / "model")
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        bert = BertConfig(vocab_size=len(tokenizer), initializer_range=0.3, **sizes)
        models = {
            "masked_lm": BertForMaskedLM(bert),
            "causal_lm": GPT2LMHeadModel(
                GPT2Config(vocab_size=len(tokenizer), n_embd=16, n_layer=1, n_head=2, n_positions=64)
            ),
            "encoder": BertModel(bert),
        }
    for name, model in models.items():
        model.save_pretrained(folder / name)
        tokenizer.save_pretrained(folder / name)
    named = {name: str(folder / name) for name in models}
    return job.model_copy(update={"resources": job.resources.model_copy(update=named)})


@pytest.mark.parametrize("recipe", [None, *RECIPE_NAMES])
def test_every_success_holds_on_the_whole_text_and_replays(
    job: Job, masked_job: Job, recipe: str | None
) -> None:
    job = masked_job if recipe == "bae" else job
    sources, samples = attacked(job, texts_of(12), recipe=recipe)
    texts = {row["id"]: row for row in sources}
    assert samples or recipe == "deepwordbug"
    wanted = "reduced" if recipe == "input-reduction" else "changed"
    for sample, answer in zip(samples, answers(job, samples), strict=True):
        source = texts[sample["source_id"]]
        edits = [Edit(**edit) for edit in sample["edits"]]
        assert replay(source["text"], None, edits) == (sample["text"], None)
        assert source["attack"] == wanted
        assert (answer == source["label"]) == (recipe == "input-reduction")
        assert source["attack_edits"] >= 1
    made = {sample["source_id"] for sample in samples}
    assert {row["id"] for row in sources if row["attack"] == wanted} == made


@pytest.mark.parametrize("net", NETS)
def test_any_classifier_is_attacked_by_its_gradient(job: Job, net: str, tmp_path: Path) -> None:
    """Random weights: what matters is that pieces, their gradients and the texts belong together."""
    folder = save(NETS[net], tmp_path / "net")
    here = job.model_copy(update={"model": ModelConfig(path=str(folder), max_length=64)})
    rows = [(text, "") for text, _ in texts_of(6)]
    table = [
        (text, answer)
        for (text, _), answer in zip(rows, answers(here, [{"text": text} for text, _ in rows]), strict=True)
    ]
    sources, samples = attacked(here, table, delete=True)
    for sample, answer in zip(samples, answers(here, samples), strict=True):
        assert answer != sample["label"]
    assert {row["attack"] for row in sources} <= {"changed", "unchanged"}
    assert all(row["attack_backward"] >= 1 for row in sources)


@pytest.mark.parametrize("net", ["bert", "roberta", "distilbert"])
def test_deep_nets_are_attacked_by_what_the_other_pieces_had(
    job: Job, net: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Random weights, which are misjudged more than any: still most of what the gradient finds, and the same in other company."""
    folder = save(NETS[net], tmp_path / "net")
    here = job.model_copy(update={"model": ModelConfig(path=str(folder), max_length=64)})
    rows = [(f"{text} {FILLERS[2]} {other}", "") for (text, _), (other, _) in pairwise(texts_of(10))]
    table = [
        (text, answer)
        for (text, _), answer in zip(rows, answers(here, [{"text": text} for text, _ in rows]), strict=True)
    ]
    by_gradient = attacked(here, table, delete=True, order="gradient")[1]
    monkeypatch.setattr("augment.adversarial.white_box._SHALLOW", 0)
    _, samples = attacked(here, table, delete=True)
    for sample, answer in zip(samples, answers(here, samples), strict=True):
        assert answer != sample["label"]
    assert len(samples) >= 0.8 * len(by_gradient) > 0
    assert {row["attack_backward"] for row in attacked(here, table, delete=True, second_pass=False)[0]} == {0}
    parts = (table[:7], table[7:])
    halves = [sample["text"] for part in parts for sample in attacked(here, part, delete=True)[1]]
    assert halves == [row["text"] for row in samples]
    few = attacked(here, table, most_queries=7)[0]
    assert max(row["attack_queries"] for row in few) <= 7 + 2
    samples = attacked(here, table, search="beam", delete=True)[1]
    assert all(
        answer != sample["label"] for sample, answer in zip(samples, answers(here, samples), strict=True)
    )


def test_a_text_of_several_windows_is_looked_at_by_its_gradient(
    job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("augment.adversarial.white_box._SHALLOW", 0)
    folder = save(NETS["bert"], tmp_path / "net")
    here = job.model_copy(update={"model": ModelConfig(path=str(folder), max_length=16)})
    texts = [texts_of(1)[0][0], " ".join(text for text, _ in texts_of(4))]
    table = list(zip(texts, answers(here, [{"text": text} for text in texts]), strict=True))
    short, long = attacked(here, table)[0]
    assert short["attack_backward"] == 0 < long["attack_backward"]


def test_a_function_is_attacked_by_leaving_words_out(job: Job) -> None:
    def judge(texts: list[str]) -> list[list[float]]:
        scores = [sum(word in text for word in GOOD) - sum(word in text for word in BAD) for text in texts]
        good = 1 / (1 + np.exp(-np.array(scores, float)))
        return [[1 - float(chance), float(chance)] for chance in good]

    here = job.model_copy(
        update={"model": FunctionModel(function=judge, classes=("bad", "good"), name="words")}
    )
    sources, samples = attacked(here, texts_of(8))
    assert len(samples) > len(sources) / 2
    assert {row["attack_backward"] for row in sources} == {0}


def test_rows_the_model_is_wrong_on_are_skipped_and_counted_as_one_row(job: Job) -> None:
    rows = [(text, "good" if label == "bad" else "bad") for text, label in texts_of(6)]
    sources, samples = attacked(job, rows)
    assert not samples
    assert {row["attack"] for row in sources} == {"skipped"}


def test_a_target_that_rows_have_is_not_attacked(job: Job) -> None:
    sources, samples = attacked(job, texts_of(6), target="bad")
    assert {row["attack"] for row in sources if row["label"] == "bad"} == {None}
    assert samples
    assert set(answers(job, samples)) == {"bad"}


def test_a_target_that_the_model_has_not_is_refused(job: Job) -> None:
    with pytest.raises(RequestError, match="no label `great`"):
        attacked(job, texts_of(2), target="great")
    with pytest.raises(RequestError) as error:
        attacked(job, texts_of(2), target="goood")
    assert error.value.hint == "did you mean `good`? its labels are bad, good"


def test_every_word_edits_numbers_and_connectives_but_no_articles_and_negations(
    job: Job, tmp_path: Path
) -> None:
    lexicon = tmp_path / "words.tsv"
    pairs = [("the", "bad"), ("one", "bad"), ("within", "bad"), ("never", "bad"), ("一直", "糟糕")]
    lexicon.write_text("".join(f"{word}\t{other}\n" for word, other in pairs), encoding="utf-8")
    resources = job.resources.model_copy(update={"lexicons": (str(lexicon),)})
    here = job.model_copy(update={"resources": resources})
    rows = [("the good film within one never", "good"), ("一直好", "good")]
    _, samples = attacked(here, rows, reword=False, pos=False, frequency=0.0, every_word=True)
    edited = {edit["old"] for sample in samples for edit in sample["edits"]}
    assert edited <= {"one", "within", "一直"}


def test_a_beam_keeps_several_sets_and_what_it_makes_succeeds(job: Job) -> None:
    sources, samples = attacked(job, texts_of(6), search="beam")
    assert samples
    for sample, answer in zip(samples, answers(job, samples), strict=True):
        assert answer != sample["label"]
    assert max(row["attack_queries"] for row in sources) <= 200


def test_parts_are_worded_otherwise(job: Job, tmp_path: Path) -> None:
    """Whatever changes the answer, by words that mean the same: no dictionary is needed."""
    (tmp_path / "none.tsv").write_text("甲\t乙\n", encoding="utf-8")
    resources = job.resources.model_copy(update={"lexicons": (str(tmp_path / "none.tsv"),)})
    here = job.model_copy(update={"resources": resources})
    rows = [("因为房间很好，所以服务也很干净。", "good"), ("The movie was very lovely, but boring.", "good")]
    sources, samples = attacked(here, rows, share=1.0)
    assert not attacked(here, rows, share=1.0, reword=False)[1]
    for sample in samples:
        source = next(row for row in sources if row["id"] == sample["source_id"])
        assert replay(source["text"], None, [Edit(**edit) for edit in sample["edits"]]) == (
            sample["text"],
            None,
        )


def test_a_wording_is_a_candidate_of_all_tokens_it_touches(job: Job) -> None:
    text = "因为房间很好，所以服务也不错。"
    plan = Pipeline.model_validate({"name": "t", "about": "", "stages": [{"kind": "tokenize"}]})
    batch = apply(plan, table_of([(text, "good")]), job).table.combine_chunks().to_batches()[0]
    (row,) = whole_rows(batch, protection(job))
    (put,) = Rewordings.of(job, None, 0.9).put([AttackedTokens(row, row.free, ())])
    texts = {put.row.texts({token: word})[0] for token, words in put.reworded.items() for word in words}
    assert {"由于房间很好，所以服务也不错。", "因为房间挺好，所以服务也不错。"} <= texts
    assert text not in texts
    assert all(len(put.row.edits({token: words[0]})) == 1 for token, words in put.reworded.items())


def test_a_budget_and_most_edits_hold(job: Job) -> None:
    rows = [(f"{text} {FILLERS[0]} {text}", label) for text, label in texts_of(8)]
    sources, samples = attacked(job, rows, most_edits=1)
    assert all(len(sample["edits"]) == 1 for sample in samples)
    sources, _ = attacked(job, rows, most_queries=5)
    assert max(row["attack_queries"] for row in sources) <= 5 + 2


def test_protected_words_stay(job: Job) -> None:
    kept = job.model_copy(update={"resources": job.resources.model_copy(update={"protect": (*GOOD, *BAD)})})
    _, samples = attacked(kept, texts_of(6))
    for sample in samples:
        assert not {edit["old"] for edit in sample["edits"]} & {*GOOD, *BAD}


def test_the_same_rows_come_out_in_other_company(job: Job) -> None:
    """Which rows share a shard decides nothing but the last bits."""
    rows = texts_of(10)
    whole = {row["text"] for row in attacked(job, rows)[1]}
    halves = [*attacked(job, rows[:10])[1], *attacked(job, rows[10:])[1]]
    assert {row["text"] for row in halves} == whole


@pytest.mark.parametrize(
    ("keys", "needed"),
    [
        ({"similarity": 0.8}, "needs an encoder"),
        ({"perplexity": 2.0}, "needs a causal language model"),
        ({"recipe": "bae"}, "needs a masked language model"),
        ({"masked": ["merge"]}, "needs a masked language model"),
    ],
)
def test_what_needs_a_model_that_is_not_named_is_refused_before_anything_is_loaded(
    job: Job, keys: dict[str, object], needed: str
) -> None:
    plan = Pipeline.model_validate(
        {"name": "t", "about": "", "stages": [{"kind": "tokenize"}, {"kind": "attack", **keys}]}
    )
    with pytest.raises(RequestError, match=needed):
        check_sections(plan, job)
    with pytest.raises(RequestError, match=needed):
        attacked(job, texts_of(2), **keys)


def test_a_masked_model_puts_words_next_to_tokens_and_in_place_of_two(masked_job: Job) -> None:
    keys = {
        "sources": ["masked_lm"],
        "reword": False,
        "most": 50,
        "most_edits": 4,
        "every_word": True,
        "frequency": 0.0,
    }
    put_in = attacked(masked_job, texts_of(12), masked=["insert"], **keys)[1]
    assert put_in
    for sample in put_in:
        for edit in sample["edits"]:
            assert edit["new"] != edit["old"]
            assert edit["new"].startswith(edit["old"]) or edit["new"].endswith(edit["old"])
    sources, merged = attacked(masked_job, texts_of(12), masked=["merge"], search="greedy", **keys)
    assert merged
    texts = {row["id"]: row for row in sources}
    for sample, answer in zip(merged, answers(masked_job, merged), strict=True):
        assert answer != sample["label"]
        edits = [Edit(**edit) for edit in sample["edits"]]
        assert replay(texts[sample["source_id"]]["text"], None, edits) == (sample["text"], None)
        assert texts[sample["source_id"]]["attack_edits"] == sum(len(tokens_of(edit.old)) for edit in edits)
        assert any(len(tokens_of(edit.old)) == 2 for edit in edits)


@pytest.mark.parametrize("search", ["screened", "beam", "greedy", "weighted"])
def test_no_token_is_edited_twice_where_it_is_in_two_groups(masked_job: Job, search: str) -> None:
    _, samples = attacked(
        masked_job,
        [(f"{text} {text}", label) for text, label in texts_of(6)],
        search=search,
        sources=["lexicon", "masked_lm"],
        masked=["replace", "insert", "merge"],
        margin=1.0,
        every_word=True,
        frequency=0.0,
    )
    assert samples
    for sample in samples:
        spans = sorted((edit["start"], edit["end"]) for edit in sample["edits"])
        assert all(one[1] <= two[0] for one, two in pairwise(spans))


def test_similarity_and_perplexity_of_successes_are_measured_and_hold_as_constraints(masked_job: Job) -> None:
    free, _ = attacked(masked_job, texts_of(12), sources=["lexicon"])
    done = [row for row in free if row["attack"] == "changed"]
    assert all(-1 <= row["attack_similarity"] <= 1 for row in done)
    assert all(row["attack_perplexity"] > 0 and row["attack_perplexity_before"] > 0 for row in done)
    assert all(row["attack_similarity"] is None for row in free if row["attack"] != "changed")
    least = sorted(row["attack_similarity"] for row in done)[len(done) // 2]
    near, _ = attacked(masked_job, texts_of(12), sources=["lexicon"], similarity=least)
    matches = [row["attack_similarity"] for row in near if row["attack"] == "changed"]
    assert matches
    assert min(matches) >= least - 1e-5
    fluent, _ = attacked(masked_job, texts_of(12), sources=["lexicon"], perplexity=1.0)
    assert all(
        row["attack_perplexity"] <= row["attack_perplexity_before"]
        for row in fluent
        if row["attack"] == "changed"
    )


def test_most_distance_counts_the_characters_that_edits_change(job: Job) -> None:
    _, samples = attacked(job, texts_of(12), most_distance=2)
    assert samples
    for sample in samples:
        assert sum(distance(edit["old"], edit["new"]) for edit in sample["edits"]) <= 2
    assert distance("kitten", "sitting") == distance("sitting", "kitten") == 3
    assert distance("", "好") == 1


def test_a_mean_of_queries_bounds_the_rows_of_a_shard(job: Job) -> None:
    rows = texts_of(10)
    free, _ = attacked(job, rows)
    spent = sum(row["attack_queries"] for row in free)
    bounded, _ = attacked(job, rows, mean_queries=3.0)
    assert sum(row["attack_queries"] for row in bounded) <= min(spent, 3 * len(rows) + len(rows))
    assert {row["attack"] for row in bounded} <= {"changed", "unchanged", "skipped"}


def test_keys_that_are_given_hold_over_those_of_a_recipe() -> None:
    stage = Attack.model_validate({"recipe": "a2t", "share": 0.4})
    assert (stage.search, stage.order, stage.share) == ("greedy", "gradient", 0.4)
    assert Attack.model_validate(stage.model_dump()) == stage
    with pytest.raises(ValidationError, match="`words` does nothing"):
        Attack.model_validate({"recipe": "textfooler", "words": 3})


def test_a_constant_or_guessing_model_is_refused_with_a_reason() -> None:
    labels = ["good", "bad"] * 50
    with pytest.raises(RequestError, match="answers `good` to all 100 rows"):
        require_victim("m", labels, ["good"] * 100)
    with pytest.raises(RequestError, match="no better than chance"):
        require_victim("m", labels, ["good", "good", "bad", "bad"] * 25)
    require_victim("m", labels, labels)
    require_victim("m", ["good"] * 100, ["good"] * 100)


def as_kind(job: Job, folder: Path, **config: object) -> Job:
    """Return the job with a copy of its model whose config has other values."""
    shutil.copytree(job.needs_model().path, folder / "model")
    path = str(rewritten(folder / "model", **config))
    return job.model_copy(update={"model": job.needs_model().model_copy(update={"path": path})})


@pytest.fixture(scope="module")
def several(job: Job, tmp_path_factory: pytest.TempPathFactory) -> Job:
    """Return the job with the model of several labels, each with a sigmoid of its own."""
    return as_kind(job, tmp_path_factory.mktemp("several"), problem_type="multi_label_classification")


def sets_of(job: Job, texts: list[str]) -> list[str]:
    """Return the labels that a model answers texts with."""
    predictor = open_predictor(job.needs_model(), job.run)
    labels = LabelMap(predictor.classes, kind=predictor.kind)
    return [labels.predicted(answer) for answer in predictor.ask(texts, [None] * len(texts)).tolist()]


@pytest.mark.parametrize("order", ["context", "gradient", "deletion"])
def test_of_several_labels_an_attack_changes_the_set(several: Job, order: str) -> None:
    rows, samples = attacked(several, texts_of(12), order=order)
    before = dict(
        zip([row["id"] for row in rows], sets_of(several, [row["text"] for row in rows]), strict=True)
    )
    after = sets_of(several, [sample["text"] for sample in samples])
    assert samples
    for row in rows:
        assert (row["attack"] == "skipped") == (before[row["id"]] != row["label"])
    for sample, seen in zip(samples, after, strict=True):
        assert before[sample["source_id"]] == sample["label"] != seen


def test_of_several_labels_a_target_is_the_label_that_is_gained_or_lost(several: Job) -> None:
    _, samples = attacked(several, texts_of(12), target="good")
    assert {sample["label"] for sample in samples} == {"good", "bad"}
    for sample, seen in zip(samples, sets_of(several, [sample["text"] for sample in samples]), strict=True):
        assert ("good" in seen.split(";")) != (sample["label"] == "good")


@pytest.fixture(scope="module")
def number(small: Path, job: Job, tmp_path_factory: pytest.TempPathFactory) -> Job:
    """Return the job with a model that answers how much better than bad a text is, as a number."""
    made = as_kind(job, tmp_path_factory.mktemp("number"))
    folder = Path(made.needs_model().path)
    model = TextCNN.from_pretrained(folder)
    with torch.no_grad():
        head = model.classifier
        single = torch.nn.Linear(head.in_features, 1)
        single.weight.copy_(head.weight[1:] - head.weight[:1])
        single.bias.copy_(head.bias[1:] - head.bias[:1])
        model.classifier = single
    model.config.update({"id2label": {0: "stars"}, "label2id": {"stars": 0}, "problem_type": "regression"})
    model.save_pretrained(folder)
    config = made.needs_model().model_copy(update={"tolerance": 1.0})
    return made.model_copy(update={"model": config})


def numbers_of(job: Job, texts: list[str]) -> list[float]:
    """Return the numbers that a model answers texts with."""
    predictor = open_predictor(job.needs_model(), job.run)
    return [float(one) for one in predictor.ask(texts, [None] * len(texts))[:, 0]]


@pytest.mark.parametrize(("target", "ways"), [(None, {True, False}), ("higher", {True}), ("lower", {False})])
def test_a_number_is_moved_by_more_than_an_amount(number: Job, target: str | None, ways: set[bool]) -> None:
    texts = [text for text, _ in texts_of(8)]
    given = [(text, f"{one:.3f}") for text, one in zip(texts, numbers_of(number, texts), strict=True)]
    rows, samples = attacked(number, [*given, ("房间很好", "99")], amount=2.0, target=target)
    assert rows[-1]["attack"] == "skipped"
    before = {row["id"]: float(row["label"]) for row in rows}
    moves = [
        after - before[sample["source_id"]]
        for sample, after in zip(samples, numbers_of(number, [one["text"] for one in samples]), strict=True)
    ]
    assert {move > 0 for move in moves} == ways
    assert all(abs(move) > 2.0 - 0.001 for move in moves)


def test_settings_that_mean_nothing_for_the_kind_of_model_are_refused(job: Job, number: Job) -> None:
    with pytest.raises(RequestError, match="answers classes, not a number"):
        attacked(job, texts_of(1), amount=0.5)
    with pytest.raises(RequestError, match="use `amount`"):
        attacked(number, [("很好", "1")], margin=0.5)
    with pytest.raises(RequestError, match="counts as unchanged"):
        attacked(number, [("很好", "1")], amount=0.5)
    with pytest.raises(RequestError, match="use higher or lower"):
        attacked(number, [("很好", "1")], target="good")


def test_a_model_of_several_labels_or_of_numbers_that_guesses_is_refused() -> None:
    labels = ["a;b", "a", "b", "[]"] * 25
    require_victim("m", labels, ["a;b", "a", "b", "a"] * 25, "multi")
    with pytest.raises(RequestError, match="no better than chance"):
        require_victim("m", labels, ["b", "[]", "a;b", "a"] * 25, "multi")
    numbers = [str(number % 7) for number in range(70)]
    require_victim("m", numbers, [f"{float(number) / 2:.3f}" for number in numbers], "regression")
    with pytest.raises(RequestError, match="rank correlation"):
        require_victim("m", numbers, [str(number % 5) for number in range(70)], "regression")
