"""The tables of the OpenAI-compatible API: tokens of those who may ask, and files they sent."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.models import Base, new_id, utc_now
from app.storage.types import UtcDateTime


class ApiToken(Base):
    """Somebody who may use the API. The token itself is kept nowhere, its digest is."""

    __tablename__ = "api_tokens"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(200))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    """SHA-256 of the token, which is random enough to need no salt."""
    hint: Mapped[str] = mapped_column(String(8))
    """The token's last letters, by which its owner recognises it."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ApiFile(Base):
    """A file that was sent; its content lies in the data folder under its id."""

    __tablename__ = "api_files"
    __table_args__ = (Index(None, "created_at", "id"), Index(None, "expires_at"))

    id: Mapped[str] = mapped_column(
        String(40), primary_key=True, default=lambda: f"file-{new_id()}"
    )
    filename: Mapped[str] = mapped_column(String(255))
    purpose: Mapped[str] = mapped_column(String(20))
    bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
