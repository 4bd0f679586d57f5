"""Bad input through the command line: three lines with where, what and what to do, the right exit code, no traceback.

Names, labels and texts are Chinese wherever they can be.
"""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from augment.corpus.demo import CATALOGUE
from tests.cli.test_commands import CPU, Result, augment

ROWS = "text,label\n" + "".join(f"这家酒店很好 {row},good\nterrible film {row},bad\n" for row in range(60))
PIPELINE = "name: mine\nabout: of my own\nstages:\n"
Case = tuple[str, str | bytes, str, int, tuple[str, ...]]


class Bench:
    """A folder in which corpora, configs, pipelines and models are made and tried."""

    def __init__(self, folder: Path, model: Path) -> None:
        """Start empty; `model` is what configs name unless set otherwise."""
        self.folder, self.model, self.output = folder, model, folder / "结果"

    def write(self, name: str, content: str | bytes) -> Path:
        """Return the path of a file with this content."""
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def config(
        self, files: str = "评论.csv", corpus: str = "", more: str = "", model: Path | str = ""
    ) -> Path:
        """Return a config: line 1 corpus, 2 root, 3 files, then the lines of `corpus`, the model, `more`."""
        head = f"corpus:\n  root: {self.folder}\n  files: {files}\n{corpus}"
        text = f"{head}model: {{path: {model or self.model}}}\n{more}resources: {{lexicons: []}}\n"
        return self.write("配置.yaml", text)

    def check(self, config: Path, pipeline: object = "explain") -> Result:
        """Return what `augment check` prints."""
        return augment("check", pipeline, "-c", config)

    def run(self, config: Path, *words: object, pipeline: object = "explain") -> Result:
        """Return what `augment run` prints; the run goes to `output`."""
        return augment("run", pipeline, "-c", config, "-o", self.output, *CPU, *words)

    def copied_model(self, name: str) -> Path:
        """Return a copy of the model to be spoiled."""
        return Path(shutil.copytree(self.model, self.folder / name))


@pytest.fixture
def bench(tmp_path: Path, small: Path) -> Bench:
    """Return a bench with a sound corpus 评论.csv."""
    made = Bench(tmp_path, small / "model")
    made.write("评论.csv", ROWS)
    return made


def refused(result: Result, code: int, *parts: object) -> None:
    """Assert that a command was refused in three lines that hold all the parts, and answered nothing.

    `check` tells before them what it found in order; nothing else does.
    """
    *before, index, what, hint = result.err.splitlines()
    lines = [index, what, hint]
    assert result.code == code, result.err
    assert result.out == ""
    assert not before or before[0].startswith("pipeline "), result.err
    assert lines[0].startswith("error: ")
    assert all(line.startswith("  ") and line.strip() for line in lines[1:])
    assert "Traceback" not in result.err
    for part in parts:
        assert str(part) in result.err


