"""legal form, people, website and description of an initiative; results of projects as they are stated"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "shared_0014"
down_revision = "shared_0013"
branch_labels = None
depends_on = None
COLUMNS: dict[str, sa.types.TypeEngine[Any]] = {
    "legal_form": sa.String(20),
    "website": sa.String(200),
    "description": sa.String(400),
    "volunteers": sa.Integer(),
    "paid_staff": sa.Integer(),
}


def upgrade() -> None:
    for name, kind in COLUMNS.items():
        op.add_column("organisation", sa.Column(name, kind))
    op.create_table(
        "project_result",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(120), nullable=False),
        sa.Column("number", sa.Integer()),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("period_end", sa.Date(), nullable=False),
        sa.Column("source", sa.String(200), nullable=False),
        sa.CheckConstraint(
            "period_end >= period_start", name=op.f("ck_project_result_period_start_before_period_end")
        ),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_project_result_project_id_project")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_result")),
    )
    op.create_index(op.f("ix_project_result_project_id"), "project_result", ["project_id"])


def downgrade() -> None:
    op.drop_table("project_result")
    for name in COLUMNS:
        op.execute(f"ALTER TABLE organisation DROP COLUMN {name}")
