from __future__ import annotations

import json

import pytest
from starlette.testclient import TestClient

from tests.team import Team


def test_without_a_recommendation_the_page_says_how_to_get_one(
    client: TestClient, team: Team
) -> None:
    case = team.new_case()

    assert "No recommendation yet" in client.get(f"/cases/{case}/advice").text


def test_looking_stores_nothing(client: TestClient, team: Team) -> None:
    case = team.new_case()
    client.get(f"/cases/{case}/advice")
    client.get(f"/cases/{case}/what-if?evaluation_exists=false")

    assert "No recommendation yet" in client.get(f"/cases/{case}/history").text


def test_the_recommendation_shows_all_that_it_rests_on(team: Team) -> None:
    case = team.new_case("Bot without tests")
    team.answer(case, evaluation_exists="false")
    page = team.advise(case)

    assert "Define what a good answer is" in page
    assert "1 known fact: 1 answered" in page
    assert "Done when:" in page
    assert "<svg" in page
    assert "blocked because" in page
    assert "What would change this" in page
    assert "no answer to any open question can change this step" in page


def test_when_nothing_decides_it_says_what_to_find_out_first(team: Team) -> None:
    page = team.advise(team.new_case())

    assert "Find out first" in page
    assert "The plan" not in page


def test_where_retrieval_is_advised_it_can_be_measured(team: Team) -> None:
    case = team.new_case()
    team.answer(
        case, evaluation_exists="true", facts_wrong="true", answers_in_documents="true",
        retrieval_in_use="none", form_wrong="false", corpus_tokens="9000000",
    )  # fmt: skip
    page = team.advise(case)

    assert "Measure before you build" in page
    assert f'href="/cases/{case}/retrieval"' in page


def test_where_facts_of_retrieval_are_open_they_can_be_measured(team: Team) -> None:
    case = team.new_case()
    team.answer(case, evaluation_exists="true", facts_wrong="true", retrieval_in_use="keyword")

    assert "Measure " in team.advise(case)


def test_where_retrieval_does_not_matter_it_is_not_spoken_of(team: Team) -> None:
    case = team.new_case()
    team.answer(case, evaluation_exists="false")

    assert "Measure retrieval" not in team.advise(case)


def test_a_recommendation_older_than_the_answers_says_so(client: TestClient, team: Team) -> None:
    case = team.new_case()
    team.answer(case, evaluation_exists="false")
    team.advise(case)
    team.answer(case, evaluation_exists="true")

    page = client.get(f"/cases/{case}/advice").text
    assert "Answers have changed since this recommendation" in page
    assert "Answers have changed" not in team.advise(case)


def test_the_history_says_which_fact_changed_the_step(client: TestClient, team: Team) -> None:
    case = team.example()
    team.send(f"/cases/{case}/what-if", evaluation_exists="false")

    page = client.get(f"/cases/{case}/history").text
    assert "because of <strong>An evaluation exists</strong>" in page
    assert "this did it" in page
    earlier = client.get(f"/cases/{case}/advice/1").text
    assert "This is an earlier recommendation" in earlier
    assert "what-if-form" not in earlier


def test_a_recommendation_can_be_replayed(client: TestClient, team: Team) -> None:
    case = team.example()

    assert "give the same advice" in client.get(f"/cases/{case}/advice/1?replay=yes").text


@pytest.mark.parametrize(
    ("form", "media", "ending"),
    [
        ("html", "text/html", "html"),
        ("markdown", "text/markdown", "md"),
        ("json", "application/json", "json"),
    ],
)
def test_the_recommendation_can_be_taken_along(
    form: str, media: str, ending: str, client: TestClient, team: Team
) -> None:
    case = team.example()
    answer = client.get(f"/cases/{case}/advice/1/report/{form}")

    assert answer.headers["content-type"].startswith(media)
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["content-disposition"].endswith(f'-1.{ending}"')
    if form == "json":
        assert json.loads(answer.text)["step"]
    if form == "html":
        assert "http-equiv" in answer.text
        assert "<script" not in answer.text


@pytest.mark.parametrize("path", ["advice/9", "advice/x", "advice/-1", "advice/1/report/pdf"])
def test_what_is_not_there_is_not_found(path: str, client: TestClient, team: Team) -> None:
    case = team.example()

    assert client.get(f"/cases/{case}/{path}").status_code == 404


def test_a_what_if_says_what_would_be_and_offers_to_keep_it(client: TestClient, team: Team) -> None:
    case = team.example()
    page = client.get(f"/cases/{case}/what-if?evaluation_exists=false").text

    assert "This is a what-if; nothing is stored" in page
    assert "Define the evaluation" in page
    assert "Keep it" in page


def test_a_what_if_in_words_that_mean_nothing_is_refused(client: TestClient, team: Team) -> None:
    case = team.example()
    answer = client.get(f"/cases/{case}/what-if?labelled_examples=<b>many")

    assert answer.status_code == 422
    assert "Must be a number" in answer.text
    assert "<b>many" not in answer.text


def test_a_measurement_cannot_be_replaced_by_keeping_a_what_if(
    client: TestClient, team: Team
) -> None:
    from app.intake import record_facts

    case = team.new_case()
    services = client.app.state.services  # type: ignore[attr-defined]
    with services.database.writing() as session:
        measured = {"evaluation_exists": {"value": True, "origin": "measured"}}
        record_facts(session, services.book, case, measured)
    page = client.get(f"/cases/{case}/what-if?evaluation_exists=false").text

    assert "was measured" in page
    assert "Keep it" not in page
