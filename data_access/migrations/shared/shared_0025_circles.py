"""sums of money by the circle of viewers who know the same; there are none until the next refresh"""

import sqlalchemy as sa
from alembic import op

revision = "shared_0025"
down_revision = "shared_0024"
branch_labels = None
depends_on = None

TABLES = {
    "money_month": "host_country",
    "money_line": "year",
    "money_recipient": "organisation_id",
    "money_grantee": "organisation_id",
    "money_project": "project_id",
    "grant_to_fix": "grant_id",
    "book": "line",
}
ROBUSTNESS = "ix_money_robustness_clearance_currency_drawn"


def upgrade() -> None:
    _empty()
    for table, key in TABLES.items():
        op.drop_index(op.f(f"ix_{table}_clearance_currency_{key}"), table)
        with op.batch_alter_table(table) as change:
            change.drop_column("clearance")
            change.add_column(sa.Column("circle", sa.Integer(), nullable=False))
            if table == "grant_to_fix":
                change.drop_column("times")
        op.create_index(op.f(f"ix_{table}_circle_currency_{key}"), table, ["circle", "currency", key])
    op.drop_index(op.f(ROBUSTNESS), "money_robustness")
    with op.batch_alter_table("money_robustness") as change:
        change.create_primary_key(op.f("pk_money_robustness"), ["clearance", "currency"])
    op.drop_table("summed_for")
    _summed_for(sa.Column("circle", sa.Integer(), nullable=False))


def downgrade() -> None:
    _empty()
    op.drop_table("summed_for")
    _summed_for()
    with op.batch_alter_table("money_robustness") as change:
        change.drop_constraint(op.f("pk_money_robustness"), type_="primary")
    op.create_index(op.f(ROBUSTNESS), "money_robustness", ["clearance", "currency", "drawn"])
    for table, key in TABLES.items():
        op.drop_index(op.f(f"ix_{table}_circle_currency_{key}"), table)
        with op.batch_alter_table(table) as change:
            change.drop_column("circle")
            change.add_column(sa.Column("clearance", sa.String(800), nullable=False))
            if table == "grant_to_fix":
                change.add_column(sa.Column("times", sa.Integer(), nullable=False))
        op.create_index(op.f(f"ix_{table}_clearance_currency_{key}"), table, ["clearance", "currency", key])


def _empty() -> None:
    for table in (*TABLES, "money_robustness"):
        op.execute(sa.text(f"DELETE FROM {table}"))
    op.execute("DELETE FROM meta WHERE key = 'summed_version'")


def _summed_for(*circle: sa.Column) -> None:
    keys = ["clearance", *(column.name for column in circle)]
    op.create_table(
        "summed_for",
        sa.Column("clearance", sa.String(800), nullable=False),
        *circle,
        sa.PrimaryKeyConstraint(*keys, name=op.f("pk_summed_for")),
    )
