"""summaries for stages, cohorts, entry delay, transit, the call list and records to fix; `meridian refresh` fills them"""

import sqlalchemy as sa
from alembic import op

revision = "cases_0002"
down_revision = "cases_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for summary in ("case_day", "case_duration", "case_open", "case_problem"):
        op.drop_table(summary)
    op.create_table(
        "case_day",
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("host_country", sa.String(2), nullable=False),
        sa.Column("route", sa.String(40), nullable=False),
        sa.Column("opened", sa.Integer(), nullable=False),
        sa.Column("reopened", sa.Integer(), nullable=False),
        sa.Column("closed", sa.Integer(), nullable=False),
        sa.Column("closed_reopened", sa.Integer(), nullable=False),
        sa.Column("ineligible_in", sa.Integer(), nullable=False),
        sa.Column("ineligible_out", sa.Integer(), nullable=False),
        sa.Column("held", sa.Integer(), nullable=False),
        sa.Column("resumed", sa.Integer(), nullable=False),
        sa.Column("relocated_people", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("on_date", "host_country", "route", name=op.f("pk_case_day")),
    )
    op.create_table(
        "case_stage_day",
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("host_country", sa.String(2), nullable=False),
        sa.Column("route", sa.String(40), nullable=False),
        sa.Column("stage", sa.String(24), nullable=False),
        sa.Column("entered", sa.Integer(), nullable=False),
        sa.Column("moved_on", sa.Integer(), nullable=False),
        sa.Column("reached", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("on_date", "host_country", "route", "stage", name=op.f("pk_case_stage_day")),
    )
    op.create_table(
        "case_reach",
        sa.Column("host_country", sa.String(2), nullable=False),
        sa.Column("route", sa.String(40), nullable=False),
        sa.Column("opened_month", sa.Date(), nullable=False),
        sa.Column("horizon", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(24), nullable=False),
        sa.Column("episodes", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("host_country", "route", "opened_month", "horizon", "stage", name=op.f("pk_case_reach")),
    )
    op.create_table(
        "case_duration",
        sa.Column("host_country", sa.String(2), nullable=False),
        sa.Column("route", sa.String(40), nullable=False),
        sa.Column("opened_month", sa.Date(), nullable=False),
        sa.Column("is_due", sa.Boolean(), nullable=False),
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("episodes", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("host_country", "route", "opened_month", "is_due", "entry", "days", "outcome", name=op.f("pk_case_duration")),
    )
    op.create_table(
        "case_open",
        sa.Column("host_country", sa.String(2), nullable=False),
        sa.Column("route", sa.String(40), nullable=False),
        sa.Column("stage", sa.String(24), nullable=False),
        sa.Column("on_hold", sa.Boolean(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("episodes", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("host_country", "route", "stage", "on_hold", "days", name=op.f("pk_case_open")),
    )
    op.create_table(
        "case_lag",
        sa.Column("host_country", sa.String(2), nullable=False),
        sa.Column("route", sa.String(40), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("host_country", "route", "days", name=op.f("pk_case_lag")),
    )
    op.create_table(
        "case_transit",
        sa.Column("waiting_country", sa.String(2), nullable=False),
        sa.Column("host_country", sa.String(2), nullable=False),
        sa.Column("route", sa.String(40), nullable=False),
        sa.Column("opened_month", sa.Date(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("episodes", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("waiting_country", "host_country", "route", "opened_month", "is_open", name=op.f("pk_case_transit")),
    )
    op.create_table(
        "case_call",
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("episode_no", sa.Integer(), nullable=False),
        sa.Column("host_country", sa.String(2), nullable=False),
        sa.Column("route", sa.String(40), nullable=False),
        sa.Column("stage", sa.String(24), nullable=False),
        sa.Column("on_hold", sa.Boolean(), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("stage_since", sa.Date(), nullable=False),
        sa.Column("stay_ends_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("case_id", "episode_no", name=op.f("pk_case_call")),
    )
    op.create_index(op.f("ix_case_call_host_country"), "case_call", ["host_country"])
    op.create_table(
        "case_fix",
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("episode_no", sa.Integer(), nullable=False),
        sa.Column("host_country", sa.String(2), nullable=False),
        sa.Column("route", sa.String(40), nullable=False),
        sa.Column("problem", sa.String(24), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "episode_no", name=op.f("pk_case_fix")),
    )
    op.create_index(op.f("ix_case_fix_host_country"), "case_fix", ["host_country"])


def downgrade() -> None:
    raise NotImplementedError("Summaries are rebuilt by `meridian refresh`; go back by restoring a backup.")
