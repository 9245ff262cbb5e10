"""organisations that somebody said are one, or are two, and what each merge changed"""

import sqlalchemy as sa
from alembic import op

revision = "shared_0023"
down_revision = "shared_0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "organisation_merge",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kept_id", sa.Integer(), nullable=False),
        sa.Column("gone_id", sa.Integer(), nullable=False),
        sa.Column("gone_slug", sa.String(60), nullable=False),
        sa.Column("gone_name", sa.String(200), nullable=False),
        sa.Column("decision", sa.String(12), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(64), nullable=False),
        sa.Column("after_run", sa.Integer(), nullable=False),
        sa.Column("steps", sa.Text(), nullable=False),
        sa.CheckConstraint("decision IN ('merged', 'kept_apart')", name=op.f("ck_organisation_merge_decision")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation_merge")),
    )
    for column in ("kept_id", "gone_id", "gone_slug"):
        op.create_index(op.f(f"ix_organisation_merge_{column}"), "organisation_merge", [column])


def downgrade() -> None:
    op.drop_table("organisation_merge")
