"""What does an attack cost, and how often does it succeed? `attack` and its recipes, and recipes of TextAttack, on the same texts.

    OMP_NUM_THREADS=1 python -m benchmarks.quality.attack --data FOLDER --start MODEL --encoder ENCODER [--minilm MINILM] \
        --textattack-python PYTHON --nltk FOLDER [--victims A hotel takeaway trec] [--systems wide attack]

Victims are trained in --work where they are not there: `A` is --start (a BERT of 2 layers of width 128) on SST-2, `trec` the same
on TREC, `cr`, `hotel` and `takeaway` the `textcnn` of the shipped configs, `B` and those named e5 the first four layers of
--encoder (width 384), the upper two tuned in 400 steps on 4,000 rows, `MiniLM` the six layers of --minilm on SST-2, the upper two tuned alike. The texts are the first of the test split by the MD5 of
their id that the victim gets right (Chinese ones up to 150 characters). Rows are all that the victim computed, backward ones as
well; edits are those of successes; CPU is that of one thread, after a text or a block that is not counted. Ours counts tokenizing,
and works in blocks of 100 texts. TextAttack runs in its own interpreter (attack_textattack.py): `cut` is its wrapper with 64 pieces
at most, `batch` pads to the longest text of a batch; its data (WordNet, English stop words) is in --nltk. What --work holds for a
text is not measured again. Similarity is the cosine of the means of --encoder over both texts.

Rows of A in the first table are of an engine that took a fifth longer (but for those with a similarity, and half of the words). Costs there were measured at different times on a machine with other work, so compare CPU only in the table of ratios: there
ours and each peer attack the same texts (20, 25 or 50) by turns, a round at a time; the interval is of the bootstrap over rounds, 95 %. `wide, WordNet` has the
candidates of TextAttack's recipes alone. Rows of `trec` and `cr` are of victims and corpora that no setting was chosen on; those of `wide` were chosen after
reading failures on A, words of `reword` after reading failures on hotel. TextAttack's list of English stop words and WordNet's list of files were written
anew, its downloads were not at hand. `wide` in Chinese takes homophones too, which are misspellings: with lexicons alone an earlier version changed 65 % (hotel)
and 38 % (takeaway). What limits the default in Chinese are candidates: dictionaries have none for 好 or 不错, and takeaway reviews have a few words each.

`key words by …` are the pipeline `attack-ig` with its words in five orders: by integrated gradients, by the length of the gradient, by
what leaving each out does, and by chance. `natural` is the least naturalness of all edits together, by what `evidence` learned of the train
split: as a system's own constraint where its name has it, and in the last columns of the samples that it made without, of peers too.
Both are of a victim A that was trained anew with the same settings, with 277 of the same 300 texts.
So where edits have to be natural, `wide` succeeds two to three times as often as PWWS at .1 and .3, and neither has more than one text in 25 at .8.
On TREC, PWWS changes the answer to 9 questions that `wide, WordNet` does not, 3 the other way: by names (Minnesota > MN, West > Occident), `Why` >
wherefore, and pairs of words; names and question words are left alone here.
OpenAttack's PWWS (attack_openattack.py, --openattack-python) attacks Chinese texts with the words of Cilin; `wide, Cilin` has the same
dictionary, but offers no word of another script or of the opposite meaning, and leaves negations and names alone, so it has fewer.

`wide, similarity` and `attack, similarity` have the cosine as a constraint: against what `wide` reaches by chance at that cosine they succeed oftener, since other
edits are searched where one is refused. `MiniLM` and the victims named e5 are attacked by `order: context` (screening.md), the others by the gradient. On MiniLM that is 14.0 rows a text and
93 % success, where the gradient had 20.8 and 91 % and took 1.6 times as long; of the seven texts that still fail PWWS fails on five, wn-delete on four. On `takeaway, e5` `wide`
changes 74 % in 59 rows (65 before no candidate was answered twice, as in the table) and by the gradient 72 % in 44: where many words have to change and a third of the
texts cannot be changed at all, looking closely costs more than it finds. With words near in the victim's embeddings (`wide, neighbours`) 90 % change. On `hotel, e5` `wide` changes
all of 100.

Four nets of 3 to 24 layers trained on TREC (those of attribution/untuned_nets.py, ELECTRA, XLM-R, DistilBERT and a deep BERT, 47 to 49 questions each, tried once from the command line): `wide` by context succeeds in 2 to 4 points more
than by the gradient (42.9 to 46.8 %), and computes 19 to 25 % more rows in as much time. So what context saves on MiniLM it does not save everywhere; it finds a little more.

Tried, and not in the product: candidates measured with matrix products in bfloat16, successes again in float32. The same texts succeed; on MiniLM it took
150 ms a text for 183 (50 texts, two turns), on A 14.6 for 9.8. Choosing by the gradient which candidates are answered by their
context: on MiniLM 86 to 90 % success for 92; on A a tenth less time at 91 % success and 2.2 edits, a tenth more at the same success. Not measured: int8, a GPU.

Read blind on 30 November 2026, as it ships: 60 successes a system and language (Chinese: hotel-zh and takeaway-zh), shuffled, each rated by two readers who
wrote none of it, in opposite order; kappa on `reads` 0.95 (en) and 0.92 (zh). The label stays, and it also reads as if a person had written it, % (95 %, Wilson):

| language | system | label stays | stays and reads well |
|---|---|---|---|
| en | attack (default), victim A | 98 (93 to 99) | 63 (54 to 71) |
| en | TextAttack PWWS, victim A | 88 (81 to 93) | 8 (4 to 14) |
| zh | attack (default) | 99 (95 to 100) | 49 (40 to 58) |
| zh | recipe wide (homophones) | 97 (92 to 99) | 6 (3 to 12) |

Before words had to be synonyms of each other two other readers gave 91 and 40 (en), 100 and 33 (zh), to PWWS 86 and 12, to our recipe pwws on hotel-zh 93 and 9.
"""

