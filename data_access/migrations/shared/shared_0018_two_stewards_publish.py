"""who asked for a period to be published, so that another steward approves it"""

import sqlalchemy as sa
from alembic import op

revision = "shared_0018"
down_revision = "shared_0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "publication_request",
        sa.Column("period", sa.String(8), nullable=False),
        sa.Column("asked_by", sa.String(64), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("period", name=op.f("pk_publication_request")),
    )


def downgrade() -> None:
    op.drop_table("publication_request")
