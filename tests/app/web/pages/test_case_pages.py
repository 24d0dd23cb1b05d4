from __future__ import annotations

from starlette.testclient import TestClient

from tests.team import Team


def test_an_empty_start_explains_the_product_and_offers_an_example(client: TestClient) -> None:
    page = client.get("/").text

    assert "Find the right next step" in page
    assert "Try it with an example" in page


def test_the_example_is_a_filled_case(client: TestClient, team: Team) -> None:
    case = team.example()

    assert "Known facts" in client.get(f"/cases/{case}/advice").text
    assert "Recommendation:" in client.get("/cases").text


def test_cases_are_found_by_their_words(client: TestClient, team: Team) -> None:
    team.new_case("Billing bot")
    team.new_case("Legal reader", "reads contracts")

    found = client.get("/cases?q=CONTRACTS").text
    assert "Legal reader" in found
    assert "Billing bot" not in found
    assert "No case matches" in client.get("/cases?q=zzz").text


def test_a_live_search_gets_the_list_alone(client: TestClient, team: Team) -> None:
    team.new_case("Billing bot")
    part = client.get("/cases?q=bill", headers={"HX-Request": "true"}).text

    assert "Billing bot" in part
    assert "<html" not in part


def test_a_long_list_has_pages(client: TestClient, team: Team) -> None:
    for number in range(21):
        team.new_case(f"Case number {number:02}")
    first, second = client.get("/cases").text, client.get("/cases?offset=20").text

    assert "1 to 20 of 21" in first
    assert "Case number 00" in second
    assert "Case number 00" not in first


def test_a_case_is_put_away_and_comes_back(client: TestClient, team: Team) -> None:
    case = team.new_case("Old bot")
    done = team.send(f"/cases/{case}/archive").headers["location"]
    assert "Undo: restore Old bot" in client.get(done).text
    assert "Old bot" not in client.get("/cases").text
    assert "Old bot" in client.get("/cases?archived=yes").text

    team.send(f"/cases/{case}/restore")
    assert "Old bot" in client.get("/cases").text


def test_a_case_needs_a_name_and_keeps_the_rest_of_the_form(team: Team) -> None:
    answer = team.send("/cases", name="  ", description="It invents facts.")

    assert answer.status_code == 422
    assert "Must not be empty" in answer.text
    assert "It invents facts." in answer.text
    assert "No open case" not in answer.text


def test_name_and_description_can_be_changed(client: TestClient, team: Team) -> None:
    case = team.new_case("Old name")
    answer = team.send(f"/cases/{case}/edit", name="New name", description="", version="1")

    assert answer.status_code == 303
    assert "New name" in client.get(f"/cases/{case}/edit?done=saved").text


def test_a_change_on_top_of_somebody_elses_is_asked_about(client: TestClient, team: Team) -> None:
    case = team.new_case("First name")
    team.send(f"/cases/{case}/edit", name="Their name", description="", version="1")
    answer = team.send(f"/cases/{case}/edit", name="My name", description="", version="1")

    assert answer.status_code == 422
    assert "Somebody changed this case" in answer.text
    assert "Their name" in answer.text
    assert 'value="My name"' in answer.text
    assert 'name="version" value="2"' in answer.text


def test_what_a_description_suggests_is_confirmed_one_by_one(
    client: TestClient, team: Team
) -> None:
    case = team.new_case("Reader", "We have no evaluation. The documents change every week.")
    page = client.get(f"/cases/{case}/description").text
    assert "no evaluation" in page

    team.send(f"/cases/{case}/description", **{"evaluation_exists.choice": "keep"})
    asked = client.get(f"/cases/{case}/questions/evaluation").text
    assert "Assumed" in asked
    assert "the description: “no evaluation”" in asked


def test_a_suggestion_can_be_changed_or_dropped(client: TestClient, team: Team) -> None:
    case = team.new_case("Reader", "We have no evaluation.")
    url = f"/cases/{case}/description"
    team.send(url, **{"evaluation_exists.choice": "change", "evaluation_exists": "true"})
    history = client.get(f"/cases/{case}/history").text
    assert "<td>An evaluation exists</td><td>yes</td><td>answered</td>" in history

    other = team.new_case("Another", "We have no evaluation.")
    team.send(f"/cases/{other}/description", **{"evaluation_exists.choice": "drop"})
    assert "Nothing was said yet" in client.get(f"/cases/{other}/history").text


def test_a_suggestion_changed_to_nonsense_is_refused_whole(client: TestClient, team: Team) -> None:
    case = team.new_case("Reader", "We have no evaluation.")
    fields = {"evaluation_exists.choice": "change", "evaluation_exists": "<script>"}
    answer = team.send(f"/cases/{case}/description", **fields)

    assert answer.status_code == 422
    assert "Must be true or false" in answer.text
    assert "Nothing was said yet" in client.get(f"/cases/{case}/history").text


def test_a_case_opens_where_work_goes_on(client: TestClient, team: Team) -> None:
    case = team.new_case()
    assert "/questions/" in str(client.get(f"/cases/{case}").url)

    team.advise(case)
    assert str(client.get(f"/cases/{case}").url).endswith("/advice")