import argparse
import json
import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from difflib import SequenceMatcher
from functools import partial
from hashlib import md5
from pathlib import Path
from typing import Any

import jieba.posseg
import numpy as np
import pyarrow as pa
import torch

from augment.candidates.lexicon import load_lexicons
from augment.candidates.naturalness import TokenEdit, naturalness
from augment.candidates.plausibility import Plausibility
from augment.config.job import Job, read_job
from augment.config.shipped import find
from augment.corpus import read
from augment.models.classifier import open_classifier
from augment.models.encoder import open_encoder
from augment.models.labels import LabelMap
from augment.pipeline.apply import open_pipeline
from augment.pipeline.definition import Pipeline
from augment.stages import Attack, Evidence
from augment.stages.evidence import open_plausibility
from augment.tables.columns import CORPUS
from augment.tables.files import write_table
from augment.text.segment import tokens_of
from augment.training import train
from benchmarks.common import Cell, Results, command_line, part, write_page
from benchmarks.quality.attack_picture import draw

RESULTS = Results("quality/attack")
# Name of a victim: its corpus, what it starts from, and its number of texts.
VICTIMS: Mapping[str, tuple[str, str, int]] = {
    "A": ("sst2-en", "start", 300),
    "B": ("sst2-en", "encoder", 100),
    "MiniLM": ("sst2-en", "minilm", 100),
    "trec": ("trec-en", "start", 200),
    "cr": ("cr-en", "textcnn", 200),
    "hotel": ("hotel-zh", "textcnn", 200),
    "takeaway": ("takeaway-zh", "textcnn", 200),
    "hotel, e5": ("hotel-zh", "encoder", 100),
    "takeaway, e5": ("takeaway-zh", "encoder", 100),
}
# How victims that start from an encoder are trained: with the first layers of --encoder, all of --minilm.
TUNED: Mapping[str, Mapping[str, object]] = {
    "encoder": {"layers": 4, "freeze": 2, "steps": 400, "learning_rate": 3e-4, "limit": 4000},
    "minilm": {"freeze": 4, "steps": 400, "learning_rate": 3e-4, "limit": 4000},
}
WIDE = {"recipe": "wide"}
NATURAL = (0.1, 0.3, 0.5, 0.8)
# The stage of the pipeline `attack-ig`, whatever orders the words.
KEY_WORDS: Mapping[str, object] = {
    "search": "greedy",
    "sources": ("lexicon", "masked_lm", "neighbours"),
    "reword": False,
    "delete": True,
    "context": 0.98,
    "frequency": 0,
    "second_pass": False,
}
# Name of a system: the keys of its stage, and the lexicons where they are not the usual ones.
OURS: Mapping[str, tuple[Mapping[str, object], str | None]] = {
    "attack": ({}, None),
    "wide": (WIDE, None),
    "wide, WordNet": ({**WIDE, "reword": False}, "wordnet"),
    "wide, neighbours": ({**WIDE, "sources": ("lexicon", "homophones", "neighbours")}, None),
    "wide, Cilin": ({**WIDE, "reword": False, "sources": ("lexicon",)}, "cilin"),
    "wide, WordNet, 4 x 1": ({**WIDE, "reword": False, "words": 4, "each": 1}, "wordnet"),
    "wide, WordNet, beam": ({**WIDE, "reword": False, "search": "beam"}, "wordnet"),
    "wide, WordNet, by leaving out": ({**WIDE, "reword": False, "order": "deletion"}, "wordnet"),
    "wide, WordNet, random": ({**WIDE, "reword": False, "order": "random"}, "wordnet"),
    "pwws, WordNet": ({"recipe": "pwws", "most_queries": 1000}, "wordnet"),
    "textfooler, WordNet": ({"recipe": "textfooler", "most_queries": 1000}, "wordnet"),
    "senses, share 0.3": ({"senses": True}, None),
    "wide, share 0.3": ({**WIDE, "share": 0.3}, None),
    **{f"wide, similarity {least}": ({**WIDE, "similarity": least}, None) for least in (0.9, 0.95, 0.97)},
    "attack, similarity 0.95": ({"similarity": 0.95}, None),
    "attack, no rewording": ({"reword": False}, None),
    "attack, half of the words": ({"share": 0.5}, None),
    **{f"attack, natural {least}": ({"natural": least}, None) for least in NATURAL},
    **{f"wide, natural {least}": ({**WIDE, "natural": least}, None) for least in NATURAL},
    **{
        f"key words by {order}": ({**KEY_WORDS, "order": "scores" if order == "ig" else order}, None)
        for order in ("ig", "gradient", "deletion", "random")
    },
    "bae": ({"recipe": "bae", "most": 20, "most_queries": 300}, None),
}
PEERS = {
    "TextAttack PWWS": "pwws",
    "TextAttack wn-delete": "wn-delete",
    "TextAttack DeepWordBug": "deepwordbug",
}
PEER_NAMES = {recipe: name for name, recipe in PEERS.items()}
BLOCK, LONGEST = 100, 150
# What the paired comparison is of, by language.
PAIRED = {"en": "wide, WordNet", "zh": "wide, Cilin"}
Line = dict[str, Any]


