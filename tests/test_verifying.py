"""Verifying: a sound folder passes, whatever its format; a byte changed anywhere is found, and so is a row that does not fit."""

import json
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

import augment
from augment.api.run import run
from augment.config.job import Job
from augment.config.sections import CorpusConfig, ModelConfig
from augment.errors import DataError, RequestError
from augment.output.export import SAMPLES, SOURCE_ROWS
from augment.output.manifest import seal
from augment.pipeline.definition import Pipeline
from augment.tables.files import digest, read_json, write_json
from augment.tables.run_folder import MANIFEST, PLAN
from augment.tables.sink import Sink
from augment.training.wordpiece import learn
from augment.verification import Verification, verify
from augment.verification.checks import UNITS
from augment.verification.records import Labels, records
from tests.cli.test_commands import augment as command
from tests.small import random_bert, small_job
from tests.texts import TEXTS

Row = dict[str, Any]
EVERY = ("train", "validation", "test")
FORMATS = ("parquet", "csv", "jsonl")
PAIRS = (
    ("怎么还款 how to pay", "如何还钱 👍🏽"),
    ("花呗还款 早 how", "how to pay 𠮷 back"),
    ("e\u0301t\u0301 pay 还款", "全角　空格 还钱"),
    ("👨‍👩‍👧‍👦 还款 怎么", "flag 🇨🇳 what to do"),
)


def job_of(small: Path, folder: Path, kind: str = "parquet", **corpus: object) -> Job:
    """Return the job of a corpus in `folder`, every split of it worked on, with output of a kind."""
    job = small_job(small, splits=EVERY, shard_rows=16)
    section = CorpusConfig.model_validate({"root": str(folder), **corpus})
    return job.model_copy(
        update={"corpus": section, "output": job.output.model_copy(update={"format": kind})}
    )


def pipeline(name: str, *stages: Row) -> Pipeline:
    """Return a pipeline that explains, ranks, leaves words out, and then has these stages."""
    first = [{"kind": "tokenize"}, {"kind": "attribute", "fixed": 2, "baseline": "corpus"}]
    edit = [{"kind": "rank", "fraction": 0.25}, {"kind": "delete", "on": "any", "samples": 2}]
    return Pipeline.model_validate(
        {"name": name, "about": name, "splits": EVERY, "stages": [*first, *edit, *stages]}
    )


