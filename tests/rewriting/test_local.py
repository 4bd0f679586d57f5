"""A model in a folder: JSON of the requested form whatever it writes, the same for the same conversation, and nothing beyond its room."""

from pathlib import Path

import pytest
import torch
from pydantic import ValidationError
from transformers import GPT2Config, GPT2LMHeadModel

from augment.config.llm import LlmConfig
from augment.config.sections import RunConfig
from augment.errors import ModelError
from augment.rewriting.checking import rewrites_in
from augment.rewriting.local import LocalModel
from augment.rewriting.server import Message, NoAnswerError
from augment.training.wordpiece import learn

QUESTION: list[Message] = [{"role": "user", "content": 'a "b" 好的'}]
_TEMPLATE = "{% for message in messages %}{{ message['content'] }}{% endfor %}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a tiny causal model with random weights, which ends a text by chance."""
    path = tmp_path_factory.mktemp("causal")
    tokenizer = learn(['{"rewrites": ["a b", "好 的"]}'] * 4, 60, 64)
    tokenizer.chat_template = _TEMPLATE
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        config = GPT2Config(
            vocab_size=len(tokenizer),
            n_embd=16,
            n_layer=1,
            n_head=2,
            n_positions=128,
            eos_token_id=1,
            bos_token_id=1,
        )
        GPT2LMHeadModel(config).save_pretrained(path)
    tokenizer.save_pretrained(path)
    return path


def model(folder: Path, **settings: object) -> LocalModel:
    """Return the model of a folder."""
    return LocalModel(
        LlmConfig.model_validate({"path": str(folder), **settings}), RunConfig(device="cpu", threads=1)
    )


def test_an_answer_is_json_with_the_requested_number_of_rewrites(folder: Path) -> None:
    opened = model(folder, answer_tokens=100)
    answer = opened.write(QUESTION, 2)
    assert answer == opened.write(QUESTION, 2)
    rewrites = rewrites_in(answer.text)
    assert rewrites is not None
    assert len(rewrites) == 2
    assert answer.complete
    assert '"' not in "".join(rewrites)
    assert 0 < answer.written <= 100


def test_with_short_prompts_each_draw_is_a_line_of_plain_text(folder: Path) -> None:
    opened = model(folder, wording="short", draws=3, answer_tokens=120)
    answer = opened.write(QUESTION, 2)
    assert answer == opened.write(QUESTION, 2)
    rewrites = rewrites_in(answer.text)
    assert rewrites is not None
    assert 2 < len(set(rewrites)) <= 6
    assert "\n" not in "".join(rewrites)
    assert 0 < answer.written <= 120
    earlier: list[Message] = [*QUESTION, {"role": "assistant", "content": answer.text}]
    assert opened.write(earlier, 1).read < model(folder).write(earlier, 1).read


def test_without_chance_an_answer_has_one_rewrite(folder: Path) -> None:
    answer = model(folder, temperature=0, answer_tokens=50).write(QUESTION, 3)
    assert len(rewrites_in(answer.text) or []) <= 1


@pytest.mark.parametrize(
    "wrong", [{"path": "x", "draws": 2, "temperature": 0}, {"server": "http://127.0.0.1:1/v1", "draws": 2}]
)
def test_draws_that_change_nothing_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="does nothing"):
        LlmConfig.model_validate(wrong)


def test_an_answer_without_room_is_cut_and_a_long_question_has_none(folder: Path) -> None:
    cut = model(folder, answer_tokens=16, temperature=0, wording="short").write(QUESTION, 2)
    assert not cut.complete
    assert cut.written == 16
    with pytest.raises(NoAnswerError, match="longer than the model reads"):
        model(folder).write([{"role": "user", "content": "a b " * 100}], 1)


def test_a_model_without_conversations_and_a_folder_without_a_model_are_refused(
    folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match=r"llm\.path"):
        model(tmp_path)
    for file in folder.iterdir():
        if file.name != "chat_template.jinja":
            (tmp_path / file.name).write_bytes(file.read_bytes())
    with pytest.raises(ModelError, match="no chat template"):
        model(tmp_path)
