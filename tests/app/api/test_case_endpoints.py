from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from app import urls

HOSTILE = "<script>alert('1')</script> & \"quotes\" {{ 7*7 }} ${x} '; drop table cases;--"
KEY = "idempotency-key"


@pytest.fixture
def case(client: httpx2.Client) -> str:
    """The path of a new case."""
    answer = client.post(urls.API_CASES, json={"name": "bot"})
    assert answer.status_code == 201
    path: str = answer.headers["location"]
    return path


def test_a_case_is_made_read_changed_archived_and_restored(client: httpx2.Client) -> None:
    made = client.post(urls.API_CASES, json={"name": HOSTILE, "description": HOSTILE})
    assert made.status_code == 201
    path = made.headers["location"]
    read = client.get(path)
    assert read.json() == made.json()
    assert read.json()["name"] == HOSTILE
    changed = client.patch(path, json={"name": "bot"})
    assert (changed.json()["name"], changed.json()["description"]) == ("bot", HOSTILE)
    assert client.post(f"{path}/archive").json()["archived_at"]
    assert client.get(path).status_code == 200
    assert client.post(f"{path}/restore").json()["archived_at"] is None


def test_the_list_is_searched_and_paged_by_its_links(client: httpx2.Client) -> None:
    for number in range(5):
        client.post(urls.API_CASES, json={"name": f"Zebra & söhne {number}"})
    seen: list[str] = []
    answer = client.get(urls.API_CASES, params={"search": "ZEBRA &", "limit": 2})
    while True:
        assert answer.json()["total"] == 5
        seen += [case["name"] for case in answer.json()["items"]]
        if "next" not in answer.links:
            break
        answer = client.get(answer.links["next"]["url"])
    assert sorted(seen) == [f"Zebra & söhne {number}" for number in range(5)]
    assert "prev" in answer.links


def test_an_unchanged_case_is_not_sent_again(client: httpx2.Client, case: str) -> None:
    tag = client.get(case).headers["etag"]
    for header in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        answer = client.get(case, headers={"if-none-match": header})
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["etag"] == tag
    client.patch(case, json={"name": "other"})
    assert client.get(case, headers={"if-none-match": tag}).status_code == 200


@pytest.mark.parametrize("path", [urls.API_FACTS, urls.API_RULES, urls.API_CASES, urls.API_STEPS])
def test_reads_carry_a_tag(client: httpx2.Client, path: str) -> None:
    tag = client.get(path).headers["etag"]
    assert client.get(path, headers={"if-none-match": tag}).status_code == 304


def test_a_lost_update_is_refused(client: httpx2.Client, case: str) -> None:
    tag = client.get(case).headers["etag"]
    assert client.patch(case, json={"name": "mine"}, headers={"if-match": tag}).status_code == 200
    late = client.patch(case, json={"name": "theirs"}, headers={"if-match": tag})
    assert late.status_code == 412
    assert client.get(case).json()["name"] == "mine"
    for header in ("nonsense", '"v"', '"v9999999999999999999"', 'W/"v2"'):
        answer = client.post(f"{case}/archive", headers={"if-match": header})
        assert answer.status_code == 412


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({}, {"name"}),
        ({"name": ""}, {"name"}),
        ({"name": "   "}, {"name"}),
        ({"name": "x" * 201, "description": 4, "colour": "red"}, {"name", "description", "colour"}),
        ({"name": "bell \a", "description": "nul \0"}, {"name", "description"}),
        ({"name": None}, {"name"}),
        ({"name": ["x"]}, {"name"}),
    ],
)
def test_every_wrong_field_of_a_case_is_named(
    client: httpx2.Client, body: dict[str, object], wrong: set[str]
) -> None:
    before = client.get(urls.API_CASES).json()["total"]
    answer = client.post(urls.API_CASES, json=body)
    assert answer.status_code == 422
    assert {error["where"] for error in answer.json()["errors"]} == wrong
    assert client.get(urls.API_CASES).json()["total"] == before


