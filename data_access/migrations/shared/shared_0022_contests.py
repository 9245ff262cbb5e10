"""what readers say is wrong, and what became of it"""

import sqlalchemy as sa
from alembic import op

revision = "shared_0022"
down_revision = "shared_0021"
branch_labels = None
depends_on = None

ENTITIES = ("initiative", "project", "grant", "source")
KINDS = ("wrong", "outdated", "counted_twice", "not_to_be_listed", "not_ours")
SETTLEMENTS = ("mended", "kept_right", "kept_source", "kept_unclear")


def _one_of(column: str, values: tuple[str, ...]) -> sa.CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=op.f(f"ck_contest_{column}"))


def upgrade() -> None:
    op.create_table(
        "contest",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("entity", sa.String(12), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True)),
        sa.Column("settled_as", sa.String(16)),
        sa.Column("settled_by", sa.String(64)),
        _one_of("entity", ENTITIES),
        _one_of("kind", KINDS),
        _one_of("settled_as", SETTLEMENTS),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contest")),
    )
    op.create_index(op.f("ix_contest_subject"), "contest", ["subject"])


def downgrade() -> None:
    op.drop_table("contest")
