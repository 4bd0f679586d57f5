"""A corpus whose words have synonyms that people write in the same places, and text enough to learn that from."""

import random
from itertools import product
from pathlib import Path

from augment.config.job import Job
from augment.config.sections import CorpusConfig, PlainText, ResourcesConfig
from tests.small import small_job

SYNONYMS = (("价格", "价钱"), ("设施", "设备"), ("早餐", "早饭"))
GOOD = {"价格": ("公道", "便宜"), "设施": ("崭新", "齐全"), "早餐": ("丰富", "不错")}
BAD = {"价格": ("离谱", "昂贵"), "设施": ("陈旧", "残缺"), "早餐": ("单调", "糟糕")}


def written_job(small: Path, folder: Path, rows: int = 300, clauses: int = 2) -> Job:
    """Return a job on a corpus of reviews in `folder`, with the model of the small corpus, a lexicon, antonyms and plain text."""
    rng = random.Random(1)
    lines = ["id,review,label"]
    for number in range(rows):
        good = rng.random() < 0.5
        parts = []
        for words in rng.sample(SYNONYMS, clauses):
            quality = rng.choice((GOOD if good else BAD)[words[0]])
            parts.append(
                f"{rng.choice(('酒店', '房间', '这里'))}的{rng.choice(words)}{rng.choice(('很', '也很', '挺', ''))}{quality}"
            )
        verdict = rng.choice(("很好", "很满意") if good else ("很差", "很失望")) if clauses > 1 else "就这样"
        lines.append(f"r{number},{'，'.join(parts)}，{verdict},{'good' if good else 'bad'}")
    (folder / "written.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    lexicon = "".join(f"{one}\t{other}\n{other}\t{one}\n" for one, other in SYNONYMS)
    (folder / "words.tsv").write_text(lexicon, encoding="utf-8")
    antonyms = (f"{one}\t{other}\n" for thing in GOOD for one in GOOD[thing] for other in BAD[thing])
    (folder / "antonyms.tsv").write_text("".join(antonyms), encoding="utf-8")
    # Vectors are learned of 160 words and more.
    made_up = ["".join(syllables) for syllables in product(("ba", "ko", "mi", "tu", "re", "sa"), repeat=3)]
    plain = "".join(
        f"{one} {other}\n"
        for word in made_up
        for one, other in zip([word] * 6, rng.sample(made_up, 6), strict=True)
    )
    (folder / "plain.txt").write_text(plain, encoding="utf-8")
    resources = ResourcesConfig(
        lexicons=(str(folder / "words.tsv"),),
        antonyms=(str(folder / "antonyms.tsv"),),
        texts=(PlainText(path=str(folder / "plain.txt")),),
    )
    corpus = CorpusConfig.model_validate({"root": str(folder), "files": "written.csv"})
    return small_job(small).model_copy(update={"corpus": corpus, "resources": resources})
