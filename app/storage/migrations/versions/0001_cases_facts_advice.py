"""Cases, their facts, their advice, and the responses kept for repeated requests.

Revision: 0001, the first.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
RECORDS = ("fact_entries", "advice_records")
"""Tables that are only ever added to; the database itself refuses anything else."""
ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Apply."""
    _create_cases()
    _create_fact_entries()
    _create_advice_records()
    _create_idempotency_keys()
    for table in RECORDS:
        _refuse_changes(table)


def _create_cases() -> None:
    op.create_table(
        "cases",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("searched", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("archived_at", MOMENT, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
    )
    op.create_index(
        op.f("ix_cases_archived_at_updated_at_id"), "cases", ["archived_at", "updated_at", "id"]
    )


def _create_fact_entries() -> None:
    op.create_table(
        "fact_entries",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("case_id", sa.String(32), nullable=False),
        sa.Column("fact_id", sa.String(100), nullable=False),
        sa.Column("value", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("origin", sa.String(10), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("change", sa.String(32), nullable=False),
        sa.Column("undoes", sa.String(32), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fact_entries")),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_fact_entries_case_id_cases")
        ),
        sa.CheckConstraint(
            "state in ('known', 'unknown', 'withdrawn')", name=op.f("ck_fact_entries_state")
        ),
        sa.CheckConstraint(
            "origin in ('answered', 'measured', 'assumed')", name=op.f("ck_fact_entries_origin")
        ),
        sa.CheckConstraint(
            "(state = 'known') = (value is not null)", name=op.f("ck_fact_entries_value_if_known")
        ),
    )
    for columns in (["case_id", "fact_id", "id"], ["case_id", "change"]):
        name = f"ix_fact_entries_{'_'.join(columns)}"
        op.create_index(op.f(name), "fact_entries", columns)


def _create_advice_records() -> None:
    op.create_table(
        "advice_records",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("case_id", sa.String(32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("advice", sa.JSON(), nullable=False),
        sa.Column("step", sa.String(100), nullable=True),
        sa.Column("rulebook_version", sa.String(100), nullable=False),
        sa.Column("rulebook_hash", sa.String(64), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_advice_records")),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_advice_records_case_id_cases")
        ),
        sa.UniqueConstraint("case_id", "number", name=op.f("uq_advice_records_case_id_number")),
    )


def _create_idempotency_keys() -> None:
    op.create_table(
        "idempotency_keys",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("method", sa.String(10), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("request_hash", sa.String(64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idempotency_keys")),
        sa.UniqueConstraint(
            "key", "method", "path", name=op.f("uq_idempotency_keys_key_method_path")
        ),
    )
    op.create_index(op.f("ix_idempotency_keys_created_at"), "idempotency_keys", ["created_at"])


def _refuse_changes(table: str) -> None:
    message = f"{table} are append-only"
    if op.get_bind().dialect.name == "sqlite":
        for change in ("update", "delete"):
            op.execute(
                f"create trigger {table}_no_{change} before {change} on {table} "
                f"begin select raise(abort, '{message}'); end"
            )
    else:
        op.execute(
            f"create function {table}_append_only() returns trigger language plpgsql as "
            f"$$ begin raise exception '{message}'; end $$"
        )
        op.execute(
            f"create trigger {table}_no_change before update or delete on {table} "
            f"for each row execute function {table}_append_only()"
        )


def downgrade() -> None:
    """Undo."""
    for table in ("idempotency_keys", "advice_records", "fact_entries", "cases"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        for table in RECORDS:
            op.execute(f"drop function {table}_append_only()")
