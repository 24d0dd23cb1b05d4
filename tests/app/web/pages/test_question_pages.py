from __future__ import annotations

import json

from starlette.testclient import TestClient

from advisor_rules import default_rulebook
from tests.team import Team

LIVE = {"HX-Request": "true"}


def test_every_question_is_on_exactly_one_screen(client: TestClient, team: Team) -> None:
    case = team.new_case()
    book = default_rulebook()
    pages = {name: client.get(f"/cases/{case}/questions/{name}").text for name in book.sections}

    for fact in book.facts.values():
        shown = [name for name, page in pages.items() if f'id="q-{fact.id}"' in page]
        assert shown == ([fact.ask.section] if fact.ask else [])


def test_a_question_says_why_it_is_asked_and_takes_not_knowing(
    client: TestClient, team: Team
) -> None:
    case = team.new_case()
    page = client.get(f"/cases/{case}/questions/evaluation").text

    assert "Why we ask:" in page
    assert "everything else waits for it" in page
    assert page.count("I don't know") >= 5 or page.count("I don&#39;t know") >= 5


def test_the_first_screen_is_the_most_useful_one(client: TestClient, team: Team) -> None:
    case = team.new_case()
    url = str(client.get(f"/cases/{case}/questions").url)

    assert url.rsplit("/", 1)[1] in default_rulebook().sections


def test_a_screen_is_saved_whole_and_leads_on(client: TestClient, team: Team) -> None:
    case = team.new_case()
    answer = team.send(
        f"/cases/{case}/questions/evaluation",
        evaluation_exists="true",
        label_agreement="0.7",
        go="next",
    )

    assert answer.headers["location"].endswith("/questions/failures")
    history = client.get(f"/cases/{case}/history").text
    assert "An evaluation exists" in history
    assert "0.7" in history


def test_a_screen_with_one_bad_answer_stores_nothing_and_keeps_all(
    client: TestClient, team: Team
) -> None:
    case = team.new_case()
    answer = team.send(
        f"/cases/{case}/questions/evaluation", evaluation_exists="true", label_agreement="7 of 9"
    )

    assert answer.status_code == 422
    assert "Nothing was saved yet" in answer.text
    assert 'value="7 of 9"' in answer.text
    assert "Must be a number" in answer.text
    assert "Nothing was said yet" in client.get(f"/cases/{case}/history").text


def test_a_live_answer_brings_what_follows_from_it(client: TestClient, team: Team) -> None:
    case = team.new_case()
    answer = client.post(
        f"/cases/{case}/answers/evaluation_exists",
        data={"evaluation_exists": "false"},
        headers={**LIVE, "X-CSRF-Token": team.token()},
    )

    assert "Saved" in answer.text
    assert 'id="sofar"' in answer.text
    assert "Decided." in answer.text
    events = json.loads(answer.headers["hx-trigger"])
    assert events["formfact:say"].startswith("Saved: An evaluation exists. So far: Define")
    assert "metric_agrees_with_people" in events["formfact:folded"]


def test_a_live_answer_that_cannot_be_is_refused_in_its_place(
    client: TestClient, team: Team
) -> None:
    case = team.new_case()
    answer = client.post(
        f"/cases/{case}/answers/labelled_examples",
        data={"labelled_examples": "<b>lots</b>"},
        headers={**LIVE, "X-CSRF-Token": team.token()},
    )

    assert answer.status_code == 422
    assert "Must be a number (examples)" in answer.text
    assert "<b>lots" not in answer.text


def test_an_emptied_number_is_taken_back(client: TestClient, team: Team) -> None:
    case = team.new_case()
    team.answer(case, labelled_examples="40")
    team.answer(case, labelled_examples="")

    assert "taken back" in client.get(f"/cases/{case}/history").text


def test_undo_takes_back_one_thing_after_the_other(client: TestClient, team: Team) -> None:
    case = team.new_case()
    team.answer(case, evaluation_exists="true", facts_change="true")

    first = team.send(f"/cases/{case}/undo").headers["location"]
    assert "undone=facts_change" in first
    assert "The needed facts change is open again" in client.get(first).text
    assert "undone=evaluation_exists" in team.send(f"/cases/{case}/undo").headers["location"]
    last = team.send(f"/cases/{case}/undo").headers["location"]
    assert "nothing left to undo" in client.get(last).text


def test_a_measured_value_is_shown_as_such_and_outranks_an_answer(
    client: TestClient, team: Team
) -> None:
    from app.intake import record_facts

    case = team.new_case()
    services = client.app.state.services  # type: ignore[attr-defined]
    measured = {"value": 0.4, "origin": "measured", "evidence": "probe of 50 questions"}
    with services.database.writing() as session:
        record_facts(session, services.book, case, {"retrieval_recall": measured})
    team.answer(case, retrieval_recall="0.9")
    page = client.get(f"/cases/{case}/questions/knowledge").text

    assert "A measurement outranks an answer" in page
    assert "probe of 50 questions" in page
    assert "Also answered: 0.9" in page


def test_unknown_sections_and_questions_are_not_found(client: TestClient, team: Team) -> None:
    case = team.new_case()

    assert client.get(f"/cases/{case}/questions/nowhere").status_code == 404
    assert team.send(f"/cases/{case}/answers/nothing").status_code == 404
    assert client.get("/cases/nobody/questions").status_code == 404
