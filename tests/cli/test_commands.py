"""The command line: help for everything, results on stdout, the rest on stderr, and runs that are finished only once."""

import io
import json
import re
import signal
import subprocess
import sys
import time
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq
import pytest
import typer

from augment.cli.commands import app
from augment.cli.main import main
from augment.errors import RequestError

CPU = ("--set", "run.device=cpu", "--set", "run.threads=1")
COMMANDS = sorted(typer.main.get_group(app).commands)
CONFIG = """\
# A small corpus.
corpus: {{root: {root}, files: small.csv}}
model: {{path: {root}/model, max_length: 64}}
train: {{start: textcnn, epochs: 1, batch_size: 16, vocabulary: 300, limit: 60}}
resources: {{lexicons: []}}
"""


class Result(NamedTuple):
    """What a command gave back: its exit code and what it wrote."""

    code: int
    out: str
    err: str


def augment(*words: object) -> Result:
    """Return what `augment WORDS` gives, run in this process as the installed script runs it."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(sys, "argv", ["augment", *map(str, words)])
        try:
            main()
        except SystemExit as stop:
            code = int(stop.code or 0)
    return Result(code, out.getvalue(), err.getvalue())


@pytest.fixture(scope="module")
def config(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a config of the small corpus and its model."""
    path = tmp_path_factory.mktemp("config") / "small.yaml"
    path.write_text(CONFIG.format(root=small), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def finished(config: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a finished run of `augment`."""
    folder = tmp_path_factory.mktemp("run") / "out"
    result = augment("run", "augment-wide", "-c", config, *CPU, "-o", folder)
    assert result.code == 0, result.err
    return folder


def counts(result: Result) -> dict[str, int]:
    """Return the counts of a run that prints JSON."""
    assert result.code == 0, result.err
    content = json.loads(result.out)["counts"]
    assert isinstance(content, dict)
    return content


def test_the_command_line_lists_its_commands() -> None:
    result = augment("--help")
    assert (result.code, result.err) == (0, "")
    assert {"check", "explain", "fetch", "list", "report", "run", "train"} <= set(COMMANDS)
    assert all(re.search(rf"^  {name} ", result.out, re.MULTILINE) for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_every_parameter_has_help(name: str) -> None:
    result = augment(name, "--help")
    assert (result.code, result.err) == (0, "")
    command = typer.main.get_group(app).commands[name]
    assert command.help
    for parameter in command.params:
        named = parameter.metavar or str(parameter.name)
        shown = parameter.opts[0] if parameter.param_type_name == "option" else named
        assert shown in result.out
        assert getattr(parameter, "help", None), f"{name} {shown} has no help"


def test_no_report_is_named_where_none_is_requested(config: Path, tmp_path: Path) -> None:
    bare = ("--set", "output.report_rows=0", "--limit", "10")
    result = augment("run", "explain", "-c", config, *CPU, *bare, "-o", tmp_path / "out")
    assert result.code == 0
    assert "report.html" not in result.err


def test_a_recipe_is_named_on_the_line_and_its_figures_are_printed_and_written(
    config: Path, tmp_path: Path
) -> None:
    words = ("run", "attack", "-c", config, *CPU, "--limit", "20", "--set", "attack.any_victim=true")
    more = ("--set", "attack.share=0.5", "--set", "output.report_rows=0")
    result = augment(*words, *more, "--recipe", "deletion", "-o", tmp_path / "out")
    assert result.code == 0, result.err
    assert re.search(r"^attack success rate +\d", result.err, re.MULTILINE)
    figures = (tmp_path / "out" / "attack.csv").read_text(encoding="utf-8-sig").splitlines()
    assert any(line.startswith("rows computed of an attacked row,,") for line in figures)
    plan = json.loads((tmp_path / "out" / "run" / "plan.json").read_text(encoding="utf-8"))
    attack = next(stage for stage in plan["fingerprint"]["pipeline"]["stages"] if stage["kind"] == "attack")
    assert (attack["recipe"], attack["share"], attack["delete"]) == ("deletion", 0.5, True)
    assert augment("verify", tmp_path / "out").code == 0


@pytest.mark.parametrize(("recipe", "answer"), [("bae", "masked language model"), ("baes", "bae")])
def test_a_recipe_that_cannot_be_run_is_refused_with_what_it_needs(
    config: Path, tmp_path: Path, recipe: str, answer: str
) -> None:
    result = augment("run", "attack", "-c", config, *CPU, "--recipe", recipe, "-o", tmp_path / "out")
    assert result.code == 2
    assert answer in result.err


def test_a_run_prints_its_folder_and_tells_the_rest_on_stderr(finished: Path, config: Path) -> None:
    result = augment("run", "augment-wide", "-c", config, *CPU, "-o", finished)
    assert (result.code, result.out) == (0, f"{finished}\n")
    assert re.search(r"^samples made +\d", result.err, re.MULTILINE)
    assert result.err.endswith(f"report: {finished}/report.html\n")
    files = {str(path.relative_to(finished)) for path in finished.rglob("*") if path.is_file()}
    assert {"README.md", "manifest.json", "report.html", "data/train.parquet", "run/plan.json"} <= files


def test_the_same_request_again_reads_the_finished_run(finished: Path, config: Path) -> None:
    """No file is touched and the summary is the same, seconds included; threads do not make another request."""
    before = {path: path.stat().st_mtime_ns for path in finished.rglob("*") if path.is_file()}
    first = augment("run", "augment-wide", "-c", config, *CPU, "-o", finished, "--json")
    again = augment(
        "run", "augment-wide", "-c", config, *CPU, "-o", finished, "--json", "--set", "run.threads=2"
    )
    assert first == again
    assert json.loads(first.out) == json.loads((finished / "manifest.json").read_text())["summary"]
    assert before == {path: path.stat().st_mtime_ns for path in finished.rglob("*") if path.is_file()}


def test_overwrite_replaces_a_run_and_nothing_else(config: Path, tmp_path: Path) -> None:
    words = ("run", "explain", "-c", config, *CPU, "-o", tmp_path / "out", "--json", "--limit")
    assert counts(augment(*words, 5))["rows processed"] == 5
    (tmp_path / "out" / "我的笔记.txt").write_text("好", encoding="utf-8")
    assert augment(*words, 6).code == 3
    assert counts(augment(*words, 6, "--overwrite"))["rows processed"] == 6
    assert (tmp_path / "out" / "我的笔记.txt").read_text(encoding="utf-8") == "好"
    assert pq.read_metadata(tmp_path / "out" / "explain" / "source_rows.parquet").num_rows == 6


def test_a_limit_is_a_trial_and_its_rows_are_counted(config: Path, tmp_path: Path) -> None:
    counted = counts(
        augment("run", "explain", "-c", config, *CPU, "-o", tmp_path / "a", "--json", "--limit", 7)
    )
    assert (counted["rows processed"], counted["rows not selected"], counted["rows read"]) == (7, 293, 300)
    reported = augment("run", "explain", "-c", config, *CPU, "-o", tmp_path / "a", "--limit", 7)
    assert "note: a trial: run.limit left 293 rows out" in reported.err


def test_splits_on_the_command_line_take_the_place_of_the_pipelines(config: Path, tmp_path: Path) -> None:
    words = ("run", "explain", "-c", config, *CPU, "-o", tmp_path / "a", "--json")
    counted = counts(augment(*words, "--split", "test", "--split", "validation"))
    splits = pq.read_table(tmp_path / "a" / "explain" / "source_rows.parquet").column("split").to_pylist()
    assert set(splits) == {"test", "validation"}
    assert counted["rows processed"] == len(splits)
    assert counted["rows passed through"] == 300 - len(splits)


def test_a_run_goes_to_runs_config_pipeline_by_default(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = augment("run", "explain", "-c", config, *CPU, "--limit", 2, "--quiet")
    assert (result.code, result.out) == (0, "runs/small-explain\n")
    assert (tmp_path / "runs" / "small-explain" / "report.html").is_file()


def test_the_json_of_a_run_is_all_that_stdout_holds(config: Path, tmp_path: Path) -> None:
    result = augment("run", "explain", "-c", config, *CPU, "-o", tmp_path / "a", "--limit", 3, "--json")
    summary = json.loads(result.out)
    assert (summary["folder"], summary["pipeline"]) == (str(tmp_path / "a"), "explain")
    assert sum(summary["attribution"]["ig"]["statuses"].values()) == 3
    assert result.err == ""


def test_a_setting_of_a_stage_is_recorded_and_another_one_is_another_run(small: Path, tmp_path: Path) -> None:
    """From a corpus file alone, with a shortcut that is named by hand."""
    corpus = (small / "small.csv", "--text", "review", "-m", small / "model", "--limit", 40)
    words = ("run", "balance", *corpus, "--accept", "很好=good", *CPU, "-o", tmp_path / "out", "-q")
    done = augment(*words, "--set", "rank.fraction=0.5")
    assert (done.code, done.out) == (0, f"{tmp_path / 'out'}\n"), done.err
    recorded = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    stages = recorded["fingerprint"]["pipeline"]["stages"]
    assert next(stage for stage in stages if stage["kind"] == "rank")["fraction"] == 0.5
    assert recorded["job"]["resources"]["accept"] == ["很好=good"]
    other = augment(*words, "--set", "rank.fraction=0.4")
    assert (other.code, "pipeline" in other.err) == (3, True)


def test_check_tells_what_a_run_would_use(config: Path, small: Path) -> None:
    words = ("check", "augment", "-c", config, "-c", "gpu")
    plain, result = augment(*words), augment(*words, "--json")
    assert (plain.code, plain.err, result.code, result.err) == (0, "", 0, "")
    reported = json.loads(result.out)
    assert reported["pipeline"].startswith("augment: tokenize > evidence > attribute > keywords > rank > ")
    assert reported["corpus"] == str(small / "small.csv")
    assert reported["columns"] == "text = review, label = label, id = id"
    assert reported["labels"] == "bad, good (300 rows seen)"
    assert reported["dictionaries"] == "none"
    assert reported["model"].endswith("classes bad, good")
    lines = dict(line.split(maxsplit=1) for line in plain.out.splitlines())
    assert lines == reported


def test_explain_shows_the_text_the_answer_and_the_words_that_matter(small: Path) -> None:
    result = augment("explain", "总体来说 房间 很好!", "-m", small / "model", "--top", 2)
    assert (result.code, result.err) == (0, "")
    text, answer, *words, completeness = result.out.splitlines()
    assert text == "总体来说 房间 很好!"
    assert answer.startswith("good  p(good) = ")
    assert len(words) == 2
    assert words[0].split()[0] in {"很", "好", "很好"}
    assert completeness.startswith("exact scores")


def test_explain_gives_json_and_takes_a_target(small: Path) -> None:
    result = augment("explain", "the movie 很好", "-m", small / "model", "--json", "--target", "bad")
    content = json.loads(result.out)
    assert (result.code, result.err) == (0, "")
    assert (content["target"], content["prediction"], content["text_pair"]) == ("bad", "good", None)
    assert len(content["tokens"]) == len(content["scores"]) == len(content["spans"]) == len(content["side"])


def test_explain_takes_a_pair_and_reports_which_model_reads_but_one_text(
    small: Path, pair_model: Path
) -> None:
    result = augment("explain", "怎么还款", "-m", pair_model, "--json", "--pair", "how to pay")
    content = json.loads(result.out)
    assert (result.code, result.err) == (0, "")
    assert content["text_pair"] == "how to pay"
    assert sorted(set(content["side"])) == [0, 1]
    refused = augment("explain", "怎么还款", "-m", small / "model", "--pair", "how to pay")
    assert (refused.code, refused.out) == (6, "")
    assert "reads one text" in refused.err
    assert len(refused.err.splitlines()) == 3


def test_a_config_in_place_of_a_pipeline_is_named_and_the_other_way_round(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("corpus: {files: a.csv}\n", encoding="utf-8")
    config = augment("check", tmp_path / "mine.yaml", "-c", tmp_path / "mine.yaml")
    assert (config.code, "this is a config, not a pipeline" in config.err) == (2, True)
    pipeline = augment("check", "augment", "-c", "augment")
    assert (pipeline.code, "this is a pipeline" in pipeline.err) == (2, True)


def test_a_run_with_too_many_rejected_rows_is_reported_before_the_error(small: Path, tmp_path: Path) -> None:
    rows = "".join(f"房间 很好 {row},good\n" if row % 2 else ",bad\n" for row in range(120))
    (tmp_path / "mine.csv").write_text(f"text,label\n{rows}", encoding="utf-8")
    settings = {
        "corpus": {"root": str(tmp_path), "files": "mine.csv"},
        "model": {"path": str(small / "model"), "max_length": 64},
    }
    (tmp_path / "mine.yaml").write_text(json.dumps(settings), encoding="utf-8")
    for _ in ("run", "read again"):
        result = augment("run", "explain", "-c", tmp_path / "mine.yaml", "-o", tmp_path / "out")
        assert (result.code, result.out.strip()) == (4, str(tmp_path / "out"))
        assert "rows the model is right on" in result.err
        assert "60 of 120 rows were rejected" in result.err.splitlines()[-2]


def test_explain_reports_when_the_model_did_not_see_the_whole_text(small: Path) -> None:
    """One line on stderr, and a number in the JSON; a text that fits has neither."""
    long = augment("explain", "总体来说 房间 很好! " * 5000, "-m", small / "model", "--json")
    assert long.code == 0
    assert re.fullmatch(r"note: the text is too long for the model: .*words.*\n", long.err)
    assert 0 < json.loads(long.out)["unseen"] < len(json.loads(long.out)["tokens"])
    short = augment("explain", "总体来说 房间 很好!", "-m", small / "model", "--json")
    assert (short.err, json.loads(short.out)["unseen"]) == ("", 0)


def test_explain_prints_brackets_as_they_are(small: Path) -> None:
    """Terminal markup in a text is text."""
    result = augment("explain", "[red]好[/red] [/]", "-m", small / "model")
    assert (result.code, result.out.splitlines()[0]) == (0, "[red]好[/red] [/]")


def test_no_color_is_honoured(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A forced terminal colours the words; NO_COLOR takes the colours away, and not a word with them."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    coloured = augment("explain", "房间 很好", "-m", small / "model").out
    monkeypatch.setenv("NO_COLOR", "1")
    plain = augment("explain", "房间 很好", "-m", small / "model").out
    assert "\x1b[" in coloured
    assert "\x1b" not in plain
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


def test_train_saves_a_model_and_tells_how_well_it_does(config: Path, tmp_path: Path) -> None:
    folder = tmp_path / "模型"
    result = augment("train", "-c", config, *CPU, "-m", folder, "--json", "--quiet")
    assert (result.code, result.err) == (0, "")
    content = json.loads(result.out)
    assert (content["folder"], content["start"], content["rows"], content["held_out"]) == (
        str(folder),
        "textcnn",
        60,
        "test",
    )
    assert 0 <= content["accuracy"] <= 1
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= {path.name for path in folder.iterdir()}


def test_train_with_folds_tells_how_well_each_does_out_of_fold(config: Path, tmp_path: Path) -> None:
    result = augment("train", "-c", config, *CPU, "--folds", "2", "-m", tmp_path / "m", "--quiet")
    assert result.code == 0
    assert re.search(r"without fold 1: accuracy 0\.\d{4} on the \d+ rows in it", result.err)
    assert re.search(r"out of fold: mean accuracy 0\.\d{4} of 2 models", result.err)
    assert (tmp_path / "m" / "fold-1" / "model.safetensors").is_file()


def test_audit_reads_what_the_folds_answered_and_lists_rows_on_request(config: Path, tmp_path: Path) -> None:
    assert augment("train", "-c", config, *CPU, "--folds", "2", "-m", tmp_path / "m", "--quiet").code == 0
    listed = tmp_path / "audit.csv"
    result = augment("audit", "-c", config, "-m", tmp_path / "m", "-o", listed, "--json")
    content = json.loads(result.out)
    assert result.code == 0
    assert sum(content["rows"].values()) == 300
    assert content["asked"] == 60
    assert listed.read_text(encoding="utf-8-sig").count("\n") >= len(content["findings"]) + 1
    plain = augment("audit", "-c", config, "--quiet")
    assert plain.code == 0
    assert "not looked for" in plain.out


def test_audit_replaces_no_file_of_others(config: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("text,label\n", encoding="utf-8")
    result = augment("audit", "-c", config, "-o", tmp_path / "mine.csv")
    assert result.code == 2
    assert result.err.count("\n") == 3
    assert (tmp_path / "mine.csv").read_text(encoding="utf-8") == "text,label\n"


def test_report_draws_the_same_page_again(finished: Path) -> None:
    page = finished / "report.html"
    first = page.read_bytes()
    assert augment("report", finished) == Result(0, f"{page}\n", "")
    assert page.read_bytes() == first
    assert augment("report", finished, "--rows", 3).code == 0
    assert len(page.read_bytes()) < len(first)
    page.write_bytes(first)


def test_list_names_pipelines_configs_and_stages() -> None:
    plain, result = augment("list"), augment("list", "--json")
    assert (plain.code, plain.err, result.code, result.err) == (0, "", 0, "")
    reported = json.loads(result.out)
    assert list(reported) == ["pipelines", "configs", "stages"]
    assert {"augment", "explain", "probe", "attack"} <= set(reported["pipelines"])
    assert {"demo-zh", "demo-en"} <= set(reported["configs"])
    assert {"tokenize", "attribute", "rank", "substitute", "delete", "attack", "judge", "keep"} <= set(
        reported["stages"]
    )
    assert all(about.strip() and "\n" not in about for kind in reported.values() for about in kind.values())
    assert all(f"  {name} " in plain.out for kind in reported.values() for name in kind)


def test_debug_lets_the_error_itself_through(config: Path) -> None:
    with pytest.raises(RequestError, match="no such pipeline"):
        augment("--debug", "check", "augmnt", "-c", config)


@pytest.mark.parametrize(
    "words",
    [("nothing",), ("check",), ("check", "augment", "--nothing"), ("explain", "好"), ("list", "a")],
)
def test_words_it_cannot_read_are_a_wrong_request(words: tuple[str, ...]) -> None:
    """Exit code 2, three lines on stderr, nothing on stdout."""
    result = augment(*words)
    assert (result.code, result.out) == (2, "")
    assert len(result.err.splitlines()) == 3
    assert result.err.startswith("error: augment")
    assert "--help` shows what it takes" in result.err


def test_a_pipeline_given_for_a_command_is_named_as_one() -> None:
    for name in ("augment", "attack"):
        assert f"it is a pipeline: `augment run {name}`;" in augment(name, "-c", "a.yaml").err


def test_no_words_at_all_show_the_help() -> None:
    assert augment().out == augment("--help").out


def test_the_module_runs_as_a_program(config: Path) -> None:
    """Streams and exit code hold in a process of its own."""
    words = [sys.executable, "-m", "augment.cli.main", "check"]
    good = subprocess.run(
        [*words, "explain", "-c", config, "--json"], capture_output=True, text=True, check=False, timeout=300
    )
    assert (good.returncode, good.stderr) == (0, "")
    assert "pipeline" in json.loads(good.stdout)
    bad = subprocess.run(
        [*words, "explian", "-c", config], capture_output=True, text=True, check=False, timeout=300
    )
    assert (bad.returncode, bad.stdout) == (2, "")
    assert bad.stderr == "error: pipeline `explian`\n  no such pipeline\n  did you mean `explain`?\n"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_run_that_is_interrupted_reports_it_and_is_resumed_to_its_end(
    config: Path, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    line = [sys.executable, "-m", "augment", "run", "explain", "-c", str(config), "-o", str(tmp_path / "out")]
    line += [*CPU, "--set", "run.shard_rows=3"]
    with subprocess.Popen(line, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as sample:
        deadline = time.monotonic() + 300
        while sample.poll() is None and not list((tmp_path / "out" / "run").glob("*.done.json")):
            if time.monotonic() > deadline:
                sample.kill()
                pytest.fail("no shard was done in time")
            time.sleep(0.01)
        sample.send_signal(number)
        out, err = sample.communicate(timeout=300)
    assert (sample.returncode, out) == (code, "")
    last = err.splitlines()[-3:]
    assert last[0] == "error: augment run"
    assert "what was finished is kept" in last[1]
    done = augment(
        "run", "explain", "-c", config, "-o", tmp_path / "out", *CPU, "--set", "run.shard_rows=3", "--json"
    )
    assert done.code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_command_that_keeps_nothing_does_not_promise_to_go_on(
    small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Interrupted(io.TextIOWrapper):
        """An input that the user interrupts."""

        @property
        def buffer(self) -> io.BytesIO:
            """Be interrupted."""
            signal.raise_signal(signal.SIGINT)
            return io.BytesIO()

    monkeypatch.setattr(sys, "stdin", Interrupted(io.BytesIO()))
    result = augment("explain", "-", "-m", small / "model")
    assert result.code == 130
    assert result.err.splitlines()[-3:] == [
        "error: augment explain",
        "  interrupted before it was done",
        "  run the same command again",
    ]


def test_a_text_is_read_from_the_standard_input(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the end of its last line, and only as UTF-8."""
    given = ("这部电影 good 😀\n", "这部电影 good 😀", "a good film\r\n", "a good film")
    for piped, text in zip(given[::2], given[1::2], strict=True):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(piped.encode())))
        result = augment("explain", "-", "-m", small / "model", "--json")
        assert (result.code, json.loads(result.out)["text"]) == (0, text)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("好".encode("gbk"))))
    result = augment("explain", "-", "-m", small / "model")
    assert result.code == 2
    assert "the standard input\n  line 1 is not UTF-8 at byte 0" in result.err
