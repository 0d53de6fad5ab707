"""bodies are taken once, events have a position, units a phone"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
POSITION = ("latitude", "longitude", "accuracy")


def upgrade():
    op.create_table(
        "receipts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_receipts_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipts")),
    )
    op.create_index(op.f("ix_receipts_person_id"), "receipts", ["person_id"])
    for name in POSITION:
        op.add_column("cases", sa.Column(name, sa.Double(), nullable=True))
    op.add_column("units", sa.Column("phone", sa.String(), nullable=False, server_default=""))


def downgrade():
    op.drop_column("units", "phone")
    for name in POSITION:
        op.drop_column("cases", name)
    op.drop_table("receipts")
