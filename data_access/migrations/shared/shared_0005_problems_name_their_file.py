"""problems of a load name their file, and say whether the row was loaded all the same"""

import sqlalchemy as sa
from alembic import op

revision = "shared_0005"
down_revision = "shared_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("import_issue", sa.Column("file_name", sa.String(200)))
    op.add_column("import_issue", sa.Column("is_warning", sa.Boolean(), nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("import_issue", "is_warning")
    op.drop_column("import_issue", "file_name")
