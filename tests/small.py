"""A small real corpus and a small real classifier, made in seconds: what most tests run on."""

import random
from pathlib import Path
from typing import TYPE_CHECKING

from augment.config.job import Job
from augment.config.sections import CorpusConfig, ModelConfig, RunConfig, TrainConfig

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

GOOD = ("很好", "干净", "喜欢", "满意", "wonderful", "great", "lovely")
BAD = ("很差", "肮脏", "讨厌", "失望", "terrible", "awful", "boring")
SUBJECTS = ("房间", "服务", "早餐", "电影", "the movie", "the story", "这本书")
FILLERS = ("真的", "总体来说", "this time", "我觉得", "we thought", "下次")


def sentence(chance: random.Random, words: tuple[str, ...]) -> str:
    """Return a short sentence in Chinese, English or both, with one telling word."""
    order = (chance.choice(FILLERS), chance.choice(SUBJECTS), chance.choice(words))
    return " ".join(order) + chance.choice(("。", "!", " 👍🏽", ""))


def write_corpus(folder: Path, rows: int = 300) -> Path:
    """Write small.csv with id, review, label (good, bad) and an extra column, and return its path."""
    chance = random.Random(0)
    lines = ["id,review,label,note"]
    for row in range(rows):
        good = chance.random() < 0.5
        text = sentence(chance, GOOD if good else BAD) + f" {row}"
        lines.append(f'r{row},"{text}",{"good" if good else "bad"},"NA, 00{row}"')
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "small.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def small_job(folder: Path, **run: object) -> Job:
    """Return the job of the small corpus in `folder`, its model next to it, on one thread of the CPU."""
    settings = RunConfig.model_validate({"device": "cpu", "threads": 1, "shard_rows": 64, **run})
    return Job(
        name="small",
        corpus=CorpusConfig.model_validate({"root": str(folder), "files": "small.csv"}),
        model=ModelConfig(path=str(folder / "model"), max_length=64),
        train=TrainConfig(start="textcnn", epochs=4, batch_size=16, learning_rate=0.005, vocabulary=300),
        run=settings,
    )


def random_bert(
    folder: Path, tokenizer: "PreTrainedTokenizerBase", names: tuple[str, ...], **shape: float
) -> Path:
    """Save a tiny BERT with random weights, always the same, that has these classes, and return its folder."""
    # Here, so that a process that only hands tests out, or tests no model, begins at once.
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    sizes = {"hidden_size": 16, "num_attention_heads": 2, "intermediate_size": 32, **shape}
    labels = {
        "id2label": dict(enumerate(names)),
        "label2id": {name: number for number, name in enumerate(names)},
    }
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = BertForSequenceClassification(BertConfig(vocab_size=len(tokenizer), **sizes, **labels))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