def main() -> None:
    """Measure what is missing, and write the page."""
    parser = command_line(__doc__, "attack")
    parser.add_argument("--start", help="the encoder that victims A and trec start from")
    parser.add_argument("--encoder", help="the encoder that measures similarity")
    parser.add_argument("--minilm", help="an English encoder that the victim MiniLM starts from")
    parser.add_argument("--masked-lm", help="the masked model of the recipe bae")
    parser.add_argument(
        "--costs", action="store_true", help="measure cost against length and number of texts"
    )
    parser.add_argument(
        "--naturalness",
        action="store_true",
        help="measure how natural the samples in --work are, of peers too",
    )
    parser.add_argument("--rounds", type=int, default=0, help="rounds of the paired comparison")
    parser.add_argument("--round", type=int, default=50, help="texts of a round")
    parser.add_argument("--textattack-python", help="an interpreter that has TextAttack")
    parser.add_argument("--nltk", help="folder of NLTK's data")
    parser.add_argument(
        "--openattack-python", help="an interpreter that has OpenAttack and what augment needs"
    )
    parser.add_argument("--victims", nargs="*", default=list(VICTIMS))
    parser.add_argument("--systems", nargs="*", default=list(OURS))
    parser.add_argument(
        "--peers", nargs="*", default=["pwws:cut", "pwws:batch", "wn-delete:cut", "wn-delete:batch"]
    )
    parser.add_argument(
        "--paired-only", action="store_true", help="measure peers in the paired comparison alone"
    )
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    for victim in arguments.victims:
        job = victim_job(arguments, victim)
        texts = texts_of(arguments, job, victim)
        for system in arguments.systems:
            if f"{victim} / {system}" not in RESULTS.cells and (
                arguments.encoder or "similarity" not in system
            ):
                save(arguments, victim, system, by_ours(arguments, job, victim, system, texts), texts)
        peers = peers_of(arguments, job, victim, texts)
        for peer, attacked in peers.items():
            if f"{victim} / {peer}" not in RESULTS.cells and not arguments.paired_only:
                save(arguments, victim, peer, attacked("", 0), texts)
        if arguments.costs:
            measure_costs(arguments, job, victim, texts)
        if arguments.naturalness:
            measure_naturalness(arguments, job, victim, texts)
        compare(arguments, job, victim, texts, peers)
    write_page_of_all()


