"""what a steward asked for, and the counts of initiatives that asked not to be listed, of one release each"""

import sqlalchemy as sa
from alembic import op

revision = "shared_0019"
down_revision = "shared_0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "publication_request",
        sa.Column("is_to_be_withheld", sa.Boolean(), nullable=False, server_default="0"),
    )
    op.create_table(
        "unlisted_count",
        sa.Column("release", sa.String(10), nullable=False),
        sa.Column("host_country", sa.String(2), nullable=False),
        sa.Column("released_on", sa.Date(), nullable=False),
        sa.Column("organisations", sa.Integer(), nullable=False),
        sa.CheckConstraint("length(host_country) = 2", name=op.f("ck_unlisted_count_host_country_iso")),
        sa.PrimaryKeyConstraint("release", "host_country", name=op.f("pk_unlisted_count")),
    )


def downgrade() -> None:
    op.drop_table("unlisted_count")
    with op.batch_alter_table("publication_request") as table:
        table.drop_column("is_to_be_withheld")
