"""Where texts become numbers and moments: each such place has looked at the length of its text before.

`int` raises for more than 4,300 digits, and takes the square of their number for fewer.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.house.source import Module

READERS = {"int", "Decimal", "PythonDecimal", "fromisoformat"}
# What they are given is bounded by a length, a pattern or a limit of documents that comes before ...
MEASURED = {
    "gateways/challenge_picture.py: int(x)",
    "gateways/challenge_picture.py: int(y)",
    "gateways/sandbox.py: int(timestamp)",
    "gateways/wechat_pay/signing.py: int(timestamp)",
    "models/catalog/gtin.py: int(digit)",
    "models/text/digits.py: int(text)",
    "models/members/numbers.py: int(digit)",
    "models/money.py: Decimal(text)",
    "models/stores/hours.py: int(hour)",
    "models/stores/hours.py: int(minute)",
    "resolvers/integrations/files/csv_files.py: Decimal(text)",
    "resolvers/integrations/files/sheets.py: int(text)",
    "resolvers/orm_pagination.py: datetime.fromisoformat(part)",
    "resolvers/integrations/files/csv_files.py: datetime.fromisoformat(text)",
    "schema/cost/values.py: int(node.value)",
    "schema/scalars.py: PythonDecimal(text)",
    "schema/scalars.py: int(text)",
}
# ... or is no text of a stranger: a number already, a column, or what this server has written itself.
OWN = {
    "gateways/addresses.py: int(address)",
    "gateways/cost_buckets.py: int(level)",
    "gateways/sandbox.py: datetime.fromisoformat(expires)",
    "models/bounds.py: int(self)",
    "models/tables/columns.py: datetime.fromisoformat(column)",
    "models/engine/long_lists.py: int(number)",
    "models/money.py: Decimal(base_minor)",
    "models/money.py: Decimal(minor)",
    "models/money.py: int(minor)",
    "models/text/client_addresses.py: int(parsed)",
    "resolvers/backups/restoring.py: int(part)",
    "resolvers/demo/chain.py: Decimal(price)",
    "resolvers/health/background.py: datetime.fromisoformat(value)",
    "resolvers/integrations/files/csv_files.py: int(number)",
    "resolvers/integrations/files/sheets.py: int(number)",
    "resolvers/integrations/webhooks/queue.py: datetime.fromisoformat(moment)",
    "resolvers/orders/checkout/quote_tokens.py: date.fromisoformat(until)",
    "resolvers/orders/routing/candidates.py: int(effective)",
    "resolvers/referrals/plans.py: Decimal(rate)",
    "resolvers/stock/audit/audit.py: int(promised)",
    "resolvers/stock/levels/availability.py: int(sellable)",
    "resolvers/stock/levels/levels.py: int(effective)",
    "resolvers/stock/purchasing/suppliers.py: int(node)",
    "schema/cost/values.py: int(value)",
    "settings_checks.py: int(text)",
}


def unmeasured_digits(modules: list[Module]) -> Iterator[str]:
    """Texts that are read as a number or moment where nobody has said that they are short.

    Only names and values of nodes count: rows of the database and results of calls are our own.
    """
    for module in modules:
        for node in ast.walk(module.tree):
            if _reads_a_name(node) and f"{module.path.as_posix()}: {ast.unparse(node)}" not in (
                MEASURED | OWN
            ):
                yield f"{module.at(node)}: {ast.unparse(node)}: see models.text.digits"
            if isinstance(node, ast.Constant) and ":int}" in str(node.value):
                yield f"{module.at(node)}: a path that is read as a number: see models.text.digits"


def _reads_a_name(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call) or not node.args:
        return False
    called, given = ast.unparse(node.func).rpartition(".")[2], node.args[0]
    is_text = isinstance(given, ast.Name) or (
        isinstance(given, ast.Attribute) and given.attr == "value"
    )
    return called in READERS and is_text
