"""the log of exports says what left, of which release and why, and only grows"""

import sqlalchemy as sa
from alembic import op

revision = "shared_0006"
down_revision = "shared_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name, length in (("scope", 400), ("what", 80), ("format", 8), ("release", 40)):
        op.add_column("export_log", sa.Column(name, sa.String(length), nullable=False, server_default=""))
    reasons = "reason IN ('casework', 'handover', 'authority', 'checking')"
    reason = sa.Column("reason", sa.String(12), sa.CheckConstraint(reasons, name=op.f("ck_export_log_reason")))
    with op.batch_alter_table("export_log") as table:
        table.add_column(reason)
    op.add_column("export_log", sa.Column("refused", sa.Boolean(), nullable=False, server_default="0"))
    op.create_index(op.f("ix_export_log_subject_exported_at"), "export_log", ["subject", "exported_at"])
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER export_log_only_grows BEFORE INSERT ON export_log "
            "WHEN EXISTS (SELECT 1 FROM export_log WHERE id = NEW.id) "
            "BEGIN SELECT RAISE(ABORT, 'the log is never replaced'); END"
        )


def downgrade() -> None:
    raise NotImplementedError("The log of exports is never thinned; go back by restoring a backup.")