def measure_costs(arguments: argparse.Namespace, job: Job, victim: str, texts: Sequence[Line]) -> None:
    """Measure the CPU of texts of a length, in thirds by it, and of some texts at a time."""
    keys, lexicon = OURS[PAIRED["zh" if VICTIMS[victim][0].endswith("zh") else "en"]]
    named = {"lexicons": (lexicon,)} if lexicon else {}
    job = job.model_copy(update={"resources": job.resources.model_copy(update=named)})
    walk = opened(arguments, job, victim, keys)
    walk(table_of(texts))
    by_length, third = sorted(texts, key=lambda text: len(text["text"])), len(texts) // 3
    cell: Cell = {}
    for number, name in enumerate(("shortest third", "middle third", "longest third")):
        some = by_length[number * third : (number + 1) * third]
        cell[name] = [
            round(float(np.mean([len(text["text"]) for text in some])), 1),
            *cost_of(walk, some, third),
        ]
    for count in (10, 30, 100, 300):
        cell[f"{count} texts at a time"] = [0, *cost_of(walk, texts[:300], count)]
    RESULTS.save(f"costs / {victim}", cell)


def measure_naturalness(arguments: argparse.Namespace, job: Job, victim: str, texts: Sequence[Line]) -> None:
    """Add to the figures of every system with samples in --work how many are as natural as each of NATURAL."""
    files = {
        f"{name} {pad}": f"{recipe}-{pad}" for recipe, name in PEER_NAMES.items() for pad in ("cut", "batch")
    }
    files |= {system: system for system in OURS} | {"OpenAttack PWWS, Cilin": "openattack"}
    plausibility = open_plausibility(evidence_of(arguments, job, victim))
    source = {text["id"]: text["text"] for text in texts}
    for system, file in files.items():
        lines = [line for line in lines_of(results_path(arguments, victim, file)) if line["id"] in source]
        cell = part(RESULTS.cells, f"{victim} / {system}")
        if not lines or not cell:
            continue
        changed = [line for line in lines if line["changed"]]
        if round(100 * len(changed) / len(lines), 1) != cell["success"]:
            raise SystemExit(f"{victim} / {system}: --work holds other samples than those of the results")
        values = np.array([natural_of(plausibility, source[line["id"]], line["sample"]) for line in changed])
        for least in NATURAL:
            cell[f"success at naturalness {least}"] = round(
                100 * float((values >= least).sum()) / len(lines), 1
            )
        RESULTS.save(f"{victim} / {system}", cell)


def natural_of(plausibility: Plausibility, source: str, sample: str) -> float:
    """Return how natural a sample is: the product over all runs of tokens that differ, as `judge` computes it."""
    old, new = tokens_of(source), tokens_of(sample)
    changes = [
        TokenEdit(0, begin, end, tuple(new[first:last]))
        for kind, begin, end, first, last in SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
        if kind != "equal"
    ]
    return naturalness(plausibility, [old], changes)


