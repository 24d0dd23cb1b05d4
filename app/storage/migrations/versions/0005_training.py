"""Training jobs, the changes of state that there are, what happens to jobs, and workers.

Revision: 0005, after 0004.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
STATES = (
    "state in ('checking', 'queued', 'running', 'paused', 'succeeded', 'succeeded_with_warnings', "
    "'failed', 'cancelled')"
)
TRANSITIONS = {
    "checking": ("queued", "failed", "cancelled"),
    "queued": ("running", "paused", "failed", "cancelled"),
    "running": (
        "queued",
        "paused",
        "succeeded",
        "succeeded_with_warnings",
        "failed",
        "cancelled",
    ),
    "paused": ("queued", "cancelled"),
    "failed": ("checking", "queued"),
    "cancelled": ("checking", "queued"),
}
FUNCTIONS = (
    "train_jobs_may_change",
    "train_jobs_tell",
    "train_events_append_only",
    "train_transitions_fixed",
)


def upgrade() -> None:
    """Apply."""
    _create_transitions()
    _create_jobs()
    _create_events()
    _create_workers()
    if op.get_bind().dialect.name == "sqlite":
        _watch_sqlite()
    else:
        _watch_postgresql()


def _create_transitions() -> None:
    table = op.create_table(
        "train_transitions",
        sa.Column("before", sa.String(30), nullable=False),
        sa.Column("after", sa.String(30), nullable=False),
        sa.PrimaryKeyConstraint("before", "after", name=op.f("pk_train_transitions")),
    )
    pairs = [(before, after) for before, all_after in TRANSITIONS.items() for after in all_after]
    op.bulk_insert(table, [{"before": before, "after": after} for before, after in pairs])


def _create_jobs() -> None:
    op.create_table(
        "train_jobs",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("case_id", sa.String(32), nullable=True),
        sa.Column("parent_id", sa.String(32), nullable=True),
        sa.Column("client_key", sa.String(200), nullable=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("method", sa.String(100), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("spec", sa.JSON(), nullable=False),
        sa.Column("extra", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(30), nullable=False),
        sa.Column("wish", sa.String(10), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("override_reason", sa.Text(), nullable=False),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("claim", sa.String(32), nullable=False),
        sa.Column("worker", sa.String(32), nullable=False),
        *(sa.Column(name, MOMENT, nullable=True) for name in ("lease_until", "heartbeat_at")),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("tries", "crashes", "losses")),
        sa.Column("reached", sa.BigInteger(), nullable=False),
        sa.Column("stage", sa.String(20), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=True) for name in ("step", "total_steps")),
        *(
            sa.Column(name, sa.JSON(none_as_null=True), nullable=True)
            for name in ("preflight", "report", "verdict", "failure")
        ),
        sa.Column("created_at", MOMENT, nullable=False),
        *(
            sa.Column(f"{name}_at", MOMENT, nullable=True)
            for name in ("queued", "started", "finished", "deleted")
        ),
        *_rules_of_jobs(),
    )
    for columns in (
        ["case_id", "created_at", "id"],
        ["state", "priority", "position", "id"],
        ["created_at", "id"],
    ):
        op.create_index(op.f(f"ix_train_jobs_{'_'.join(columns)}"), "train_jobs", columns)


def _rules_of_jobs() -> tuple[sa.Constraint, ...]:
    return (
        sa.PrimaryKeyConstraint("id", name=op.f("pk_train_jobs")),
        sa.UniqueConstraint("client_key", name=op.f("uq_train_jobs_client_key")),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_train_jobs_case_id_cases")
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["train_jobs.id"], name=op.f("fk_train_jobs_parent_id_train_jobs")
        ),
        sa.CheckConstraint(STATES, name=op.f("ck_train_jobs_state")),
        sa.CheckConstraint("wish in ('', 'pause', 'cancel')", name=op.f("ck_train_jobs_wish")),
        sa.CheckConstraint(
            "state in ('checking', 'running') or (claim = '' and wish = '')",
            name=op.f("ck_train_jobs_claimed"),
        ),
    )


def _create_events() -> None:
    op.create_table(
        "train_events",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("job_id", sa.String(32), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("step", sa.Integer(), nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_train_events")),
        sa.UniqueConstraint("job_id", "key", name=op.f("uq_train_events_job_id_key")),
        sa.ForeignKeyConstraint(
            ["job_id"], ["train_jobs.id"], name=op.f("fk_train_events_job_id_train_jobs")
        ),
        sqlite_autoincrement=True,
    )
    for columns in (["job_id", "id"], ["job_id", "kind", "id"]):
        op.create_index(op.f(f"ix_train_events_{'_'.join(columns)}"), "train_events", columns)


def _create_workers() -> None:
    op.create_table(
        "train_workers",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("host", sa.String(200), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("slots", sa.Integer(), nullable=False),
        sa.Column("device", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("heartbeat_at", MOMENT, nullable=False),
        sa.Column("stopped_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_train_workers")),
    )


# --- what the schema sees to: legal changes alone, each of them an event, nothing rewritten -------

EVENT = (
    "insert into train_events (job_id, key, kind, at, data) select new.id, 'state:' || count(*), "
)
COUNTED = " from train_events where job_id = new.id and kind = 'state'"
DELETED = "(select deleted_at from train_jobs where id = old.job_id) is not null"


def _watch_sqlite() -> None:
    def trigger(name: str, when: str, then: str) -> None:
        op.execute(f"create trigger {name} {when} begin {then}; end")

    refuse = "select raise(abort, 'this change of state is not possible')"
    now = "strftime('%Y-%m-%d %H:%M:%f', 'now') || '000'"
    missing = (
        "not exists (select 1 from train_transitions where before = old.state "
        "and after = new.state)"
    )
    changed = "old.state <> new.state"
    trigger(
        "train_jobs_may_change",
        f"before update of state on train_jobs when {changed} and {missing}",
        refuse,
    )
    trigger(
        "train_jobs_may_begin",
        "before insert on train_jobs when new.state not in ('checking', 'queued')",
        refuse,
    )
    told = (
        f"{EVENT}'state', {now}, json_object('from', {{0}}, 'to', new.state, 'reason', new.reason)"
    )
    trigger(
        "train_jobs_tell",
        f"after update of state on train_jobs when {changed}",
        told.format("old.state") + COUNTED,
    )
    trigger("train_jobs_tell_first", "after insert on train_jobs", told.format("null") + COUNTED)
    append_only = "select raise(abort, 'train_events are append-only')"
    trigger("train_events_no_update", "before update on train_events", append_only)
    trigger(
        "train_events_no_delete",
        f"before delete on train_events when not {DELETED}",
        append_only,
    )
    for change in ("insert", "update", "delete"):
        trigger(
            f"train_transitions_no_{change}",
            f"before {change} on train_transitions",
            "select raise(abort, 'train_transitions are fixed')",
        )


def _watch_postgresql() -> None:
    def trigger(name: str, when: str, body: str) -> None:
        function = f"create function {name}() returns trigger language plpgsql as "
        op.execute(f"{function}$$ begin {body} end $$")
        op.execute(f"create trigger {name} {when} for each row execute function {name}()")

    trigger(
        "train_jobs_may_change",
        "before insert or update on train_jobs",
        "if tg_op = 'INSERT' then "
        "if new.state in ('checking', 'queued') then return new; end if; "
        "elsif old.state = new.state or exists (select 1 from train_transitions "
        "where before = old.state and after = new.state) then return new; end if; "
        "raise exception 'this change of state is not possible' "
        "using errcode = 'check_violation';",
    )
    built = "json_build_object('from', {0}, 'to', new.state, 'reason', new.reason)"
    told = f"{EVENT}'state', clock_timestamp(), {built}{COUNTED};"
    trigger(
        "train_jobs_tell",
        "after insert or update on train_jobs",
        f"if tg_op = 'INSERT' then {told.format('null::text')} "
        f"elsif old.state <> new.state then {told.format('old.state')} end if; return null;",
    )
    trigger(
        "train_events_append_only",
        "before update or delete on train_events",
        f"if tg_op = 'UPDATE' or not {DELETED} then "
        "raise exception 'train_events are append-only'; end if; return old;",
    )
    trigger(
        "train_transitions_fixed",
        "before insert or update or delete on train_transitions",
        "raise exception 'train_transitions are fixed';",
    )


def downgrade() -> None:
    """Undo."""
    for table in ("train_workers", "train_events", "train_jobs", "train_transitions"):
        op.drop_table(table)
    if op.get_bind().dialect.name != "sqlite":
        for function in FUNCTIONS:
            op.execute(f"drop function {function}()")