CORPORA: dict[str, Case] = {
    "wrong encoding": (
        "坏.csv",
        ROWS.encode() + b"\xff\xfe\xff,good\n" * 3,
        "",
        5,
        ("坏.csv", f"byte {len(ROWS.encode())}", "corpus.encoding"),
    ),
    "wrong encoding given": (
        "坏.csv",
        ROWS.encode("gb18030"),
        "  encoding: utf-8\n",
        5,
        ("坏.csv", "not UTF-8 at byte 11"),
    ),
    "empty file": ("空.csv", "", "", 5, ("空.csv", "empty")),
    "only a byte order mark": ("空.csv", b"\xef\xbb\xbf", "", 5, ("空.csv", "empty")),
    "no rows": ("空.csv", "text,label\n", "", 5, ("空.csv", "no rows")),
    "no text column": ("表.csv", "甲,乙\n好,1\n", "", 2, ("表.csv", "`甲`, `乙`", "corpus.text")),
    "a text column not there": (
        "表.csv",
        ROWS,
        "  text: txet\n",
        2,
        ("表.csv", "`txet`", "corpus.text", "did you mean `text`?"),
    ),
    "two texts": ("表.csv", "文本,评论,标签\n好,差,1\n", "", 2, ("`文本` and `评论`", "corpus.text")),
    "two labels": ("表.csv", "text,标签,label\n好,差,1\n", "", 2, ("`标签` and `label`", "corpus.label")),
    "a column twice": ("表.csv", "text,text\n好,差\n", "", 2, ("表.csv:1", "`text`", "twice")),
    "an open quote": (
        "表.csv",
        ROWS + '"never closed,good\n',
        "",
        5,
        ("表.csv:122", "never closed", "corpus.quoted"),
    ),
    "a JSON array without an end": ("表.json", '[{"text": "好"}', "", 5, ("表.json", "JSON")),
    "no JSON at all": ("表.jsonl", "{好\n", "", 5, ("表.jsonl", "no line holds a JSON object")),
    "a name without a format": ("表.xyz", ROWS, "", 2, ("表.xyz", "`.xyz`", "corpus.format")),
    "not Parquet": ("表.parquet", "PAR1", "", 5, ("表.parquet", "Parquet")),
    "a label no row has": ("表.csv", ROWS, "  labels: [godo]\n", 2, ("`godo`", "did you mean `good`?")),
    "a label the model does not know": (
        "表.csv",
        ROWS + "一般,中性\n" * 60,
        "",
        5,
        ("'中性'", "bad, good", "corpus.label_names"),
    ),
}


@pytest.mark.parametrize("case", CORPORA.values(), ids=CORPORA.keys())
def test_a_bad_corpus_is_refused_and_nothing_is_left(bench: Bench, case: Case) -> None:
    name, content, corpus, code, parts = case
    bench.write(name, content)
    refused(bench.run(bench.config(name, corpus)), code, *parts)
    assert not bench.output.exists()


def test_check_refuses_what_the_head_of_a_corpus_shows(bench: Bench) -> None:
    bench.write("表.csv", "甲,乙\n好,1\n")
    refused(bench.check(bench.config("表.csv")), 2, "表.csv", "`甲`, `乙`")
    refused(bench.check(bench.config("没有.csv")), 2, bench.folder / "没有.csv", "does not exist")
    refused(bench.check(bench.config(), "augmnt"), 2, "pipeline `augmnt`", "did you mean `augment`?")


def test_a_missing_corpus_file_is_named(bench: Bench) -> None:
    refused(bench.run(bench.config("没有.csv")), 2, bench.folder / "没有.csv", "does not exist")
    refused(bench.run(bench.config(), "--data", bench.folder / "无"), 2, bench.folder / "无" / "评论.csv")
    assert not bench.output.exists()