def cost_of(walk: Callable[[pa.Table], pa.Table], texts: Sequence[Line], count: int) -> tuple[float, float]:
    """Return CPU in ms and model rows of a text, `count` attacked at a time."""
    rows, start = 0, time.process_time()
    for begin in range(0, len(texts), count):
        column = walk(table_of(texts[begin : begin + count])).column("attack_queries")
        rows += sum(each or 0 for each in column.to_pylist())
    seconds = time.process_time() - start
    return round(1000 * seconds / len(texts), 2), round(rows / len(texts), 2)


def peers_of(
    arguments: argparse.Namespace, job: Job, victim: str, texts: Sequence[Line]
) -> dict[str, Callable[[str, int], list[Line]]]:
    """Return by name how each peer attacks a victim: a prefix of its results and a number of first texts, 0 for all, to results."""
    corpus, start, _ = VICTIMS[victim]
    if corpus.endswith("zh"):
        chinese = partial(by_openattack, arguments, job, victim, texts)
        return {"OpenAttack PWWS, Cilin": chinese} if arguments.openattack_python else {}
    if start == "textcnn" or not arguments.textattack_python:
        return {}
    named = [peer.partition(":") for peer in arguments.peers]
    return {
        f"{PEER_NAMES[recipe]} {pad}": partial(by_textattack, arguments, job, victim, recipe, pad)
        for recipe, _, pad in named
    }


def compare(
    arguments: argparse.Namespace,
    job: Job,
    victim: str,
    texts: Sequence[Line],
    peers: Mapping[str, Callable[[str, int], list[Line]]],
) -> None:
    """Measure ours and each peer by turns on the same texts, a round at a time, so that the load of the machine is the same."""
    for number in range(arguments.rounds if peers else 0):
        size = arguments.round
        some = texts[number * size : (number + 1) * size]
        if len(some) < size:
            break
        system = PAIRED["zh" if VICTIMS[victim][0].endswith("zh") else "en"]
        ours = by_ours(arguments, job, victim, system, some, "paired-")
        ids = {text["id"] for text in some}
        for peer, attacked in peers.items():
            theirs = attacked("paired-", (number + 1) * size)
            name = f"paired / {victim} / {peer}"
            cell = part(RESULTS.cells, name)
            means = [
                round(1000 * sum(line["cpu"] for line in lines if line["id"] in ids) / size, 2)
                for lines in (ours, theirs)
            ]
            cell[str(number)] = [*means, size]
            RESULTS.save(name, cell)


def victim_job(arguments: argparse.Namespace, victim: str) -> Job:
    """Return the job of a victim, which is trained if it is not there."""
    corpus, start, _ = VICTIMS[victim]
    folder = arguments.work / "victims" / victim
    values = [f"corpus.root={arguments.data}", f"model.path={folder}", "run.device=cpu", "run.threads=1"]
    if start != "textcnn":
        values += [f"train.start={getattr(arguments, start)}", "train.baseline=false"]
    values += [f"train.{key}={value}" for key, value in TUNED.get(start, {}).items()]
    if start == "encoder":
        # Of longer reviews the beginning: none that is attacked is longer.
        values.append(f"model.max_length={LONGEST + 10}")
    job = read_job([find("configs", corpus)], values)
    if not (folder / "config.json").exists():
        train(job)
    return job


