"""history cannot be changed"""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade():
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER case_entries_no_{verb.lower()} BEFORE {verb} ON case_entries "
                "BEGIN SELECT RAISE(ABORT, 'history cannot be changed'); END"
            )
        # INSERT OR REPLACE would otherwise put one entry in the place of another without a word.
        op.execute(
            "CREATE TRIGGER case_entries_no_replace BEFORE INSERT ON case_entries "
            "WHEN EXISTS (SELECT 1 FROM case_entries WHERE id = NEW.id) "
            "OR EXISTS (SELECT 1 FROM case_entries WHERE case_id = NEW.case_id AND serial = NEW.serial) "
            "OR EXISTS (SELECT 1 FROM case_entries WHERE key = NEW.key) "
            "BEGIN SELECT RAISE(ABORT, 'UNIQUE constraint failed: history cannot be changed'); END"
        )
        return
    op.execute(
        "CREATE FUNCTION refuse_change_of_history() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'history cannot be changed'; END $$"
    )
    op.execute(
        "CREATE TRIGGER case_entries_no_change BEFORE UPDATE OR DELETE ON case_entries "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change_of_history()"
    )
    op.execute(
        "CREATE TRIGGER case_entries_no_truncate BEFORE TRUNCATE ON case_entries "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_history()"
    )


def downgrade():
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER case_entries_no_replace")
        op.execute("DROP TRIGGER case_entries_no_update")
        op.execute("DROP TRIGGER case_entries_no_delete")
        return
    op.execute("DROP TRIGGER case_entries_no_change ON case_entries")
    op.execute("DROP TRIGGER case_entries_no_truncate ON case_entries")
    op.execute("DROP FUNCTION refuse_change_of_history")
