"""The team's own search over HTTP: what it may answer, and what can go wrong."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.retrieval.retrievers import _http
from evidence.retrieval.retrievers.endpoint import Endpoint, SearchFailed, fill, make, read_hits
from evidence.retrieval.shapes import Hit, Passage
from tests.evidence.retrieval.search_server import Answer, Reply, Served, by_words, serving

PASSAGES = [Passage(f"d{n}#0-5", f"d{n}", 0, 5, "Bread") for n in range(20)]
ONE_HIT = Reply({"hits": [{"id": "d1", "score": 2}]})
SECRET = "ApiKey very-secret"


def endpoint_at(served: Served, **chosen: Any) -> Endpoint:
    retriever = make(url=served.url, **({"seconds": 5.0} | chosen))
    retriever.index(PASSAGES)
    return retriever


def refusal(answer: Answer, **chosen: Any) -> str:
    """What is said where the search fails."""
    with serving(answer) as served, pytest.raises(SearchFailed) as caught:
        endpoint_at(served, **chosen).search(["bread"])
    return str(caught.value)


def by_query(replies: dict[str, Reply]) -> Answer:
    return lambda asked: replies[asked["query"]]


def test_the_small_contract_is_a_query_and_a_number_of_hits() -> None:
    with serving(by_words({"d1": "bread", "d2": "bread yeast"})) as served:
        found = endpoint_at(served).search(["bread yeast"], 5)
    assert served.asked == [{"query": "bread yeast", "k": 5}]
    assert found == [[Hit("d2#0-5", 2.0), Hit("d1#0-5", 1.0)]]


def test_opensearch_is_asked_in_its_own_words() -> None:
    hits = [{"_index": "i", "_id": "d3", "_score": 1.5}, {"_id": "d1#0-5", "_score": 0.5}]
    reply = Reply({"took": 1, "timed_out": False, "hits": {"total": {"value": 2}, "hits": hits}})
    with serving(lambda _: reply) as served:
        found = endpoint_at(served, kind="opensearch").search(["bread"], 7)[0]
    assert served.asked[0]["size"] == 7
    assert served.asked[0]["query"]["multi_match"]["query"] == "bread"
    assert found == [Hit("d3#0-5", 1.5), Hit("d1#0-5", 0.5)]


def test_a_query_of_your_own_is_filled_in_whatever_the_question_says() -> None:
    body = {"size": "$k", "query": {"bool": {"must": [{"match": {"text": "$query"}}]}}}
    with serving(lambda _: ONE_HIT) as served:
        endpoint_at(served, body=body).search(['"}, "size": "$k'], 3)
    assert served.asked[0] == {
        "size": 3,
        "query": {"bool": {"must": [{"match": {"text": '"}, "size": "$k'}}]}},
    }


def test_where_scores_are_missing_or_out_of_order_the_order_counts() -> None:
    assert read_hits({"hits": [{"id": "b"}, {"id": 7}]}) == [("b", 1.0), ("7", 0.5)]
    huge = {"hits": [{"id": "b", "score": 10**400}, {"id": "a", "score": float("inf")}]}
    assert read_hits(huge) == [("b", 1.0), ("a", 0.5)]
    reranked = {"hits": [{"id": "b", "score": 1}, {"id": "a", "score": 2}]}
    assert read_hits(reranked) == [("b", 1.0), ("a", 0.5)]


def test_questions_keep_their_places_when_several_are_asked_at_once() -> None:
    def answer(asked: dict[str, Any]) -> Reply:
        number = asked["query"].split()[-1]
        return Reply({"hits": [{"id": f"d{number}", "score": 1}]}, wait=0.002 * (20 - int(number)))

    with serving(answer) as served:
        found = endpoint_at(served, concurrency=8).search([f"question {n}" for n in range(20)])
    assert [ranking[0].passage for ranking in found] == [f"d{n}#0-5" for n in range(20)]


def test_a_busy_endpoint_is_asked_again() -> None:
    replies = [Reply(status=503), Reply(status=429, headers={"Retry-After": "0"}), ONE_HIT]
    with serving(lambda _: replies.pop(0)) as served:
        assert endpoint_at(served).search(["bread"]) == [[Hit("d1#0-5", 2.0)]]


def test_a_failure_is_told_and_is_no_empty_ranking() -> None:
    assert refusal(lambda _: Reply(status=500)) == (
        "question 1: the search endpoint answered 500 (asked 3 times)"
    )


def test_a_refusal_is_not_asked_again() -> None:
    with serving(lambda _: Reply(status=401)) as served, pytest.raises(SearchFailed, match="401"):
        endpoint_at(served).search(["bread"])
    assert len(served.asked) == 1


def test_another_address_is_not_followed() -> None:
    assert "answered 302" in refusal(lambda _: Reply(status=302, headers={"Location": "/x"}))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"\xff\xfe",
        b"[" * 100_000,
        b"null",
        b'{"hits": 5}',
        b'{"hits": [5]}',
        b'{"hits": [{"id": null}]}',
        b'{"hits": [{"id": true, "score": 1}]}',
        b'{"hits": {"hits": {}}}',
        b'{"hits": [{"score": 1}]}',
        b'{"error": "index_not_found"}',
    ],
)
def test_answers_that_mean_nothing_are_told(body: bytes) -> None:
    assert refusal(lambda _: Reply(body)).startswith("question 1: ")


def test_an_endless_answer_is_cut_off() -> None:
    body = b'{"hits": [' + b" " * _http.MAX_ANSWER_BYTES + b"]}"
    assert "more than 5,000,000 bytes" in refusal(lambda _: Reply(body))


def test_slow_answers_and_answers_in_drops_take_no_longer_than_allowed() -> None:
    started = time.monotonic()
    for reply in (Reply({"hits": []}, wait=0.6), Reply({"hits": []}, drip=0.2)):
        replies = {"bread": reply}
        assert "too long" in refusal(by_query(replies), seconds=0.3, tries=1)
    assert time.monotonic() - started < 8


def test_nobody_there_is_told() -> None:
    with serving(lambda _: ONE_HIT) as served:
        gone = endpoint_at(served, tries=1)
    with pytest.raises(SearchFailed, match="cannot be reached"):
        gone.search(["bread"])


def test_the_key_goes_to_the_endpoint_and_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUR_SEARCH", SECRET)
    with serving(lambda _: Reply(SECRET.encode(), status=403)) as served:
        retriever = endpoint_at(served, authorization_from="OUR_SEARCH")
        with pytest.raises(SearchFailed) as caught:
            retriever.search(["bread"])
        assert served.headers[0]["Authorization"] == SECRET
        told = f"{caught.value!r} {caught.value.__cause__!r} {retriever.describe()}"
        assert SECRET not in told + repr(retriever.posting)
        assert served.url not in told


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "ftp://example.org"},
        {"url": "http://"},
        {"url": "https://user:hunter2@example.org/search"},
        {"url": "http://example.org", "kind": "solr"},
        {"url": "http://example.org", "authorization_from": "NOT_SET_ANYWHERE"},
    ],
)
def test_settings_that_cannot_work_are_refused_without_showing_a_password(
    wrong: dict[str, Any],
) -> None:
    with pytest.raises(ValueError, match=r"address|endpoint|environment") as caught:
        make(**wrong)
    assert "hunter2" not in str(caught.value)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["hits", "id", "_id", "score", "_score"]), inner)
    ),
)


@given(json_values)
def test_any_answer_is_read_or_refused(answer: Any) -> None:
    try:
        hits = read_hits(answer)
    except ValueError:
        return
    scores = [score for _, score in hits]
    assert scores == sorted(scores, reverse=True)


@given(json_values)
def test_filling_in_changes_nothing_but_placeholders(template: Any) -> None:
    assert repr(fill(template, {"$query": "q"})) == repr(template)
