"""Hostile model folders and hostile rows: what is let in, what is refused, and how.

    OMP_NUM_THREADS=1 python -m benchmarks.engine.hostile [--rows 110] [--megabytes 5]

Folders: a small `textcnn` and a tiny BERT, each spoiled in one way: weights in pickles under every name, indices and
configs that lead elsewhere, code to run, pipes, devices, broken or bent files, tokenizers that multiply text. Each is
opened by `explain` in a process of its own with a deadline and a limit of memory; a pickle that is opened leaves a mark.
Refused means an error of three lines with code 2 or 6; harmless means that the model answers and nothing else happened.
Rows: for each language as many rows as asked for, by turns of every kind below, then `run augment`, `verify` and
`report`. Every row must be in the data or among the rejects, under its own label and with its own text.
"""

import json
import multiprocessing
import os
import random
import resource
import shutil
import socket
import struct
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow.parquet as pq

import augment
from augment.api.run import run
from augment.config.job import Job
from augment.config.sections import RunConfig
from augment.errors import AugmentError
from augment.output.report import draw_folder
from augment.training import train
from augment.training.wordpiece import learn
from augment.verification import verify
from benchmarks.common import command_line, write_page
from tests.small import random_bert, small_job, write_corpus

SECONDS, MEBIBYTES = 120, 6144
Spoil = Callable[[Path], object]
MARK = "opened"


def main() -> None:
    """Try all folders and rows, print what came of each kind, and write the page."""
    parser = command_line(__doc__)
    parser.add_argument("--rows", type=int, default=110, help="hostile rows of each language")
    parser.add_argument("--megabytes", type=float, default=5, help="size of the longest rows")
    parser.add_argument("--only", choices=("folders", "rows"), help="try these, and write no page")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as index:
        folder = Path(index)
        write_corpus(folder)
        train(small_job(folder))
        lines = folders(folder) if given.only != "rows" else []
        if given.only != "folders":
            lines += ["", *rows(folder, given.rows, int(given.megabytes * 1e6))]
    if given.only is None:
        write_page("engine/hostile", "Hostile models and rows", __doc__, lines)


def folders(work: Path) -> list[str]:
    """Return the table of hostile model folders."""
    bert = random_bert(work / "bert", learn(["房间很好 good", "很差 bad"] * 4, 200, 64), ("bad", "good"))
    augment.explain("房间很好 good", bert, run=RunConfig(device="cpu", threads=1))
    made: dict[str, str] = {}
    for name, base, spoil in spoiled(work / "model", bert):
        target = Path(shutil.copytree(base, work / "tried"))
        spoil(target)
        made[name] = outcome(target)
        shutil.rmtree(target)
        print(f"{name:<60} {made[name]}", flush=True)
    counts = Counter(made.values())
    head = [
        f"{len(made)} model folders: " + ", ".join(f"{kind} {count}" for kind, count in counts.most_common())
    ]
    return [
        *head,
        "",
        "| folder | outcome |",
        "|---|---|",
        *(f"| {name} | {kind} |" for name, kind in made.items()),
    ]