@pytest.mark.parametrize("limit", ["0", "101", "-1", "many", "9" * 30])
def test_a_page_that_cannot_be_is_refused(client: httpx2.Client, limit: str) -> None:
    assert client.get(urls.API_CASES, params={"limit": limit}).status_code == 422


@pytest.mark.parametrize("name", ["nothing", "NOTHING", "x" * 500, "%00", "..%2f..", "a'b", "☃"])
def test_what_is_not_there_is_404(client: httpx2.Client, name: str) -> None:
    for path in ("", "/facts", "/advice", "/advice/1", "/report", "/facts/history"):
        answer = client.get(f"{urls.API_CASES}/{name}{path}")
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
    for path in ("/archive", "/advice", "/facts/undo"):
        answer = client.post(f"{urls.API_CASES}/{name}{path}", headers={KEY: "one"})
        assert answer.status_code == 404


# --- Idempotency-Key --------------------------------------------------------------------------


def test_a_repeated_write_is_carried_out_once(client: httpx2.Client) -> None:
    before = client.get(urls.API_CASES).json()["total"]
    answers = [
        client.post(urls.API_CASES, json={"name": "bot"}, headers={KEY: "once"}) for _ in range(3)
    ]
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert len({answer.headers["location"] for answer in answers}) == 1
    assert [answer.headers.get("idempotency-replayed") for answer in answers] == [
        None,
        "true",
        "true",
    ]
    assert client.get(urls.API_CASES).json()["total"] == before + 1


def test_a_key_is_not_taken_for_another_request(client: httpx2.Client, case: str) -> None:
    client.patch(case, json={"name": "one"}, headers={KEY: "mixed"})
    other = client.patch(case, json={"name": "two"}, headers={KEY: "mixed"})
    assert (other.status_code, other.json()["type"]) == (422, "urn:formfact:problem:key-reused")
    assert client.get(case).json()["name"] == "one"
    assert client.post(f"{case}/archive", headers={KEY: "mixed"}).status_code == 200


def test_a_refused_write_does_not_use_up_its_key(client: httpx2.Client) -> None:
    refused = client.post(urls.API_CASES, json={"name": ""}, headers={KEY: "again"})
    assert refused.status_code == 422
    made = client.post(urls.API_CASES, json={"name": "bot"}, headers={KEY: "again"})
    assert made.status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 201, "two words"])
def test_a_key_that_cannot_be_one_is_refused(client: httpx2.Client, key: str) -> None:
    answer = client.post(urls.API_CASES, json={"name": "bot"}, headers={KEY: key})
    assert answer.status_code == 422
    assert [error["where"] for error in answer.json()["errors"]] == ["Idempotency-Key"]


def test_many_who_send_the_same_key_at_once_make_one_case(
    address: str, client: httpx2.Client
) -> None:
    before = client.get(urls.API_CASES).json()["total"]

    def send(_: int) -> str:
        with httpx2.Client(base_url=address, timeout=30) as own:
            answer = own.post(urls.API_CASES, json={"name": "bot"}, headers={KEY: "crowd"})
            assert answer.status_code == 201
            return str(answer.json()["id"])

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(send, range(16)))) == 1
    assert client.get(urls.API_CASES).json()["total"] == before + 1


# --- facts ------------------------------------------------------------------------------------


def test_facts_are_said_read_and_undone(client: httpx2.Client, case: str) -> None:
    said = {"facts": {"evaluation_exists": False, "strict_format": None, "requests_per_day": 7}}
    answer = client.patch(f"{case}/facts", json=said)
    assert [change["fact"] for change in answer.json()["changes"]] == list(said["facts"])
    facts = client.get(f"{case}/facts").json()["facts"]
    assert {name: state["value"] for name, state in facts.items()} == said["facts"]
    assert facts["strict_format"]["state"] == "unknown"
    client.patch(f"{case}/facts", json={"withdraw": ["strict_format"]})
    assert set(client.get(f"{case}/facts").json()["facts"]) == set(said["facts"]) - {
        "strict_format"
    }
    client.post(f"{case}/facts/undo")
    client.post(f"{case}/facts/undo")
    assert client.get(f"{case}/facts").json()["facts"] == {}
    assert client.post(f"{case}/facts/undo").json()["changes"] == []
    history = client.get(f"{case}/facts/history", params={"fact": "strict_format"}).json()
    assert [entry["state"] for entry in history["items"]] == [
        "withdrawn",
        "unknown",
        "withdrawn",
        "unknown",
    ]


