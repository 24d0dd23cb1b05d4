"""What a language model says of failure records, and the work of asking it.

Revision: 0003, after 0002.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
STATES = "state in ('queued', 'running', 'done', 'failed', 'cancelled')"
SAID = "('wrong', 'right', 'cannot_tell')"


def upgrade() -> None:
    """Apply."""
    _create_judge_runs()
    _create_judge_opinions()
    _refuse_changes()


def _create_judge_runs() -> None:
    op.create_table(
        "judge_runs",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("log_id", sa.String(32), nullable=False),
        sa.Column("model", sa.String(200), nullable=False),
        sa.Column("prompt", sa.String(50), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        *(
            sa.Column(name, sa.BigInteger(), nullable=False)
            for name in ("position", "total", "resumed_at")
        ),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("claim", sa.String(32), nullable=False),
        sa.Column("worker", sa.String(200), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        *(
            sa.Column(f"{name}_at", MOMENT, nullable=True)
            for name in ("queued", "started", "heartbeat", "finished")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_judge_runs")),
        sa.ForeignKeyConstraint(
            ["log_id"], ["failure_logs.id"], name=op.f("fk_judge_runs_log_id_failure_logs")
        ),
        sa.CheckConstraint(STATES, name=op.f("ck_judge_runs_state")),
    )
    for columns in (["log_id", "created_at", "id"], ["state", "queued_at"]):
        op.create_index(op.f(f"ix_judge_runs_{'_'.join(columns)}"), "judge_runs", columns)


def _create_judge_opinions() -> None:
    op.create_table(
        "judge_opinions",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("log_id", sa.String(32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.String(32), nullable=False),
        sa.Column("model", sa.String(200), nullable=False),
        sa.Column("prompt", sa.String(50), nullable=False),
        sa.Column("uncertain", sa.Boolean(), nullable=False),
        sa.Column("facts", sa.String(12), nullable=True),
        sa.Column("form", sa.String(12), nullable=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("reason", "raw", "why_not")),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_judge_opinions")),
        sa.ForeignKeyConstraint(
            ["log_id", "number"],
            ["log_records.log_id", "log_records.number"],
            name="fk_judge_opinions_record",
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["judge_runs.id"], name=op.f("fk_judge_opinions_run_id_judge_runs")
        ),
        sa.CheckConstraint(
            f"facts is null or facts in {SAID}", name=op.f("ck_judge_opinions_facts")
        ),
        sa.CheckConstraint(f"form is null or form in {SAID}", name=op.f("ck_judge_opinions_form")),
        sa.CheckConstraint("(facts is null) = (form is null)", name=op.f("ck_judge_opinions_both")),
    )
    for columns in (["log_id", "number", "id"], ["run_id", "number"]):
        op.create_index(op.f(f"ix_judge_opinions_{'_'.join(columns)}"), "judge_opinions", columns)


def _refuse_changes() -> None:
    """Opinions are only ever added; they go when the whole log is deleted, and not before."""
    message = "judge_opinions are append-only"
    kept = "(select state from failure_logs where id = old.log_id) <> 'deleting'"
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "create trigger judge_opinions_no_update before update on judge_opinions "
            f"begin select raise(abort, '{message}'); end"
        )
        op.execute(
            "create trigger judge_opinions_no_delete before delete on judge_opinions "
            f"when {kept} begin select raise(abort, '{message}'); end"
        )
    else:
        op.execute(
            "create function judge_opinions_append_only() returns trigger language plpgsql as "
            f"$$ begin if tg_op = 'UPDATE' or {kept} then raise exception '{message}'; end if; "
            "return old; end $$"
        )
        op.execute(
            "create trigger judge_opinions_no_change before update or delete on judge_opinions "
            "for each row execute function judge_opinions_append_only()"
        )


def downgrade() -> None:
    """Undo."""
    op.drop_table("judge_opinions")
    op.drop_table("judge_runs")
    if op.get_bind().dialect.name != "sqlite":
        op.execute("drop function judge_opinions_append_only()")