@pytest.fixture(scope="module")
def probed(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run with every kind of file: rows passed through, probes, dropped samples, rejected rows."""
    corpus = tmp_path_factory.mktemp("corpus")
    rows = (small / "small.csv").read_text(encoding="utf-8").splitlines()[:151]
    (corpus / "c.csv").write_text("\n".join([*rows, 'x1," ",good,n', "x2,很好,,n"]), encoding="utf-8")
    job = job_of(small, corpus, files="c.csv")
    settings = {"splits": ("test",), "limit": 12, "max_reject_rate": 1.0}
    job = job.model_copy(update={"run": job.run.model_copy(update=settings)})
    rules = [{"verdict": "contrast", "prediction": "changed"}, {"verdict": "keep", "p_gold_at_least": 0.85}]
    plan = pipeline("every-kind", {"kind": "judge"}, {"kind": "keep", "rules": rules})
    return run(plan, job, tmp_path_factory.mktemp("runs") / "every").folder


@pytest.fixture(scope="module", params=FORMATS)
def awkward(request: pytest.FixtureRequest, small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run of `augment` on awkward texts in one format of output."""
    corpus = tmp_path_factory.mktemp("corpus")
    texts = [text for text in TEXTS if text.strip()]
    rows = [
        {"reason": text, "label": row % 2, "source_id": "mother", "code": "007"}
        for row, text in enumerate(texts)
    ]
    (corpus / "c.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    names = {"0": "bad", "1": "good"}
    job = job_of(small, corpus, request.param, files="c.jsonl", text="reason", label_names=names)
    return run("augment", job, tmp_path_factory.mktemp("runs") / "awkward").folder


@pytest.fixture(scope="module")
def paired(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run on pairs, with a calibration file and no verdicts, by a tiny BERT with random weights."""
    folder = tmp_path_factory.mktemp("pairs")
    tokenizer = learn([f"{one} {other}" for one, other in PAIRS] * 4, 200, 64)
    names = ("不同", "相同")
    random_bert(folder / "model", tokenizer, names, num_hidden_layers=1)
    rows = [{"q1": one, "q2": other, "label": names[len(one) % 2]} for one, other in PAIRS * 3]
    (folder / "c.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    job = job_of(folder, folder, files="c.jsonl", text="q1", text_pair="q2")
    job = job.model_copy(update={"model": ModelConfig(path=str(folder / "model"), max_length=64)})
    return run(pipeline("pairs"), job, folder / "run").folder


@pytest.fixture
def folder(probed: Path, tmp_path: Path) -> Path:
    """Return a copy of the run with every kind of file, to be spoiled."""
    return Path(shutil.copytree(probed, tmp_path / "run"))


def files_of(folder: Path) -> list[str]:
    """Return the name of every file below a folder."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def failed(result: Verification) -> set[str]:
    """Return the names of the checks that failed."""
    return {check.name for check in result.checks if check.wrong}


def problems(result: Verification, name: str) -> str:
    """Return all that a check says is wrong."""
    return "\n".join(next(check.problems for check in result.checks if check.name == name))


def resealed(folder: Path, change: Callable[[Row], None]) -> Path:
    """Return the folder, its manifest changed and sealed again."""
    manifest = read_json(folder / MANIFEST)
    change(manifest)
    manifest.pop("sha256")
    write_json(folder / MANIFEST, {**manifest, "sha256": seal(manifest)})
    return folder


def rehashed(folder: Path, name: str) -> Path:
    """Return the folder, its manifest taking a changed file for the right one."""

    def change(manifest: Row) -> None:
        if name in manifest["files"]:
            rows = sum(1 for _ in records(folder / name, ("id",)))
            manifest["files"][name] = {"rows": rows, "sha256": digest(folder / name)}
            manifest["summary"]["files"][name] = rows
        else:
            manifest["beside"][name] = digest(folder / name)

    return resealed(folder, change)


def rewritten(folder: Path, name: str, change: Callable[[list[Row]], object]) -> Verification:
    """Return what is found once the rows of a file were changed and the file was hashed again."""
    path = folder / name
    if path.suffix == ".parquet":
        table = pq.read_table(path)
        rows = table.to_pylist()
        change(rows)
        pq.write_table(pa.Table.from_pylist(rows, table.schema), path)
    else:
        rows = [dict(row) for row in records(path, ())]
        change(rows)
        path.unlink()
        sink = Sink(path)
        sink.add(pa.Table.from_pylist(rows))
        sink.close(keep=True)
    return verify(rehashed(folder, name))


def changed_json(folder: Path, name: str, change: Callable[[Row], None]) -> Verification:
    """Return what is found once a JSON file in run/ was changed and hashed again."""
    values = read_json(folder / name)
    change(values)
    write_json(folder / name, values)
    return verify(rehashed(folder, name))


def first_sample(rows: list[Row]) -> Row:
    """Return the first sample among rows."""
    return next(row for row in rows if row["source_id"] is not None and row["edits"])


def test_a_run_with_every_kind_of_file_is_whole(probed: Path) -> None:
    positions = {name.partition("/")[0] for name in files_of(probed)}
    assert positions >= {
        "data",
        "probes",
        "explain",
        "run",
        "dropped.parquet",
        "rejects.parquet",
        "report.html",
    }
    verification = verify(probed)
    assert (verification.ok, [check.name for check in verification.checks]) == (True, list(UNITS))
    counts = read_json(probed / MANIFEST)["summary"]
    assert isinstance(counts, dict)
    looked = {check.name: check.looked for check in verification.checks}
    assert looked["edits"] == counts["counts"]["samples made"] > 15
    assert looked["files"] == len(files_of(probed))
    assert all(looked.values())


def test_awkward_texts_are_whole_in_every_format(awkward: Path) -> None:
    """With numbers for labels, and source columns that have names of ours."""
    verification = verify(awkward)
    assert verification.ok, verification
    assert verification.checks[3].looked > 20


def test_pairs_and_a_calibration_are_whole(paired: Path) -> None:
    assert verify(paired).ok
    assert any("calibration" in name for name in files_of(paired))
    samples = pq.read_table(paired / SAMPLES).to_pylist()
    assert {edit["side"] for sample in samples for edit in sample["edits"]} == {0, 1}


def test_a_run_without_samples_or_a_report_is_whole(small: Path, tmp_path: Path) -> None:
    job = small_job(small, limit=5)
    job = job.model_copy(update={"output": job.output.model_copy(update={"report_rows": 0})})
    folder = run("explain", job, tmp_path / "out").folder
    assert verify(folder).ok
    assert "report.html" not in files_of(folder)


@pytest.mark.parametrize("seed", range(70))
def test_a_changed_byte_in_any_file_is_found(folder: Path, seed: int) -> None:
    """Every file in turn, at a random place."""
    chance = random.Random(seed)
    names = files_of(folder)
    name = names[seed % len(names)]
    content = bytearray((folder / name).read_bytes())
    content[chance.randrange(len(content))] ^= chance.randrange(1, 256)
    (folder / name).write_bytes(content)
    verification = verify(folder)
    assert "files" in failed(verification)
    assert Path(name).name in problems(verification, "files")


def test_a_changed_byte_is_found_in_every_format(awkward: Path, tmp_path: Path) -> None:
    chance = random.Random(7)
    for number, name in enumerate(files_of(awkward)):
        folder = Path(shutil.copytree(awkward, tmp_path / str(number)))
        content = bytearray((folder / name).read_bytes())
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        (folder / name).write_bytes(content)
        assert Path(name).name in problems(verify(folder), "files")


def test_every_file_cut_short_emptied_or_gone_is_found(folder: Path) -> None:
    for name in files_of(folder):
        if name == MANIFEST:
            continue
        whole = (folder / name).read_bytes()
        for content in (whole[:-1], b""):
            (folder / name).write_bytes(content)
            assert name in problems(verify(folder), "files")
        (folder / name).unlink()
        assert f"{name}: missing" in problems(verify(folder), "files")
        (folder / name).write_bytes(whole)
    assert verify(folder).ok


@pytest.mark.parametrize(
    "name", ["评论.txt", "data/more.parquet", "probes/x/y.csv", "explain/.a", "run/part-00099.done.json"]
)
def test_a_file_the_run_did_not_write_is_found(folder: Path, name: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text("{}", encoding="utf-8")
    assert f"{name}: not written by the run" in problems(verify(folder), "files")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[:-1],
        lambda text: text[: len(text) // 2],
        lambda text: b"",
        lambda text: b"[]",
        lambda text: text.replace(b"\n", b" ", 1),
        lambda text: text.replace(b'"rows"', b'"rowx"', 1),
        lambda text: text.replace(b'"augment"', b'"\\u0061ugment"', 1),
        lambda text: text[:40] + b"\xff" + text[40:],
    ],
)
def test_a_manifest_that_is_not_as_it_was_written_is_a_failed_check(
    folder: Path, spoil: Callable[[bytes], bytes]
) -> None:
    (folder / MANIFEST).write_bytes(spoil((folder / MANIFEST).read_bytes()))
    verification = verify(folder)
    assert MANIFEST in problems(verification, "files")
    assert all(check.looked or check.wrong for check in verification.checks)


@pytest.mark.parametrize("seed", range(12))
def test_damage_that_was_hashed_again_never_ends_in_an_error(folder: Path, seed: int) -> None:
    """What the damage hits decides whether it shows; most of it does."""
    chance = random.Random(seed)
    name = chance.choice([name for name in files_of(folder) if name != MANIFEST])
    content = bytearray((folder / name).read_bytes())
    for _ in range(30):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    (folder / name).write_bytes(content)

    def change(manifest: Row) -> None:
        known = manifest["files"].get(name)
        (known or manifest["beside"])["sha256" if known else name] = digest(folder / name)

    verification = verify(resealed(folder, change))
    assert verification.ok == (not failed(verification))
    assert "SHA-256" not in problems(verification, "files")


def test_a_sample_with_another_text_is_found_by_its_edits(awkward: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(awkward, tmp_path / "run"))
    name = next(name for name in files_of(folder) if name.startswith("data/train"))

    def change(rows: list[Row]) -> None:
        sample = first_sample(rows)
        sample["reason_source"] += "。"

    result = rewritten(folder, name, change)
    assert failed(result) >= {"edits"}
    assert "files" not in failed(result)
    assert "its edits give another text" in problems(result, "edits")


def test_a_changed_label_is_found(awkward: Path, tmp_path: Path) -> None:
    """Of a sample and of a source row; the source wrote numbers."""
    for whose in (first_sample, lambda rows: rows[0]):
        folder = Path(shutil.copytree(awkward, tmp_path / whose.__name__))
        name = next(name for name in files_of(folder) if name.startswith("data/train"))

        def change(rows: list[Row], whose: Callable[[list[Row]], Row] = whose) -> None:
            row = whose(rows)
            row["label"] = type(row["label"])(1 - int(row["label"]))

        result = rewritten(folder, name, change)
        assert failed(result) == {"labels"}, result


def test_the_second_text_of_a_pair_is_held_against_its_edits(paired: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(paired, tmp_path / "run"))
    name = next(name for name in files_of(folder) if name.startswith("data/"))
    result = rewritten(folder, name, lambda rows: first_sample(rows).update(q2="如何"))
    assert failed(result) == {"edits", "inputs"}
    assert "its edits give another text" in problems(result, "edits")


DROP = "dropped.parquet"
TAMPERED: dict[str, tuple[str, Callable[[list[Row]], object], str, str]] = {
    "edits of a sample": (DROP, lambda rows: rows[0]["edits"].pop(), "edits", "edits"),
    "old text of an edit": (DROP, lambda rows: rows[0]["edits"][0].update(old="?"), "edits", "do not fit"),
    "place of an edit": (DROP, lambda rows: rows[0]["edits"][0].update(start=99), "edits", "do not fit"),
    "side of an edit": (DROP, lambda rows: rows[0]["edits"][0].update(side=1), "edits", "do not fit"),
    "method of a sample": (DROP, lambda rows: rows[0].update(method="x"), "edits", "its id is not"),
    "id of a sample": (DROP, lambda rows: rows[0].update(id="r1~a~01"), "edits", "its id is not"),
    "source row of a sample": (
        DROP,
        lambda rows: rows[0].update(source_id="r1~x"),
        "inputs",
        "source row is not in",
    ),
    "verdict of a sample": (DROP, lambda rows: rows[0].update(verdict="keep"), "balance", "verdict"),
    "a sample twice": (DROP, lambda rows: rows.append(rows[0]), "inputs", "twice"),
    "a sample gone": (DROP, lambda rows: rows.pop(), "balance", "samples dropped"),
    "a sample in explain": (SAMPLES, lambda rows: rows[0].update(text="好"), "edits", SAMPLES),
    "its label": (SAMPLES, lambda rows: rows[0].update(label="x"), "labels", "another label"),
    "a sample more in explain": (
        SAMPLES,
        lambda rows: rows.append({**rows[0], "id": "x~y~1"}),
        "inputs",
        "rows of",
    ),
    "text of a row": (
        "data/test.parquet",
        lambda rows: rows[0].update(review="好"),
        "inputs",
        "another text",
    ),
    "a row gone": ("data/test.parquet", lambda rows: rows.pop(0), "inputs", "rows of"),
    "a row more": (
        "data/train.parquet",
        lambda rows: rows.append({**rows[0], "id": "new"}),
        "balance",
        "passed",
    ),
    "a row twice": ("data/train.parquet", lambda rows: rows.append(rows[0]), "inputs", "twice"),
    "text worked on": (SOURCE_ROWS, lambda rows: rows[0].update(text="好"), "inputs", "another text"),
    "label worked on": (SOURCE_ROWS, lambda rows: rows[0].update(label="x"), "labels", "another label"),
    "a row worked on twice": (SOURCE_ROWS, lambda rows: rows.append(rows[0]), "inputs", "twice"),
    "a rejected row that is there": (
        "rejects.parquet",
        lambda rows: rows[0].update(id="r0"),
        "inputs",
        "twice",
    ),
    "a rejected row gone": ("rejects.parquet", lambda rows: rows.pop(), "balance", "rows rejected"),
}


@pytest.mark.parametrize("case", TAMPERED)
def test_a_file_that_was_changed_and_hashed_again_is_found_by_what_it_says(folder: Path, case: str) -> None:
    name, change, check, reported = TAMPERED[case]
    result = rewritten(folder, name, change)
    assert "files" not in failed(result), result
    assert reported in problems(result, check), result


def test_a_row_in_the_file_of_another_split_is_found(awkward: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(awkward, tmp_path / "run"))

    def change(rows: list[Row]) -> None:
        other = next(row["split"] for row in rows if row["split"] != rows[0]["split"])
        rows[0]["split"] = other

    assert "in the file of another split" in problems(rewritten(folder, SOURCE_ROWS, change), "inputs")


COUNTS = ("rows read", "rows worked on", "rows rejected", "samples made", "samples dropped")


@pytest.mark.parametrize("name", COUNTS)
def test_a_count_that_does_not_fit_is_found(folder: Path, name: str) -> None:
    def change(manifest: Row) -> None:
        manifest["summary"]["counts"][name] += 1

    verification = verify(resealed(folder, change))
    assert "balance" in failed(verification)
    assert name in problems(verification, "balance")


@pytest.mark.parametrize(
    ("key", "message"), [("fingerprint", "fingerprint"), ("job", "settings"), ("staged", "receipts")]
)
def test_a_plan_that_is_not_that_of_the_run_is_found(folder: Path, key: str, message: str) -> None:
    def change(plan: Row) -> None:
        plan[key].update(active=9, seed=9)

    result = changed_json(folder, PLAN, change)
    assert message in problems(result, "plan")
    assert "files" not in failed(result)


def test_receipts_that_are_missing_doubled_or_do_not_add_up_are_found(folder: Path, tmp_path: Path) -> None:
    name = next(name for name in files_of(folder) if name.endswith(".done.json"))
    result = changed_json(folder, name, lambda receipt: receipt.update(rows=receipt["rows"] + 1))
    assert failed(result) == {"plan"}
    assert "the rows of the receipts" in problems(result, "plan")
    result = changed_json(folder, name, lambda receipt: receipt.update(shard=77))
    assert "the receipt of another shard" in problems(result, "plan")
    result = changed_json(folder, name, lambda receipt: receipt.pop("rejects"))
    assert "cannot be read: rejects" in problems(result, "plan")
    (folder / name).write_text("[]", encoding="utf-8")
    assert "cannot be read" in problems(verify(folder), "plan")
    (folder / name).unlink()
    assert "the shards with a receipt" in problems(verify(folder), "plan")


def test_a_calibration_that_is_not_the_one_made_is_found(paired: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(paired, tmp_path / "run"))
    name = next(name for name in files_of(folder) if "calibration" in name)
    (folder / name).write_text("[]", encoding="utf-8")
    verification = verify(rehashed(folder, name))
    assert (failed(verification), "calibrations" in problems(verification, "plan")) == ({"plan"}, True)


def test_the_report_may_be_drawn_again_and_nothing_else_is_taken_for_right(folder: Path) -> None:
    assert command("report", folder, "--rows", 3).code == 0
    assert verify(folder).ok
    (folder / "README.md").write_text("mine", encoding="utf-8")
    assert command("report", folder, "--rows", 4).code == 0
    assert problems(verify(folder), "files").startswith("README.md: ")
    text = (folder / MANIFEST).read_text(encoding="utf-8")
    (folder / MANIFEST).write_text(text.replace('"seconds": ', '"seconds": 1'), encoding="utf-8")
    assert command("report", folder).code == 0
    assert MANIFEST in problems(verify(folder), "files")


@given(st.one_of(st.text(min_size=1), st.integers(-(1 << 53), 1 << 53), st.booleans(), st.floats(-1e9, 1e9)))
def test_a_label_is_recognised_however_a_format_writes_it(value: str | int | bool | float) -> None:
    """As the reader says it, in Parquet and JSON with its type, in CSV without; and no other is."""
    labels = Labels({}, {"label": "label"})
    read = pa.array([value]).cast(pa.string())[0].as_py()
    assert labels.same(value, read)
    assert labels.same(str(value), read)
    assert labels.same(json.loads(json.dumps(value)), read)
    assert not labels.same(value, f"{read}x")
    assert not labels.same(value, None) or str(value) in ("-1", "-1.0")


def test_the_command_tells_every_check_and_takes_json(probed: Path) -> None:
    plain = command("verify", probed, "--quiet")
    assert (plain.code, plain.err) == (0, "")
    assert [line.split()[:2] for line in plain.out.splitlines()] == [[name, "ok"] for name in UNITS]
    result = command("verify", probed, "--json")
    reported = json.loads(result.out)
    assert (result.code, result.err, reported["ok"], reported["folder"]) == (0, "", True, str(probed))
    assert [(check["name"], check["ok"], check["problems"]) for check in reported["checks"]] == [
        (name, True, []) for name in UNITS
    ]


def test_the_command_tells_what_is_wrong_and_ends_with_code_5(folder: Path) -> None:
    """Every check on stdout; then three lines that name the first, and no text of the corpus."""
    (folder / "README.md").unlink()
    rewritten(folder, DROP, lambda rows: rows[0].update(review="秘密"))
    result = command("verify", folder)
    assert result.code == 5
    lines = result.out.splitlines()
    assert [line.split()[0] for line in lines] == list(UNITS)
    assert re.fullmatch(r"files +failed  \d+ files, 1 wrong: README\.md: missing", lines[0])
    assert lines[-1].split()[1] == "ok"
    assert result.err.splitlines()[:2] == [
        f"error: {folder}",
        "  3 of 6 checks failed, first `files`: README.md: missing",
    ]
    assert len(result.err.splitlines()) == 3
    assert "秘密" not in result.out + result.err
    reported = json.loads(command("verify", folder, "--json").out)
    assert (reported["ok"], reported["checks"][0]["problems"]) == (False, ["README.md: missing"])


def test_an_id_cannot_steer_the_terminal(folder: Path) -> None:
    rewritten(folder, DROP, lambda rows: rows[0].update(id="\x1b[31m\n好"))
    assert "\x1b" not in command("verify", folder).out
    assert "好" in command("verify", folder).out


def test_a_folder_without_a_finished_run_is_a_wrong_request(tmp_path: Path) -> None:
    for index in (tmp_path, tmp_path / "nowhere"):
        result = command("verify", index)
        assert (result.code, result.out, len(result.err.splitlines())) == (2, "", 3)
        assert "no finished run" in result.err
    with pytest.raises(RequestError, match="no finished run"):
        augment.verify(tmp_path)


def test_python_gets_the_checks_and_may_ask_for_an_error(folder: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    verification = verify(str(folder), lambda phase, done, total: seen.append((phase, done, total)))
    assert isinstance(verification, augment.Verification)
    verification.require()
    assert {phase for phase, _, _ in seen} == {"files", "rows"}
    assert all(0 <= done <= total for _, done, total in seen)
    (folder / "README.md").unlink()
    with pytest.raises(DataError, match="1 of 6 checks failed, first `files`"):
        augment.verify(folder).require()


def test_neither_torch_nor_a_model_is_loaded(folder: Path) -> None:
    script = (
        "import sys; from augment.verification import verify; assert verify(sys.argv[1]).ok\n"
        "print(sorted({'torch', 'transformers', 'datasets', 'sklearn'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, folder], capture_output=True, text=True, check=False, timeout=300
    )
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr
