"""the network's settings of a year of publication"""

import sqlalchemy as sa
from alembic import op

revision = "shared_0003"
down_revision = "shared_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "publication_year",
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("periods", sa.String(8), nullable=False),
        sa.Column("country_groups", sa.Text(), nullable=False),
        sa.Column("route_groups", sa.Text(), nullable=False),
        sa.CheckConstraint("periods IN ('quarters', 'halves')", name=op.f("ck_publication_year_periods")),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_publication_year")),
    )


def downgrade() -> None:
    op.drop_table("publication_year")
