"""What the database does for the API, on SQLite and on PostgreSQL."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from app.errors import Invalid
from app.openai import files, tokens, tuning
from app.openai.errors import ApiError
from app.settings import Settings
from app.storage import ApiFile
from tests.app.openai.conftest import ROW


@pytest.fixture
def training_file(session: Session, settings: Settings) -> str:
    file = ApiFile(filename="a", purpose="fine-tune", bytes=len(ROW), sha256="")
    session.add(file)
    session.flush()
    place = files.path_of(settings, file.id)
    place.parent.mkdir(parents=True)
    place.write_bytes(ROW)
    return file.id


def test_jobs_are_sought_by_their_metadata(
    session: Session, settings: Settings, training_file: str
) -> None:
    def create(metadata: dict[str, str] | None) -> None:
        wanted = tuning.NewJob(model="small", training_file=training_file, metadata=metadata)
        tuning.create(session, settings, wanted, None)

    for metadata in ({"team": "help", "a.b c'd": "ü"}, {"team": "sales"}, None):
        create(metadata)

    def count(**sought: str) -> int:
        found = tuning.list_jobs(session, settings, cursor=None, limit=10, metadata=sought)
        return len(found["data"])

    assert count() == 3
    assert count(team="help") == count(**{"a.b c'd": "ü"}) == count(team="help", **{"a.b c'd": "ü"})
    assert count(team="sales") == 1
    assert count(team="nobody") == count(other="help") == 0
    with pytest.raises(ApiError):
        count(**{'"': "x"})


def test_files_are_listed_and_deleted(
    session: Session, settings: Settings, training_file: str
) -> None:
    def ids(purpose: str) -> list[str]:
        page = files.list_files(session, purpose=purpose, order="asc", cursor=None, limit=10)
        return [item["id"] for item in page["data"]]

    assert ids("fine-tune") == ids("") == [training_file]
    assert ids("batch") == []
    assert files.delete_file(session, settings, training_file)["deleted"]
    assert ids("") == []


def test_a_token_is_valid_until_it_is_revoked(session: Session, settings: Settings) -> None:
    assert tokens.is_open(session, settings)
    token, secret = tokens.new_token(session, "Ada")
    assert tokens.is_valid(session, secret)
    assert not tokens.is_open(session, settings)
    tokens.revoke_token(session, token.id)
    assert not tokens.is_valid(session, secret)
    with pytest.raises(Invalid):
        tokens.new_token(session, "\x00")