def test_a_missing_corpus_file_is_named_with_who_named_it_and_a_near_name(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = bench.config("评轮.csv", "  label_names: {1: 好}\n")
    reported = (2, bench.folder / "评轮.csv", f"named by {config}:3", "did you mean `评论.csv`?")
    for result in (bench.run(config), bench.check(config), augment("train", "-c", config)):
        refused(result, *reported)
    bench.write("a-missing-file.yaml", "corpus: {}\n")
    refused(bench.run(bench.config("a-missing-file.csv")), 2, "file.csv", "relative to `corpus.root`")
    word = "corpus.files=reviews.csv"
    refused(bench.run(config, "--set", word), 2, "reviews.csv", f"named by --set {word}", "corpus.root")
    monkeypatch.chdir(bench.folder)
    refused(bench.run(bench.config(), "--data", "无"), 2, "无/评论.csv", "set `corpus.root: .`")
    refused(augment("check", "explain", "-c", "demo-zh"), 2, "demo-zh.yaml:", "`augment fetch demo-zh`")


@pytest.mark.parametrize("name", ["评论.csv", "./评论.csv", "a.tsv", "a.jsonl", "a.parquet", "a.csv.gz"])
def test_a_corpus_is_no_config(bench: Bench, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the message suggests works."""
    monkeypatch.chdir(bench.folder)
    for words in (("run", "explain"), ("check", "explain"), ("train",)):
        refused(augment(*words, "-c", name), 2, f"-c {name}", "a YAML file", f"`augment run augment {name}`")
    assert augment("check", "explain", "评论.csv", "-m", bench.model).code == 0


def test_without_a_config_the_message_shows_how_to_give_one() -> None:
    for words in (("run", "explain"), ("check", "explain"), ("train",)):
        refused(augment(*words), 2, "no corpus is given", "with -c", "`augment list`")


def test_a_limit_of_nothing_is_refused_by_its_name(bench: Bench) -> None:
    result = bench.run(bench.config(), "--limit", "0")
    refused(result, 2, "'--limit'", "greater than or equal to 1")
    assert "--set" not in result.err
    assert "run.limit" not in result.err


def test_fetch_names_what_can_be_fetched() -> None:
    for name in ("nosuch", "dmo"):
        refused(augment("fetch", name), 2, f"`{name}`", *CATALOGUE)
    assert all(re.search(rf"\b{name}\b(?!-)", augment("fetch", "--help").out) for name in CATALOGUE)


def test_a_broken_line_is_rejected_with_its_number_and_the_run_goes_on(bench: Bench) -> None:
    good = [
        json.dumps({"text": f"房间 很好 {row}", "label": "good"}, ensure_ascii=False) for row in range(150)
    ]
    bench.write("表.jsonl", "\n".join([*good[:99], '{"text": "好", "label"', *good[99:]]) + "\n")
    result = bench.run(bench.config("表.jsonl"), "--json")
    counts = json.loads(result.out)["counts"]
    assert result.code == 0
    assert (counts["rows read"], counts["rows rejected"], counts["rows processed"]) == (151, 1, 150)
    (reject,) = pq.read_table(bench.output / "rejects.parquet").to_pylist()
    assert (reject["where"], reject["stage"]) == ("表.jsonl:100", "corpus")
    assert reject["reason"].startswith("not JSON: ")


def test_too_many_broken_lines_end_in_4_after_everything_is_written(bench: Bench) -> None:
    good = [
        json.dumps({"text": f"房间 很好 {row}", "label": "good"}, ensure_ascii=False) for row in range(150)
    ]
    bench.write("表.jsonl", "\n".join([*good, *["{坏"] * 10]) + "\n")
    result = bench.run(bench.config("表.jsonl"), "--quiet")
    assert (result.code, result.out) == (4, f"{bench.output}\n")
    index, what, hint = result.err.splitlines()[-3:]
    assert index == f"error: {bench.output / 'rejects.parquet'}"
    assert "10 of 160 rows" in what
    assert "run.max_reject_rate" in hint
    assert pq.read_metadata(bench.output / "rejects.parquet").num_rows == 10
    assert pq.read_metadata(bench.output / "explain" / "source_rows.parquet").num_rows == 150
    assert (bench.output / "report.html").is_file()
    assert (bench.output / "manifest.json").is_file()


def test_an_empty_text_is_a_rejected_row(bench: Bench) -> None:
    bench.write("表.csv", ROWS + ',good\n"  　",bad\n')
    result = bench.run(bench.config("表.csv"), "--json", "--set", "run.max_reject_rate=0.1")
    assert result.code == 0
    rejects = pq.read_table(bench.output / "rejects.parquet").to_pylist()
    assert [(reject["where"], reject["reason"]) for reject in rejects] == [
        ("表.csv:122", "empty text"),
        ("表.csv:123", "empty text"),
    ]


def test_the_text_to_explain_must_not_be_empty(small: Path) -> None:
    for text in ("", "  \n　"):
        refused(augment("explain", text, "-m", small / "model"), 2, "the text", "empty")


def test_the_target_to_explain_must_be_a_class(small: Path) -> None:
    refused(
        augment("explain", "好", "-m", small / "model", "--target", "中性"),
        5,
        "'中性'",
        "labels are bad, good",
    )


def pickled(model: Path) -> None:
    """Leave only pickled weights."""
    (model / "model.safetensors").rename(model / "pytorch_model.bin")


def remote(name: str) -> Callable[[Path], None]:
    """Return what makes one of the model's files ask for code of its own."""

    def spoil(model: Path) -> None:
        values = json.loads((model / name).read_text(encoding="utf-8"))
        (model / name).write_text(
            json.dumps({**values, "auto_map": {"AutoModel": "evil.Model"}}), encoding="utf-8"
        )

    return spoil


MODELS: dict[str, tuple[Callable[[Path], object], tuple[str, ...]]] = {
    "pickled weights": (pickled, ("pytorch_model.bin", "pickled", "safetensors")),
    "code of its own": (remote("config.json"), ("config.json", "`auto_map`")),
    "a tokenizer with code of its own": (
        remote("tokenizer_config.json"),
        ("tokenizer_config.json", "`auto_map`"),
    ),
    "no weights": (lambda model: (model / "model.safetensors").unlink(), ("模型", "no model.safetensors")),
    "no config": (
        lambda model: (model / "config.json").unlink(),
        ("模型", "no config.json", "augment train"),
    ),
    "a damaged config": (
        lambda model: (model / "config.json").write_text("{"),
        ("config.json", "not valid JSON"),
    ),
    "a file": (
        lambda model: (model.rename(model.with_name("搬走")), model.write_text("{}")),
        ("模型", "this is a file, not a folder", "name the folder"),
    ),
    "no folder": (
        lambda model: model.rename(model.with_name("搬走")),
        ("模型", "no such folder", "augment train"),
    ),
}


@pytest.mark.parametrize("spoil", MODELS.values(), ids=MODELS.keys())
def test_a_bad_model_is_refused_before_anything_is_read(
    bench: Bench, spoil: tuple[Callable[[Path], object], tuple[str, ...]]
) -> None:
    """By check, run and explain alike, with exit code 6."""
    change, parts = spoil
    model = bench.copied_model("模型")
    change(model)
    config = bench.config(model=model)
    for result in (bench.check(config), bench.run(config), augment("explain", "好", "-m", model)):
        refused(result, 6, *parts)
    assert not bench.output.exists()


def test_a_model_that_cannot_be_loaded_is_no_fault_of_ours(bench: Bench) -> None:
    model = bench.copied_model("模型")
    (model / "tokenizer.json").unlink()
    refused(bench.run(bench.config(model=model)), 6, model, "cannot be loaded")


def test_a_device_that_is_not_there_is_named(bench: Bench) -> None:
    refused(bench.run(bench.config(), "--set", "run.device=cuda:99"), 6, "run.device: cuda:99", "cpu")


@pytest.mark.parametrize(
    ("corpus", "more", "line", "parts"),
    [
        ("  lang: zh\n", "", 4, ("`lang`", "did you mean `language`?")),
        ("  lang: no\n", "", 4, ("`lang`", "did you mean `language`?")),
        ("  language: no\n", "", 4, ("`language`", "'no'", "one of auto, zh, en, mixed")),
        ("  语言: 中\n", "", 4, ("`语言`", "language")),
        ("", "run: {device: cpu, dtpe: float32}\n", 5, ("`dtpe`", "did you mean `dtype`?")),
        ("", "run:\n  device: cpu\n  dtype: float8\n", 7, ("`dtype`", "'float8'", "bfloat16")),
        ("", "run:\n  token_budget: 5\n", 6, ("`token_budget`", "5", "64", "`auto`")),
        ("", "run:\n  token_budget: big\n", 6, ("`token_budget`", "'big'", "`auto`")),
        ("", "modle: {path: x}\n", 5, ("`modle`", "did you mean `model`?")),
        ("", "threads: 2\n", 5, ("`threads`", "did you mean `run.threads`?")),
        ("", "seed: 七\n", 5, ("`seed`", "'七'")),
        ("", "run: &here {device: cpu}\n", 5, ("anchors and aliases",)),
        ("", "run: [1\n", 6, ("not valid YAML",)),
    ],
)
def test_a_wrong_config_is_refused_with_file_and_line(
    bench: Bench, corpus: str, more: str, line: int, parts: tuple[str, ...]
) -> None:
    config = bench.config(corpus=corpus, more=more)
    refused(bench.check(config), 2, f"{config}:{line}", *parts)


def test_a_section_given_by_two_configs_names_both(bench: Bench) -> None:
    first, second = bench.config(), bench.write("二.yaml", "# 第二\nmodel: {path: 另一个}\n")
    refused(
        augment("check", "explain", "-c", first, "-c", second),
        2,
        f"{second}:2",
        f"`model` is also given by {first}",
    )


@pytest.mark.parametrize(
    ("word", "parts"),
    [
        ("run.dtype", ("section.key=value",)),
        ("=1", ("section.key=value",)),
        ("a.b.c=1", ("`a`", "sections: name, corpus")),
        ("run.dtyp=float32", ("`dtyp`", "did you mean `dtype`?")),
        ("run.dtype=float8", ("'float8'", "bfloat16")),
        ("run.recompute=yes", ("'yes'", "true or false")),
        ("run.threads=0", ("`threads`", "1")),
        ("run.dtype=[", ("not valid YAML",)),
        ("threads=1", ("`threads`", "did you mean `run.threads`?")),
        ("模型.路径=1", ("`模型`", "model")),
        ("corpus.text=评论", ("`评论`", "corpus.text", "text, label")),
    ],
)
def test_a_bad_override_is_refused(bench: Bench, word: str, parts: tuple[str, ...]) -> None:
    refused(augment("check", "explain", "-c", bench.config(), "--set", word), 2, *parts)


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (("augmnt", "-c", "demo-zh"), ("pipeline `augmnt`", "did you mean `augment`?")),
        (("augment", "-c", "demo-zhh"), ("config `demo-zhh`", "did you mean `demo-zh`?")),
        (("增强", "-c", "demo-zh"), ("pipeline `增强`", "attack, attack-ig")),
        (("没有.yaml", "-c", "demo-zh"), ("没有.yaml", "does not exist")),
        (("augment", "-c", "没有.yaml"), ("没有.yaml", "does not exist")),
        (("augment", "-c", "gpu"), ("model:", "--model")),
    ],
)
def test_a_name_nothing_has_is_refused_with_the_nearest(
    words: tuple[str, ...], parts: tuple[str, ...]
) -> None:
    refused(augment("check", *words), 2, *parts)


