"""how many pairs of each label were found, of which only the strongest are stored"""

import sqlalchemy as sa
from alembic import op

revision = "shared_0007"
down_revision = "shared_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "overlap_total",
        sa.Column("clearance", sa.String(800), nullable=False),
        sa.Column("label", sa.String(24), nullable=False),
        sa.Column("pairs", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("clearance", "label", name=op.f("pk_overlap_total")),
    )


def downgrade() -> None:
    op.drop_table("overlap_total")
