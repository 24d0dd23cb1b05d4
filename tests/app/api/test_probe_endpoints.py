"""Retrieval over REST: documents in parts, bad input named and survived, judging, the starter."""

from __future__ import annotations

import hashlib
import io
import zipfile
from typing import Any

import httpx2
import pytest

from app import urls
from app.settings import Settings
from app.web import create_app
from tests.app.conftest import serving
from tests.app.failures import RAW, as_lines, diagnosed, new_log, record
from tests.app.probing import (
    asked,
    manual,
    manuals,
    new_probe,
    probe_ended,
    send_document,
)
from tests.evidence.retrieval.making import encrypted_pdf

KEY = "idempotency-key"
SMALL = 20_000
"""The largest file of a server that takes little."""
Json = dict[str, Any]


@pytest.fixture
def case_id(client: httpx2.Client) -> str:
    found: str = client.post(urls.API_CASES, json={"name": "bot"}).json()["id"]
    return found


def at(pattern: str, case_id: str, **parts: Any) -> str:
    return urls.to(pattern, case_id=case_id, **parts)


def questions(count: int, *, referenced: bool = True) -> list[Json]:
    return [
        {"id": item.id, "text": item.text, "reference": item.reference}
        for item in asked(count, referenced=referenced)
    ]


def wrong(answer: httpx2.Response) -> dict[str, str]:
    assert answer.status_code == 422, answer.text
    return {item["where"]: item["message"] for item in answer.json()["errors"]}


# --- documents --------------------------------------------------------------------------------


def test_a_document_is_announced_and_sent_in_parts(client: httpx2.Client, case_id: str) -> None:
    content = manual(1) * 50
    digest = hashlib.sha256(content).hexdigest()
    body = {"name": "../../manual.md", "bytes": len(content), "sha256": digest}
    made = [
        client.post(at(urls.API_DOCUMENTS, case_id), json=body, headers={KEY: "d"})
        for _ in range(2)
    ]
    assert {answer.status_code for answer in made} == {201}
    document = made[0].json()
    assert document["name"] == "manual.md"
    assert document["id"] == made[1].json()["id"]
    url = at(urls.API_DOCUMENT_CONTENT, case_id, document_id=document["id"])
    first = client.patch(url, content=content[:1_000], headers=RAW | {"upload-offset": "0"})
    assert (first.status_code, first.headers["upload-offset"]) == (200, "1000")
    astray = client.patch(url, content=content[5:], headers=RAW | {"upload-offset": "5"})
    assert (astray.status_code, astray.headers["upload-offset"]) == (409, "1000")
    size = len(content)
    span = f"bytes 1000-{size - 1}/{size}"
    rest = client.put(url, content=content[1_000:], headers=RAW | {"content-range": span})
    assert (rest.json()["state"], rest.json()["sha256"]) == ("ready", digest)
    assert client.head(url).headers["upload-offset"] == str(size)
    again = client.put(url, content=b"other", headers=RAW)
    assert again.status_code == 409


def test_a_removed_document_is_gone(client: httpx2.Client, case_id: str) -> None:
    document = send_document(client, case_id, "a.md", manual(1)).json()
    url = at(urls.API_DOCUMENT, case_id, document_id=document["id"])
    assert client.get(url).json() == document
    assert client.delete(url).json() == {"id": document["id"], "deleted": True}
    assert client.get(url).status_code == 404
    assert client.get(at(urls.API_DOCUMENTS, case_id)).json()["total"] == 0


def test_an_empty_file_a_form_and_another_case_are_refused(
    client: httpx2.Client, case_id: str
) -> None:
    assert "empty" in wrong(send_document(client, case_id, "a.md", b""))["content"]
    url = at(urls.API_DOCUMENT_UPLOADS, case_id)
    form = client.post(url, params={"name": "a.md"}, files={"file": b"x"})
    assert form.status_code == 415
    assert send_document(client, "unknown", "a.md", b"x").status_code == 404
    assert client.get(at(urls.API_DOCUMENTS, case_id)).json()["total"] == 0


