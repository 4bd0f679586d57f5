"""How a command ends: never with code 1, never with a traceback, whatever it is given, and with three lines where it fails."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st

from tests import odd
from tests.cli.test_commands import Result, augment
from tests.conftest import CHECKOUT
from tests.small import GOOD
from tests.test_bad_input import refused

CONFIG: dict[str, odd.Json] = {
    "corpus": {"root": ".", "files": "small.csv"},
    "model": {"path": "model", "max_length": 32},
    "train": {"start": "textcnn", "epochs": 1, "vocabulary": 300, "limit": 20},
    "resources": {"lexicons": []},
    "run": {"device": "cpu", "threads": 1},
}
ROWS = "text,label\n" + "".join(
    f"{word} {row},{'good' if row % 2 else 'bad'}\n" for row, word in enumerate(GOOD)
)
few = how(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=60)
COMMANDS = (
    "run",
    "check",
    "keywords",
    "explain",
    "report",
    "verify",
    "list",
    "evaluate",
    "harden",
    "train",
    "fetch",
    "audit",
    "init",
    "doctor",
)
OPTIONS: tuple[str, ...] = (
    "-c",
    "-o",
    "-m",
    "-q",
    "--set",
    "--data",
    "--split",
    "--limit",
    "--json",
    "--top",
    "--rows",
    "--pair",
    "--target",
)
OPTIONS += (
    "--from",
    "--folds",
    "--seeds",
    "--overwrite",
    "--calibration",
    "--accept-flags",
    "--accept",
    "--text",
    "--label",
    "--format",
    "--html",
    "--version",
    "-h",
)


class Bench:
    """A folder to work in, made anew as it was before each example, next to one that nobody may touch."""

    def __init__(self, home: Path, model: Path) -> None:
        """Lay out a small corpus, config, model and a foreign folder."""
        self.work, self.foreign = home / "work", home / "foreign"
        self.foreign.mkdir()
        (self.foreign / "mine.tmp-draft.txt").write_text("mine", encoding="utf-8")
        self.work.mkdir()
        shutil.copytree(model, self.work / "model")
        for name, text in (("small.csv", ROWS), ("mine.yaml", json.dumps(CONFIG)), ("bad.yaml", "a: [")):
            (self.work / name).write_text(text, encoding="utf-8")
        (self.work / "empty").mkdir()
        (self.work / "empty.csv").touch()
        self.there = _tree(self.work)

    def clean(self) -> None:
        """Remove what an example left, and put back what it replaced."""
        for path in self.work.iterdir():
            if path.name not in {name.split("/")[0] for name in self.there}:
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()

    def ends_well(self, *words: object) -> Result:
        """Return what a command gives; assert that it ended as it must and that nothing else was touched."""
        foreign, home = _tree(self.foreign), sorted(self.work.parent.iterdir())
        result = augment(*words)
        shown = f"{words!r}\n{result.err[-3000:]}"
        assert result.code in {0, 2, 3, 4, 5, 6, 7}, shown
        assert "Traceback" not in result.err, shown
        if result.code:
            index, what, hint = result.err.splitlines()[-3:]
            assert index.startswith("error: "), shown
            assert all(line.startswith("  ") and line.strip() for line in (what, hint)), shown
        assert (_tree(self.foreign), sorted(self.work.parent.iterdir())) == (foreign, home), shown
        self.clean()
        return result


def _tree(folder: Path) -> dict[str, bytes]:
    """Return every file of a folder with its content, and every folder."""
    paths = sorted(folder.rglob("*"))
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else b"" for path in paths
    }


@pytest.fixture(scope="module")
def bench(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Return a bench, the current folder in it."""
    made, before = Bench(tmp_path_factory.mktemp("odd"), small / "model"), Path.cwd()
    os.chdir(made.work)
    yield made
    os.chdir(before)


@few
@given(
    command=st.sampled_from(COMMANDS),
    words=st.lists(st.one_of(st.sampled_from(OPTIONS), st.sampled_from(odd.WORDS)), max_size=7),
    sound=st.booleans(),
)
def test_any_command_line_ends_well(bench: Bench, command: str, words: list[str], sound: bool) -> None:
    """Also one that is right but for some words."""
    if command in ("train", "evaluate", "harden", "fetch", "doctor") and not {"-c", "--help"} <= {*words}:
        words = [*words, "--help"]
    right = {"run": ("explain", "-c", "mine.yaml"), "audit": ("-c", "mine.yaml")} if sound else {}
    bench.ends_well(command, *right.get(command, ()), *words)


