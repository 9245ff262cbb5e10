"""which event was counted in which published period, so that none is counted twice or lost"""

import sqlalchemy as sa
from alembic import op

revision = "cases_0004"
down_revision = "cases_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "frozen_event",
        sa.Column("episode_id", sa.String(36), nullable=False),
        sa.Column("measure", sa.String(32), nullable=False),
        sa.Column("period", sa.String(8), nullable=False),
        sa.PrimaryKeyConstraint("episode_id", "measure", name=op.f("pk_frozen_event")),
    )
    op.create_index(op.f("ix_frozen_event_period"), "frozen_event", ["period"])


def downgrade() -> None:
    op.drop_table("frozen_event")
