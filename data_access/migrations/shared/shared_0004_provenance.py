"""provenance that can tell what changed, what was not seen again, and undo a load"""

import sqlalchemy as sa
from alembic import op

revision = "shared_0004"
down_revision = "shared_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("source", sa.Column("column_map", sa.Text()))
    op.add_column("import_run", sa.Column("format", sa.String(20)))
    op.add_column("import_run", sa.Column("file_hash", sa.String(64)))
    op.add_column("import_run", sa.Column("not_seen", sa.Integer(), nullable=False, server_default="0"))
    op.drop_table("source_record")
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER overlap_verdict_only_grows BEFORE INSERT ON overlap_verdict "
            "WHEN EXISTS (SELECT 1 FROM overlap_verdict WHERE id = NEW.id) "
            "BEGIN SELECT RAISE(ABORT, 'answers are never replaced'); END"
        )
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
    raise NotImplementedError("The record of what was loaded cannot be thinned again; go back by restoring a backup.")
