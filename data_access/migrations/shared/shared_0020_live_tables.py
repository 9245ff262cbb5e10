"""keys by which a program reads a table, and which of them took what"""

import sqlalchemy as sa
from alembic import op

revision = "shared_0020"
down_revision = "shared_0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("export_log", sa.Column("live_key", sa.String(16), nullable=False, server_default=""))
    op.create_table(
        "live_key",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("hashed", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_live_key")),
        sa.UniqueConstraint("hashed", name=op.f("uq_live_key_hashed")),
    )
    op.create_index(op.f("ix_live_key_subject"), "live_key", ["subject"])


def downgrade() -> None:
    op.drop_table("live_key")
    with op.batch_alter_table("export_log") as table:
        table.drop_column("live_key")
