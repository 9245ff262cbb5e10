"""sums of money by what each grant is to the network and by tier of need, and the books; none until the next refresh"""

import sqlalchemy as sa
from alembic import op

revision = "shared_0010"
down_revision = "shared_0009"
branch_labels = None
depends_on = None

Columns = tuple[tuple[str, sa.types.TypeEngine], ...]
CELL: Columns = (("host_country", sa.String(12)), ("activity", sa.String(40)))


def _amounts(*names: str) -> Columns:
    return tuple((name, sa.BigInteger()) for name in names)


def _counts(*names: str) -> Columns:
    return tuple((name, sa.Integer()) for name in names)


TABLES: dict[str, Columns] = {
    "money_month": (
        *CELL,
        ("audiences", sa.Text()),
        ("needed_in", sa.Text()),
        *_counts("readings"),
        ("month", sa.Date()),
        *_amounts("signed", "pledged", "need"),
        *_counts("known_needs"),
    ),
    "money_line": (
        *_counts("year", "line", "organisation_id", "funder_id"),
        *CELL,
        *_counts("readings"),
        *_amounts("received", "passed_on", "need"),
        *_counts("known_needs", "unknown_needs", "parts", "pledges"),
    ),
    "money_recipient": (
        *_counts("organisation_id"),
        *_amounts("total", "own", "entered", "carried_over", "unsourced", "from_members", "passed_on", "left_network"),
        *_amounts("outside", "largest", "unnamed", "unrestricted", "restricted", "unknown_status"),
        *_counts("grants", "counted", "unconverted", "undated", "left_out", "funders", "largest_funder_id"),
        ("last_day", sa.Date()),
    ),
    "money_grantee": (*_counts("organisation_id", "year", "grants", "unconverted"), *_amounts("total")),
    "book": (("line", sa.String(24)), *_counts("units"), *_amounts("minor")),
}
MAY_BE_UNKNOWN = ("funder_id", "largest_funder_id", "last_day")


def upgrade() -> None:
    for table in TABLES:
        if table != "book":
            op.drop_table(table)
    op.execute("DELETE FROM meta WHERE key = 'summed_version'")
    whose: Columns = (("clearance", sa.String(800)), ("currency", sa.String(3)))
    for table, columns in TABLES.items():
        made = [sa.Column(name, kind, nullable=name in MAY_BE_UNKNOWN) for name, kind in (*whose, *columns)]
        op.create_table(table, *made)
        found_by = ["clearance", "currency", columns[0][0]]
        op.create_index(op.f(f"ix_{table}_{'_'.join(found_by)}"), table, found_by)


def downgrade() -> None:
    raise NotImplementedError("Sums are made anew at refresh; restore a backup to go back.")
