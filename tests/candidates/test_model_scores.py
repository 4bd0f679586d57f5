"""Words in their places by models that a job names: what their numbers are worth is learned without labels, and may be nothing."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from augment.candidates.model_scores import Models, learn_scores, open_models, remembered, sites_in
from augment.candidates.natural import NaturalWords, Opening
from augment.candidates.plausibility import USUAL, Plausibility
from augment.candidates.senses import Senses
from augment.candidates.slot import Slot
from augment.candidates.sources import Sources
from augment.candidates.word_counts import PairCounts
from augment.config.job import Job
from augment.config.sections import ResourcesConfig, RunConfig
from augment.text.segment import segment
from tests.candidates.test_context import save_encoder
from tests.candidates.test_masked_lm import save as save_masked
from tests.stages.test_natural_draws import SEEN, Written, tokens_of, vectors

# Content words of one group are written where those of it are: before the same words, and behind them.
NAMES = ("coffee", "bread", "soup", "salad", "river", "mountain", "forest", "valley")
RIGHT = {word: ("tasty" if at < 4 else "steep") for at, word in enumerate(NAMES)}
WORDS = dict.fromkeys(NAMES, "n")


def texts() -> list[str]:
    """Return texts in which each word is with the quality of its group, and once with a word of its own."""
    return [f"the {word} is {RIGHT[word]} {number}x" for number in range(60) for word in NAMES]


def plausibility() -> Plausibility:
    """Return counts of these texts, and vectors by which all words mean the same as far as any."""
    counts = PairCounts()
    for text in texts():
        counts.add([text[start:end] for start, end in segment(text)])
    evidence = counts.evidence(None, 1)
    senses = Senses(np.zeros(len(evidence.words), np.int64), np.ones((1, 1), np.float32))
    return Plausibility(evidence, senses, USUAL)


def knowing(slots: Sequence[Slot], offered: Sequence[Sequence[str]]) -> list[list[float]]:
    """Return 1 for words whose quality is in the text, else -1: what a language model knows that counts do not."""
    return [
        [1.0 if RIGHT.get(word, "?") in slot.text else -1.0 for word in words]
        for slot, words in zip(slots, offered, strict=True)
    ]


def synonyms(word: str) -> tuple[str, ...]:
    """Return the other words of a group."""
    return tuple(other for other in NAMES if RIGHT[other] == RIGHT[word] and other != word)


def test_a_language_model_that_knows_more_than_counts_decides() -> None:
    plain = plausibility()
    learned = learn_scores(plain, Models(knowing, None), texts(), WORDS, synonyms, "en", 0)
    assert len(learned.reading) == len(learned.fit) + 1
    assert learned.meaning == ()
    both = Plausibility(plain.evidence, plain.senses, {"en": learned})
    ids = plain.evidence.ids
    left, right = ids(["the"] * 2), ids(["is"] * 2)
    reads = both.read(left, ids(["bread", "river"]), right, "en", np.array([1.0, -1.0]))
    assert reads[0] > 0.6
    assert reads[1] < reads[0] - 0.3


def test_an_encoder_that_knows_more_than_vectors_decides() -> None:
    plain = plausibility()
    learned = learn_scores(plain, Models(None, knowing), texts(), WORDS, synonyms, "en", 0)
    assert learned.reading == ()
    both = Plausibility(plain.evidence, plain.senses, {"en": learned})
    same = both.seen(np.full(2, 0.5), np.array([1.0, -1.0]), "en")
    assert same[0] > 0.9
    assert same[1] < 0.1


def test_what_is_not_seen_is_judged_by_counts() -> None:
    plain = plausibility()
    learned = learn_scores(plain, Models(knowing, knowing), texts(), WORDS, synonyms, "en", 0)
    both = Plausibility(plain.evidence, plain.senses, {"en": learned})
    left, word, right = (plain.evidence.ids([word]) for word in ("the", "bread", "is"))
    nothing = np.array([np.nan])
    assert both.read(left, word, right, "en", nothing) == both.fits(left, word, right, "en")
    assert both.seen(np.array([0.7]), nothing, "en") == 0.7


def test_of_too_little_text_nothing_is_learned() -> None:
    plain = plausibility()
    learned = learn_scores(plain, Models(knowing, knowing), texts()[:20], WORDS, synonyms, "en", 0)
    assert learned == USUAL["en"]


def test_what_is_learned_does_not_depend_on_the_order_of_texts() -> None:
    plain = plausibility()
    one, other = (
        {(site.slot.text, site.slot.start) for site in sites_in(some, plain, WORDS, "en", 0)}
        for some in (texts(), texts()[::-1])
    )
    assert one == other


@pytest.mark.parametrize(("score", "offered"), [(1.0, {"价钱"}), (-1.0, set()), (float("nan"), {"价钱"})])
def test_a_word_that_counts_allow_is_offered_if_the_model_does_not_object(
    score: float, offered: set[str]
) -> None:
    counts = PairCounts()
    for text in SEEN:
        counts.add(tokens_of(text))
    evidence = counts.evidence(None, 100)
    learned = replace(USUAL["zh"], reading=(*USUAL["zh"].fit, 5.0))
    plausibility = Plausibility(evidence, vectors(evidence), {"zh": learned, "en": USUAL["en"]})
    models = Models(lambda slots, offered: [[score] * len(words) for words in offered], None)
    words = NaturalWords(plausibility, Sources([Written()], 8, ()), (), models)
    slot = Slot("r", 1, SEEN[0], None, 0, 2, 4, "酒店")
    (fitting,) = words.offer([Opening(slot, "酒店", "很")])
    assert {each.word for each in fitting} == offered


def test_a_word_in_a_text_is_looked_at_once() -> None:
    requested: list[str] = []

    def counting(slots: Sequence[Slot], offered: Sequence[Sequence[str]]) -> list[list[float]]:
        requested.extend(word for words in offered for word in words)
        return knowing(slots, offered)

    scores = remembered(counting)
    slot = Slot("r", 1, "the bread is tasty", None, 0, 4, 9, "the")
    first = scores([slot, slot], [("soup",), ("soup", "river")])
    assert first == [[1.0], [1.0, -1.0]]
    assert scores([slot], [("river",)]) == [[-1.0]]
    assert requested == ["soup", "soup", "river"]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the folders of a random encoder and of a random masked model."""
    root = tmp_path_factory.mktemp("models")
    return {
        "encoder": str(save_encoder(root / "encoder")),
        "masked_lm": str(save_masked(root / "masked")),
    }


def test_models_that_a_job_names_give_numbers_and_without_names_there_are_none(
    folders: dict[str, str], tmp_path: Path
) -> None:
    run = RunConfig(device="cpu", threads=1)
    assert open_models(Job(name="x", run=run, resources=ResourcesConfig())) is None
    usual = open_models(Job(name="x", run=run, resources=ResourcesConfig.model_validate(folders)))
    assert usual is not None
    assert usual.read is not None
    assert usual.seen is None
    look = ResourcesConfig.model_validate({**folders, "look": ["masked_lm", "encoder"]})
    models = open_models(Job(name="x", run=run, resources=look))
    slot = Slot("r", 1, "好 a 店", None, 0, 2, 3, None)
    assert models is not None
    assert models.read is not None
    assert models.seen is not None
    assert models.read([slot], [("b",)])[0][0] < 0
    assert -1 <= models.seen([slot], [("b",)])[0][0] <= 1
