"""what comes after arrival: permits and documents with their last day, a change of route, moving on, returning"""

import sqlalchemy as sa
from alembic import op

revision = "cases_0009"
down_revision = "cases_0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "after_arrival",
        sa.Column("episode_id", sa.String(36), nullable=False),
        sa.Column("event", sa.String(16), nullable=False),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("until", sa.Date()),
        sa.CheckConstraint(
            "event IN ('permit', 'document', 'route_changed', 'moved_on', 'returned')",
            name=op.f("ck_after_arrival_event"),
        ),
        sa.CheckConstraint("until >= on_date", name=op.f("ck_after_arrival_on_date_before_until")),
        sa.ForeignKeyConstraint(
            ["episode_id"], ["case_episode.id"], name=op.f("fk_after_arrival_episode_id_case_episode")
        ),
        sa.PrimaryKeyConstraint("episode_id", "event", "on_date", name=op.f("pk_after_arrival")),
    )
    op.create_table(
        "case_after",
        sa.Column("host_country", sa.String(2), nullable=False),
        sa.Column("route", sa.String(40), nullable=False),
        sa.Column("what", sa.String(16), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("episodes", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("host_country", "route", "what", "days", name=op.f("pk_case_after")),
    )


def downgrade() -> None:
    op.drop_table("case_after")
    op.drop_table("after_arrival")
