"""what a digest has told whom, so that it tells it once"""

import sqlalchemy as sa
from alembic import op

revision = "shared_0021"
down_revision = "shared_0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "digest_told",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("audience", sa.String(64), nullable=False),
        sa.Column("rule", sa.String(20), nullable=False),
        sa.Column("about", sa.String(200), nullable=False),
        sa.Column("told_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_digest_told")),
    )
    op.create_index(op.f("ix_digest_told_audience"), "digest_told", ["audience"])


def downgrade() -> None:
    op.drop_table("digest_told")