def test_of_bad_facts_every_one_is_named_and_none_stored(client: httpx2.Client, case: str) -> None:
    body = {
        "facts": {"evaluation_exists": True, "task_kind": "juggling", "nothing": 1},
        "withdraw": ["evaluation_exists", "nobody"],
    }
    answer = client.patch(f"{case}/facts", json=body)
    assert answer.status_code == 422
    assert {error["where"] for error in answer.json()["errors"]} == {
        "evaluation_exists",
        "task_kind",
        "nothing",
        "nobody",
    }
    assert client.get(f"{case}/facts").json()["facts"] == {}
    assert client.get(f"{case}/facts/history").json()["total"] == 0


def test_a_measured_fact_outranks_an_answer_and_both_are_shown(
    client: httpx2.Client, case: str
) -> None:
    for origin, value in (("measured", True), ("answered", False)):
        said = {"value": value, "origin": origin, "evidence": HOSTILE}
        client.patch(f"{case}/facts", json={"facts": {"evaluation_exists": said}})
    state = client.get(f"{case}/facts").json()["facts"]["evaluation_exists"]
    assert (state["value"], state["origin"], state["evidence"]) == (True, "measured", HOSTILE)
    assert [other["value"] for other in state["others"]] == [False]


# --- advice -----------------------------------------------------------------------------------


def test_advice_is_given_kept_compared_and_replayed(client: httpx2.Client, case: str) -> None:
    client.patch(f"{case}/facts", json={"facts": {"evaluation_exists": False}})
    first = client.post(f"{case}/advice")
    assert (first.status_code, first.json()["step"]) == (201, "define_evaluation")
    assert first.headers["location"] == f"{case}/advice/1"
    assert client.post(f"{case}/advice", json={}).status_code == 200
    client.patch(f"{case}/facts", json={"facts": {"evaluation_exists": True}})
    second = client.post(f"{case}/advice").json()
    assert second["number"] == 2
    assert second["difference"]["decisive"] == ["evaluation_exists"]
    assert second["difference"]["facts_changed"] == [
        {"fact": "evaluation_exists", "from": False, "to": True}
    ]
    history = client.get(f"{case}/advice").json()
    assert [record["number"] for record in history["items"]] == [2, 1]
    assert client.get(f"{case}/advice/1").json()["advice"] == first.json()["advice"]
    assert client.post(f"{case}/advice/1/replay").json()["same"] is True
    assert client.get(f"{case}/advice/3").status_code == 404


def test_a_repeated_request_for_advice_is_answered_from_the_record(
    client: httpx2.Client, case: str
) -> None:
    answers = [client.post(f"{case}/advice", headers={KEY: "advice"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].content == answers[1].content


@pytest.mark.parametrize(
    ("form", "kind"),
    [("html", "text/html"), ("markdown", "text/markdown"), ("json", "application/json")],
)
def test_the_report_comes_in_three_forms_and_hostile_words_do_nothing(
    client: httpx2.Client, form: str, kind: str
) -> None:
    case = client.post(urls.API_CASES, json={"name": HOSTILE, "description": HOSTILE})
    path = case.headers["location"]
    said = {"evaluation_exists": {"value": False, "evidence": HOSTILE}}
    client.patch(f"{path}/facts", json={"facts": said})
    assert client.get(f"{path}/report").status_code == 404
    client.post(f"{path}/advice")
    answer = client.get(f"{path}/report", params={"format": form})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(kind)
    assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    if form == "html":
        assert "<script" not in answer.text
        assert "&lt;script&gt;" in answer.text
    assert client.get(f"{path}/report", params={"format": "pdf"}).status_code == 422
    assert client.get(f"{path}/report", params={"number": 9}).status_code == 404
