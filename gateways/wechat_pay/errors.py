"""What WeChat Pay refuses, and which refusals are final."""

from __future__ import annotations

from gateways.errors import GatewayError

NO_ORDER = frozenset({"ORDER_NOT_EXIST", "ORDERNOTEXIST", "RESOURCE_NOT_EXISTS"})
PAID = frozenset({"ORDER_PAID", "ORDERPAID"})
CLOSED = frozenset({"ORDER_CLOSED", "ORDERCLOSED"})
NUMBER_USED = frozenset({"OUT_TRADE_NO_USED"})
WAITS_FOR_PAYER = frozenset({"USER_PAYING", "USERPAYING"})
NO_STATEMENT = frozenset({"NO_STATEMENT_EXIST"})
STATEMENT_IN_WORK = frozenset({"STATEMENT_CREATING"})
REFUND_IMPOSSIBLE = frozenset({"USER_ACCOUNT_ABNORMAL"})

# The same request gets the same refusal, and nothing is collected.
FINAL = CLOSED | {
    "ACCOUNT_ERROR",
    "APPID_MCHID_NOT_MATCH",
    "AUTH_CODE_ERROR",
    "AUTH_CODE_EXPIRED",
    "AUTH_CODE_INVALID",
    "INVALID_REQUEST",
    "MCH_NOT_EXISTS",
    "NOT_ENOUGH",
    "NO_AUTH",
    "OPENID_MISMATCH",
    "OUT_TRADE_NO_USED",
    "PARAM_ERROR",
    "RULE_LIMIT",
    "TRADE_ERROR",
}


class WechatRefusal(GatewayError):
    """An error that WeChat Pay has answered and signed."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"WeChat Pay refuses: {status} {code} {message}".rstrip())
        self.status = status
        self.code = code
        self.message = message
