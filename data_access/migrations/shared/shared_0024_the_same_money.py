"""grants and needs that loads left out as money that another source states, and what was said of them"""

import sqlalchemy as sa
from alembic import op

revision = "shared_0024"
down_revision = "shared_0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "same_money",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("entity", sa.String(30), nullable=False),
        sa.Column("external_id", sa.String(200), nullable=False),
        sa.Column("kept_id", sa.Integer(), nullable=False),
        sa.Column("kept_name", sa.String(200), nullable=False),
        sa.Column("kept_source", sa.String(120), nullable=False),
        sa.Column("decision", sa.String(12), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("decided_by", sa.String(64)),
        sa.Column("steps", sa.Text(), nullable=False),
        sa.CheckConstraint("decision IN ('waiting', 'one', 'two')", name=op.f("ck_same_money_decision")),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_same_money_source_id_source")),
        sa.ForeignKeyConstraint(["run_id"], ["import_run.id"], name=op.f("fk_same_money_run_id_import_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_same_money")),
        sa.UniqueConstraint("source_id", "entity", "external_id", name=op.f("uq_same_money_source_id_entity_external_id")),
    )
    op.create_index(op.f("ix_same_money_run_id"), "same_money", ["run_id"])


def downgrade() -> None:
    op.drop_table("same_money")
