"""What can be chosen: named, limited, and without a way to send this server's secrets away."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import Invalid
from app.probe_choices import (
    OFFERED,
    Chosen,
    OwnSearch,
    checked,
    made,
    offers,
    shown_url,
    usual,
)

OWN = OwnSearch("http://search.example:9200/docs/_search", kind="opensearch")


def wrong(chosen: Chosen) -> set[str]:
    with pytest.raises(Invalid) as caught:
        checked(chosen)
    return {problem.where for problem in caught.value.problems}


def test_every_retriever_is_offered_or_said_how_to_get(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FORMFACT_RERANK_MODEL", raising=False)
    found = {offer.name: offer for offer in offers()}
    assert tuple(found) == OFFERED
    assert all(bool(offer.how) != offer.available for offer in found.values())
    assert "FORMFACT_RERANK_MODEL" in found["rerank"].how
    assert found["bm25"].usual


def test_without_a_name_the_usual_ones_are_measured() -> None:
    found = checked(Chosen())
    assert found.retrievers == usual()
    assert (found.size, found.overlap) == (200, 40)
    assert checked(Chosen(endpoint=OWN)).retrievers == usual()


@pytest.mark.parametrize(
    ("chosen", "where"),
    [
        (Chosen(("nothing",)), "retrievers"),
        (Chosen(("endpoint",)), "retrievers"),
        (Chosen(("bm25",), size=5), "size"),
        (Chosen(("bm25",), size=1_000_000), "size"),
        (Chosen(("bm25",), size=100, overlap=100), "overlap"),
        (Chosen(("bm25",), budget=0), "budget"),
        (Chosen(("bm25",), price_per_hour=float("nan")), "price_per_hour"),
        (Chosen(("bm25",), endpoint=OwnSearch("file:///etc/passwd")), "endpoint.url"),
        (Chosen(("bm25",), endpoint=OwnSearch("http://u:secret@host/")), "endpoint.url"),
        (Chosen(("bm25",), endpoint=OwnSearch("http://[")), "endpoint.url"),
        (Chosen(("bm25",), endpoint=OwnSearch("http://a/", body={})), "endpoint.body"),
        (
            Chosen(("bm25",), endpoint=OwnSearch("http://a/", authorization_from="HOME")),
            "endpoint.authorization_from",
        ),
    ],
)
def test_what_cannot_be_is_named(chosen: Chosen, where: str) -> None:
    assert wrong(chosen) == {where}


def test_no_variable_but_one_made_for_it_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORMFACT_JUDGE_KEY", "secret")
    own = OwnSearch("http://a/", authorization_from="FORMFACT_JUDGE_KEY")
    assert wrong(Chosen(("bm25",), endpoint=own)) == {"endpoint.authorization_from"}
    own = OwnSearch("http://a/", authorization_from="FORMFACT_SEARCH_KEY")
    assert wrong(Chosen(("bm25",), endpoint=own)) == {"endpoint.authorization_from"}
    monkeypatch.setenv("FORMFACT_SEARCH_KEY", "Bearer secret")
    assert checked(Chosen(("bm25",), endpoint=own)).endpoint == own


def test_a_refused_address_is_not_repeated() -> None:
    with pytest.raises(Invalid) as caught:
        checked(Chosen(("bm25",), endpoint=OwnSearch("http://u:secret@host/")))
    assert "secret" not in str(caught.value)


def test_a_query_may_hold_a_key_and_is_not_shown() -> None:
    assert shown_url("https://search.example/a?key=secret#x") == "https://search.example/a"


@given(
    size=st.none() | st.integers(20, 8_000),
    budget=st.none() | st.integers(1, 1_000),
    body=st.none() | st.dictionaries(st.text(), st.text() | st.integers(), min_size=1),
)
def test_a_choice_survives_being_stored(
    size: int | None, budget: int | None, body: dict[str, object] | None
) -> None:
    own = OwnSearch("http://a/", body=body)
    chosen = checked(Chosen(("bm25",), size, None, budget, 0.5, own))
    assert Chosen.of(json.loads(json.dumps(chosen.data()))) == chosen


def test_the_retrievers_are_made_with_the_own_search_last() -> None:
    found = made(checked(Chosen(("bm25",), endpoint=OWN)))
    assert [item.name for item in found] == ["bm25", "endpoint"]
