"""faults of pages by the reference that a reader was told"""

import sqlalchemy as sa
from alembic import op

revision = "shared_0017"
down_revision = "shared_0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "fault",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reference", sa.String(8), nullable=False),
        sa.Column("page", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(80), nullable=False),
        sa.Column("places", sa.String(800), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fault")),
    )
    op.create_index(op.f("ix_fault_reference"), "fault", ["reference"])


def downgrade() -> None:
    op.drop_table("fault")
