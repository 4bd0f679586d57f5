"""A causal language model in a folder, run here: safetensors, no code of its own, no call to anybody."""

from collections.abc import Mapping, Sequence
from threading import Lock

import torch
from transformers import AutoModelForCausalLM

from augment.config.llm import LlmConfig
from augment.config.sections import RunConfig
from augment.errors import ModelError
from augment.models.classifier import load, positions
from augment.models.device import device_of
from augment.models.model_folder import ModelFolder, look, resolve
from augment.rewriting.answers import Answer
from augment.rewriting.server import Message, NoAnswerError
from augment.seeding import key_of


class LocalModel:
    """A model that writes one answer at a time; the same conversation has the same answer."""

    def __init__(self, config: LlmConfig, run: RunConfig) -> None:
        """Load the model; ModelError if it cannot write or knows no conversations."""
        folder = language_model(config)
        model, self._tokenizer = load(folder, AutoModelForCausalLM)
        if self._tokenizer.chat_template is None:
            raise ModelError(
                str(config.path),
                "its tokenizer has no chat template, so it was not trained to follow instructions",
                "name an instruct model in llm.path",
            )
        self._device = device_of(run.device)
        self._model = model.to(self._device).eval().requires_grad_(False)
        self._config, self._longest, self._lock = config, positions(model), Lock()

    def write(self, messages: Sequence[Message], schema: Mapping[str, object]) -> Answer:
        """Return the answer to a conversation; NoAnswerError if it is longer than the model reads."""
        given = self._tokenizer.apply_chat_template(
            [dict(message) for message in messages],
            add_generation_prompt=True,
            return_dict=True,
            return_tensors="pt",
        ).to(self._device)
        read = int(given["input_ids"].shape[1])
        room = min(self._config.answer_tokens, self._longest - read)
        if room < 1:
            raise NoAnswerError("the prompt is longer than the model reads")
        config = self._config
        choice: dict[str, object] = {"do_sample": False}
        if config.temperature:
            choice = {"do_sample": True, "temperature": config.temperature, "top_p": config.top_p or 1.0}
        seed = key_of("rewrite", *(message["content"] for message in messages))
        # One at a time: the generator that torch draws from belongs to the process.
        with self._lock, torch.random.fork_rng(), torch.no_grad():
            torch.manual_seed(seed & 0x7FFFFFFFFFFFFFFF)
            ids = self._model.generate(**given, max_new_tokens=room, **choice)[0, read:]
        text = self._tokenizer.decode(ids, skip_special_tokens=True)
        return Answer(text, read, len(ids), len(ids) < room)

    def close(self) -> None:
        """Keep the model: loading it again would take longer than to keep it."""


def language_model(config: LlmConfig) -> ModelFolder:
    """Return what the folder of the language model holds; ModelError if it is not there or must not be loaded."""
    try:
        return look(resolve(str(config.path), None, False))
    except ModelError as error:
        raise ModelError(f"llm.path: {config.path}", error.what, error.hint) from None