def texts_of(arguments: argparse.Namespace, job: Job, victim: str) -> list[Line]:
    """Return id, text, class index and label of the texts of a victim, written to --work."""
    path = arguments.work / f"{victim}.jsonl"
    if not path.exists():
        rows: list[Line] = []
        for chunk in read(job.needs_corpus()):
            rows += chunk.rows.select(["id", "text", "label", "split"]).to_pylist()
        rows = [row for row in rows if row["split"] == "test"]
        if VICTIMS[victim][0].endswith("zh"):
            rows = [row for row in rows if len(row["text"]) <= LONGEST]
        rows.sort(key=lambda row: md5(row["id"].encode(), usedforsecurity=False).digest())
        classifier = open_classifier(job.needs_model(), job.run)
        names = LabelMap(classifier.classes, job.label_names)
        answers = classifier.ask([row["text"] for row in rows], [None] * len(rows)).argmax(-1)
        right = [
            {"id": row["id"], "text": row["text"], "label": int(answer), "name": row["label"]}
            for row, answer in zip(rows, answers, strict=True)
            if names.name(int(answer)) == row["label"]
        ]
        lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in right[: VICTIMS[victim][2]]]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(lines), encoding="utf-8")
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def by_ours(
    arguments: argparse.Namespace,
    job: Job,
    victim: str,
    system: str,
    texts: Sequence[Line],
    kind: str = "",
) -> list[Line]:
    """Return what came of each text with a system of ours; kind: what the name of the file of results begins with."""
    keys, lexicon = OURS[system]
    # With an encoder every success is measured by it, which is no part of the attack.
    needed = arguments.encoder if "similarity" in keys or "context" in keys else None
    masked = arguments.masked_lm if system == "bae" else None
    named = {"encoder": needed, "masked_lm": masked, **({"lexicons": (lexicon,)} if lexicon else {})}
    job = job.model_copy(update={"resources": job.resources.model_copy(update=named)})
    out = results_path(arguments, victim, f"{kind}{system}")
    done = lines_of(out)
    left = [text for text in texts if text["id"] not in {line["id"] for line in done}]
    if not left:
        return done
    walk = opened(arguments, job, victim, keys)
    walk(table_of(texts[:8]))
    for begin in range(0, len(left), BLOCK):
        block = left[begin : begin + BLOCK]
        start = time.process_time()
        table = walk(table_of(block))
        seconds = (time.process_time() - start) / len(block)
        made = {row["source_id"]: row for row in table.to_pylist() if row["source_id"]}
        with out.open("a", encoding="utf-8") as stream:
            for row in (row for row in table.to_pylist() if not row["source_id"]):
                sample = made.get(row["id"])
                line: Line = {
                    "id": row["id"],
                    "changed": row["attack"] == "changed",
                    "rows": row["attack_queries"],
                }
                line["cpu"] = round(seconds, 5)
                if sample is not None:
                    words = [[edit["old"], edit["new"]] for edit in sample["edits"]]
                    line |= {"sample": sample["text"], "edits": len(words), "words": words}
                stream.write(json.dumps(line, ensure_ascii=False) + "\n")
    return lines_of(out)


def opened(
    arguments: argparse.Namespace, job: Job, victim: str, keys: Mapping[str, object]
) -> Callable[[pa.Table], pa.Table]:
    """Return the stages of an attack as a function of rows."""
    before: list[dict[str, object]] = [{"kind": "tokenize"}]
    if keys.get("order") == "scores":
        before += [{"kind": "attribute", "target": "predicted"}, {"kind": "rank", "fraction": 1.0}]
    walk = open_pipeline(Pipeline.model_validate({"name": "t", "about": "", "stages": before}), job)
    state = evidence_of(arguments, job, victim) if "natural" in keys else None
    step = Attack.model_validate({"kind": "attack", **keys}).open(job, state)

    def attacked(table: pa.Table) -> pa.Table:
        """Attack some rows."""
        (batch,) = walk(table).table.combine_chunks().to_batches()
        return pa.Table.from_batches([step(batch)])

    return attacked


def evidence_of(arguments: argparse.Namespace, job: Job, victim: str) -> Path:
    """Return the folder of what the stage `evidence` learns of the corpus of a victim, learned if it is not there."""
    folder = Path(arguments.work) / "evidence" / VICTIMS[victim][0]
    stage = Evidence()
    if not stage.path_in(folder).exists():
        folder.mkdir(parents=True, exist_ok=True)
        chunks = [chunk.rows for chunk in read(job.needs_corpus())]
        names = [column.name for column in CORPUS]
        rows = pa.concat_tables([pa.table({name: chunk.column(name) for name in names}) for chunk in chunks])
        rows = rows.append_column("source_id", pa.nulls(rows.num_rows, pa.string()))
        lines = stage.summarise(rows, job, True)
        write_table(stage.path_in(folder), pa.concat_tables(list(stage.merge(lambda: iter([lines]), job))))
    return folder


