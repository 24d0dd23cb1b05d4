"""The tables. A case owns its facts and its advice; both are only ever added to."""

from __future__ import annotations

import secrets
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from advisor_rules.model import Origin, Value
from app.storage.types import RowId, UtcDateTime

ID_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
"""32 letters and digits that nobody mistakes for one another: five bits each."""
ID_LENGTH = 16
"""80 random bits: short enough to read aloud, too many to guess."""


def new_id() -> str:
    """A short, URL-safe, unguessable id."""
    return "".join(secrets.choice(ID_LETTERS) for _ in range(ID_LENGTH))


def utc_now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)


class Base(DeclarativeBase):
    """What every table shares: constraints with predictable names, so migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Case(Base):
    """One LLM application that a team wants to improve.

    ``version`` grows with every change of the case or of its facts. ``searched`` is what a search
    looks in: databases fold the case of letters each in its own way, so Python does it.
    """

    __tablename__ = "cases"
    __table_args__ = (Index(None, "archived_at", "updated_at", "id"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text, default="")
    searched: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    archived_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)


class FactEntry(Base):
    """Something said about a fact of a case; never changed, only followed by a newer entry.

    ``change`` groups what was said at once; ``undoes`` names the group that an undo takes back.
    """

    __tablename__ = "fact_entries"
    __table_args__ = (
        CheckConstraint("state in ('known', 'unknown', 'withdrawn')", name="state"),
        CheckConstraint("origin in ('answered', 'measured', 'assumed')", name="origin"),
        CheckConstraint("(state = 'known') = (value is not null)", name="value_if_known"),
        Index(None, "case_id", "fact_id", "id"),
        Index(None, "case_id", "change"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"))
    fact_id: Mapped[str] = mapped_column(String(100))
    value: Mapped[Value | None] = mapped_column(JSON(none_as_null=True))
    state: Mapped[str] = mapped_column(String(10))
    origin: Mapped[Origin] = mapped_column(String(10))
    evidence: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    change: Mapped[str] = mapped_column(String(32))
    undoes: Mapped[str | None] = mapped_column(String(32))


class AdviceRecord(Base):
    """Advice as it was given, whole, with all that is needed to give it again."""

    __tablename__ = "advice_records"
    __table_args__ = (UniqueConstraint("case_id", "number"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"))
    number: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    advice: Mapped[dict[str, Any]] = mapped_column(JSON)
    step: Mapped[str | None] = mapped_column(String(100))
    rulebook_version: Mapped[str] = mapped_column(String(100))
    rulebook_hash: Mapped[str] = mapped_column(String(64))
    as_of: Mapped[date]


class IdempotencyKey(Base):
    """The response to a write, kept so that the same request again gets the same response."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (UniqueConstraint("key", "method", "path"), Index(None, "created_at"))

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    key: Mapped[str] = mapped_column(String(200))
    method: Mapped[str] = mapped_column(String(10))
    path: Mapped[str] = mapped_column(Text)
    request_hash: Mapped[str] = mapped_column(String(64))
    status: Mapped[int | None]
    headers: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    body: Mapped[bytes] = mapped_column(LargeBinary, default=b"")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