@pytest.mark.parametrize(
    ("stages", "line", "parts"),
    [
        (
            "  - kind: tokenize\n  - kind: rank\n    k: 2\n",
            5,
            ("`rank`", "`ig`", "add the stage that gives `ig`"),
        ),
        (
            "  - kind: attribute\n  - kind: tokenize\n",
            4,
            ("`attribute`", "`tokens`", "move `tokenize` before it"),
        ),
        ("  - kind: tokenise\n", 4, ("`tokenise`", "did you mean `tokenize`?")),
        ("  - kind: tokenize\n    granularty: char\n", 5, ("`granularty`", "did you mean `granularity`?")),
    ],
)
def test_a_pipeline_that_cannot_work_is_refused_before_any_model(
    bench: Bench, stages: str, line: int, parts: tuple[str, ...]
) -> None:
    pipeline = bench.write("流程.yaml", PIPELINE + stages)
    refused(bench.check(bench.config(), pipeline), 2, f"{pipeline}:{line}", *parts)


def test_a_folder_with_something_else_in_it_is_left_alone(bench: Bench) -> None:
    bench.output.mkdir()
    (bench.output / "论文.txt").write_text("重要", encoding="utf-8")
    for words in ((), ("--overwrite",)):
        refused(bench.run(bench.config(), *words), 2, bench.output, "not empty", "--output")
    assert [path.name for path in bench.output.iterdir()] == ["论文.txt"]


