"""Documents of cases, probes on them, and what people judge of what was found.

Revision: 0004, after 0003.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
STATES = "state in ('queued', 'running', 'done', 'failed', 'cancelled', 'deleting')"
TABLES = (
    "document_files",
    "probes",
    "probe_questions",
    "probe_passages",
    "probe_documents",
    "probe_hits",
    "probe_judgements",
)


def upgrade() -> None:
    """Apply."""
    _create_document_files()
    _create_probes()
    _create_probe_questions()
    _create_probe_passages()
    _create_probe_documents()
    _create_probe_hits()
    _create_probe_judgements()
    _refuse_changes()


def _create_document_files() -> None:
    op.create_table(
        "document_files",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("case_id", sa.String(32), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=True),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document_files")),
        _belongs("document_files", "case_id", "cases"),
        sa.CheckConstraint(
            "state in ('uploading', 'ready', 'deleting')", name=op.f("ck_document_files_state")
        ),
    )
    _index("document_files", "case_id", "created_at", "id")
    _index("document_files", "state")


def _create_probes() -> None:
    op.create_table(
        "probes",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("case_id", sa.String(32), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("log_id", sa.String(32), nullable=True),
        *(sa.Column(name, sa.JSON(), nullable=False) for name in ("settings", "document_ids")),
        sa.Column("qrels", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("questions", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("stage", sa.String(200), nullable=False),
        *_numbers(sa.BigInteger(), "position", "total", "resumed_at"),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("claim", sa.String(32), nullable=False),
        sa.Column("worker", sa.String(200), nullable=False),
        sa.Column("rulebook_version", sa.String(100), nullable=False),
        sa.Column("rulebook_hash", sa.String(64), nullable=False),
        sa.Column("result", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("problems", sa.JSON(), nullable=False),
        sa.Column("judged", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        *(
            sa.Column(f"{name}_at", MOMENT, nullable=True)
            for name in ("queued", "started", "heartbeat", "finished", "applied")
        ),
        sa.Column("applied", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_probes")),
        _belongs("probes", "case_id", "cases"),
        sa.CheckConstraint(STATES, name=op.f("ck_probes_state")),
    )
    _index("probes", "case_id", "created_at", "id")
    _index("probes", "state", "queued_at")


def _create_probe_questions() -> None:
    op.create_table(
        "probe_questions",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("probe_id", sa.String(32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        *_texts("question_id", "text", "reference", "kind", "group"),
        sa.Column("origin", sa.String(10), nullable=False),
        sa.Column("record", sa.Integer(), nullable=True),
        sa.Column("relevance", sa.String(10), nullable=False),
        *_texts("why", "guessed_why"),
        *(sa.Column(name, sa.JSON(), nullable=False) for name in ("relevant", "guessed", "by")),
        *_numbers(sa.Integer(), "place", "pool", "judged"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_probe_questions")),
        _belongs("probe_questions", "probe_id", "probes"),
        sa.UniqueConstraint("probe_id", "number", name=op.f("uq_probe_questions_probe_id_number")),
        sa.CheckConstraint(
            "relevance in ('qrels', 'weak', 'judged', 'none')",
            name=op.f("ck_probe_questions_relevance"),
        ),
    )
    _index("probe_questions", "probe_id", "place")


def _create_probe_passages() -> None:
    op.create_table(
        "probe_passages",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("probe_id", sa.String(32), nullable=False),
        *_texts("passage", "document", "title", "source"),
        *_numbers(sa.Integer(), "start", "end"),
        *_texts("heading", "text"),
        *_numbers(sa.Integer(), "tokens"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_probe_passages")),
        _belongs("probe_passages", "probe_id", "probes"),
        sa.UniqueConstraint("probe_id", "passage", name=op.f("uq_probe_passages_probe_id_passage")),
    )


def _create_probe_documents() -> None:
    op.create_table(
        "probe_documents",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("probe_id", sa.String(32), nullable=False),
        *_texts("document", "title", "source"),
        sa.Column("kind", sa.String(20), nullable=False),
        *_numbers(sa.Integer(), "characters"),
        *_texts("text"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_probe_documents")),
        _belongs("probe_documents", "probe_id", "probes"),
        sa.UniqueConstraint(
            "probe_id", "document", name=op.f("uq_probe_documents_probe_id_document")
        ),
    )


def _create_probe_hits() -> None:
    op.create_table(
        "probe_hits",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("probe_id", sa.String(32), nullable=False),
        *_numbers(sa.Integer(), "number"),
        sa.Column("retriever", sa.String(100), nullable=False),
        *_numbers(sa.Integer(), "rank"),
        *_texts("passage"),
        sa.Column("score", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_probe_hits")),
        _belongs("probe_hits", "probe_id", "probes"),
    )
    _index("probe_hits", "probe_id", "number", "rank")


def _create_probe_judgements() -> None:
    op.create_table(
        "probe_judgements",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("probe_id", sa.String(32), nullable=False),
        *_numbers(sa.Integer(), "number"),
        *_texts("passage"),
        sa.Column("grade", sa.Integer(), nullable=True),
        sa.Column("annotator", sa.String(100), nullable=False),
        sa.Column("undoes", ROW_ID, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_probe_judgements")),
        sa.ForeignKeyConstraint(
            ["probe_id", "number"],
            ["probe_questions.probe_id", "probe_questions.number"],
            name="fk_probe_judgements_question",
        ),
        sa.CheckConstraint(
            "grade is null or grade in (0, 1, 2)", name=op.f("ck_probe_judgements_grade")
        ),
    )
    _index("probe_judgements", "probe_id", "number", "id")
    _index("probe_judgements", "probe_id", "annotator", "id")


def _texts(*names: str) -> Sequence[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _numbers(kind: sa.Integer, *names: str) -> Sequence[sa.Column[int]]:
    return [sa.Column(name, kind, nullable=False) for name in names]


def _belongs(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}_{to}"))


def _index(table: str, *columns: str) -> None:
    op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, list(columns))


def _refuse_changes() -> None:
    """Judgements are only ever added; they go when the whole probe is deleted, and not before."""
    message = "probe_judgements are append-only"
    kept = "(select state from probes where id = old.probe_id) <> 'deleting'"
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "create trigger probe_judgements_no_update before update on probe_judgements "
            f"begin select raise(abort, '{message}'); end"
        )
        op.execute(
            "create trigger probe_judgements_no_delete before delete on probe_judgements "
            f"when {kept} begin select raise(abort, '{message}'); end"
        )
    else:
        op.execute(
            "create function probe_judgements_append_only() returns trigger language plpgsql as "
            f"$$ begin if tg_op = 'UPDATE' or {kept} then raise exception '{message}'; end if; "
            "return old; end $$"
        )
        op.execute(
            "create trigger probe_judgements_no_change before update or delete on probe_judgements "
            "for each row execute function probe_judgements_append_only()"
        )


def downgrade() -> None:
    """Undo."""
    for table in reversed(TABLES):
        op.drop_table(table)
    if op.get_bind().dialect.name != "sqlite":
        op.execute("drop function probe_judgements_append_only()")
