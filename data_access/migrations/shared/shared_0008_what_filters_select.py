"""which initiatives every value of the filter bar selects, so that counting reads one narrow table"""

import sqlalchemy as sa
from alembic import op

revision = "shared_0008"
down_revision = "shared_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "initiative_choice",
        sa.Column("clearance", sa.String(8), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("value", sa.String(60), nullable=False),
        sa.Column("organisation_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint(
            "clearance", "kind", "value", "organisation_id", name=op.f("pk_initiative_choice")
        ),
    )


def downgrade() -> None:
    op.drop_table("initiative_choice")