def test_the_folder_of_another_run_is_left_alone_and_the_difference_named(bench: Bench) -> None:
    config = bench.config()
    assert bench.run(config, "--limit", 3).code == 0
    before = (bench.output / "manifest.json").read_bytes()
    refused(bench.run(config, "--limit", 3, "--set", "seed=7"), 3, bench.output, "seed", "--overwrite")
    refused(bench.run(config, "--limit", 4), 3, bench.output, "limit", "--overwrite")
    refused(bench.run(config, "--limit", 3, pipeline="compare"), 3, bench.output, "pipeline", "--overwrite")
    bench.write("评论.csv", ROWS + "新的一行,good\n")
    refused(bench.run(config, "--limit", 3), 3, bench.output, "评论.csv", "--overwrite")
    assert (bench.output / "manifest.json").read_bytes() == before


def test_a_split_without_rows_is_refused(bench: Bench) -> None:
    """The splits there are listed in the message, whoever gives them: a hash, the files, or a column."""
    there = "there are test, train, validation"
    refused(bench.run(bench.config(), "--split", "tset"), 2, "split `tset`", there, "did you mean `test`?")
    refused(bench.run(bench.config(), "--split", "train", "--split", "训练"), 2, "split `训练`", there)
    refused(augment("check", "explain", "-c", bench.config(), "--set", "run.splits=[tset]"), 2, there)
    bench.write("表.csv", "text,label,split\n好,good,train\n差,bad,dev\n行,good,dev\n")
    reported = (2, "there are train, validation")
    refused(bench.run(bench.config("表.csv"), "--split", "dev"), *reported, "did you mean `validation`?")
    files = "{train: 评论.csv, 测试: 表.csv}"
    refused(bench.run(bench.config(files), "--split", "test"), 2, "there are train, 测试")
    assert not bench.output.exists()


