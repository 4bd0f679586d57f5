"""Labels, keys, paths and texts reach the terminal as text: never markup, links, escape sequences or lines of their own."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from augment.api.attribution import Attribution
from augment.cli.terminal import print_summary, show_attribution
from augment.output.manifest import Summary
from augment.output.notices import OWN_ROWS
from augment.report.finding import RunFinding
from tests.cli.test_commands import CPU, augment
from tests.small import write_corpus

# A link, a colour, the title of the window, a line up, C1 controls, a direction mark, an error of our own, markup.
GOOD = "[/b]\x1b]8;;http://x\x07好\x1b[31m\x9b2J\u202e:smile:"
BAD = "[link=http://x]坏[/link]\nerror: forged\r[bold"
# What a console writes itself where it colours.
OWN = re.compile(r"\x1b\[[0-9;]*m")
ACTING = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the config of a corpus whose labels, texts, column and split are hostile, with its model trained."""
    folder = tmp_path_factory.mktemp("hostile\x1b[31m[")
    plain = write_corpus(folder, 120).read_text(encoding="utf-8").splitlines()[1:]
    with (folder / "rows.jsonl").open("w", encoding="utf-8") as stream:
        for line in plain:
            row, text, rest = line.split('"')[:3]
            label = GOOD if ",good," in rest else BAD
            value = {
                "id": row.rstrip(","),
                "text": f"{text} \x1b[2J[/]\u202e",
                "label": label,
                "no\x1b[te": "x",
            }
            stream.write(json.dumps(value, ensure_ascii=False) + "\n")
    config = folder / "mine.yaml"
    config.write_text(
        f"corpus: {{root: {json.dumps(str(folder))}, files: rows.jsonl, text: text, label: label, id: id}}\n"
        f"model: {{path: {json.dumps(str(folder / 'model'))}, max_length: 64}}\n"
        "train: {start: textcnn, epochs: 4, batch_size: 16, learning_rate: 0.005, vocabulary: 300}\n"
        "run: {device: cpu, threads: 1}\nresources: {lexicons: []}\n",
        encoding="utf-8",
    )
    assert augment("train", "-c", config).code == 0
    return config