def outcome(folder: Path) -> str:
    """Return what came of a folder, opened in a process of its own."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    sample = context.Process(target=opened, args=(folder, theirs))
    sample.start()
    message = str(ours.recv()) if ours.poll(SECONDS) else "no end"
    sample.join(5)
    sample.kill()
    return "CODE WAS RUN" if (folder.parent / MARK).exists() else message


def opened(folder: Path, answer: "multiprocessing.connection.Connection") -> None:
    """Explain a text with a model, and send what came of it."""
    sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - to the end of this process
    held = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (held + (MEBIBYTES << 20),) * 2)
    text = "房间很好 good aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa! " * 400
    try:
        augment.explain(text, folder, run=RunConfig(device="cpu", threads=1))
    except AugmentError as error:
        lines = all(part and "\n" not in part for part in (error.where, error.what, error.hint))
        answer.send(f"refused ({error.exit_code})" if lines else "refused, not in three lines")
    except BaseException as error:
        answer.send(f"{type(error).__name__}")
    else:
        answer.send("harmless")


def spoiled(textcnn: Path, bert: Path) -> Iterator[tuple[str, Path, Spoil]]:
    """Yield a name, a model and what is done to it."""
    yield "sound textcnn", textcnn, lambda _: None
    yield "sound bert", bert, lambda _: None
    for base in (textcnn, bert):
        for name, spoil in (*pickles(), *detours(), *special(), *bent()):
            yield f"{base.name}: {name}", base, spoil


def payload(folder: Path) -> bytes:
    """Return a pickle that leaves a mark where it is opened."""
    return f"cos\nsystem\n(S'touch {folder.parent / MARK}'\ntR.".encode()


def pickled(name: str) -> Spoil:
    """Return what replaces the weights by a pickle of this name."""

    def spoil(folder: Path) -> None:
        (folder / "model.safetensors").unlink()
        (folder / name).write_bytes(payload(folder))

    return spoil


def indexed(shard: object) -> Spoil:
    """Return what makes an index name this as weights, beside a decoy."""

    def spoil(folder: Path) -> None:
        (folder / "model.safetensors").rename(folder / "decoy.safetensors")
        (folder / "weights.bin").write_bytes(payload(folder))
        (folder.parent / "x.safetensors").write_bytes(b"")
        weights = {"a": "decoy.safetensors", "b": shard} if isinstance(shard, str) else shard
        reported = json.dumps({"metadata": {}, "weight_map": weights})
        (folder / "model.safetensors.index.json").write_text(reported, encoding="utf-8")

    return spoil


def settings(file: str = "config.json", **values: object) -> Spoil:
    """Return what sets keys of a JSON file of the folder."""

    def spoil(folder: Path) -> None:
        (folder / "weights.bin").write_bytes(payload(folder))
        path = folder / file
        held = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        path.write_text(json.dumps({**held, **values}), encoding="utf-8")

    return spoil


def written(file: str, content: bytes) -> Spoil:
    """Return what writes a file of the folder."""
    return lambda folder: (folder / file).write_bytes(content)


def pickles() -> Iterator[tuple[str, Spoil]]:
    """Yield weights in pickles."""
    for name in (
        "pytorch_model.bin",
        "model.pt",
        "model.pkl",
        "weights.ckpt",
        "tf_model.h5",
        "decoy.safetensors",
    ):
        yield f"pickle as {name}", pickled(name)
    yield (
        "pickle as model.safetensors",
        lambda folder: (folder / "model.safetensors").write_bytes(payload(folder)),
    )
    for shard in (
        "weights.bin",
        "../x.safetensors",
        "/x.safetensors",
        "a\\x.safetensors",
        "gone.safetensors",
    ):
        yield f"index names {shard}", indexed(shard)
    for name, shards in (("a list", ["x"]), ("nothing", {}), ("numbers", {"a": 1}), ("a mapping", {"a": {}})):
        yield f"index is {name}", indexed(shards)


def detours() -> Iterator[tuple[str, Spoil]]:
    """Yield settings that lead to other weights, or to code."""
    for value in ("weights.bin", "../x.safetensors", "/etc/passwd"):
        yield f"transformers_weights: {value}", settings(transformers_weights=value)
    yield "auto_map in config.json", settings(auto_map={"AutoModel": "own.Model"})
    yield (
        "auto_map in tokenizer_config.json",
        settings("tokenizer_config.json", auto_map={"AutoTokenizer": "own.T"}),
    )
    yield "kernel of a hub", settings(attn_implementation="somebody/kernel")
    yield "use_kernels", settings(use_kernels=True)
    yield "quantised", settings(quantization_config={"quant_method": "bitsandbytes", "load_in_4bit": True})
    yield (
        "adapter",
        settings("adapter_config.json", base_model_name_or_path="somebody/model", peft_type="LORA"),
    )
    yield "unknown model_type", settings(model_type="somebody-model")
    yield "tokenizer class of its own", settings("tokenizer_config.json", tokenizer_class="OwnTokenizer")
    yield "code beside it", written("modeling_own.py", b"import os; os.system('touch ../opened')")


def special() -> Iterator[tuple[str, Spoil]]:
    """Yield pipes, devices, sockets, folders and links to nothing."""

    def put(name: str, make: Callable[[Path], object]) -> Spoil:
        """Return what puts something in the place of a file."""

        def spoil(folder: Path) -> None:
            (folder / name).unlink(missing_ok=True)
            make(folder / name)

        return spoil

    def listen(path: Path) -> None:
        """Put a socket there."""
        here = os.getcwd()
        os.chdir(path.parent)
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(path.name)
        os.chdir(here)

    for name in ("model.safetensors", "config.json", "tokenizer.json", "vocab.txt"):
        yield f"{name} is a pipe", put(name, os.mkfifo)
        yield f"{name} is /dev/zero", put(name, lambda path: path.symlink_to("/dev/zero"))
        yield f"{name} is a folder", put(name, lambda path: path.mkdir())
        yield f"{name} leads nowhere", put(name, lambda path: path.symlink_to("nowhere"))
    yield "a socket", put("tokenizer.json", listen)
    yield (
        "a config without end",
        put("config.json", lambda path: os.truncate(os.open(path, os.O_CREAT | os.O_RDWR), 1 << 36)),
    )


def bent() -> Iterator[tuple[str, Spoil]]:
    """Yield files that are broken, or well-formed and absurd."""
    for file in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        for name, content in (
            ("empty", b""),
            ("deep", b"[" * 100_000),
            ("a list", b"[]"),
            ("bytes", bytes(range(256))),
        ):
            yield f"{file} is {name}", written(file, content)
    for name, value in (("text", "x"), ("negative", -1), ("1e12", 10**12)):
        yield f"vocab_size is {name}", settings(vocab_size=value)
    yield "id2label is a list", settings(id2label=["a", "b"])
    yield "id2label has one class", settings(id2label={"0": "only"})
    yield "header of weights 2^63", written("model.safetensors", struct.pack("<Q", 1 << 63) + b"{}")
    yield "header of weights no JSON", written("model.safetensors", struct.pack("<Q", 4) + b"????")
    yield "weights empty", written("model.safetensors", b"")
    yield "weights cut short", lambda folder: os.truncate(folder / "model.safetensors", 2000)
    steps: dict[str, object] = {
        "multiplies each a": {"type": "Replace", "pattern": {"String": "a"}, "content": "a" * 100_000},
        "doubles 40 times": {
            "type": "Sequence",
            "normalizers": [{"type": "Replace", "pattern": {"String": "a"}, "content": "aa"}] * 40,
        },
        "prepends a megabyte": {"type": "Prepend", "prepend": "a" * 1_000_000},
        "backtracks": {"type": "Replace", "pattern": {"Regex": "(a+)+$"}, "content": "b"},
        "is of no known type": {"type": "Somebody"},
    }
    for name, step in steps.items():
        yield f"tokenizer {name}", settings("tokenizer.json", normalizer=step)


KINDS: tuple[tuple[str, Callable[[random.Random, str, int], str]], ...] = (
    ("plain", lambda _, text, size: text),
    ("megabytes", lambda _, text, size: text * (size // len(text.encode()))),
    (
        "100,000 without punctuation",
        lambda _, text, size: text.replace("，", "").replace(",", "")[:20].strip() * 5000,
    ),
    ("NUL", lambda _, text, size: f"\0{text}\0\0"),
    ("controls", lambda chance, text, size: "".join(chr(chance.randrange(32)) + char for char in text)),
    ("C1 and escape sequences", lambda _, text, size: f"\x1b]8;;http://x\x07{text}\x9b2J\x1b[31m"),
    ("lone surrogate", lambda _, text, size: f"{text}\ud800"),
    ("direction marks", lambda _, text, size: f"\u202e{text}\u2066\u200f"),
    (
        "zalgo",
        lambda chance, text, size: "".join(char + chr(chance.randrange(0x300, 0x36F)) * 20 for char in text),
    ),
    ("zero width", lambda _, text, size: "\u200b".join(text)),
    (
        "HTML and script",
        lambda _, text, size: f"<script>alert(1)</script><img src=x onerror=y>{text}</textarea>",
    ),
    ("formula", lambda _, text, size: f'=HYPERLINK("http://x","{text}")'),
    ("console markup", lambda _, text, size: f"[/b][link=http://x]{text}[bold"),
    ("special pieces", lambda _, text, size: f"[CLS]{text}[SEP][MASK][PAD]<s></s><unk>▁Ġ##"),
    (
        "template and YAML",
        lambda _, text, size: "{{7*7}} ${x} {% raw %} !!python/object:os.system --- " + text,
    ),
    ("spaces only", lambda _, text, size: " \t\u3000\n" * 20),
    ("emoji", lambda _, text, size: "👨‍👩‍👧‍👦🏴󠁧󠁢󠁥󠁮󠁧󠁿👍🏽" * 50 + text),
    ("private and last", lambda _, text, size: f"\ue000\U0010ffff\ufffe{text}"),
    ("quotes and breaks", lambda _, text, size: f'"\'`{text}\r\n\u2028\x85""",'),
    ("path", lambda _, text, size: f"../../etc/passwd\\..\\{text}"),
)
TEXTS = {
    "zh": ("房间很好，服务也很满意。", "早餐很差，房间肮脏，很失望。"),
    "en": ("The room is great, a lovely story, indeed.", "The story is awful, terrible and boring."),
}


