"""What the stand-in of WeChat Pay knows: charges, refunds, shipping notices."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.make import wechat_keys as keys

Answer = tuple[int, Any]
CREATES = ("jsapi", "native", "app", "h5", "codepay")
TRADE_TYPES = {
    "jsapi": "JSAPI", "native": "NATIVE", "app": "APP", "h5": "MWEB", "codepay": "MICROPAY",
}  # fmt: skip


def refused(status: int, code: str) -> Answer:
    return status, {"code": code, "message": "说明"}


@dataclass
class WechatShop:
    """`charges` and `refunds` by our numbers; `refuse`: the error that the next charge is refused with.

    `refund_status`: how refunds are answered. `shipped`: the notices that were taken.
    """

    charges: dict[str, dict[str, Any]] = field(default_factory=dict)
    refunds: dict[str, dict[str, Any]] = field(default_factory=dict)
    refuse: Answer | None = None
    refund_status: str = "SUCCESS"
    code_result: str = "SUCCESS"
    tokens: list[str] = field(default_factory=list)
    forced: int = 0
    shipped: list[dict[str, Any]] = field(default_factory=list)
    shipping_code: int | None = None

    def pay(self, reference: str, **differing: Any) -> dict[str, Any]:
        """Let the payer pay a charge; return the transaction."""
        charge = self.charges[reference]
        charge |= {
            "trade_state": "SUCCESS",
            "transaction_id": "42" + secrets.token_hex(13),
            "bank_type": "OTHERS",
            "success_time": "2026-01-31T16:00:00+08:00",
            "payer": {"openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"},
        }
        return transaction(charge) | differing

    def notified(self, reference: str, **differing: Any) -> dict[str, Any]:
        """What a notification says of a refund."""
        refund = self.refunds[reference]
        return {
            "mchid": keys.MERCHANT_NUMBER,
            "out_trade_no": refund["out_trade_no"],
            "transaction_id": refund["transaction_id"],
            "out_refund_no": reference,
            "refund_id": refund["refund_id"],
            "refund_status": refund["status"],
            "amount": {"total": refund["amount"]["total"], "refund": refund["amount"]["refund"]},
        } | differing

    def answer(self, method: str, path: str, said: Any) -> Answer:
        name = path.rpartition("/")[2]
        if path.startswith("/v3/pay/transactions/out-trade-no/"):
            return self._known(method, path, said)
        if method == "POST" and name in CREATES:
            return self._create(name, said)
        if path == "/v3/refund/domestic/refunds":
            return self._refund(said)
        if path.startswith("/v3/refund/domestic/refunds/"):
            found = self.refunds.get(name)
            return (200, found) if found else refused(404, "RESOURCE_NOT_EXISTS")
        return refused(404, "NOT_FOUND")

    def _create(self, name: str, said: dict[str, Any]) -> Answer:
        if self.refuse is not None:
            answer, self.refuse = self.refuse, None
            return answer
        if said["mchid"] != keys.MERCHANT_NUMBER or said["appid"] not in keys.APP_IDS.values():
            return refused(400, "APPID_MCHID_NOT_MATCH")
        reference = said["out_trade_no"]
        if name == "codepay" and reference in self.charges:
            return refused(403, "OUT_TRADE_NO_USED")
        self.charges[reference] = said | {"trade_type": TRADE_TYPES[name], "trade_state": "NOTPAY"}
        if name == "codepay":
            return self._by_code(reference)
        if name == "native":
            return 200, {"code_url": "weixin://wxpay/bizpayurl?pr=" + secrets.token_hex(4)}
        if name == "h5":
            return 200, {"h5_url": "https://wx.tenpay.example/checkmweb?prepay_id=wx1&package=2"}
        return 200, {"prepay_id": "wx" + secrets.token_hex(17)}

    def _by_code(self, reference: str) -> Answer:
        if self.code_result == "USERPAYING":
            self.charges[reference]["trade_state"] = "USERPAYING"
            return refused(202, "USER_PAYING")
        paid = self.pay(reference)
        if self.code_result == "LOST":
            return refused(500, "SYSTEM_ERROR")
        return 200, paid

    def _known(self, method: str, path: str, said: Any) -> Answer:
        parts = path.removeprefix("/v3/pay/transactions/out-trade-no/").split("/")
        charge = self.charges.get(parts[0])
        if charge is None:
            return refused(404, "ORDER_NOT_EXIST")
        if method == "GET":
            return 200, transaction(charge)
        by_code = charge["trade_type"] == "MICROPAY"
        if by_code is not (parts[1] == "reverse"):
            return refused(400, "INVALID_REQUEST")
        if charge["trade_state"] == "SUCCESS":
            return refused(400, "ORDER_PAID")
        charge["trade_state"] = "REVOKED" if by_code else "CLOSED"
        return (200, {"out_trade_no": parts[0]} | said) if by_code else (204, None)

    def _refund(self, said: dict[str, Any]) -> Answer:
        if self.refuse is not None:
            answer, self.refuse = self.refuse, None
            return answer
        charge = self.charges.get(said["out_trade_no"], {})
        if charge.get("trade_state") != "SUCCESS":
            return refused(404, "RESOURCE_NOT_EXISTS")
        known = self.refunds.setdefault(
            said["out_refund_no"],
            {
                "refund_id": "50" + secrets.token_hex(13),
                "out_refund_no": said["out_refund_no"],
                "transaction_id": charge["transaction_id"],
                "out_trade_no": said["out_trade_no"],
                "status": self.refund_status,
                "amount": said["amount"] | {"payer_refund": said["amount"]["refund"]},
            },
        )
        return 200, known

    def of_mini_program(self, path: str, query: Mapping[str, str], said: Any) -> dict[str, Any]:
        if path == "/cgi-bin/stable_token":
            if (said["appid"], said["secret"]) != (keys.APP_IDS["mini_program"], keys.APP_SECRET):
                return {"errcode": 40125, "errmsg": "invalid appsecret"}
            if not self.tokens or said["force_refresh"]:
                self.forced += bool(said["force_refresh"])
                self.tokens.append("token-" + secrets.token_hex(16))
            return {"access_token": self.tokens[-1], "expires_in": 7200}
        if not self.tokens or query.get("access_token") != self.tokens[-1]:
            return {"errcode": 40001, "errmsg": "invalid credential"}
        if self.shipping_code is not None:
            return {"errcode": self.shipping_code, "errmsg": "说明"}
        self.shipped.append({"path": path, **said})
        return {"errcode": 0, "errmsg": "ok"}


def transaction(charge: dict[str, Any]) -> dict[str, Any]:
    """A charge as WeChat Pay describes it: of one that is not paid it says little."""
    said = {
        "mchid": charge["mchid"],
        "out_trade_no": charge["out_trade_no"],
        "trade_state": charge["trade_state"],
        "trade_state_desc": "说明",
    }
    if charge["trade_state"] != "SUCCESS":
        return said
    names = ("appid", "trade_type", "transaction_id", "bank_type", "success_time", "payer")
    total = charge["amount"]["total"]
    money = {"total": total, "payer_total": total, "currency": "CNY", "payer_currency": "CNY"}
    return said | {name: charge[name] for name in names} | {"amount": money}
