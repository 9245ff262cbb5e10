"""how much a network hangs on few funders, made at refresh; what few organisations have is found by an index; longer filter names"""

import sqlalchemy as sa
from alembic import op

revision = "shared_0013"
down_revision = "shared_0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "money_robustness",
        sa.Column("clearance", sa.String(800), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("drawn", sa.Integer(), nullable=False),
        sa.Column("mean", sa.Float()),
        sa.Column("largest", sa.Float()),
    )
    op.create_index(op.f("ix_money_line_organisation_id"), "money_line", ["organisation_id"])
    columns = ["clearance", "currency", "drawn"]
    with op.batch_alter_table("initiative_choice") as choice:
        choice.alter_column("kind", existing_type=sa.String(8), type_=sa.String(24), existing_nullable=False)
    op.create_index(op.f("ix_money_robustness_clearance_currency_drawn"), "money_robustness", columns)


def downgrade() -> None:
    op.drop_index(op.f("ix_money_line_organisation_id"), "money_line")
    op.drop_table("money_robustness")
    op.execute("DELETE FROM initiative_choice")
    with op.batch_alter_table("initiative_choice") as choice:
        choice.alter_column("kind", existing_type=sa.String(24), type_=sa.String(8), existing_nullable=False)
