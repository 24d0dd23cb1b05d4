"""What is kept: models, sessions and migrations, on SQLite or PostgreSQL."""

from app.storage.database import Database
from app.storage.models import AdviceRecord, Base, Case, FactEntry, IdempotencyKey, utc_now

__all__ = ["AdviceRecord", "Base", "Case", "Database", "FactEntry", "IdempotencyKey", "utc_now"]
