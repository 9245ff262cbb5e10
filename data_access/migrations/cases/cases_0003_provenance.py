"""where the rows of the case database came from"""

import sqlalchemy as sa
from alembic import op

revision = "cases_0003"
down_revision = "cases_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "source",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("owner", sa.String(120)),
        sa.Column("licence", sa.String(120)),
        sa.Column("rhythm_days", sa.Integer()),
        sa.Column("column_map", sa.Text()),
        sa.CheckConstraint("rhythm_days > 0", name=op.f("ck_source_rhythm_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source")),
        sa.UniqueConstraint("name", name=op.f("uq_source_name")),
    )
    op.create_table(
        "import_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("loaded_on", sa.Date(), nullable=False),
        sa.Column("status", sa.String(12), nullable=False),
        sa.Column("format", sa.String(20)),
        sa.Column("file_hash", sa.String(64)),
        sa.Column("created", sa.Integer(), nullable=False),
        sa.Column("updated", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.Column("not_seen", sa.Integer(), nullable=False, server_default="0"),
        sa.CheckConstraint("status IN ('done', 'failed', 'undone')", name=op.f("ck_import_run_status")),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_import_run_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_run")),
    )
    op.create_index(op.f("ix_import_run_source_id"), "import_run", ["source_id"])
    op.create_table(
        "import_issue",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("sheet", sa.String(120)),
        sa.Column("row_number", sa.Integer()),
        sa.Column("column_name", sa.String(120)),
        sa.Column("value", sa.Text()),
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("suggestion", sa.Text()),
        sa.Column("raw_row", sa.Text()),
        sa.ForeignKeyConstraint(["run_id"], ["import_run.id"], name=op.f("fk_import_issue_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_issue")),
    )
    op.create_index(op.f("ix_import_issue_run_id"), "import_issue", ["run_id"])
    op.create_table(
        "source_record",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("entity", sa.String(30), nullable=False),
        sa.Column("external_id", sa.String(200), nullable=False),
        sa.Column("row_key", sa.String(200), nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("seen_run_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_source_record_source_id")),
        sa.ForeignKeyConstraint(["run_id"], ["import_run.id"], name=op.f("fk_source_record_run_id")),
        sa.ForeignKeyConstraint(["seen_run_id"], ["import_run.id"], name=op.f("fk_source_record_seen_run_id")),
        sa.PrimaryKeyConstraint("source_id", "entity", "external_id", name=op.f("pk_source_record")),
    )
    op.create_index(op.f("ix_source_record_run_id"), "source_record", ["run_id"])
    op.create_index(op.f("ix_source_record_seen_run_id"), "source_record", ["seen_run_id"])
    op.create_table(
        "import_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("entity", sa.String(30), nullable=False),
        sa.Column("external_id", sa.String(200), nullable=False),
        sa.Column("row_key", sa.String(200), nullable=False),
        sa.Column("before", sa.Text()),
        sa.Column("record_before", sa.Text()),
        sa.ForeignKeyConstraint(["run_id"], ["import_run.id"], name=op.f("fk_import_change_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_change")),
    )
    op.create_index(op.f("ix_import_change_run_id"), "import_change", ["run_id"])


def downgrade() -> None:
    raise NotImplementedError("Go back by restoring a backup.")
