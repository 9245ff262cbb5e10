"""legal clocks per route, host country and time, counted from entry where it is known"""

import sqlalchemy as sa
from alembic import op

revision = "cases_0008"
down_revision = "cases_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "legal_clock",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("route", sa.String(40), nullable=False),
        sa.Column("host_country", sa.String(2)),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date()),
        sa.Column("valid_until", sa.Date()),
        sa.CheckConstraint("days > 0", name=op.f("ck_legal_clock_days_positive")),
        sa.CheckConstraint("length(host_country) = 2", name=op.f("ck_legal_clock_host_country_iso")),
        sa.CheckConstraint("valid_until >= valid_from", name=op.f("ck_legal_clock_valid_from_before_valid_until")),
        sa.ForeignKeyConstraint(["route"], ["route.code"], name=op.f("fk_legal_clock_route_route")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_clock")),
    )
    op.create_index(op.f("ix_legal_clock_route"), "legal_clock", ["route"])
    op.execute(
        "INSERT INTO legal_clock (id, route, days) "
        "SELECT position + 1, code, clock_days FROM route WHERE clock_days IS NOT NULL"
    )
    op.execute("ALTER TABLE route DROP COLUMN clock_days")
    op.add_column("case_episode", sa.Column("entered_on", sa.Date()))
    op.execute("DELETE FROM case_call")
    with op.batch_alter_table("case_call") as call:
        call.add_column(sa.Column("is_from_entry", sa.Boolean(), nullable=False))


def downgrade() -> None:
    raise NotImplementedError("Clocks of several countries do not fit one column; restore a backup to go back.")
