"""The counter of beat's ticks, with its only row.

Revision: 0002, after 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    counter = op.create_table(
        "tick_counter",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=True),
    )
    op.bulk_insert(counter, [{"id": 1, "count": 0}])


def downgrade() -> None:
    op.drop_table("tick_counter")