@few
@given(
    config=odd.configs(CONFIG), pipeline=st.sampled_from(("explain", "augment", "keywords", "balance", "eda"))
)
def test_any_config_ends_well(bench: Bench, config: odd.Json, pipeline: str) -> None:
    """Keys of the schema with values of another type, or odd ones."""
    (bench.work / "odd.yaml").write_text(odd.as_yaml(config), encoding="utf-8")
    bench.ends_well("check", pipeline, "-c", "odd.yaml")


@few
@given(path=st.sampled_from(odd.settings()), value=odd.values)
def test_any_override_ends_well(bench: Bench, path: tuple[str, ...], value: odd.Json) -> None:
    words = (f"{'.'.join(path)}={json.dumps(value)}", f"{'.'.join(path)}={value}")
    for word in words:
        bench.ends_well("check", "explain", "-c", "mine.yaml", "--set", word)


@few
@given(pipeline=odd.pipelines())
def test_any_pipeline_ends_well(bench: Bench, pipeline: odd.Json) -> None:
    (bench.work / "odd.yaml").write_text(odd.as_yaml(pipeline), encoding="utf-8")
    bench.ends_well("check", "odd.yaml", "-c", "mine.yaml")


@few
@given(text=odd.damaged(json.dumps(CONFIG, indent=1)))
def test_any_damaged_yaml_ends_well(bench: Bench, text: str) -> None:
    (bench.work / "odd.yaml").write_bytes(text.encode("utf-8", "surrogatepass"))
    bench.ends_well("check", "explain", "-c", "odd.yaml")


@few
@given(data=st.data(), name=st.sampled_from(("config.json", "tokenizer.json", "tokenizer_config.json")))
def test_any_model_folder_ends_well(bench: Bench, data: st.DataObject, name: str) -> None:
    changed = data.draw(odd.json_changes(json.loads((bench.work / "model" / name).read_text("utf-8"))))
    shutil.copytree(bench.work / "model", bench.work / "odd", dirs_exist_ok=True)
    (bench.work / "odd" / name).write_text(json.dumps(changed), "utf-8")
    bench.ends_well("explain", "很好 great", "-m", "odd")


@how(few, max_examples=15)
@given(config=odd.configs(CONFIG))
def test_any_config_is_run_or_refused(bench: Bench, config: odd.Json) -> None:
    safe = ("run.executor=inline", "run.workers=null", "run.threads=1", "run.device=cpu")
    (bench.work / "odd.yaml").write_text(odd.as_yaml(config), encoding="utf-8")
    bench.ends_well(
        "run", "explain", "-q", "-c", "odd.yaml", "-o", "out", *(w for s in safe for w in ("--set", s))
    )


SPOILED: dict[str, tuple[str, str | bytes]] = {
    "a tokenizer of another version": ("tokenizer.json", '{"version": "9.9"}'),
    "a tokenizer that is a number": ("tokenizer.json", "3"),
    "nested deep": ("config.json", '{"a":' + "[" * 100_000),
    "a tokenizer config nested deep": ("tokenizer_config.json", '{"a":' + "[" * 100_000),
    "no UTF-8": ("config.json", b"\xff\xfe"),
}
CHANGES: dict[str, dict[str, odd.Json]] = {
    "class names as a list": {"id2label": ["good", "bad"]},
    "a size that is text": {"hidden_size": "many"},
    "a kind that is a list": {"model_type": ["bert"]},
    "an unknown type of numbers": {"dtype": "nonsense"},
    "a padding piece beyond the embeddings": {"pad_token_id": 99_999},
}


