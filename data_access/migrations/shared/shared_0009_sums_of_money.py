"""sums of money, so that no page adds up grants; there are none until the next refresh"""

import sqlalchemy as sa
from alembic import op

revision = "shared_0009"
down_revision = "shared_0008"
branch_labels = None
depends_on = None

Columns = tuple[tuple[str, sa.types.TypeEngine], ...]
CELL: Columns = (("host_country", sa.String(12)), ("activity", sa.String(40)))
TABLES: dict[str, Columns] = {
    "money_month": (
        *CELL,
        ("audiences", sa.Text()),
        ("needed_in", sa.Text()),
        ("month", sa.Date()),
        *((name, sa.BigInteger()) for name in ("signed", "pledged", "need")),
        ("known_needs", sa.Integer()),
    ),
    "money_line": (
        *((name, sa.Integer()) for name in ("year", "line", "organisation_id", "funder_id")),
        *CELL,
        *((name, sa.BigInteger()) for name in ("received", "passed_on", "need", "budget")),
        *((name, sa.Integer()) for name in ("known_needs", "unknown_needs", "parts", "pledges")),
    ),
    "money_recipient": (
        ("organisation_id", sa.Integer()),
        *(
            (name, sa.BigInteger())
            for name in (
                "total", "largest", "unnamed", "unrestricted", "restricted", "carried_over", "unknown_status",
                "from_members",
            )
        ),
        *((name, sa.Integer()) for name in ("grants", "counted", "left_out", "funders", "largest_funder_id")),
        ("last_day", sa.Date()),
    ),
    "money_grantee": (
        *((name, sa.Integer()) for name in ("organisation_id", "year", "grants")),
        ("total", sa.BigInteger()),
    ),
    "money_project": (("project_id", sa.Integer()), ("total", sa.BigInteger())),
    "grant_to_fix": (("grant_id", sa.Integer()), ("reason", sa.String(20)), ("times", sa.Integer())),
}  # fmt: skip
MAY_BE_UNKNOWN = ("funder_id", "largest_funder_id", "last_day")


def upgrade() -> None:
    op.create_table(
        "summed_for",
        sa.Column("clearance", sa.String(800), nullable=False),
        sa.PrimaryKeyConstraint("clearance", name=op.f("pk_summed_for")),
    )
    op.execute("DELETE FROM meta WHERE key = 'summed_version'")
    whose: Columns = (("clearance", sa.String(800)), ("currency", sa.String(3)))
    for table, columns in TABLES.items():
        made = [sa.Column(name, kind, nullable=name in MAY_BE_UNKNOWN) for name, kind in (*whose, *columns)]
        op.create_table(table, *made)
        found_by = ["clearance", "currency", columns[0][0]]
        op.create_index(op.f(f"ix_{table}_{'_'.join(found_by)}"), table, found_by)


def downgrade() -> None:
    op.drop_table("summed_for")
    for table in TABLES:
        op.drop_table(table)
