"""WeChat Pay as a payment gateway: the account of one merchant."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, datetime

from gateways.errors import GatewayError
from gateways.payments import (
    Capabilities,
    Charge,
    ChargePaid,
    ChargeRefused,
    ChargeState,
    ChargeStatus,
    Notification,
    RefundOrder,
    RefundOutcome,
    RefundState,
    StartedCharge,
    StatementRow,
)
from gateways.wechat_pay import charges, notifications, refunds, statements
from gateways.wechat_pay.account import WechatAccount
from gateways.wechat_pay.client import WechatPayClient
from gateways.wechat_pay.errors import (
    CLOSED,
    FINAL,
    NO_ORDER,
    NUMBER_USED,
    PAID,
    REFUND_IMPOSSIBLE,
    WAITS_FOR_PAYER,
    WechatRefusal,
)
from gateways.wechat_pay.reading import REFERENCE_LENGTH, Object, Unreadable, text
from gateways.wechat_pay.transactions import is_by_payment_code, read_state

REFUND_DAYS = 365
OF_NUMBER = "/v3/pay/transactions/out-trade-no/"
_ENDED_UNPAID = (ChargeStatus.CLOSED, ChargeStatus.FAILED)


class WechatPayments:
    """A merchant's account at WeChat Pay."""

    def __init__(self, account: WechatAccount, client: WechatPayClient) -> None:
        self._account = account
        self._client = client
        self.capabilities = Capabilities(flows=account.flows, refund_days=REFUND_DAYS)

    async def start(self, charge: Charge) -> StartedCharge:
        body = charges.request_of(self._account, charge)
        if charge.flow == "PAYMENT_CODE":
            return await self._take(charge, body)
        try:
            said = await self._client.ask("POST", charges.PATHS[charge.flow], body)
        except WechatRefusal as refusal:
            if refusal.code in FINAL:
                raise ChargeRefused(str(refusal)) from refusal
            raise
        return charges.started(self._account, charge, said, self._client.clock())

    async def query(self, reference: str) -> ChargeState:
        return (await self._look(reference))[0]

    async def close(self, reference: str) -> None:
        """Close a charge, or reverse it where it is by payment code: WeChat Pay closes no such one."""
        state, said = await self._look(reference)
        if state.status is ChargeStatus.SUCCEEDED:
            raise ChargePaid("the charge has been paid")
        if state.status in (ChargeStatus.CLOSED, ChargeStatus.UNKNOWN):
            return
        verb, body = "close", {"mchid": self._account.merchant_number}
        if is_by_payment_code(said):
            verb, body = "reverse", body | {"appid": self._app_of(said)}
        try:
            await self._client.ask("POST", f"{OF_NUMBER}{reference}/{verb}", body)
        except WechatRefusal as refusal:
            if refusal.code in PAID:
                raise ChargePaid("the charge has been paid") from refusal
            if refusal.code not in CLOSED | NO_ORDER:
                raise

    async def refund(self, order: RefundOrder) -> RefundState:
        try:
            said = await self._client.ask("POST", refunds.PATH, refunds.request_of(order))
        except WechatRefusal as refusal:
            if refusal.code not in REFUND_IMPOSSIBLE:
                raise
            return RefundState(
                reference=order.reference,
                outcome=RefundOutcome.FAILED,
                amount_minor=order.amount_minor,
                failure=f"{refusal.code} {refusal.message}",
            )
        return _refund(said, order)

    async def query_refund(self, order: RefundOrder) -> RefundState:
        try:
            said = await self._client.ask("GET", f"{refunds.PATH}/{order.reference}")
        except WechatRefusal as refusal:
            if refusal.code not in NO_ORDER:
                raise
            return RefundState(
                reference=order.reference,
                outcome=RefundOutcome.UNKNOWN,
                amount_minor=order.amount_minor,
            )
        return _refund(said, order)

    def statement(self, day: date) -> AsyncIterator[StatementRow]:
        return statements.rows(self._client, self._account, day)

    def verify(
        self, headers: dict[str, str], body: bytes, now: datetime
    ) -> Notification | RefundState:
        return notifications.read(self._account, self._client.keys, headers, body, now)

    def acknowledge(self, *, taken: bool) -> None:
        """Return nothing: WeChat Pay looks at the HTTP status."""

    async def _take(self, charge: Charge, body: Object) -> StartedCharge:
        """Collect by payment code, which is answered with the outcome.

        The same number twice is a question for the outcome of the first time. A charge that waits for the
        payer's password has no outcome yet.
        """
        try:
            said = await self._client.ask("POST", charges.PATHS[charge.flow], body)
            state = self._state(charge.reference, {"trade_state": "SUCCESS"} | said)
        except WechatRefusal as refusal:
            if refusal.code in WAITS_FOR_PAYER:
                return StartedCharge()
            if refusal.code in PAID | NUMBER_USED:
                state = await self.query(charge.reference)
            elif refusal.code in FINAL:
                raise ChargeRefused(str(refusal)) from refusal
            else:
                raise
        if state.status in _ENDED_UNPAID:
            raise ChargeRefused("the charge was not paid")
        return StartedCharge(ended=state.said)

    async def _look(self, reference: str) -> tuple[ChargeState, Object]:
        path = f"{OF_NUMBER}{reference}?mchid={self._account.merchant_number}"
        try:
            said = await self._client.ask("GET", path)
        except WechatRefusal as refusal:
            if refusal.code not in NO_ORDER:
                raise
            return ChargeState(status=ChargeStatus.UNKNOWN), {}
        return self._state(reference, said), said

    def _state(self, reference: str, said: Object) -> ChargeState:
        try:
            if text(said, "out_trade_no", REFERENCE_LENGTH) != reference:
                raise Unreadable("out_trade_no is another one")
            return read_state(self._account, said)
        except Unreadable as error:
            raise GatewayError(f"WeChat Pay answers nonsense: {error}") from error

    def _app_of(self, said: Object) -> str:
        known = self._account.app_ids.values()
        return said["appid"] if said.get("appid") in known else next(iter(known))


def _refund(said: Object, order: RefundOrder) -> RefundState:
    try:
        return refunds.read_refund(said, order)
    except Unreadable as error:
        raise GatewayError(f"WeChat Pay answers nonsense: {error}") from error
