"""Words in their texts by an encoder: the same whatever the batch, none that is not seen, and real senses distinguished."""

from itertools import pairwise
from pathlib import Path

import pytest
import torch
from transformers import BertConfig, BertModel, T5Config, T5Model

from augment.candidates import context
from augment.candidates.context import InContext
from augment.candidates.filters import Filters
from augment.candidates.neighbours import open_neighbours
from augment.candidates.slot import Slot
from augment.candidates.sources import open_sources
from augment.config.job import Job
from augment.config.sections import ResourcesConfig, RunConfig
from augment.engine.fingerprint import resource_hashes
from augment.errors import ModelError
from augment.models.encoder import open_encoder
from augment.text.segment import segment
from tests.models.nets import NETS, save, word_pieces
from tests.texts import TEXTS

RUN = RunConfig(device="cpu", threads=1)


def save_encoder(folder: Path, longest: int = 512) -> Path:
    """Write a random encoder and its tokenizer to a folder and return the folder."""
    tokenizer = word_pieces("right")
    shape = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        config = BertConfig(
            vocab_size=len(tokenizer), initializer_range=0.3, max_position_embeddings=longest, **shape
        )
        BertModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a random encoder."""
    return save_encoder(tmp_path_factory.mktemp("encoder"))


def slots_in(text: str, most: int = 12) -> list[Slot]:
    """Return the places of the first tokens of a text."""
    return [
        Slot(text, number, text, None, 0, *span, None) for number, span in enumerate(segment(text)[:most])
    ]


def job(
    folder: Path, encoder: Path | None, lexicon: str = "good\tfine\ngood\tnice\nfine\tgood\nnice\tgood\n"
) -> Job:
    """Return a job with a lexicon of its own, and an encoder if one is named."""
    words = folder / "words.tsv"
    words.write_text(lexicon, encoding="utf-8")
    named = None if encoder is None else str(encoder)
    return Job(name="x", run=RUN, resources=ResourcesConfig(lexicons=(str(words),), encoder=named))


@pytest.mark.parametrize("text", TEXTS)
def test_any_text_may_be_tried(folder: Path, text: str) -> None:
    requested = slots_in(text)
    offered = [(slot.word, "好", "good", "👍🏽") for slot in requested]
    result = InContext.of(str(folder), RUN, 0.5).passing(requested, offered)
    assert [
        [word for word in words if word in kept] for words, kept in zip(offered, result, strict=True)
    ] == [list(kept) for kept in result]


def test_a_word_is_as_near_in_whatever_batch(folder: Path) -> None:
    requested = [slot for text in TEXTS for slot in slots_in(text, 4)]
    offered = [("好", "good", "room") for _ in requested]
    whole = InContext.of(str(folder), RUN, 0.5).passing(requested, offered)
    narrow = InContext.of(str(folder), RUN.model_copy(update={"token_budget": 64}), 0.5)
    assert narrow.passing(requested, offered) == whole
    alone = [narrow.passing([slot], [words])[0] for slot, words in zip(requested, offered, strict=True)]
    assert alone == whole


def test_the_token_itself_is_nearest_and_a_larger_share_lets_fewer_pass(folder: Path) -> None:
    (slot,) = [one for one in slots_in("这家酒店的房间很好") if one.word == "酒店"]
    words = ("酒店", "房间", "好", "good", "👍")
    (near,) = InContext.of(str(folder), RUN, 0.5).cosines([slot], [words])
    assert near[0] == 1.0
    kept = [
        set(InContext.of(str(folder), RUN, share).passing([slot], [words])[0])
        for share in (0.0, 0.5, 0.9, 1.0)
    ]
    assert all(less <= more for more, less in pairwise(kept))
    assert "酒店" in kept[-1]


@pytest.mark.parametrize("name", ["zh", "en"])
def test_the_limit_is_a_share_of_unrelated_words_of_the_language(folder: Path, name: str) -> None:
    limits = [InContext.of(str(folder), RUN, share).least(name) for share in (0.0, 0.5, 0.98, 1.0)]
    assert limits == sorted(limits)
    assert -1 <= limits[0] < limits[-1] <= 1


def test_a_word_that_the_encoder_does_not_see_does_not_pass(tmp_path: Path) -> None:
    short = InContext.of(str(save_encoder(tmp_path, longest=8)), RUN, 0.0)
    first, *_, last = slots_in("one two three four five six seven eight nine ten eleven twelve")
    assert short.cosines([last], [["ten"]]) == [[-2.0]]
    assert short.passing([first, last], [("one",), ("twelve",)]) == [("one",), ()]
    assert short.passing([first], [()]) == [()]


def test_sources_ask_an_encoder_where_one_is_named(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (slot,) = [one for one in slots_in("a good room") if one.word == "good"]
    # A share of its own, as the test of each share is kept.
    filters = Filters(pos=False, context=0.97)
    assert open_sources(("lexicon",), job(tmp_path, None), 8, filters).offer([slot]) == [("fine", "nice")]
    monkeypatch.setattr(context, "_cosine", lambda one, other, centre: 0.5)
    monkeypatch.setattr(InContext, "_quantile", lambda self, name: 0.6)
    named = job(tmp_path, folder)
    assert open_sources(("lexicon",), named, 8, filters).offer([slot]) == [()]
    assert open_sources(("lexicon",), named, 8, Filters(pos=False, context=0.0)).offer([slot]) == [
        ("fine", "nice")
    ]
    # What is no word is not compared.
    assert open_sources(("lexicon", "typos"), named, 8, filters).offer([slot]) != [()]


def test_its_word_vectors_replace_those_of_the_model(folder: Path, tmp_path: Path) -> None:
    result = open_neighbours(job(tmp_path, folder), 4)
    weight = BertModel.from_pretrained(folder).get_input_embeddings().weight.detach()
    pieces = word_pieces("right")(["good", "room"], add_special_tokens=False)["input_ids"]
    one, other = (weight[row].mean(0) - weight.mean(0) for row in pieces)
    expected = torch.nn.functional.cosine_similarity(one, other, dim=0)
    assert result.cosines("good", ["room"]) == pytest.approx([float(expected)], abs=1e-4)


def test_another_encoder_is_another_request(folder: Path, tmp_path: Path) -> None:
    hashes = resource_hashes(job(tmp_path, folder))
    assert len(hashes[str(folder)]) == 64
    assert resource_hashes(job(tmp_path, None)) == {}


@pytest.mark.parametrize("kind", ["gpt2", "roberta", "t5"])
def test_encoders_of_other_kinds_are_used_as_well(tmp_path: Path, kind: str) -> None:
    """Decoders have no piece to pad with, and of encoder and decoder the former is meant."""
    if kind == "t5":
        tokenizer = word_pieces("right")
        tokenizer.save_pretrained(tmp_path)
        shape = {"d_model": 16, "d_kv": 8, "d_ff": 16, "num_layers": 1, "num_heads": 2}
        T5Model(T5Config(vocab_size=len(tokenizer), **shape)).save_pretrained(tmp_path)
    else:
        save(NETS[kind], tmp_path)
    test = InContext.of(str(tmp_path), RUN, 0.5)
    requested = [slot for text in ("a good room", "这家酒店很好") for slot in slots_in(text)]
    for slot, near in zip(
        requested, test.cosines(requested, [(slot.word,) for slot in requested]), strict=True
    ):
        assert near in ([1.0], [-2.0]), slot


def test_what_is_no_encoder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no such folder"):
        open_encoder("./nowhere/at/all", RUN)
    (tmp_path / "file").write_text("好", encoding="utf-8")
    with pytest.raises(
        ModelError, match=r"is a file, not a folder\nname a folder with a model of transformers$"
    ):
        open_encoder(str(tmp_path / "file"), RUN)
    textcnn = save(NETS["textcnn"], tmp_path / "net")
    with pytest.raises(ModelError, match=r"resources\.encoder.*\na `textcnn` sees no word"):
        open_encoder(str(textcnn), RUN)
    weights = save_encoder(tmp_path / "cut") / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(ModelError, match=r"resources\.encoder.*\ncannot be read"):
        open_encoder(str(tmp_path / "cut"), RUN)


SENSES = (
    ("加了内存后速度挺快，送的东西也不错，正是我需要的", "东西", "物件", "畜生"),
    ("用了两天感觉性能还是很不错的", "感觉", "觉得", "神志"),
    ("键盘看起来挺好，用起来还可以", "起来", "上去", "奋起"),
    ("Despite its shortcomings the stories are quietly moving.", "stories", "tales", "floors"),
)


@pytest.mark.parametrize(("text", "word", "fits", "other"), SENSES)
def test_a_real_encoder_tells_senses_apart(shared: Path, text: str, word: str, fits: str, other: str) -> None:
    start = text.index(word)
    slot = Slot("r", 0, text, None, 0, start, start + len(word), None)
    (near,) = InContext.of(str(shared / "models" / "e5-small-zh-en"), RUN, 0.98).cosines(
        [slot], [[fits, other]]
    )
    assert near[0] > near[1]