def table_of(texts: Sequence[Line]) -> pa.Table:
    """Return texts as rows of a corpus."""
    values = {
        "id": [text["id"] for text in texts],
        "text": [text["text"] for text in texts],
        "text_pair": [None] * len(texts),
        "label": [text["name"] for text in texts],
        "split": ["test"] * len(texts),
    }
    return pa.table({column.name: pa.array(values[column.name], column.type) for column in CORPUS})


def by_textattack(
    arguments: argparse.Namespace,
    job: Job,
    victim: str,
    recipe: str,
    pad: str,
    kind: str = "",
    most: int = 0,
) -> list[Line]:
    """Return what came of each text, or of the first `most`, with a recipe of TextAttack."""
    out = results_path(arguments, victim, f"{kind}{recipe}-{pad}")
    script = Path(__file__).with_name("attack_textattack.py")
    command = [arguments.textattack_python, str(script), "--model", job.needs_model().path]
    command += ["--texts", str(arguments.work / f"{victim}.jsonl"), "--out", str(out)]
    command += ["--recipe", recipe, "--pad", pad, *(["--most", str(most)] if most else [])]
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        **({"NLTK_DATA": arguments.nltk} if arguments.nltk else {}),
    }
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
    return lines_of(out)


def by_openattack(
    arguments: argparse.Namespace,
    job: Job,
    victim: str,
    texts: Sequence[Line],
    kind: str = "",
    most: int = 0,
) -> list[Line]:
    """Return what came of each text, or of the first `most`, with OpenAttack's PWWS and the words of Cilin."""
    out = results_path(arguments, victim, f"{kind}openattack")
    words = out.with_name(f"{victim}-cilin.tsv")
    if not words.exists():
        (lexicon,), _ = load_lexicons(("cilin",), Path())
        cut = sorted({pair.word for text in texts for pair in jieba.posseg.cut(text["text"].lower())})
        pairs = [f"{word}\t{other}\n" for word in cut for other in lexicon.of_any_sense(word)]
        words.write_text("".join(pairs), encoding="utf-8")
    command = [arguments.openattack_python, "-m", "benchmarks.quality.attack_openattack"]
    command += ["--model", job.needs_model().path, "--texts", str(arguments.work / f"{victim}.jsonl")]
    command += ["--out", str(out), "--candidates", str(words), *(["--most", str(most)] if most else [])]
    subprocess.run(command, check=True, env={**os.environ, "OMP_NUM_THREADS": "1"}, stdout=subprocess.DEVNULL)
    return lines_of(out)


def results_path(arguments: argparse.Namespace, victim: str, system: str) -> Path:
    """Return where the results of a system are, a line a text."""
    name = "-".join("".join(mark if mark.isalnum() or mark == "." else " " for mark in system).split())
    return Path(arguments.work) / f"{victim}-{name}.jsonl"