@pytest.mark.parametrize("colours", [False, True])
def test_no_command_prints_what_acts(
    hostile: Path, tmp_path: Path, colours: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if colours:
        monkeypatch.setenv("FORCE_COLOR", "1")
    folder, out = hostile.parent, tmp_path / "\x1b]0;title\x07"
    words: list[list[object]] = [
        ["check", "augment", "-c", hostile],
        ["run", "augment-wide", "-c", hostile, "-o", out, "--limit", "20", *CPU],
        ["run", "augment-wide", "-c", hostile, "-o", out, "--limit", "20", *CPU, "--json"],
        ["verify", out],
        ["verify", out, "--json"],
        ["report", out],
        ["keywords", "-c", hostile, "-o", tmp_path / "keywords", *CPU],
        ["explain", f"{GOOD} {BAD}", "-m", folder / "model"],
        ["explain", f"{GOOD} {BAD}", "-m", folder / "model", "--json"],
        ["explain", "好", "-m", folder / "model", "--target", "\x1b[31m[/b]"],
        ["run", "\x1b[31m", "-c", hostile],
        ["run", "augment-wide", "-c", "\x1b]8;;x\x07\u202e"],
        ["run", "augment-wide", "-c", hostile, "--set", "run.\x1b[31m=1"],
        ["run", "augment-wide", "-c", hostile, "--split", "\x1b[31m\u202e"],
        ["explain", "好", "-m", "./\x1b[31m\u202e"],
    ]
    if colours:
        words = words[3:4] + words[6:8]
        augment("run", "augment-wide", "-c", hostile, "-o", out, "--limit", "20", *CPU)
    for line in words:
        result = augment(*line)
        message = OWN.sub("", result.out + result.err)
        assert message, line
        assert ACTING.search(message) is None, (line, message)
        assert not any(part.startswith("error: forged") for part in result.err.splitlines()), line
        assert result.code != 1, (line, message)


def test_a_summary_has_what_a_language_model_came_to_and_no_notice_twice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    counts: dict[str, int] = {"rows read": 3}
    usage: dict[str, object] = {"destination": "a", "calls": 1234, "tokens read": 5, "money": 0.0}
    summary = Summary(
        tmp_path,
        "rewrite",
        counts,
        {},
        {},
        {},
        {},
        {},
        (OWN_ROWS, "other"),
        1.0,
        2.0,
        language_model={"rewrite": usage},
    )
    print_summary(summary)
    lines = capsys.readouterr().err.splitlines()
    assert [" ".join(line.split()) for line in lines if line.startswith("rewrite:")] == [
        "rewrite: calls 1,234",
        "rewrite: tokens read 5",
    ]
    assert f"note: {OWN_ROWS}" in lines
    print_summary(replace(summary, findings=(RunFinding.of("over_confident", "low"),)))
    printed = capsys.readouterr().err
    assert printed.count("over-confident") == 1
    assert "note: other" in printed


def test_labels_are_shown_whole_and_not_as_markup(hostile: Path) -> None:
    result = augment("explain", "房间 很好", "-m", hostile.parent / "model")
    assert "[/b]⟨ESC⟩]8;;http://x" in result.out or "[link=http://x]坏[/link] error: forged" in result.out


def test_json_gives_labels_as_they_are(hostile: Path) -> None:
    content = json.loads(augment("explain", "房间 很好", "-m", hostile.parent / "model", "--json").out)
    assert content["prediction"] in (GOOD, BAD)


@pytest.mark.parametrize(
    ("method", "status", "error", "words"),
    [
        ("integrated_gradients", "exact", 0.0, "exact scores (a closed form), 9 evaluations"),
        ("integrated_gradients", "not_converged", 0.5, "scores within 50.00% (not_converged), 9 evaluations"),
        ("shapley", "exact", 0.0, "exact scores, 9 evaluations"),
        ("shapley", "fixed", 0.02, "scores with a standard error of 2.00%, 9 evaluations"),
        (
            "lime",
            "fixed",
            0.1,
            "weights of a linear model that leaves 10.00% of the answers unexplained, 9 evaluations",
        ),
        (
            "gradient_x_input",
            "fixed",
            0.5,
            "a ranking: the sum of the scores misses the change of the answer by 50.00%, 9 evaluations",
        ),
        ("gradient", "fixed", None, "a ranking: these scores do not have to add up, 9 evaluations"),
    ],
)
def test_what_an_error_means_is_written_by_method(
    method: str, status: str, error: float | None, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    explained = Attribution(
        text="好",
        text_pair=None,
        tokens=("好",),
        side=(0,),
        spans=((0, 1),),
        scores=(1.0,),
        target="good",
        prediction="good",
        probability=0.9,
        rest=0.0,
        gap=error,
        error=error,
        evaluations=9,
        status=status,
        method=method,
    )
    show_attribution(explained, 1)
    assert capsys.readouterr().out.splitlines()[-1] == words


def test_scores_line_up_behind_chinese_words_and_another_label_than_the_predicted_one_is_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    explained = Attribution(
        text="不感兴趣ok俺",
        text_pair=None,
        tokens=("不感兴趣", "ok", "俺"),
        side=(0, 0, 0),
        spans=((0, 4), (4, 6), (6, 7)),
        scores=(1.5, -1.0, 0.5),
        target="bad",
        prediction="good",
        probability=0.019,
        rest=0.0,
        gap=0.0,
        error=0.0,
        evaluations=9,
        status="converged",
    )
    show_attribution(explained, 3)
    _, head, *words, _ = capsys.readouterr().out.splitlines()
    assert head == "good is predicted, bad explained  p(bad) = 0.019"
    assert words == ["  不感兴趣  +1.5000", "  ok        -1.0000", "  俺        +0.5000"]
