"""stays before issue are summed up; dated changes of policy are in the shared database, moved there by `meridian init`"""

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

revision = "cases_0007"
down_revision = "cases_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().scalar(sa.text("SELECT count(*) FROM policy_event")):
        raise CommandError("its changes of policy go to the shared database first: run `meridian init` with both addresses")
    op.drop_table("policy_event")
    op.create_table(
        "case_stay",
        sa.Column("host_country", sa.String(2), nullable=False),
        sa.Column("stage", sa.String(24), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("waited", sa.Integer(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(8), nullable=False),
        sa.Column("stays", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "host_country", "stage", "is_current", "waited", "days", "outcome", name=op.f("pk_case_stay")
        ),
    )


def downgrade() -> None:
    raise NotImplementedError("Changes of policy are in the shared database; restore a backup to go back.")
