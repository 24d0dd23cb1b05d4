"""Whatever is sent, the answer is one of OpenAI's shape, and never a fault of the server."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from app.openai.chat_bodies import NewChat
from app.openai.tuning import NewJob

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)
GOOD: dict[str, dict[str, Any]] = {
    # without a model that is there, so that nothing has to be computed
    "/v1/chat/completions": {"model": "nobody", "messages": [{"role": "user", "content": "x"}]},
    "/v1/fine_tuning/jobs": {"model": "small", "training_file": "file-aaaaaaaaaaaaaaaa"},
}
FIELDS: dict[str, type[BaseModel]] = {
    "/v1/chat/completions": NewChat,
    "/v1/fine_tuning/jobs": NewJob,
}


@pytest.mark.parametrize("path", list(GOOD))
@settings(max_examples=60)
@given(data=st.data())
def test_a_body_of_any_kind_is_refused_in_words(
    web: httpx2.Client, path: str, data: st.DataObject
) -> None:
    names = st.sampled_from(sorted(FIELDS[path].model_fields))
    change = data.draw(st.dictionaries(names, VALUES, min_size=1, max_size=3))

    answer = web.post(path, json={**GOOD[path], **change})

    assert 400 <= answer.status_code < 500, (change, answer.text)
    assert set(answer.json()["error"]) == {"message", "type", "param", "code"}


@settings(max_examples=60)
@given(name=st.text(min_size=1, max_size=30), value=st.text(max_size=10))
def test_a_name_of_any_kind_is_not_found_in_words(
    web: httpx2.Client, name: str, value: str
) -> None:
    part = quote(name, safe="")
    for path in (
        f"/v1/models/x{part}",
        f"/v1/files/x{part}",
        f"/v1/fine_tuning/jobs/x{part}/events",
        f"/v1/fine_tuning/jobs?after=x{part}",
        f"/v1/fine_tuning/jobs?metadata[{part}]={quote(value)}&limit=1",
        f"/v1/files?after={part}",
        f"/v1/files?purpose={part}",
    ):
        answer = web.get(path)
        assert answer.status_code in (200, 400, 404), (path, answer.text)
        if answer.status_code != 200:
            assert set(answer.json()["error"]) == {"message", "type", "param", "code"}
