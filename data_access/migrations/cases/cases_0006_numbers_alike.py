"""numbers of cases that differ only in how they are written can be met over several loads"""

import sqlalchemy as sa
from alembic import op

revision = "cases_0006"
down_revision = "cases_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("relocation_case", sa.Column("number_key", sa.String(36)))
    op.create_index("ix_relocation_case_number_key", "relocation_case", ["number_key"])


def downgrade() -> None:
    op.drop_index("ix_relocation_case_number_key", "relocation_case")
    op.drop_column("relocation_case", "number_key")
