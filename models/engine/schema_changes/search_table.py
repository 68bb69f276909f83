"""The table of search terms, which Tortoise cannot describe: its primary key is all of its columns."""

from __future__ import annotations

from typing import Any

from tortoise.migrations.operations import RunSQL

_TABLE = """
CREATE TABLE search_term (
    merchant_id BIGINT NOT NULL,
    term VARCHAR(8) NOT NULL,
    rank INT NOT NULL,
    product_id BIGINT NOT NULL REFERENCES product (id) ON DELETE RESTRICT,
    PRIMARY KEY (merchant_id, term, rank, product_id)
)"""
_INDEX = "CREATE INDEX idx_search_term_product ON search_term (product_id, term)"


class CreateSearchTable(RunSQL):
    """Terms with the rank of their products; on SQLite WITHOUT ROWID, so that no row is stored twice."""

    def __init__(self) -> None:
        super().__init__([_TABLE, _INDEX], "DROP TABLE search_term")

    async def _run_sql(self, state_editor: Any, sqls: Any) -> None:
        if sqls == self.sql and state_editor.client.capabilities.dialect == "sqlite":
            sqls = [f"{_TABLE} WITHOUT ROWID", _INDEX]
        await super()._run_sql(state_editor, sqls)