def test_a_file_larger_than_the_setting_allows_is_refused_and_leaves_nothing(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("small")
    settings = Settings(data_dir=folder, max_document_bytes=SMALL)
    with serving(create_app(settings)) as address, httpx2.Client(base_url=address) as client:
        case_id = client.post(urls.API_CASES, json={"name": "bot"}).json()["id"]
        large = send_document(client, case_id, "a.txt", b"x" * (SMALL + 1))
        assert f"{SMALL:,}" in wrong(large)["content"]
        body = {"name": "a.txt", "bytes": SMALL + 1}
        assert "bytes" in wrong(client.post(at(urls.API_DOCUMENTS, case_id), json=body))
        assert send_document(client, case_id, "b.txt", b"y" * SMALL).status_code == 201
        assert client.get(at(urls.API_DOCUMENTS, case_id)).json()["total"] == 1
    assert [path.stat().st_size for path in (folder / "documents").rglob("*.txt")] == [SMALL]


# --- probes -----------------------------------------------------------------------------------


def archive(name: str, content: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(name, content)
    return held.getvalue()


BOMB = 2_100
"""Megabytes that a zip bomb says it unpacks to."""


def bomb() -> bytes:
    """A zip of some kilobytes that says it unpacks to more than is read."""
    packed = bytearray(archive("a.txt", b"0" * 1_000))
    place = packed.rfind(b"PK\x01\x02")
    packed[place + 24 : place + 28] = (BOMB * 1_000_000).to_bytes(4, "little")
    return bytes(packed)


BAD = {
    "locked.pdf": (encrypted_pdf("secret"), "encrypted"),
    "broken.pdf": (b"%PDF-1.7 nothing", "damaged"),
    "bomb.zip": (bomb(), "not unpacked"),
    "program.txt": (bytes(range(256)) * 40, ""),
    "tricks.zip": (archive("../../escape.md", b"# Out"), "leads out"),
    "void.md": (b"  \n", ""),
    "old.ppt": (b"\xd0\xcf", "save it as"),
}
"""Name -> content, and a word of what is said of it."""


@pytest.fixture(scope="module")
def survived(address: str) -> Json:
    """A probe of good and of bad documents, which nobody knows anything relevant of."""
    with httpx2.Client(base_url=address, timeout=30) as client:
        case_id = client.post(urls.API_CASES, json={"name": "bot"}).json()["id"]
        good = manuals(6)
        for name, content in good.items():
            assert send_document(client, case_id, name, content).status_code == 201
        for name, (content, _) in BAD.items():
            assert send_document(client, case_id, name, content).status_code == 201, name
        body = {"name": "all", "questions": questions(6, referenced=False)}
        answer = new_probe(client, case_id, body)
        assert answer.status_code == 202, answer.text
        return probe_ended(client, case_id, answer.json()["id"])


def test_bad_documents_are_named_and_the_others_are_measured(
    client: httpx2.Client, survived: Json
) -> None:
    assert (survived["state"], survived["result"]["documents"]) == ("done", 6)
    documents = client.get(at(urls.API_DOCUMENTS, survived["case_id"])).json()["items"]
    said = {item["name"]: " ".join(item["problems"]) for item in documents}
    for name, (_, word) in BAD.items():
        assert said[name], name
        assert word in said[name]
    assert all(not said[name] for name in manuals(6))
    assert {item["source"].partition("/")[0] for item in survived["problems"]} == set(BAD)


def test_questions_without_relevance_can_be_judged_to_a_result(
    client: httpx2.Client, survived: Json
) -> None:
    parts = {"case_id": survived["case_id"], "probe_id": survived["id"]}
    verdict = survived["result"]["verdict"]
    assert (verdict["decision"], verdict["judge_more"]) == ("cannot_tell", 6)
    assert "give judgements, or reference answers" in verdict["because"]
    passages: dict[str, int] = {}
    while (found := client.get(urls.to(urls.API_PROBE_NEXT, **parts)).json())["passage"]:
        number, passage = found["question"]["number"], found["passage"]
        grade = 2 if found["question"]["text"].split()[3] in passage["text"] else 0
        passages[passage["passage"]] = passage["id"]
        url = urls.to(urls.API_PROBE_JUDGEMENTS, number=number, **parts)
        said = {"passage_id": passage["id"], "grade": grade, "annotator": "Ada"}
        assert client.post(url, json=said).status_code == 201
    standing = client.get(urls.to(urls.API_PROBE_JUDGING, **parts)).json()
    assert (standing["judged"], standing["more"], standing["needed"]) == (6, 0, 20)
    probe = client.get(urls.to(urls.API_PROBE, **parts)).json()
    assert probe["judged"] == 6
    assert probe["result"]["retrievers"]["bm25"]["ndcg@10"]["value"] == 1.0
    question = client.get(urls.to(urls.API_PROBE_QUESTION, number=1, **parts)).json()
    assert question["by"]["bm25"]["rank"] == 1
    assert question["tops"]["bm25"][0]["grade"] == 2
    undone = client.post(urls.to(urls.API_PROBE_UNDO, **parts), json={"annotator": "Ada"})
    assert undone.json()["undone"]["grade"] is None
    page = client.get(urls.to(urls.API_PROBE_QUESTIONS, **parts), params={"relevance": "judged"})
    assert page.json()["total"] == 5
    name, row = next(iter(passages.items()))
    view = client.get(urls.to(urls.API_PROBE_PASSAGE, passage_id=row, **parts)).json()
    assert view["passage"] == name
    assert view["text"] in view["before"] + view["text"] + view["after"]


def test_the_starter_is_a_zip_to_take_away(client: httpx2.Client, survived: Json) -> None:
    parts = {"case_id": survived["case_id"], "probe_id": survived["id"]}
    url = urls.to(urls.API_PROBE_STARTER, **parts)
    answer = client.get(url)
    assert answer.headers["content-type"] == "application/zip"
    assert "attachment" in answer.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        assert "search-starter/documents.jsonl" in packed.namelist()
        assert packed.testzip() is None
    assert client.get(url, params={"retriever": "embedding"}).status_code == 409


def test_facts_are_written_again_and_the_answer_says_what_changed(
    client: httpx2.Client, survived: Json
) -> None:
    parts = {"case_id": survived["case_id"], "probe_id": survived["id"]}
    facts = client.get(at(urls.API_CASE_FACTS, survived["case_id"])).json()["facts"]
    assert facts["corpus_tokens"]["origin"] == "measured"
    done = client.post(urls.to(urls.API_PROBE_APPLY, **parts))
    assert done.status_code == 200
    assert set(done.json()) == {"changes", "conflicts", "advice", "version"}
    stale = client.post(urls.to(urls.API_PROBE_APPLY, **parts), headers={"if-match": '"v999"'})
    assert stale.status_code == 412


def test_a_log_of_the_case_gives_the_questions(client: httpx2.Client, case_id: str) -> None:
    rows = [
        record(number, input=question.text, reference=question.reference)
        for number, question in enumerate(asked(5))
    ]
    log_id = new_log(client, case_id, as_lines(rows), "log.jsonl")
    diagnosed(client, case_id, log_id)
    for name, content in manuals(5).items():
        send_document(client, case_id, name, content)
    answer = new_probe(client, case_id, {"log_id": log_id, "budget": 500})
    probe = probe_ended(client, case_id, answer.json()["id"])
    assert (probe["origin"], probe["questions"], probe["log_id"]) == ("log", 5, log_id)
    assert probe["result"]["relevance"]["kind"] == "weak"
    assert probe["result"]["verdict"]["weak"]
    assert probe["result"]["rulebook"] == probe["rulebook"]
    assert probe["chosen"]["budget"] == 500
    assert client.get(at(urls.API_PROBES, case_id)).json()["items"][0]["id"] == probe["id"]
    url = at(urls.API_PROBE, case_id, probe_id=probe["id"])
    assert client.delete(url).json()["deleted"]
    assert client.get(url).status_code == 404


def test_what_a_probe_cannot_begin_with_is_named_and_nothing_is_made(
    client: httpx2.Client, case_id: str
) -> None:
    assert "no documents" in wrong(new_probe(client, case_id, {"text": "Why?"}))["documents"]
    send_document(client, case_id, "a.md", manual(1))
    file = {"name": "q.jsonl", "content": '{"id": 1}\n{"no": 2}\n'}
    bad: Json = {"questions_file": file, "retrievers": ["nothing"], "overlap": 300}
    found = wrong(new_probe(client, case_id, bad))
    assert set(found) == {"questions", "retrievers", "overlap"}
    assert "line 1" in found["questions"]
    for body, where in (
        ({}, "questions"),
        ({"text": "Why?", "size": 1}, "size"),
        ({"text": "Why?", "qrels_file": {"name": "j.tsv", "content": "x"}}, "qrels"),
        ({"text": "Why?", "document_ids": ["nothing"]}, "document_ids"),
        ({"text": "Why?", "endpoint": {"url": "http://a:secret@b/"}}, "endpoint.url"),
        ({"log_id": "unknown"}, ""),
    ):
        answer = new_probe(client, case_id, body)
        assert answer.status_code == (422 if where else 404), body
        assert not where or where in wrong(answer)
        assert "secret" not in answer.text
    assert client.get(at(urls.API_PROBES, case_id)).json()["total"] == 0


def test_a_probe_can_be_stopped_and_begun_again(client: httpx2.Client, case_id: str) -> None:
    for name, content in manuals(3).items():
        send_document(client, case_id, name, content)
    body = {"questions": questions(3), "endpoint": {"url": "http://127.0.0.1:9/x?key=secret"}}
    probe = new_probe(client, case_id, body).json()
    assert probe["chosen"]["endpoint"] == {"url": "http://127.0.0.1:9/x", "kind": "json"}
    assert probe["progress"]["share"] is None
    parts = {"case_id": case_id, "probe_id": probe["id"]}
    early = client.get(urls.to(urls.API_PROBE_QUESTIONS, **parts))
    assert early.status_code == 409
    stopped = client.post(urls.to(urls.API_PROBE_CANCEL, **parts))
    assert stopped.json()["state"] == "cancelled"
    assert client.post(urls.to(urls.API_PROBE_CANCEL, **parts)).status_code == 409
    assert client.post(urls.to(urls.API_PROBE_RETRY, **parts)).json()["state"] == "queued"
    failed = probe_ended(client, case_id, probe["id"])
    assert failed["state"] == "failed"
    assert "search endpoint" in failed["error"]
    assert "secret" not in str(failed)


def test_retrievers_are_offered_with_what_they_need(client: httpx2.Client) -> None:
    found = {item["name"]: item for item in client.get(urls.API_RETRIEVERS).json()}
    assert found["bm25"]["available"]
    assert all(item["available"] or item["how"] for item in found.values())
