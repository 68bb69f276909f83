"""The table `merchants.<CODE>.wechat_pay` of the accounts' file."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from gateways.payment_accounts.fields import Fields
from gateways.payment_accounts.opened import OpenedAccounts
from gateways.wechat_pay.access_tokens import API_URL, WechatApi
from gateways.wechat_pay.account import BASE_URL, KINDS, MINI_PROGRAM, WechatAccount
from gateways.wechat_pay.client import WechatPayClient
from gateways.wechat_pay.gateway import WechatPayments
from gateways.wechat_pay.shipping import WechatShipping

PROVIDER = "WECHAT_PAY"
FIELDS = {
    "merchant_number",
    "serial_number",
    "private_key_file",
    "api_v3_key_file",
    "public_key_id",
    "public_key_file",
    "platform_certificates",
    "base_url",
    "app_ids",
    "mini_program_secret_file",
    "mini_program_base_url",
}


def open_wechat_pay(fields: Fields, merchant: str, opened: OpenedAccounts) -> None:
    """Open a merchant's account, and the shipping notices of its mini-program where its secret is named.

    Raises: SettingsError.
    """
    fields.only(FIELDS)
    account = _account(fields)
    client = WechatPayClient(account, opened.http)
    opened.payments[merchant, PROVIDER] = WechatPayments(account, client)
    if "mini_program_secret_file" in fields.values:
        opened.shipping[merchant] = WechatShipping(_api(fields, account, opened))


def _account(fields: Fields) -> WechatAccount:
    rotates = fields.flag("platform_certificates")
    return WechatAccount(
        merchant_number=fields.text("merchant_number", r"[0-9]{8,32}", "8 to 32 digits"),
        serial_number=fields.text(
            "serial_number", r"[0-9A-Fa-f]{8,64}", "the serial number of the API certificate"
        ),
        private_key=fields.private_key("private_key_file"),
        api_v3_key=fields.secret(
            "api_v3_key_file", r"[0-9A-Za-z]{32}", "32 letters and digits"
        ).encode(),
        app_ids=_app_ids(fields.table("app_ids")),
        public_keys=_public_keys(fields, is_needed=not rotates),
        platform_certificates=rotates,
        base_url=fields.address("base_url", BASE_URL),
    )


def _app_ids(fields: Fields) -> dict[str, str]:
    fields.only(KINDS)
    found = {
        kind: fields.text(kind, r"wx[0-9A-Za-z]{6,30}", "an app ID, which begins with wx")
        for kind in fields.values
    }
    if not found:
        raise fields.fault(MINI_PROGRAM, f"or another of {', '.join(KINDS)} must be there")
    return found


def _public_keys(fields: Fields, *, is_needed: bool) -> dict[str, RSAPublicKey]:
    """Return WeChat Pay's public key, which only an account with platform certificates does without."""
    named = [name for name in ("public_key_id", "public_key_file") if name in fields.values]
    if not named and not is_needed:
        return {}
    number = fields.text(
        "public_key_id", r"PUB_KEY_ID_[0-9]{8,64}", "an ID such as PUB_KEY_ID_0123…"
    )
    return {number: fields.public_key("public_key_file")}


def _api(fields: Fields, account: WechatAccount, opened: OpenedAccounts) -> WechatApi:
    if MINI_PROGRAM not in account.app_ids:
        raise fields.fault("mini_program_secret_file", f"needs app_ids.{MINI_PROGRAM}")
    return WechatApi(
        opened.http,
        app_id=account.app_ids[MINI_PROGRAM],
        app_secret=fields.secret(
            "mini_program_secret_file", r"[0-9A-Za-z]{32}", "32 letters and digits"
        ),
        base_url=fields.address("mini_program_base_url", API_URL),
    )
