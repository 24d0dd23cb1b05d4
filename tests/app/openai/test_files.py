from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from http.client import HTTPConnection

import httpx2
import openai
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.openai.files import MOST_BYTES, path_of
from app.storage import ApiFile, utc_now
from tests.app.openai.conftest import Place

BOUNDARY = "line"
FORM = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}


def part(name: str, content: bytes, more: str = "") -> bytes:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'
    return head.encode() + content + b"\r\n"


END = f"--{BOUNDARY}--\r\n".encode()
PURPOSE = part("purpose", b"fine-tune")
FILE = part("file", b"{}\n", '; filename="a.jsonl"')


def test_a_file_is_kept_as_it_was_sent_until_it_is_deleted(
    api: openai.OpenAI, place: Place
) -> None:
    content = b'{"messages": []}\n' * 100_000
    file = api.files.create(file=("rows.jsonl", content), purpose="fine-tune")

    assert (file.bytes, file.filename, file.status) == (len(content), "rows.jsonl", "processed")
    assert api.files.retrieve(file.id) == file
    assert api.files.content(file.id).read() == content
    assert api.files.wait_for_processing(file.id) == file

    assert api.files.delete(file.id).deleted
    assert not path_of(place.settings, file.id).exists()
    with pytest.raises(openai.NotFoundError):
        api.files.retrieve(file.id)


@pytest.fixture(scope="module")
def listed(api: openai.OpenAI) -> list[str]:
    """Ids of files of a purpose of their own, newest first."""
    made = [api.files.create(file=(f"{n}.txt", b"x"), purpose="evals").id for n in range(7)]
    return made[::-1]


@settings(max_examples=25)
@given(limit=st.integers(1, 9), newest_first=st.booleans())
def test_pages_hold_every_file_once_and_in_order(
    api: openai.OpenAI, listed: list[str], limit: int, newest_first: bool
) -> None:
    page = api.files.list(purpose="evals", limit=limit, order="desc" if newest_first else "asc")

    found = [file.id for each in page.iter_pages() for file in each.data]

    assert found == (listed if newest_first else listed[::-1])
    assert page.has_more == (limit < len(listed))
    assert len(page.data) <= limit


def test_a_page_goes_on_where_it_was_though_files_come_and_go(api: openai.OpenAI) -> None:
    ids = [api.files.create(file=("v", b"x"), purpose="vision").id for _ in range(4)]
    first = api.files.list(purpose="vision", limit=2)
    newer = api.files.create(file=("v", b"x"), purpose="vision").id
    api.files.delete(first.data[0].id)

    rest = [file.id for file in first.get_next_page().data]

    assert rest == [ids[1], ids[0]]
    assert newer not in rest


def test_a_file_may_expire(api: openai.OpenAI, place: Place) -> None:
    file = api.files.create(
        file=("a", b"x"),
        purpose="user_data",
        expires_after={"anchor": "created_at", "seconds": 3600},
    )
    assert file.expires_at == pytest.approx(time.time() + 3600, abs=5)

    with place.services.database.writing() as session:
        session.get_one(ApiFile, file.id).expires_at = utc_now() - timedelta(seconds=1)
    with pytest.raises(openai.NotFoundError):
        api.files.retrieve(file.id)
    api.files.create(file=("b", b"x"), purpose="user_data")  # what expired is cleared away
    assert not path_of(place.settings, file.id).exists()


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (FILE + END, "purpose"),
        (PURPOSE + END, "file"),
        (part("purpose", b"world-domination") + FILE + END, "purpose"),
        (PURPOSE + part("file", b"", '; filename="empty"') + END, "file"),
        (PURPOSE + FILE + FILE + END, "file"),
        (part("purpose", b"x" * 2_000) + FILE + END, "purpose"),
        (PURPOSE + FILE, None),
        (PURPOSE + FILE[: len(FILE) // 2], None),
        (b"no form at all", None),
        (PURPOSE * 30 + FILE + END, None),
        (PURPOSE + part("expires_after[seconds]", b"9") + FILE + END, "expires_after.anchor"),
        (
            PURPOSE
            + part("expires_after[anchor]", b"created_at")
            + part("expires_after[seconds]", b"5")
            + FILE
            + END,
            "expires_after.seconds",
        ),
    ],
)
def test_a_form_that_is_wrong_is_refused_and_leaves_nothing(
    web: httpx2.Client, place: Place, body: bytes, param: str | None
) -> None:
    before = sorted(path_of(place.settings, "x").parent.glob("*"))
    answer = web.post("/v1/files", content=body, headers=FORM)

    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["param"] == param
    assert answer.json()["error"]["type"] == "invalid_request_error"
    assert sorted(path_of(place.settings, "x").parent.glob("*")) == before


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../../etc/passwd", "passwd"),
        ("C:\\\\Temp\\\\rows.jsonl", "rows.jsonl"),
        ("..", ".."),
        ("a\u202egpj.exe", "file"),
        ("", "file"),
    ],
)
def test_a_name_is_shown_and_leads_nowhere(
    web: httpx2.Client, place: Place, sent: str, kept: str
) -> None:
    body = PURPOSE + part("file", b"x", f'; filename="{sent}"') + END
    answer = web.post("/v1/files", content=body, headers=FORM)

    assert answer.json()["filename"] == kept
    assert path_of(place.settings, answer.json()["id"]).read_bytes() == b"x"


def test_what_is_no_form_or_too_large_is_refused_before_it_is_read(web: httpx2.Client) -> None:
    answer = web.post("/v1/files", json={"purpose": "fine-tune"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (415, "media_type")

    connection = HTTPConnection(web.base_url.host, web.base_url.port)
    with closing(connection):
        length = {"content-length": str(MOST_BYTES + 200_000)}
        connection.request("POST", "/v1/files", headers=FORM | length)
        told = connection.getresponse()
        assert (told.status, json.load(told)["error"]["code"]) == (413, "too_large")

    assert web.post("/v1/chat/completions", content=b"x" * 1_500_000).status_code == 413


def test_a_file_that_grows_too_large_is_refused_and_none_of_it_kept(
    web: httpx2.Client, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.openai.receiving.MOST_BYTES", 3 << 20)

    def body() -> Iterator[bytes]:
        yield PURPOSE + part("file", b"", '; filename="large"')[:-2]
        for _ in range(40):
            yield b"x" * 100_000
        yield b"\r\n" + END

    answer = web.post("/v1/files", content=body(), headers=FORM)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "file_too_large")
    assert not list(path_of(place.settings, "x").parent.glob(".draft*"))


@pytest.mark.parametrize(
    "name", ["file-aaaaaaaaaaaaaaaa", "..%2f..%2fformfact.db", "file-results-a"]
)
def test_a_file_that_is_not_there_is_not_found(web: httpx2.Client, name: str) -> None:
    for path in (f"/v1/files/{name}", f"/v1/files/{name}/content"):
        answer = web.get(path)
        assert answer.status_code == 404
        assert answer.json()["error"]["type"] == "invalid_request_error"
    assert web.get("/v1/files", params={"after": name}).status_code == 400
