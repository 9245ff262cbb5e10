"""organisations of host countries that initiatives work with"""

import sqlalchemy as sa
from alembic import op

revision = "shared_0015"
down_revision = "shared_0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "local_partner",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("host_country", sa.String(2)),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("since", sa.Date()),
        sa.CheckConstraint("length(host_country) = 2", name=op.f("ck_local_partner_host_country_iso")),
        sa.CheckConstraint(
            "kind IN ('civil_society', 'university', 'public_body', 'faith_community', 'business', 'other')",
            name=op.f("ck_local_partner_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_local_partner_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_local_partner")),
        sa.UniqueConstraint(
            "organisation_id", "name", "host_country", name=op.f("uq_local_partner_organisation_id_name_host_country")
        ),
    )
    op.create_index(op.f("ix_local_partner_organisation_id"), "local_partner", ["organisation_id"])


def downgrade() -> None:
    op.drop_table("local_partner")
