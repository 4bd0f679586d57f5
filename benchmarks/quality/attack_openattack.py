"""PWWS of OpenAttack on Chinese texts that the attacked model gets right, for `attack.py`; run by an interpreter that has both.

    python -m benchmarks.quality.attack_openattack --model FOLDER --texts TEXTS --out RESULTS --candidates WORDS

TEXTS has a JSON object a line with id, text and label (a class index); RESULTS gets a line for each as it is done, and a text that
has one is not attacked again. OpenAttack downloads HowNet for its Chinese words, so WORDS, two columns, gives the candidates of a
word: those that Cilin has for it in any sense, as for our system of the same name. Its own jieba tokenizer and its own stop words
are kept. Model rows are counted where the model is called, CPU seconds are those of one thread around the attack, after one text
that is not counted. The victim pads each of its calls to the longest text of the call.
"""

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import OpenAttack
import torch
from OpenAttack.attack_assist.substitute.word import WordSubstitute
from OpenAttack.attackers import PWWSAttacker
from OpenAttack.exceptions import WordNotInDictionaryException
from OpenAttack.tags import TAG_Chinese
from OpenAttack.text_process.tokenizer import JiebaTokenizer

from augment.config.sections import ModelConfig, RunConfig
from augment.models.classifier import Classifier, open_classifier


class Victim(OpenAttack.Classifier):  # type: ignore[misc]  # OpenAttack has no types
    """A classifier that counts the rows it answers."""

    def __init__(self, classifier: Classifier) -> None:
        """Keep the model."""
        self.classifier, self.rows = classifier, 0

    def get_prob(self, texts: Sequence[str]) -> np.ndarray:
        """Return the probability of each class, [N, C]."""
        self.rows += len(texts)
        logits = self.classifier.ask(list(texts), [None] * len(texts))
        return np.asarray(torch.softmax(torch.as_tensor(logits), -1))

    def get_pred(self, texts: Sequence[str]) -> np.ndarray:
        """Return the class of each text, [N]."""
        return np.asarray(self.get_prob(texts).argmax(1))


class Candidates(WordSubstitute):  # type: ignore[misc]  # OpenAttack has no types
    """The words of a file as what may replace a word."""

    TAGS = frozenset({TAG_Chinese})

    def __init__(self, path: Path) -> None:
        """Read the file."""
        self.words: dict[str, list[str]] = defaultdict(list)
        for line in path.read_text(encoding="utf-8").splitlines():
            word, other = line.split("\t")
            self.words[word].append(other)

    def substitute(self, word: str, _part: str) -> list[tuple[str, float]]:
        """Return what may replace a word, each with the same weight."""
        if word not in self.words:
            raise WordNotInDictionaryException
        return [(other, 1.0) for other in self.words[word]]


def main() -> None:
    """Attack what has no result yet."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name in ("--model", "--texts", "--out", "--candidates"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--most", type=int, default=0, help="attack only so many of the first texts")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    rows = [json.loads(line) for line in arguments.texts.read_text(encoding="utf-8").splitlines()]
    done = set()
    if arguments.out.exists():
        done = {json.loads(line)["id"] for line in arguments.out.read_text(encoding="utf-8").splitlines()}
    left = [row for row in rows[: arguments.most or None] if row["id"] not in done]
    if not left:
        return
    victim = Victim(
        open_classifier(ModelConfig(path=str(arguments.model)), RunConfig(device="cpu", threads=1))
    )
    tokenizer = JiebaTokenizer()
    attack = PWWSAttacker(tokenizer=tokenizer, substitute=Candidates(arguments.candidates), lang="chinese")
    attack(victim, {"x": rows[0]["text"]})
    with arguments.out.open("a", encoding="utf-8") as out:
        for row in left:
            before, start = victim.rows, time.process_time()
            sample = attack(victim, {"x": row["text"]})
            line = {"id": row["id"], "changed": sample is not None}
            line |= {"rows": victim.rows - before, "cpu": round(time.process_time() - start, 5)}
            if sample is not None:
                line |= {"sample": sample, "edits": edits(tokenizer, row["text"], sample)}
            out.write(json.dumps(line, ensure_ascii=False) + "\n")
            out.flush()


def edits(tokenizer: JiebaTokenizer, text: str, sample: str) -> int:
    """Return the least number of words of a text that were replaced to get the sample: runs of other words, by alignment."""
    from difflib import SequenceMatcher

    old, new = ([pair[0] for pair in tokenizer.tokenize(each.lower())] for each in (text, sample))
    changes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return sum(max(end - start, 1) for kind, start, end, _, _ in changes if kind != "equal")


if __name__ == "__main__":
    main()
