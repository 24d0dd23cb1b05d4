from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest
from sqlalchemy import insert

from advisor_rules.rulebook import Rulebook
from app.cases import create_case
from app.errors import NotFound
from app.labelling import Opinion, label_record
from app.log_records import (
    FORWARDS,
    SHOWN,
    Query,
    counts,
    export,
    get_record,
    list_records,
    search_words,
)
from app.settings import Settings
from app.storage import Base, Database, FailureLog, LogRecord, LogText, utc_now
from tests.app.failures import as_lines, diagnosed_here, record

MANY = 100_000
SECONDS_A_PAGE = 0.1
LABELS = ("information", "behavior", "both", "neither", "uncertain")


@pytest.fixture
def log(database: Database, settings: Settings) -> FailureLog:
    """Ten records: refusals, broken JSON, the rest plain."""
    rows = [record(number) for number in range(4)]
    rows += [record(number, output="I'm sorry, I cannot help.") for number in range(4, 7)]
    rows += [
        record(number, output=f'{{"broken": {number}', format_spec={"type": "json"})
        for number in range(7, 9)
    ]
    rows.append(record(9, reviewer_note="Größte Straße, wrong price: 12.50 € (sku_77)"))
    return diagnosed_here(database, settings, as_lines(rows))


def found(database: Database, log: FailureLog, **wanted: object) -> list[int]:
    with database.reading() as session:
        query = Query(**wanted)  # type: ignore[arg-type]
        page = list_records(session, log.case_id, log.id, query, 100)
    assert page.total == len(page.items)
    return [row.number for row in page.items]


def test_filters_and_their_counts_agree(database: Database, log: FailureLog) -> None:
    with database.reading() as session:
        given = counts(session, log.case_id, log.id)
    assert given.records == sum(given.labels.values()) == 10
    assert given.labels.keys() <= set(LABELS)
    for label, count in given.labels.items():
        assert len(found(database, log, label=label)) == count
    for subtype, count in given.subtypes.items():
        assert len(found(database, log, subtype=subtype)) == count
    for confidence, count in given.confidences.items():
        assert len(found(database, log, confidence=confidence)) == count
    assert found(database, log, label="nothing") == []
    assert found(database, log, subtype="%") == []


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        ("sorry", [5, 6, 7]),
        ("SORRY help", [5, 6, 7]),
        ("sor", [5, 6, 7]),
        ("orry", []),
        ("question 3", [4]),
        ("strasse", [10]),
        ("GRÖSSTE", [10]),
        ("12.50", [10]),
        ("sku_77", [10]),
        ("broken", [8, 9]),
        ("nothing of this kind", []),
        ("???", list(range(1, 11))),
        ("", list(range(1, 11))),
    ],
)
def test_words_are_found_by_their_beginnings(
    database: Database, log: FailureLog, words: str, numbers: list[int]
) -> None:
    assert found(database, log, search=words) == numbers


@pytest.mark.parametrize(
    "words", ["' OR 1=1 --", '"', "* AND NOT", "log_id:x", "a:* & b | !", "\0", "(", "NEAR(a b)"]
)
def test_a_search_is_words_and_never_a_command(
    database: Database, log: FailureLog, words: str
) -> None:
    assert set(found(database, log, search=words)) <= set(range(1, 11))


def test_a_search_keeps_to_its_log(database: Database, settings: Settings, log: FailureLog) -> None:
    other = diagnosed_here(database, settings, as_lines([record(1, output="I'm sorry, no.")]))
    assert found(database, log, search="sorry") == [5, 6, 7]
    assert found(database, other, search="sorry") == [1]


@pytest.mark.parametrize("order", FORWARDS)
def test_pages_in_any_order_hold_every_record_once(
    database: Database, log: FailureLog, order: str
) -> None:
    seen: list[int] = []
    with database.reading() as session:
        query = Query(sort=order)  # type: ignore[arg-type]
        whole = list_records(session, log.case_id, log.id, query, 100)
        for offset in range(0, 12, 3):
            page = list_records(session, log.case_id, log.id, query, 3, offset)
            seen += [row.number for row in page.items]
    assert seen == [row.number for row in whole.items]
    assert sorted(seen) == list(range(1, 11))


def test_one_record_is_shown_whole(database: Database, log: FailureLog) -> None:
    with database.reading() as session:
        detail = get_record(session, log.case_id, log.id, 8)
    assert detail.body["format_spec"] == {"type": "json"}
    assert detail.row.label == detail.row.machine_label
    assert not detail.row.by_person
    assert detail.row.record_id == "r7"
    assert {"signal", "value", "detail"} <= set(detail.signals[0])
    assert (detail.previous, detail.next) == (7, 9)


