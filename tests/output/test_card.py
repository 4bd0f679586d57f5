"""The card of a run's folder: true of what is there, readable by `load_dataset`, whatever the names in it."""

import json
import re
from dataclasses import replace

import pyarrow as pa
import pytest
import yaml
from huggingface_hub import DatasetCard
from hypothesis import given
from hypothesis import strategies as st

from augment.output.card import Card, draw_card, features_of, reviewed
from augment.output.export import SAMPLES, SOURCE_ROWS
from tests.texts import TEXTS

CARD = Card(
    "hotel: probe",
    "Key words are edited.",
    True,
    {"model": "hotel-zh, SHA-256 of its files 0f01", "labels, in the model's order": "差评, 好评"},
    {
        "rows read": 7766,
        "rows processed": 60,
        "samples made": 4,
        "samples kept": 0,
        "samples dropped": 3,
    },
    {"data/test.parquet": 60, "probes/test.parquet": 1, SOURCE_ROWS: 60, SAMPLES: 4, "dropped.parquet": 3},
    {"prediction not changed": 2, "its source row is not predicted right": 1},
    ("a trial: run.limit left 740 rows out",),
)


def front_matter(card: str) -> dict[str, object]:
    """Return the YAML on top of a card."""
    values = yaml.safe_load(card.split("---\n")[1])
    assert isinstance(values, dict)
    return values


def test_the_front_matter_maps_files_to_configurations_and_splits() -> None:
    assert front_matter(draw_card(CARD))["configs"] == [
        {"config_name": "default", "data_files": [{"split": "test", "path": "data/test.parquet"}]},
        {"config_name": "probes", "data_files": [{"split": "test", "path": "probes/test.parquet"}]},
    ]


def test_what_a_card_records_makes_it_anew_with_the_counts_of_later() -> None:
    recorded = json.loads(json.dumps(CARD.record))
    now = {name: getattr(CARD, name) for name in ("counts", "files", "dropped", "notices")}
    assert draw_card(Card(**recorded, **now)) == draw_card(CARD)


def test_reviewed_columns_are_those_of_before_and_who_reviewed_and_stay_so() -> None:
    features = {"data/": features_of(pa.schema([("text", pa.string()), ("score", pa.float64())]))}
    after = reviewed(features)
    assert [one["name"] for one in after["data/"]] == ["text", "score", "reviewed_by"]
    assert after["probes/"] == after["data/"]
    assert reviewed(after) == after
    assert reviewed({}) == {}


def test_the_hub_reads_the_card() -> None:
    card = draw_card(CARD)
    data = vars(DatasetCard(card).data)
    assert {name: data[name] for name in front_matter(card)} == front_matter(card)


def test_model_labels_counts_reasons_notices_and_files_are_reported() -> None:
    card = draw_card(CARD)
    for part in (
        "# hotel: probe",
        "| model | hotel-zh, SHA-256 of its files 0f01 |",
        "| labels, in the model's order | 差评, 好评 |",
        "| rows read | 7,766 |",
        "## Notices\n\n* a trial: run.limit left 740 rows out\n",
        "| prediction not changed | 2 |",
        "| its source row is not predicted right | 1 |",
        "| `dropped.parquet` | 3 | dropped samples, with the verdict and the reason |",
        "| `report.html` |",
        "| `manifest.json` |",
    ):
        assert part in card
    assert "samples kept" not in card


def test_every_file_with_rows_is_listed_with_what_it_holds() -> None:
    files = {**CARD.files, "rejects.parquet": 1, "data/训练.csv": 2, "probes/训练.csv": 1}
    card = draw_card(replace(CARD, files=files))
    for name, rows in files.items():
        row = next(line for line in card.splitlines() if line.startswith(f"| `{name}` | {rows} | "))
        assert len(row.split("|")[3].strip()) > 10