def rows(work: Path, count: int, size: int) -> list[str]:
    """Return the table of hostile rows, one line for each language and kind."""
    lines = ["| language | kind | rows | in data | rejected |", "|---|---|---|---|---|"]
    heads = []
    for language, texts in TEXTS.items():
        began, chance = time.monotonic(), random.Random(0)
        made: dict[str, tuple[str, str, str]] = {}
        for number in range(count):
            kind, change = KINDS[number % len(KINDS)]
            # One row of megabytes a language: each is read, cut and shown like any other.
            length = size if number < len(KINDS) else 100_000
            made[f"r{number}"] = (
                kind,
                change(chance, texts[number % 2], length),
                ("good", "bad")[number % 2],
            )
        held, problems = tried(work / language, work / "model", made)
        kinds = Counter(kind for kind, _, _ in made.values())
        for kind, _ in KINDS:
            inside = sum(made[name][0] == kind for name in held)
            lines.append(f"| {language} | {kind} | {kinds[kind]} | {inside} | {kinds[kind] - inside} |")
        heads.append(
            f"{language}: {count} hostile rows through `run augment`, `verify` and `report`: {len(held)} in the data, "
            f"{count - len(held)} rejected, {problems} lost or changed, {time.monotonic() - began:.0f} s."
        )
        print(heads[-1], flush=True)
    return [*heads, "", *lines]