def lines_of(path: Path) -> list[Line]:
    """Return the results in a file; none where it is not there."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def save(
    arguments: argparse.Namespace, victim: str, system: str, lines: Sequence[Line], texts: Sequence[Line]
) -> None:
    """Add the figures of a system to the results."""
    source = {text["id"]: text["text"] for text in texts}
    lines = [line for line in lines if line["id"] in source]
    changed = [line for line in lines if line["changed"]]
    cell: Cell = {
        "texts": len(lines),
        "success": round(100 * len(changed) / max(len(lines), 1), 1),
        "edits": round(float(np.mean([line["edits"] for line in changed] or [0])), 2),
        "rows": round(float(np.mean([line["rows"] for line in lines])), 1),
        "cpu ms": round(1000 * float(np.mean([line["cpu"] for line in lines])), 1),
    }
    if arguments.encoder and changed:
        cosines = similarities(arguments.encoder, [(source[line["id"]], line["sample"]) for line in changed])
        cell["similarity"] = round(float(np.mean(cosines)), 4)
        for least in (0.9, 0.95, 0.97):
            cell[f"success at similarity {least}"] = round(100 * sum(cosines >= least) / len(lines), 1)
    RESULTS.save(f"{victim} / {system}", cell)


def similarities(encoder: str, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
    """Return the cosine of each pair of texts, [N]."""
    from augment.config.sections import RunConfig

    opened = open_encoder(encoder, RunConfig(device="cpu", threads=1))
    texts = sorted({text for pair in pairs for text in pair})
    seen = opened.seen({text: [(0, len(text))] for text in texts})
    vectors = [np.stack([seen[pair[side], (0, len(pair[side]))] for pair in pairs]) for side in (0, 1)]
    unit = [each / np.linalg.norm(each, axis=1, keepdims=True) for each in vectors]
    return np.asarray((unit[0] * unit[1]).sum(1))


def write_page_of_all() -> None:
    """Write attack.md."""
    lines = [
        "| victim | system | texts | success % | edits | rows | CPU ms a text | successes a CPU s | similarity | success % at .90 | at .95 | at .97 | natural .1 | .3 | .5 | .8 |",
        f"|{'---|' * 16}",
    ]
    cells: dict[str, dict[str, Any]] = {}
    pairs: dict[str, dict[str, Any]] = {}
    costs: dict[str, dict[str, Any]] = {}
    for name in RESULTS.cells:
        kind = {"paired": pairs, "costs": costs}.get(name.partition(" / ")[0], cells)
        kind[name] = part(RESULTS.cells, name)
    for name, measured in cells.items():
        victim, _, system = name.partition(" / ")
        near = [str(measured.get(f"success at similarity {least}", "")) for least in (0.9, 0.95, 0.97)]
        near += [str(measured.get(f"success at naturalness {least}", "")) for least in NATURAL]
        rate = 10 * measured["success"] / measured["cpu ms"]
        lines.append(
            f"| {victim} | {system} | {measured['texts']} | {measured['success']} | {measured['edits']} | {measured['rows']} | {measured['cpu ms']} | "
            f"{rate:.1f} | {measured.get('similarity', '')} | {' | '.join(near)} |"
        )
    lines += [
        "",
        "| victim | CPU a text, ratio to `wide` with the same dictionary, by turns | texts | ours ms | theirs ms | ratio | 95 % |",
        f"|{'---|' * 7}",
    ]
    for name, rounds in pairs.items():
        _, victim, system = name.split(" / ")
        ours, theirs = (np.array([both[side] for both in rounds.values()]) for side in (0, 1))
        ratio, low, high = ratio_of(theirs.tolist(), ours.tolist())
        between = f"{low:.1f} to {high:.1f}" if len(ours) > 1 else "one round"
        lines.append(
            f"| {victim} | {system} | {sum(size for _, _, size in rounds.values())} | {ours.mean():.1f} | {theirs.mean():.1f} | {ratio:.1f} | {between} |"
        )
    lines += [
        "",
        "| victim | cost of `wide, WordNet` or `wide, Cilin` | characters a text | CPU ms a text | rows a text |",
        f"|{'---|' * 5}",
    ]
    lines += [
        f"| {name.partition(' / ')[2]} | {what} | {length or ''} | {cpu} | {rows} |"
        for name, of_victim in costs.items()
        for what, (length, cpu, rows) in of_victim.items()
    ]
    draw(cells, costs)
    picture = [
        "![Success by similarity and naturalness, cost by length and by texts at a time](attack.svg)",
        "",
    ]
    write_page("quality/attack", "Attack: success, cost and similarity", __doc__, picture + lines)


def ratio_of(peer: Sequence[float], ours: Sequence[float]) -> tuple[float, float, float]:
    """Return the ratio of two means over the same rounds, and its interval."""
    theirs, own, rng = np.array(peer), np.array(ours), np.random.default_rng(0)
    draws = rng.integers(0, len(own), (2000, len(own)))
    ratios = theirs[draws].mean(1) / own[draws].mean(1)
    low, high = np.quantile(ratios, (0.025, 0.975))
    return float(theirs.mean() / own.mean()), float(low), float(high)


if __name__ == "__main__":
    main()
