"""Failure logs, their records, rows left out, and what people say of records.

Revision: 0002, after 0001.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
STATES = (
    "state in ('uploading', 'uploaded', 'queued', 'running', 'done', 'failed', 'cancelled', "
    "'deleting')"
)
LABELS = "('information', 'behavior', 'both', 'neither', 'uncertain')"
SCANNED = (
    "log_id",
    "number",
    "repeat_of",
    "final_label",
    "final_subtype",
    "sureness",
    "human_label",
    "repeats",
    "happened_at",
)
NEXT = ("log_id", "repeat_of", "sureness", "subtype", "digest", "number")


def upgrade() -> None:
    """Apply."""
    _create_failure_logs()
    _create_log_records()
    _create_log_texts()
    _create_skipped_rows()
    _create_human_labels()
    _search()
    _refuse_changes()


def _create_failure_logs() -> None:
    op.create_table(
        "failure_logs",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("case_id", sa.String(32), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=True),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("mapping", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("resumed_at", sa.BigInteger(), nullable=False),
        *(
            sa.Column(name, sa.Integer(), nullable=False)
            for name in ("records", "skipped", "duplicates", "labelled")
        ),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("claim", sa.String(32), nullable=False),
        sa.Column("worker", sa.String(200), nullable=False),
        sa.Column("rulebook_version", sa.String(100), nullable=False),
        sa.Column("rulebook_hash", sa.String(64), nullable=False),
        sa.Column("seen", sa.JSON(), nullable=False),
        sa.Column("summary", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        *(
            sa.Column(f"{name}_at", MOMENT, nullable=True)
            for name in ("queued", "started", "heartbeat", "finished", "applied")
        ),
        sa.Column("applied", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_failure_logs")),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_failure_logs_case_id_cases")
        ),
        sa.CheckConstraint(STATES, name=op.f("ck_failure_logs_state")),
    )
    for columns in (["case_id", "created_at", "id"], ["state", "queued_at"]):
        op.create_index(op.f(f"ix_failure_logs_{'_'.join(columns)}"), "failure_logs", columns)


def _create_log_records() -> None:
    op.create_table(
        "log_records",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("log_id", sa.String(32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("label", sa.String(20), nullable=False),
        sa.Column("subtype", sa.String(200), nullable=False),
        sa.Column("confidence", sa.String(10), nullable=False),
        sa.Column("sureness", sa.Integer(), nullable=False),
        sa.Column("human_label", sa.String(20), nullable=True),
        sa.Column("human_subtype", sa.String(200), nullable=True),
        sa.Column("final_label", sa.String(20), nullable=False),
        sa.Column("final_subtype", sa.String(200), nullable=False),
        sa.Column("repeat_of", sa.Integer(), nullable=True),
        sa.Column("repeats", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(32), nullable=False),
        sa.Column("happened_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_records")),
        sa.ForeignKeyConstraint(
            ["log_id"], ["failure_logs.id"], name=op.f("fk_log_records_log_id_failure_logs")
        ),
        sa.UniqueConstraint("log_id", "number", name=op.f("uq_log_records_log_id_number")),
    )
    op.create_index(op.f("ix_log_records_log_id_digest"), "log_records", ["log_id", "digest"])
    op.create_index("ix_log_records_scan", "log_records", list(SCANNED))
    op.create_index("ix_log_records_next", "log_records", list(NEXT))


def _create_log_texts() -> None:
    op.create_table(
        "log_texts",
        sa.Column("id", ROW_ID, nullable=False, autoincrement=False),
        sa.Column("log_id", sa.String(32), nullable=False),
        sa.Column("searched", sa.Text(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("signals", sa.JSON(), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_texts")),
        sa.ForeignKeyConstraint(
            ["id"], ["log_records.id"], name=op.f("fk_log_texts_id_log_records")
        ),
    )


def _create_skipped_rows() -> None:
    op.create_table(
        "skipped_rows",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("log_id", sa.String(32), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_skipped_rows")),
        sa.ForeignKeyConstraint(
            ["log_id"], ["failure_logs.id"], name=op.f("fk_skipped_rows_log_id_failure_logs")
        ),
    )
    op.create_index(
        op.f("ix_skipped_rows_log_id_line_id"), "skipped_rows", ["log_id", "line", "id"]
    )


def _create_human_labels() -> None:
    op.create_table(
        "human_labels",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("log_id", sa.String(32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("annotator", sa.String(100), nullable=False),
        sa.Column("label", sa.String(20), nullable=True),
        sa.Column("subtype", sa.String(200), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("undoes", ROW_ID, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_human_labels")),
        sa.ForeignKeyConstraint(
            ["log_id", "number"],
            ["log_records.log_id", "log_records.number"],
            name="fk_human_labels_record",
        ),
        sa.CheckConstraint(
            f"label is null or label in {LABELS}", name=op.f("ck_human_labels_label")
        ),
    )
    for columns in (["log_id", "number", "id"], ["log_id", "annotator", "id"]):
        op.create_index(op.f(f"ix_human_labels_{'_'.join(columns)}"), "human_labels", columns)


def _search() -> None:
    """Make words findable, in the way that each database has for it."""
    if op.get_bind().dialect.name != "sqlite":
        op.execute(
            "create index log_search on log_texts using gin (to_tsvector('simple', searched))"
        )
        return
    op.execute(
        "create virtual table log_search using fts5(log_id, searched, content='log_texts', "
        "content_rowid='id', detail='column', tokenize='unicode61 remove_diacritics 0')"
    )
    op.execute(
        "create trigger log_texts_found after insert on log_texts begin "
        "insert into log_search(rowid, log_id, searched) "
        "values (new.id, new.log_id, new.searched); end"
    )
    op.execute(
        "create trigger log_texts_forgotten after delete on log_texts begin "
        "insert into log_search(log_search, rowid, log_id, searched) "
        "values ('delete', old.id, old.log_id, old.searched); end"
    )


def _refuse_changes() -> None:
    """Labels are only ever added; they go when the whole log is deleted, and not before."""
    message = "human_labels are append-only"
    kept = "(select state from failure_logs where id = old.log_id) <> 'deleting'"
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "create trigger human_labels_no_update before update on human_labels "
            f"begin select raise(abort, '{message}'); end"
        )
        op.execute(
            "create trigger human_labels_no_delete before delete on human_labels "
            f"when {kept} begin select raise(abort, '{message}'); end"
        )
    else:
        op.execute(
            "create function human_labels_append_only() returns trigger language plpgsql as "
            f"$$ begin if tg_op = 'UPDATE' or {kept} then raise exception '{message}'; end if; "
            "return old; end $$"
        )
        op.execute(
            "create trigger human_labels_no_change before update or delete on human_labels "
            "for each row execute function human_labels_append_only()"
        )


def downgrade() -> None:
    """Undo."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    if sqlite:
        op.execute("drop table log_search")
    for table in ("human_labels", "skipped_rows", "log_texts", "log_records", "failure_logs"):
        op.drop_table(table)
    if not sqlite:
        op.execute("drop function human_labels_append_only()")
