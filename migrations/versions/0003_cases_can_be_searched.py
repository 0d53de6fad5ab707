"""cases can be searched"""

from alembic import op

revision = "0003"
down_revision = "0002"

OLD = "INSERT INTO case_texts_fts(case_texts_fts, rowid, body) VALUES ('delete', old.id, old.body);"
NEW = "INSERT INTO case_texts_fts(rowid, body) VALUES (new.id, new.body);"
TRIGGERS = {
    "case_texts_inserted": f"AFTER INSERT ON case_texts BEGIN {NEW} END",
    "case_texts_updated": f"AFTER UPDATE ON case_texts BEGIN {OLD} {NEW} END",
    "case_texts_deleted": f"AFTER DELETE ON case_texts BEGIN {OLD} END",
}


def upgrade():
    if op.get_bind().dialect.name != "sqlite":
        op.execute("CREATE INDEX ix_case_texts_grams ON case_texts USING gin (string_to_array(grams, ' '))")
        return
    op.execute("CREATE VIRTUAL TABLE case_texts_fts USING fts5(body, content='case_texts', content_rowid='id')")
    for name, does in TRIGGERS.items():
        op.execute(f"CREATE TRIGGER {name} {does}")


def downgrade():
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP INDEX ix_case_texts_grams")
        return
    for name in TRIGGERS:
        op.execute(f"DROP TRIGGER {name}")
    op.execute("DROP TABLE case_texts_fts")