def test_textcnn_does_not_train_on_pairs(bench: Bench) -> None:
    rows = "".join(f"怎么还款 {row},如何还钱 {row},{row % 2}\n" for row in range(60))
    bench.write("问题对.csv", "sentence1,sentence2,label\n" + rows)
    result = augment("train", "-c", bench.config("问题对.csv", model=bench.folder / "新"), *CPU)
    refused(result, 2, "textcnn", "pairs", "bert-small")
    assert not (bench.folder / "新").exists()


@pytest.mark.parametrize(
    ("content", "code", "parts"),
    [
        ("text\n" + "怎么还款\n" * 60, 5, ("no labels", "columns: text", "corpus.label")),
        ("text,label\n" + "".join(f"还款 {row},同\n" for row in range(60)), 5, ("表.csv", "same label")),
        ("text,label,split\n" + "好,一,train\n差,二,train\n" * 9, 5, ("splits train", "80/10/10")),
    ],
)
def test_a_corpus_that_cannot_be_learned_from_is_refused(
    bench: Bench, content: str, code: int, parts: tuple[str, ...]
) -> None:
    bench.write("表.csv", content)
    refused(augment("train", "-c", bench.config("表.csv", model=bench.folder / "新"), *CPU), code, *parts)


def test_training_starts_from_nothing_that_is_not_there(bench: Bench) -> None:
    config = bench.config(model=bench.folder / "新")
    refused(augment("train", "-c", config, *CPU, "--set", "train.start=./无"), 6, "./无", "no such folder")


def test_report_needs_a_finished_run(bench: Bench) -> None:
    for folder in (bench.folder, bench.folder / "无"):
        refused(augment("report", folder), 2, folder, "no finished run")
