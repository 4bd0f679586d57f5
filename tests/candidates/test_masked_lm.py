"""Fills of a masked language model: words, the same each time, and none for tokens of many pieces.

A tiny random model shows the contract; what it offers has no meaning. A real one is tried where there is one.
"""

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertForMaskedLM

from augment.candidates.masked_lm import MaskedWords
from augment.candidates.slot import Slot
from augment.config.sections import RunConfig
from augment.errors import ModelError
from augment.text.segment import segment
from tests.models.nets import NETS, word_pieces
from tests.models.nets import save as save_classifier
from tests.texts import TEXTS

RUN = RunConfig(device="cpu", threads=1)
MOST = 4


def save(folder: Path, side: str = "right") -> Path:
    """Write a random masked model to a folder and return the folder."""
    torch.set_num_threads(1)
    tokenizer = word_pieces(side)
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = BertForMaskedLM(BertConfig(vocab_size=len(tokenizer), initializer_range=0.3, **sizes))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a random masked model."""
    return save(tmp_path_factory.mktemp("masked") / "bert")


@pytest.fixture(scope="module")
def words(folder: Path) -> MaskedWords:
    """Return the fills of the random masked model."""
    return MaskedWords(str(folder), RUN, MOST)


def slots_in(text: str, most: int = 20) -> list[Slot]:
    """Return the places of the first tokens of a text."""
    spans = segment(text)[:most]
    return [Slot("r1", number, text, None, 0, *span, None) for number, span in enumerate(spans)]


@pytest.mark.parametrize("text", TEXTS)
def test_every_offer_for_an_awkward_text_is_a_word(words: MaskedWords, text: str) -> None:
    offers = words.offer(slots_in(text))
    assert len(offers) == len(slots_in(text))
    for result in offers:
        assert len(result) == len(set(result)) <= 2 * MOST
        assert all(word.isalpha() for word in result)


def test_chinese_and_english_places_are_filled(words: MaskedWords) -> None:
    assert all(words.offer(slots_in("好 店")))
    assert all(words.offer(slots_in("very a b")))


def test_the_same_places_get_the_same_words(words: MaskedWords, folder: Path) -> None:
    requested = [where for text in TEXTS[:5] for where in slots_in(text)]
    offers = words.offer(requested)
    assert words.offer(requested) == offers
    assert MaskedWords(str(folder), RUN, MOST).offer(requested) == offers
    assert words.offer([]) == []


@pytest.mark.parametrize("run", [RUN, RunConfig(device="cpu", threads=1, token_budget=64)])
def test_a_place_is_answered_in_a_batch_as_alone(folder: Path, run: RunConfig) -> None:
    requested = [where for text in TEXTS[:5] for where in slots_in(text)]
    together = MaskedWords(str(folder), run, MOST)
    assert together.offer(requested) == [together.offer([where])[0] for where in requested]


def test_a_token_of_more_than_three_pieces_gets_nothing(words: MaskedWords) -> None:
    assert all(words.offer([slot]) != [()] for slot in slots_in("q qq qqq"))
    assert words.offer(slots_in("qqqq qqqqqqqq")) == [(), ()]


def test_the_token_itself_is_hidden_from_the_model(words: MaskedWords) -> None:
    one, other = slots_in("好 a 店")[1], slots_in("好 b 店")[1]
    assert words.offer([one]) == words.offer([other])
    assert words.offer([one]) != words.offer([slots_in("好 a 差")[1]])


def test_a_place_of_the_second_text_is_seen_in_its_own_sentence(words: MaskedWords) -> None:
    second = Slot("r1", 0, "another text", "好 a 店", 1, 2, 3, None)
    assert words.offer([second]) == words.offer([slots_in("好 a 店")[1]])


def test_a_token_past_what_the_model_reads_gets_nothing(words: MaskedWords) -> None:
    text = "好" * 700
    early, late = Slot("r1", 0, text, None, 0, 3, 4, None), Slot("r1", 1, text, None, 0, 690, 691, None)
    offers = words.offer([early, late])
    assert offers[0]
    assert offers[1] == ()


def test_a_word_is_as_likely_in_whatever_batch_and_next_to_whatever_words(folder: Path) -> None:
    requested = [where for text in TEXTS[:5] for where in slots_in(text, 4)]
    offered = [("好", "good", where.word) for where in requested]
    narrow = MaskedWords(str(folder), RUN.model_copy(update={"token_budget": 64}), MOST)
    together = narrow.scores(requested, offered)
    alone = [
        [narrow.scores([where], [(word,)])[0][0] for word in words]
        for where, words in zip(requested, offered, strict=True)
    ]
    assert np.allclose(together, alone, atol=2e-4, equal_nan=True)


def test_what_is_likely_is_what_is_filled_in(words: MaskedWords) -> None:
    (slot,) = slots_in("好 a 店")[1:2]
    (fills,) = words.offer([slot])
    (scores,) = words.scores([slot], [fills])
    assert scores == sorted(scores, reverse=True)
    assert scores[0] < 0


def test_a_word_of_very_many_pieces_has_no_score(words: MaskedWords) -> None:
    assert np.isnan(words.scores(slots_in("好 a 店")[1:2], [("q" * 12,)])).all()


def test_a_model_whose_tokenizer_has_no_mask_is_refused(tmp_path: Path, folder: Path) -> None:
    bare = save(tmp_path / "bare")
    tokenizer = word_pieces("right")
    tokenizer.mask_token = None
    tokenizer.save_pretrained(bare)
    with pytest.raises(ModelError) as caught:
        MaskedWords(str(bare), RUN, MOST)
    assert "no mask" in caught.value.what
    assert caught.value.exit_code == 6


@pytest.mark.parametrize("name", ["nowhere", "nowhere/model"])
def test_a_masked_model_that_is_not_there_is_refused_without_download(name: str) -> None:
    with pytest.raises(ModelError):
        MaskedWords(name, RUN, MOST)


def test_pickled_weights_of_a_masked_model_are_refused(tmp_path: Path) -> None:
    pickled = save_classifier(NETS["bert"], tmp_path / "bert")
    (pickled / "model.safetensors").rename(pickled / "pytorch_model.bin")
    with pytest.raises(ModelError, match="could run code"):
        MaskedWords(str(pickled), RUN, MOST)


def test_a_real_masked_model_fills_english_places(shared: Path) -> None:
    real = shared / "models" / "bert-tiny-en"
    if not real.is_dir():
        pytest.skip(f"needs the masked model {real.name}")
    words = MaskedWords(str(real), RUN, MOST)
    text = "The acting in this movie was brilliant."
    offers = dict(zip([where.word for where in slots_in(text)], words.offer(slots_in(text)), strict=True))
    assert offers["movie"]
    assert offers["brilliant"]
    assert all(word.isalpha() and word.isascii() for word in (*offers["movie"], *offers["brilliant"]))
