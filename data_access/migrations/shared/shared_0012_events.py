"""dated changes of policy and funding, which every time axis shows"""

import sqlalchemy as sa
from alembic import op

revision = "shared_0012"
down_revision = "shared_0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "policy_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("host_country", sa.String(2)),
        sa.Column("label_en", sa.String(160), nullable=False),
        sa.Column("label_de", sa.String(160)),
        sa.Column("label_ru", sa.String(160)),
        sa.CheckConstraint("kind IN ('policy', 'funding')", name=op.f("ck_policy_event_kind")),
        sa.CheckConstraint("length(host_country) = 2", name=op.f("ck_policy_event_host_country_iso")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_event")),
        sa.UniqueConstraint("on_date", "label_en", name=op.f("uq_policy_event_on_date_label_en")),
    )


def downgrade() -> None:
    op.drop_table("policy_event")
