"""indexes: names that tables lead on from, and the money of a host country"""

from alembic import op

revision = "shared_0026"
down_revision = "shared_0025"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_organisation_name": ("organisation", ["name"]),
    "ix_project_name": ("project", ["name"]),
    "ix_money_line_circle_currency_host_country": ("money_line", ["circle", "currency", "host_country"]),
}


def upgrade() -> None:
    for name, (table, columns) in INDEXES.items():
        op.create_index(op.f(name), table, columns)


def downgrade() -> None:
    for name, (table, _columns) in INDEXES.items():
        op.drop_index(op.f(name), table)
