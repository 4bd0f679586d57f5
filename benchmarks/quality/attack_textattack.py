"""One recipe of TextAttack on texts that the attacked model gets right, for `attack.py`; run by an interpreter that has TextAttack.

    NLTK_DATA=FOLDER python benchmarks/quality/attack_textattack.py --model FOLDER --texts TEXTS --out RESULTS --recipe pwws --pad batch

TEXTS has a JSON object a line with id, text and label (a class index); RESULTS gets a line for each as it is done, and a text that
has one is not attacked again. --pad: `shipped` is TextAttack's own wrapper, which pads each text to the longest a model takes;
`cut` the same with 64 pieces; `batch` pads to the longest of the batch. Model rows are counted where the model is called, CPU
seconds are those of one thread around `attack`, after one text that is not counted. This file imports nothing of `augment`.
"""

import argparse
import json
import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nltk
import numpy as np
import textattack
import torch
import transformers
from textattack.attack_recipes import DeepWordBugGao2018, PWWSRen2019
from textattack.constraints.pre_transformation import RepeatModification, StopwordModification
from textattack.goal_functions import UntargetedClassification
from textattack.models.wrappers import HuggingFaceModelWrapper
from textattack.search_methods import GreedyWordSwapWIR
from textattack.shared import AttackedText
from textattack.transformations import WordSwapWordNet

RECIPES = ("pwws", "wn-delete", "deepwordbug")


def main() -> None:
    """Attack what has no result yet."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", required=True)
    parser.add_argument("--texts", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--recipe", choices=RECIPES, default="pwws")
    parser.add_argument(
        "--candidates", type=Path, help="write the WordNet candidates of all words here instead"
    )
    parser.add_argument("--most", type=int, default=0, help="attack only so many of the first texts")
    parser.add_argument("--pad", choices=["shipped", "cut", "batch"], default="batch")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    rows = [json.loads(line) for line in arguments.texts.read_text(encoding="utf-8").splitlines()]
    if arguments.candidates:
        write_candidates([row["text"] for row in rows], arguments.candidates)
        return
    done = set()
    if arguments.out.exists():
        lines = arguments.out.read_text(encoding="utf-8").splitlines()
        done = {json.loads(line)["id"] for line in lines}
    left = [row for row in rows[: arguments.most or None] if row["id"] not in done]
    if not left:
        return
    attack, counted = opened(arguments.model, arguments.recipe, arguments.pad)
    attack.attack(rows[0]["text"], rows[0]["label"])
    with arguments.out.open("a", encoding="utf-8") as out:
        for row in left:
            random.seed(0)
            np.random.seed(0)  # noqa: NPY002 - TextAttack draws from the global generator
            attack.goal_function.clear_cache()
            before, start = counted.rows, time.process_time()
            result = attack.attack(row["text"], row["label"])
            seconds = time.process_time() - start
            cell = {
                "id": row["id"],
                **outcome(result),
                "rows": counted.rows - before,
                "cpu": round(seconds, 5),
            }
            out.write(json.dumps(cell, ensure_ascii=False) + "\n")
            out.flush()


def outcome(result: textattack.attack_results.AttackResult) -> dict[str, Any]:
    """Return whether an attack succeeded, and if so the sample and how many words it changed."""
    changed = type(result).__name__ == "SuccessfulAttackResult"
    if not changed:
        return {"changed": False, "kind": type(result).__name__}
    before, after = result.original_result.attacked_text, result.perturbed_result.attacked_text
    edits = [[old, new] for old, new in zip(before.words, after.words, strict=False) if old != new]
    return {"changed": True, "sample": after.text, "edits": len(edits), "words": edits}


def write_candidates(texts: Sequence[str], out: Path) -> None:
    """Write what WordSwapWordNet offers for each word of some texts that is no stop word, two columns."""
    swap, stop = WordSwapWordNet(), set(nltk.corpus.stopwords.words("english"))
    words = sorted({word for text in texts for word in AttackedText(text).words} - stop)
    pairs = [(word, other) for word in words for other in sorted(swap._get_replacement_words(word))]
    out.write_text("".join(f"{word}\t{other}\n" for word, other in pairs), encoding="utf-8")


class Counted:
    """A wrapper of a model that counts rows and pads as asked."""

    def __init__(
        self, model: transformers.PreTrainedModel, tokenizer: transformers.PreTrainedTokenizerBase, pad: str
    ) -> None:
        """Keep the model."""
        self.model, self.tokenizer, self.pad, self.rows = model, tokenizer, pad, 0
        if pad == "cut":
            tokenizer.model_max_length = 64
        self._shipped = HuggingFaceModelWrapper(model, tokenizer)

    def __call__(self, texts: Sequence[str]) -> torch.Tensor:
        """Return logits of texts."""
        self.rows += len(texts)
        if self.pad != "batch":
            shipped: torch.Tensor = self._shipped(list(texts))
            return shipped
        fed = self.tokenizer(list(texts), padding=True, truncation=True, max_length=128, return_tensors="pt")
        with torch.no_grad():
            logits: torch.Tensor = self.model(**fed).logits
        return logits


def opened(folder: str, recipe: str, pad: str) -> tuple[textattack.Attack, Counted]:
    """Return the attack, and what counts its rows."""
    textattack.shared.utils.device = "cpu"
    model = transformers.AutoModelForSequenceClassification.from_pretrained(folder).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    if tokenizer.model_max_length > 10**6:
        tokenizer.model_max_length = min(512, model.config.max_position_embeddings)
    counted = Counted(model, tokenizer, pad)
    if recipe == "pwws":
        return PWWSRen2019.build(counted), counted
    if recipe == "deepwordbug":
        return DeepWordBugGao2018.build(counted), counted
    goal = UntargetedClassification(counted)
    constraints = [RepeatModification(), StopwordModification()]
    return textattack.Attack(goal, constraints, WordSwapWordNet(), GreedyWordSwapWIR("delete")), counted


if __name__ == "__main__":
    main()