def test_data_holds_samples_only_where_samples_joined() -> None:
    assert "| source rows |" in draw_card(CARD)
    joined = replace(CARD, counts={**CARD.counts, "samples kept": 4})
    assert "| source rows, each followed by its samples that join, if any |" in draw_card(joined)


def test_probes_are_loaded_where_there_are_some_and_reported_missing_where_not() -> None:
    loading = '", "probes")\n```'
    assert loading in draw_card(CARD)
    assert "no `probes` configuration" not in draw_card(CARD)
    without = draw_card(replace(CARD, files={"data/test.parquet": 60}))
    assert loading not in without
    assert "There is no `probes` configuration, because no sample was set apart" in without
    assert "config_name: probes" not in without


def test_a_pipeline_that_edits_nothing_has_a_card_without_samples() -> None:
    files = {"data/test.parquet": 60, SOURCE_ROWS: 60}
    explained = replace(CARD, edits=False, counts={"rows read": 60}, files=files, dropped={}, notices=())
    card = draw_card(replace(explained, about="Nothing is edited."))
    assert "sample" not in card
    assert "because this pipeline edits nothing" in card
    assert "## Notices" not in card


def test_a_report_that_was_not_drawn_is_not_listed() -> None:
    assert "report.html" not in draw_card(replace(CARD, report=False))


@pytest.mark.parametrize(
    "text", [text for text in (*TEXTS, "a | b", "<b>好</b>", "two\nlines") if text.strip()]
)
def test_awkward_names_reasons_and_notices_leave_the_tables_whole(text: str) -> None:
    plain = draw_card(CARD).splitlines()
    facts = {"model": text, "labels, in the model's order": text}
    card = draw_card(
        replace(CARD, title=text, facts=facts, notices=(text,), dropped={text: 2, text + "!": 1})
    )
    cells = [line.replace("\\|", "").count(" | ") for line in card.split("\n")]
    assert cells == [line.count(" | ") for line in plain] + [0]
    assert front_matter(card) == front_matter(draw_card(CARD))


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_no_name_at_all_adds_a_line_or_a_cell(text: str) -> None:
    card = draw_card(replace(CARD, facts={"model": text, "labels": text}))
    plain = draw_card(replace(CARD, facts={"model": "x", "labels": "x"}))
    assert len(card.split("\n")) == len(plain.split("\n"))
    assert "<" not in card


HOSTILE = "# head\n\n<script>x</script> [a](javascript:1) ![b](http://x) \u202e|\n\n```\nrun\n\n- item\n\n---\nconfigs: []"


def test_the_about_of_a_pipeline_is_plain_words() -> None:
    card = draw_card(replace(CARD, about=HOSTILE))
    body = card.split("---\n", 2)[2]
    assert front_matter(card) == front_matter(draw_card(CARD))
    assert "<script" not in body
    assert "](" not in body.replace("\\](", "")
    assert "\u202e" not in body
    starts = [
        line[:3] for line in body.split("\n\n") if "item" in line or "head" in line or "configs" in line
    ]
    assert starts == ["\\# ", "\\- ", "\\--"]
    assert sum(line.startswith("```") for line in body.splitlines()) == 2


@given(st.text(st.sampled_from("<[]()!|`#->*=~1.) \n\\a好")))
def test_no_string_of_a_user_makes_a_tag_a_link_or_a_block(text: str) -> None:
    card = draw_card(
        replace(CARD, about=text, title=text, facts={text: text}, notices=(text,), dropped={text: 1})
    )
    body = card.split("---\n", 2)[2]
    assert "<" not in body
    assert not re.search(r"(?<!\\)(\\\\)*[\[\]]", body.split("## Load it")[0])
    assert sum(line.startswith(("```", "~~~")) for line in body.splitlines()) == 2
    assert [line for line in body.splitlines() if line.startswith("#")][1:] == [
        line for line in draw_card(CARD).split("---\n", 2)[2].splitlines() if line.startswith("#")
    ][1:]
