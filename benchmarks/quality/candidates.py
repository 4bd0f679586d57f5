"""How well is what a dictionary offers told from what does not fit the text? By an encoder in the text, and by other ways.

    OMP_NUM_THREADS=1 python -m benchmarks.quality.candidates --encoders E5 MINILM:en

candidates.tsv holds words that Cilin and WordNet offered for words of real reviews, and some beside them, each with the text and
whether it fits there, as one of us judged by reading: 140 Chinese and 110 English ones. Ways: `context`, the test that
`resources.encoder` brings (vectors of both words in the text, without their mean over plain sentences); `context, raw`, the
same with that mean left in; `sentence`, the mean vector of the whole text before and after; `embedding`, the word
embeddings (`similarity`), without a text. AUC is the chance that a word that fits has a higher cosine than one that does
not (0.5: no better than by chance); then which parts of either kind pass at the default of `context`, which was chosen by
looking at these words, and for other ways at a threshold that lets as many fitting words pass.
"""

import argparse
import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from augment.candidates.context import InContext
from augment.candidates.filters import Filters
from augment.candidates.neighbours import Neighbours
from augment.candidates.slot import Slot
from augment.config.sections import RunConfig
from augment.models.encoder import Encoder, open_encoder
from benchmarks.common import HERE, write_page

SHARE = Filters().context
RUN = RunConfig(device="cpu", threads=1)
Case = tuple[Slot, str, bool]


def main() -> None:
    """Measure every encoder in every language it reads, and write the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--encoders", nargs="+", required=True, help="folders, with :en for one of English only"
    )
    torch.set_num_threads(1)
    lines = [
        "| encoder | words | way | AUC | fitting kept | others kept |",
        "|---|---|---|---|---|---|",
    ]
    for given in parser.parse_args().encoders:
        folder, _, only = given.partition(":")
        encoder = open_encoder(folder, RUN)
        for language in [only] if only else ["zh", "en"]:
            lines += _measured(Path(folder).parent.name if only else Path(folder).name, encoder, language)
    print("\n".join(lines))
    write_page("quality/candidates", "Which candidates fit the text?", __doc__, lines)


def cases(language: str) -> list[Case]:
    """Return the labelled words of a language, each with its place."""
    with (HERE / "quality/candidates.tsv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))
    result = []
    for number, row in enumerate(rows):
        start = row["text"].index(row["word"])
        slot = Slot(str(number), 0, row["text"], None, 0, start, start + len(row["word"]), None)
        if row["offered"].isascii() == (language == "en"):
            result.append((slot, row["offered"], row["fits"] == "yes"))
    return result


def _measured(name: str, encoder: Encoder, language: str) -> list[str]:
    """Return the lines of an encoder and a language."""
    some = cases(language)
    fits = np.asarray([one[2] for one in some])
    scores = {
        "context": _context(encoder, some),
        "context, raw": _seen(encoder, some, whole=False),
        "sentence": _seen(encoder, some, whole=True),
        "embedding": _embedding(encoder, some),
    }
    least_near = InContext(encoder, SHARE).least(language)
    passing = float(np.mean(scores["context"][fits] >= least_near))
    lines = []
    for way, values in scores.items():
        good, bad = values[fits], values[~fits]
        least = least_near if way == "context" else np.quantile(good, 1 - passing)
        auc = np.mean((good[:, None] > bad[None]) + 0.5 * (good[:, None] == bad[None]))
        reported = (f"{len(good)} fit, {len(bad)} do not", way, f"{auc:.3f}")
        lines.append(
            f"| {name}, {language} | {' | '.join(reported)} | {np.mean(good >= least):.0%} | {np.mean(bad >= least):.0%} |"
        )
    return lines


def _context(encoder: Encoder, some: Sequence[Case]) -> np.ndarray:
    """Return what the test goes by: the cosines of the words in their texts, [N]."""
    positions, words, _ = zip(*some, strict=True)
    return np.asarray(InContext(encoder, SHARE).cosines(positions, [[word] for word in words]))[:, 0]


def _seen(encoder: Encoder, some: Sequence[Case], whole: bool) -> np.ndarray:
    """Return the cosines of the vectors of the words in their texts as they are, or of the whole texts, [N]."""
    result = []
    for index, word, _ in some:
        pair: list[np.ndarray] = []
        for new in (index.word, word):
            text = index.text[: index.start] + new + index.text[index.end :]
            span = (0, len(text)) if whole else (index.start, index.start + len(new))
            pair += encoder.seen({text: [span]}).values()
        result.append(pair[0] @ pair[1] / np.linalg.norm(pair[0]) / np.linalg.norm(pair[1]))
    return np.asarray(result)


def _embedding(encoder: Encoder, some: Sequence[Case]) -> np.ndarray:
    """Return the cosines of the word embeddings, [N]; -2 where a word has none."""
    words = Neighbours(encoder.words, 1)
    return np.asarray([words.cosines(index.word, [word])[0] for index, word, _ in some])


if __name__ == "__main__":
    main()