@pytest.mark.parametrize("number", [0, -1, 11, 10**12])
def test_a_record_that_is_not_there_is_not_found(
    database: Database, log: FailureLog, number: int
) -> None:
    with pytest.raises(NotFound), database.reading() as session:
        get_record(session, log.case_id, log.id, number)


def test_lists_show_the_beginning_of_texts_in_one_line(
    database: Database, settings: Settings
) -> None:
    messages = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "a\n\nb"}]
    long = diagnosed_here(
        database, settings, as_lines([record(1, input=messages, output="word " * 1_000)])
    )
    with database.reading() as session:
        row = list_records(session, long.case_id, long.id).items[0]
    assert row.input == "a b"
    assert len(row.output) <= SHOWN
    assert row.output.endswith("…")


def test_the_export_holds_every_record_with_its_labels(
    database: Database, log: FailureLog, book: Rulebook
) -> None:
    with database.writing() as session:
        for name, label in (("Ada", "information"), ("Grace", "both")):
            opinion = Opinion(name, label, note="“so”")
            label_record(session, book, log.case_id, log.id, 2, opinion)
    with database.reading() as session:
        text = b"".join(export(session, log.case_id, log.id))
    lines = [json.loads(line) for line in text.splitlines()]
    assert [line["number"] for line in lines] == list(range(1, 11))
    assert lines[0].keys() >= {"id", "label", "subtype", "confidence", "signals", "rules"}
    second = lines[1]
    assert (second["label"], second["human"]["label"]) == ("both", "both")
    assert [said["annotator"] for said in second["labels"]] == ["Ada", "Grace"]
    assert second["record"]["output"] == "Answer 1."
    assert lines[0]["human"] is None


# --- a hundred thousand -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Database, FailureLog]]:
    """A log of a hundred thousand records on SQLite, written as the job writes them."""
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('large') / 'formfact.db'}")
    database.upgrade()
    with database.writing() as session:
        case_id = create_case(session, "bot").id
        log = FailureLog(case_id=case_id, name="large", state="done", records=MANY, position=MANY)
        session.add(log)
        session.flush()
        for made, table in ((a_record, LogRecord), (a_text, LogText)):
            rows = [made(log.id, number) for number in range(1, MANY + 1)]
            session.connection().execute(insert(Base.metadata.tables[table.__tablename__]), rows)
    yield database, log
    database.close()


def a_record(log_id: str, number: int) -> dict[str, object]:
    label, subtype = LABELS[number % 5], ("", "wrong_fact", "refusal")[number % 3]
    return {
        "id": number,
        "log_id": log_id,
        "number": number,
        "line": number,
        "record_id": f"r{number}",
        "label": label,
        "subtype": subtype,
        "final_label": label,
        "final_subtype": subtype,
        "confidence": "strong",
        "sureness": number % 4,
        "digest": f"{hash(str(number)) & (2**128 - 1):032x}",
        "happened_at": utc_now(),
        "repeat_of": None,
        "repeats": number % 7,
    }


def a_text(log_id: str, number: int) -> dict[str, object]:
    words = f"answer {number} about the warranty of product {number % 1_000} " * 12
    body = {"id": f"r{number}", "input": words, "output": words * 2}
    return {
        "id": number,
        "log_id": log_id,
        "searched": words,
        "body": body,
        "signals": [],
        "rules": [],
    }


@pytest.mark.parametrize(
    "query",
    [
        Query(),
        Query(sort="least_sure"),
        Query(sort="most_sure"),
        Query(sort="newest"),
        Query(sort="repeats", label="behavior"),
        Query(label="uncertain", subtype="refusal", confidence="weak", labelled=False),
        Query(labelled=True),
        Query(search="product 77"),
        Query(search="nowhere"),
        Query(search="warranty 12345", label="information"),
    ],
    ids=str,
)
@pytest.mark.parametrize("offset", [0, 90_000])
def test_every_page_of_a_large_log_comes_at_once(
    large: tuple[Database, FailureLog], query: Query, offset: int
) -> None:
    database, log = large
    took = []
    for _ in range(5):
        begun = time.process_time()
        with database.reading() as session:
            list_records(session, log.case_id, log.id, query, 50, offset)
        took.append(time.process_time() - begun)
    assert min(took) < SECONDS_A_PAGE


def test_words_are_split_alike_on_the_way_in_and_out() -> None:
    assert search_words("Don't-stop_me  ÉTÉ ١٢") == ["don", "t", "stop", "me", "été", "١٢"]