def tried(folder: Path, model: Path, made: dict[str, tuple[str, str, str]]) -> tuple[set[str], int]:
    """Return the rows that are in the data of a run on these, and how many are lost or changed."""
    folder.mkdir()
    with (folder / "rows.jsonl").open("w", encoding="utf-8") as stream:
        for name, (_, text, label) in made.items():
            stream.write(json.dumps({"id": name, "text": text, "label": label}) + "\n")
    plain = small_job(folder)
    values = plain.model_dump(mode="json", exclude={"corpus"})
    values["corpus"] = {
        "root": str(folder),
        "files": "rows.jsonl",
        "text": "text",
        "label": "label",
        "id": "id",
    }
    values["model"] = {"path": str(model), "max_length": 64}
    values["run"] |= {"max_reject_rate": 1.0}
    values["resources"] = {"lexicons": []}
    summary = run("augment-wide", Job.model_validate(values), folder / "out")
    verify(summary.folder).require()
    draw_folder(summary.folder)
    files = sorted((summary.folder / "data").glob("*.parquet"))
    table = [row for file in files for row in pq.read_table(file).to_pylist()]
    held = {row["id"]: (row["text"], row["label"]) for row in table if row["id"] in made}
    wrong = [name for name, pair in held.items() if pair != made[name][1:]]
    lost = len(made) - len(held) - summary.counts["rows rejected"]
    return set(held), len(wrong) + abs(lost)


if __name__ == "__main__":
    main()
