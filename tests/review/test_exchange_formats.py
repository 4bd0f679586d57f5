"""Files for Argilla and Label Studio, read and checked by these tools' own libraries, where they are installed; and back."""

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from augment.review.decision import Decision
from augment.review.exchange_formats import LABEL_STUDIO_CONFIG, Exported, to_argilla, to_label_studio
from augment.review.reading import read_decisions
from tests.texts import TEXTS

HASH = "0123456789abcdef"
PEOPLE = ("ann", "安", "bob@example.org", "7")


def sample(number: int, pair: str | None) -> Exported:
    """Return a sample to be decided on, with an awkward text."""
    text = TEXTS[number % len(TEXTS)] or "x"
    return Exported(
        *(
            f"r{number}~x~0",
            HASH,
            text,
            pair,
            f"source of {text}",
            pair,
            "好|<b>",
            "x",
            "keep",
            "as the rule says",
        ),
        *(0.9, None if number % 2 else 0.8, 0.25, "accept" if number % 3 else None),
    )


def decisions(number: int, pair: str | None) -> list[Decision]:
    """Return what several people decided on a sample."""
    edited = {"text": f"=1 “好” <b>\n'{number}", "text_pair": pair and "other"}
    kinds: list[dict[str, Any]] = [
        {"decision": "accept"},
        {"decision": "reject", "reason": "meaning"},
        {"decision": "edit", **edited},
    ]
    many = [kinds[(number + step) % 3] | {"reviewer": name} for step, name in enumerate(PEOPLE)]
    return [
        Decision.model_validate({"id": f"r{number}~x~0", "hash": HASH, "seconds": 1.5, **one}) for one in many
    ]


MADE = [
    (sample(number, pair), decisions(number, pair))
    for number, pair in ((n, "第二" if n % 4 == 1 else None) for n in range(24))
]


def plain(path: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the decisions of a file by person."""
    names = {"id", "hash", "decision", "reason", "text", "text_pair"}
    return {
        name: [one.model_dump(include=names) for one in those]
        for name, those in read_decisions([path]).items()
    }


def written(path: Path, records: list[dict[str, Any]]) -> Path:
    """Return a JSON file of records."""
    path.write_text(json.dumps(records, ensure_ascii=False), "utf-8")
    return path


def expected() -> dict[str, list[dict[str, Any]]]:
    """Return the decisions by person, as they must come back."""
    names = {"id", "hash", "decision", "reason", "text", "text_pair"}
    people: dict[str, list[dict[str, Any]]] = {}
    for _, those in MADE:
        for one in those:
            people.setdefault(str(one.reviewer), []).append(one.model_dump(include=names))
    return people


def test_argilla_reads_and_takes_the_records_and_what_it_writes_are_the_same_decisions(
    tmp_path: Path,
) -> None:
    io = pytest.importorskip("argilla.records._io", reason="needs argilla")
    answers = import_module("argilla.responses")
    path = written(tmp_path / "records.json", [to_argilla(*one) for one in MADE])
    records = io.JsonIO._records_from_json(path)
    for record, (sample, _) in zip(records, MADE, strict=True):
        assert record.fields["text"] == sample.text
        # These are the library's own models of what is sent to a server; a person that is no UUID is refused there.
        assert [one.api_model().value for one in record.suggestions] == [sample.suggested] * bool(
            sample.suggested
        )
        people = {one.user_id for one in record.responses}
        for person in people:
            answers.UserResponse([one for one in record.responses if one.user_id == person], _record=record)
        assert len(people) == len(PEOPLE)
    assert plain(io.JsonIO.to_json(records, tmp_path / "back.json")) == expected()


def test_label_studio_finds_its_config_tasks_predictions_and_annotations_valid(tmp_path: Path) -> None:
    library = pytest.importorskip("label_studio_sdk.label_interface", reason="needs label-studio-sdk")
    interface = library.LabelInterface(LABEL_STUDIO_CONFIG)
    interface.validate()
    tasks = [to_label_studio(*one) for one in MADE]
    for task in tasks:
        assert interface.validate_task({"data": task["data"]})
        for prediction in task["predictions"]:
            assert interface.validate_prediction(prediction, return_errors=True) == []
        assert [interface.validate_annotation(one) for one in task["annotations"]] == [True] * len(PEOPLE)
    assert plain(written(tmp_path / "tasks.json", tasks)) == expected()


def test_who_decided_is_known_after_every_round(tmp_path: Path) -> None:
    for number, form in enumerate((to_argilla, to_label_studio)):
        assert plain(written(tmp_path / f"{number}.json", [form(*one) for one in MADE])) == expected()
