"""a person's language, a log of who was given which role, and the sign-ins that can be ended"""

import sqlalchemy as sa
from alembic import op

revision = "shared_0016"
down_revision = "shared_0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("viewer", sa.Column("language", sa.String(8)))
    op.create_table(
        "people_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(64), nullable=False, server_default=""),
        sa.Column("what", sa.String(8), nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("role", sa.String(12), nullable=False),
        sa.Column("countries", sa.String(800), nullable=False, server_default=""),
        sa.Column("language", sa.String(8), nullable=False, server_default=""),
        sa.CheckConstraint("what IN ('added', 'changed', 'removed')", name=op.f("ck_people_change_what")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people_change")),
    )
    op.create_index(op.f("ix_people_change_subject"), "people_change", ["subject"])
    op.create_table(
        "sign_in",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in")),
    )
    op.create_index(op.f("ix_sign_in_subject"), "sign_in", ["subject"])


def downgrade() -> None:
    op.drop_table("sign_in")
    op.drop_table("people_change")
    op.execute("ALTER TABLE viewer DROP COLUMN language")
