"""Fine-tuning decoders: without a padding piece of their own, and with a tokenizer that pads on either side."""

import json
from pathlib import Path

import pytest
from safetensors.torch import load_file

from augment.config.job import Job
from augment.config.sections import ModelConfig, TrainConfig
from augment.training import train
from tests.models.nets import NETS, save
from tests.small import small_job


def job_of(folder: Path, small: Path, start: Path) -> Job:
    """Return the small job that fine-tunes a net for a few steps."""
    settings = TrainConfig(start=str(start), steps=2, batch_size=4, limit=12)
    model = ModelConfig(path=str(folder), max_length=64)
    return small_job(small).model_copy(update={"train": settings, "model": model})


@pytest.mark.parametrize("name", ["gpt2", "qwen3"])
def test_a_decoder_learns_the_same_with_either_padding(small: Path, tmp_path: Path, name: str) -> None:
    learned = {}
    for side in ("left", "right"):
        made = train(job_of(tmp_path / f"tuned-{side}", small, save(NETS[name], tmp_path / side, side)))
        learned[side] = load_file(made.folder / "model.safetensors")
        config = json.loads((made.folder / "config.json").read_text(encoding="utf-8"))
        assert config["pad_token_id"] == 0
    assert all((learned["left"][key] == learned["right"][key]).all() for key in learned["right"])
