"""What a probe found, as it is listed, looked at and handed over."""

from __future__ import annotations

import io
import json
import zipfile

import pytest

from advisor_rules.rulebook import Rulebook
from app.errors import Conflict, Invalid, NotFound
from app.pooling import Judgement, judge, next_to_judge
from app.probe_found import (
    QuestionQuery,
    counts_of,
    get_passage,
    get_question,
    list_questions,
)
from app.probe_questions import Asking
from app.probe_starter import GONE, starter_pieces, why_no_starter, write_starter
from app.probes import get_probe
from app.settings import Settings
from app.starter import FOLDER
from app.storage import Database, Probe
from evidence.retrieval.shapes import Question
from tests.app.probing import asked, case_with, manuals, probed_here, queued_probe

LOST = Question("lost", "Which colour is the panel?", "valve 5 is stuck", kind="colour")
"""Its words are in no document, so BM25 finds its passage late or never."""
NOWHERE = Question("nowhere", "Who wrote code E001?", "Nobody knows that, I fear")


@pytest.fixture
def probe(database: Database, settings: Settings) -> Probe:
    """A probe of eight documents and ten questions."""
    case_id = case_with(database, settings, manuals(8))
    return probed_here(database, settings, case_id, Asking(listed=(*asked(8), LOST, NOWHERE)))


def numbers(database: Database, probe: Probe, query: QuestionQuery | None = None) -> list[int]:
    with database.reading() as session:
        page = list_questions(session, probe.case_id, probe.id, query, limit=50)
        assert page.total == len(page.items)
        return [row.number for row in page.items]


def test_questions_are_filtered_and_sorted_by_the_rank_in_a_retriever(
    database: Database, probe: Probe
) -> None:
    assert numbers(database, probe) == list(range(1, 11))
    assert numbers(database, probe, QuestionQuery(search="e003 CODE")) == [4]
    assert numbers(database, probe, QuestionQuery(search="100%")) == []
    assert numbers(database, probe, QuestionQuery(kind="colour")) == [9]
    assert numbers(database, probe, QuestionQuery(relevance="none")) == [10]
    worst = numbers(database, probe, QuestionQuery(sort="worst", retriever="bm25"))
    assert worst[0] == 9
    assert set(worst) == set(range(1, 10))
    assert numbers(database, probe, QuestionQuery(sort="best"))[-1] == 9
    found = numbers(database, probe, QuestionQuery(found=True))
    missed = numbers(database, probe, QuestionQuery(found=False))
    assert sorted(found + missed) == list(range(1, 10))
    with pytest.raises(Invalid, match="retriever"):
        numbers(database, probe, QuestionQuery(retriever="nothing' --"))
    with database.reading() as session:
        counts = counts_of(session, probe.case_id, probe.id)
    assert counts.kinds == {"": 9, "colour": 1}
    assert counts.relevance == {"weak": 9, "none": 1}


def test_a_question_shows_what_each_retriever_gave_and_a_passage_its_place(
    database: Database, probe: Probe
) -> None:
    with database.reading() as session:
        found = get_question(session, probe.case_id, probe.id, 3)
        first = found.tops["bm25"][0]
        assert (first.rank, first.grade) == (1, 1)
        assert first.passage
        assert first.passage in found.relevant
        assert [hit.rank for hit in found.tops["bm25"]] == list(
            range(1, len(found.tops["bm25"]) + 1)
        )
        assert (found.previous, found.next) == (2, 4)
        view = get_passage(session, probe.case_id, probe.id, first.passage.id)
        assert view.document
        assert view.before + view.passage.text + view.after == view.document.text
        assert not view.cut
        assert get_question(session, probe.case_id, probe.id, 10).next is None
        for number in (0, 11, 1 << 40):
            with pytest.raises(NotFound):
                get_question(session, probe.case_id, probe.id, number)
            with pytest.raises(NotFound):
                get_passage(session, probe.case_id, probe.id, number * 1_000)


def test_what_is_not_done_shows_nothing(database: Database, probe: Probe) -> None:
    waiting = queued_probe(database, probe.case_id)
    with database.reading() as session, pytest.raises(Conflict, match="waits"):
        list_questions(session, probe.case_id, waiting.id)


def unpacked(content: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        return {
            name.removeprefix(f"{FOLDER}/"): packed.read(name).decode()
            for name in packed.namelist()
        }


def test_the_starter_holds_all_passages_and_what_people_judged(
    database: Database, settings: Settings, book: Rulebook, probe: Probe
) -> None:
    case_id = probe.case_id
    with database.reading() as session:
        pieces = starter_pieces(session, settings, case_id, probe.id)
        files = unpacked(b"".join(pieces))
    documents = [json.loads(line) for line in files["documents.jsonl"].splitlines()]
    assert probe.result is not None
    assert len(documents) == probe.result["passages"]
    assert documents[0]["title"] == "Gadget 0"
    assert len(files["questions.jsonl"].splitlines()) == 10
    assert len(files["qrels.tsv"].splitlines()) == 1 + 9
    assert json.loads(files["settings.json"])["weak"] is True
    with database.writing() as session:
        while item := next_to_judge(session, case_id, probe.id):
            grade = 2 if item.question.text.split()[3] in item.passage.text else 0
            said = Judgement(item.passage.id, grade, "Ada")
            judge(session, book, case_id, probe.id, item.question.number, said)
    held = io.BytesIO()
    with database.reading() as session:
        write_starter(session, settings, case_id, probe.id, held)
    judged = unpacked(held.getvalue())
    assert json.loads(judged["settings.json"])["weak"] is False
    assert "\t2" in judged["qrels.tsv"]


def test_where_there_is_no_starter_it_says_why(
    database: Database, settings: Settings, probe: Probe
) -> None:
    case_id = probe.case_id
    with database.reading() as session:
        row = get_probe(session, case_id, probe.id)
        assert why_no_starter(row) == ""
        assert "not measured" in why_no_starter(row, "embedding")
        with pytest.raises(Conflict, match="not measured"):
            starter_pieces(session, settings, case_id, probe.id, "x" * 500)
        (settings.folder / "probes" / f"{probe.id}.jsonl.gz").unlink()
        with pytest.raises(Conflict, match=GONE[:30]):
            starter_pieces(session, settings, case_id, probe.id)
