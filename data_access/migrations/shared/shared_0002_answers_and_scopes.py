"""answers with coded reasons, scores per scope, and when a record or a pair was first seen"""

import sqlalchemy as sa
from alembic import op

revision = "shared_0002"
down_revision = "shared_0001"
branch_labels = None
depends_on = None

REASONS = "('other_people', 'other_place', 'other_work', 'other_time', 'agreed_division', 'wrong_facts')"


def upgrade() -> None:
    op.execute(
        f"UPDATE overlap_verdict SET reason = CASE WHEN answer = 'not_a_duplicate' THEN 'other_work' END "
        f"WHERE reason IS NULL OR reason NOT IN {REASONS}"
    )
    with op.batch_alter_table("overlap_verdict") as table:
        table.alter_column("reason", type_=sa.String(24), existing_type=sa.Text())
        table.create_check_constraint(op.f("ck_overlap_verdict_reason"), f"reason IN {REASONS}")
        table.create_check_constraint(
            op.f("ck_overlap_verdict_says_why"), "answer <> 'not_a_duplicate' OR reason IS NOT NULL"
        )
    with op.batch_alter_table("overlap_pair") as table:
        table.drop_constraint(op.f("ck_overlap_pair_clearance"), type_="check")
        table.alter_column("clearance", type_=sa.String(800), existing_type=sa.String(8))
        table.add_column(sa.Column("flagged_on", sa.Date()))
    with op.batch_alter_table("facet_rarity") as table:
        table.alter_column("clearance", type_=sa.String(800), existing_type=sa.String(8))
    op.add_column("organisation", sa.Column("recorded_on", sa.Date()))
    op.add_column("grant", sa.Column("recorded_on", sa.Date()))


def downgrade() -> None:
    op.drop_column("grant", "recorded_on")
    op.drop_column("organisation", "recorded_on")
    with op.batch_alter_table("overlap_pair") as table:
        table.drop_column("flagged_on")
        table.create_check_constraint(op.f("ck_overlap_pair_clearance"), "clearance IN ('funder', 'all')")
    with op.batch_alter_table("overlap_verdict") as table:
        table.drop_constraint(op.f("ck_overlap_verdict_says_why"), type_="check")
        table.drop_constraint(op.f("ck_overlap_verdict_reason"), type_="check")
        table.alter_column("reason", type_=sa.Text(), existing_type=sa.String(24))