@pytest.mark.parametrize("fault", [*SPOILED, *CHANGES])
def test_a_spoiled_model_is_code_6_and_names_its_folder(fault: str, bench: Bench) -> None:
    shutil.copytree(bench.work / "model", bench.work / "odd", dirs_exist_ok=True)
    if fault in SPOILED:
        name, content = SPOILED[fault]
        (bench.work / "odd" / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    else:
        file = bench.work / "odd" / "config.json"
        file.write_text(json.dumps({**json.loads(file.read_text("utf-8")), **CHANGES[fault]}), "utf-8")
    result = bench.ends_well("explain", "很好 great", "-m", "odd")
    refused(result, 6, "odd")


def test_a_piece_beyond_the_embeddings_is_code_6(bench: Bench) -> None:
    shutil.copytree(bench.work / "model", bench.work / "odd", dirs_exist_ok=True)
    file = bench.work / "odd" / "tokenizer.json"
    content = json.loads(file.read_text("utf-8"))
    vocabulary = content["model"]["vocab"]
    content["model"]["vocab"] = {piece: number + 9000 * (number > 9) for piece, number in vocabulary.items()}
    file.write_text(json.dumps(content), "utf-8")
    refused(augment("explain", "很好 great", "-m", "odd"), 6, "odd", "rows")
    refused(bench.ends_well("run", "explain", "-q", "-c", "mine.yaml", "-m", "odd"), 6, "odd", "rows")


@pytest.mark.parametrize(
    "output", [".", "", "/", "..", "./", "empty/..", "/dev/null", "x" * 300, "small.csv/x"]
)
def test_an_output_that_is_no_folder_of_its_own_is_refused(output: str, bench: Bench) -> None:
    refused(bench.ends_well("run", "explain", "-q", "-c", "mine.yaml", "-o", output), 2)
    assert _tree(bench.work) == bench.there


def test_an_empty_current_folder_is_written_to(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = bench.work / "empty"
    monkeypatch.chdir(inside)
    words = ("-c", "../mine.yaml", "--data", "..", "-m", "../model", "-o", ".")
    assert augment("run", "explain", "-q", *words).code == 0
    assert (inside / "manifest.json").is_file()
    monkeypatch.chdir(bench.work)
    shutil.rmtree(inside)
    inside.mkdir()


@pytest.mark.parametrize("pattern", ["(" * 3000 + ")" * 3000, "(((", "[" * 3000, "a{99999999999}", "\\"])
def test_a_pattern_that_cannot_be_compiled_is_refused(pattern: str, bench: Bench) -> None:
    word = f"resources.protect_patterns={json.dumps([pattern])}"
    refused(bench.ends_well("check", "eda", "-c", "mine.yaml", "--set", word), 2, "protect_patterns")


@pytest.mark.parametrize("option", ["-o", "--data", "-m", "-c", "--accept-flags"])
def test_an_empty_name_is_refused(option: str, bench: Bench) -> None:
    """It would be the current folder, where a variable of the shell is unset."""
    refused(bench.ends_well("run", "explain", "-c", "mine.yaml", option, ""), 2, option, "empty")


def test_an_argument_that_is_no_utf_8_is_refused(bench: Bench) -> None:
    for words in (("explain", "\udcc4\udce3", "-m", "model"), ("run", "explain", "-o", "a\udcff")):
        refused(bench.ends_well(*words), 2, "UTF-8")


def test_the_rows_of_a_file_are_explained_and_not_its_name(bench: Bench) -> None:
    result = bench.ends_well("explain", "small.csv", "-m", "model", "--json", "--limit", "2")
    assert [json.loads(line)["text"] for line in result.out.splitlines()] == ["很好 0", "干净 1"]


def test_a_config_next_to_the_user_is_found_by_its_name(bench: Bench) -> None:
    assert bench.ends_well("check", "eda", "-c", "mine").code == 0
    refused(bench.ends_well("check", "eda", "-c", "mien"), 2, "mien", "no such config")


def _shell(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Return what bash makes of a line in which $augment is the command."""
    known = {**os.environ, "PYTHONPATH": str(CHECKOUT), "augment": f"{sys.executable} -m augment"}
    return subprocess.run(
        ["bash", "-c", line], cwd=folder, env=known, capture_output=True, text=True, check=False, timeout=120
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_an_output_that_is_full_is_code_7(tmp_path: Path) -> None:
    result = _shell("$augment list > /dev/full", tmp_path)
    assert (result.returncode, len(result.stderr.splitlines())) == (7, 3)


def test_an_output_that_nobody_reads_or_that_is_closed_ends_in_silence(tmp_path: Path) -> None:
    unread = _shell("$augment list | true; exit ${PIPESTATUS[0]}", tmp_path)
    assert (unread.returncode in (0, 141), unread.stderr) == (True, "")
    closed = _shell("$augment list >&-", tmp_path)
    assert (closed.returncode, closed.stderr) == (0, "")


def test_an_output_in_another_encoding_shows_escapes(tmp_path: Path) -> None:
    result = _shell("PYTHONIOENCODING=ascii $augment explain 好 -m nowhere", tmp_path)
    assert result.returncode == 6
    assert "nowhere" in result.stderr


def test_a_shell_completes_the_commands(tmp_path: Path) -> None:
    line = "_AUGMENT_COMPLETE=complete_bash COMP_WORDS='augment r' COMP_CWORD=1 $augment"
    assert _shell(line, tmp_path).stdout.split() == ["run", "report"]


def test_help_is_short_for_h_and_complete_for_each_command() -> None:
    short, long = augment("-h"), augment("--help")
    assert (short, short.code) == (long, 0)
    assert "..." not in long.out.partition("\n")[2]
    assert "…" not in long.out


WRONG_CALLS: dict[str, tuple[str, str]] = {
    # What is typed, and what the answer must hold: what is wrong, what to do.
    "small.csv": ("no such command", "it is a file: `augment init small.csv`"),
    "demo-zh": ("no such command", "it is a config: `augment run augment -c demo-zh`"),
    "exlpain 好 -m model": ("no such command", "did you mean `explain`?"),
    "run small.csv": ("no such pipeline", "a corpus: name a pipeline first, `augment run augment small.csv`"),
    "run augmnt small.csv": ("no such pipeline", "did you mean `augment`?"),
    "run augment smal.csv": ("the file does not exist", "did you mean `small.csv`?"),
    "run augment": ("no corpus is given", "name a file, such as reviews.csv"),
    "run augment small.csv -c mine.yaml": (
        "section `corpus` is also given by mine.yaml",
        "remove one of the two",
    ),
    "run augment -c small.csv": ("this is a corpus", "leave out -c"),
    "run augment -c mien": ("no such config", "did you mean `mine`?"),
    "run augment small.csv --text revew": ("no column `revew`", "known here: text, label"),
    "run augment small.csv --format cvs": ("`format` cannot be 'cvs'", "one of auto, csv, tsv"),
    "run augment small.csv -m modle": ("no such folder", "train it with `augment train`"),
    "run augment small.csv -m model --set rnu.limit=3": ("called `rnu`", "did you mean `run`?"),
    "run attack small.csv -m model --set attack.mots=3": (
        "no key `mots`",
        "did you mean `most`? keys of `attack`",
    ),
    "run augment small.csv -m model --set stages.77.share=1": ("no stage number 77", "stages: 0 tokenize"),
    "run augment small.csv -m model --split tets": ("no such split", "did you mean `test`?"),
    "train small.csv --set attack.most=3": ("this command takes none", "augment run PIPELINE"),
    "run balance small.csv -m model": ("no shortcut is named", "--accept WORD=LABEL"),
    "run balance small.csv -m model --accept 很好": ("`accept` cannot be", "WORD=LABEL, for example"),
    "run balance small.csv -m model --accept 很好=godo": ("the label `godo`", "labels: bad, good"),
    "run balance small.csv -m model --accept 'a b c=good'": (
        "is 3 words: a | b | c",
        "one word, or two in a row",
    ),
    "explain smal.csv -m model": ("the file does not exist", "did you mean `small.csv`?"),
    "explain small.csv -m model --html empty": ("this is a folder", "out.html"),
    "explain 好 -m model --text review": ("it is for a file", "name a file"),
    "explain 好 --target good": ("missing option '--model'", "augment explain --help"),
    "explain 好 -m model --target godo": ("its labels are bad, good", "did you mean `good`?"),
    "explain 好 -m model --method gradiant": ("no such attribution method", "did you mean `gradient`?"),
    "init small.csv -o mine.yaml": ("the file exists", "a config is never replaced"),
    "init small.csv -o mine.csv": ("a config is a YAML file", "mine.yaml"),
    "evaluate small.csv augmnt": ("no such pipeline", "did you mean `augment`?"),
    "report small.csv": ("small.csv", "run"),
    "list pipelines": ("unexpected extra argument", "augment list --help"),
}


@pytest.mark.parametrize("line", WRONG_CALLS)
def test_a_wrong_call_is_answered_in_three_lines_with_the_next_step(bench: Bench, line: str) -> None:
    result = bench.ends_well(*shlex.split(line))
    assert result.code in (2, 5, 6), result
    assert result.out == ""
    *_, where, what, hint = result.err.splitlines()
    wrong, step = WRONG_CALLS[line]
    assert where.startswith("error: ")
    assert wrong in f"{where}\n{what}"
    assert step in hint
    assert _tree(bench.work) == bench.there
