"""A merchant's account at WeChat Pay: its number, keys and apps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from gateways.payments import Charge, ChargeRefused

BASE_URL = "https://api.mch.weixin.qq.com"
MINI_PROGRAM, OFFICIAL_ACCOUNT, APP = "mini_program", "official_account", "app"
KINDS = (MINI_PROGRAM, OFFICIAL_ACCOUNT, APP)

# The kinds of app whose ID a charge may name, the best first, by the storefront's channel.
_OF_CHANNEL = {
    "WECHAT": (MINI_PROGRAM, OFFICIAL_ACCOUNT, APP),
    "APP": (APP, OFFICIAL_ACCOUNT, MINI_PROGRAM),
}
_OTHERWISE = (OFFICIAL_ACCOUNT, MINI_PROGRAM, APP)


@dataclass(frozen=True, slots=True, kw_only=True)
class WechatAccount:
    """What identifies a merchant to WeChat Pay, and WeChat Pay to the merchant.

    `serial_number`: of the merchant's API certificate, whose key `private_key` is. `app_ids` by kind.
    `public_keys`: WeChat Pay's public keys by their IDs (`PUB_KEY_ID_…`). `platform_certificates`: whether
    what is signed by a platform certificate is accepted, too.
    """

    merchant_number: str
    serial_number: str
    app_ids: Mapping[str, str]
    private_key: RSAPrivateKey = field(repr=False)
    api_v3_key: bytes = field(repr=False)
    public_keys: Mapping[str, RSAPublicKey] = field(default_factory=dict, repr=False)
    platform_certificates: bool = False
    base_url: str = BASE_URL

    @property
    def flows(self) -> frozenset[str]:
        """The ways to pay that the apps of the account allow."""
        found = {"NATIVE", "H5", "PAYMENT_CODE"} if self.app_ids else set()
        if {MINI_PROGRAM, OFFICIAL_ACCOUNT} & self.app_ids.keys():
            found.add("JSAPI")
        if APP in self.app_ids:
            found.add("APP")
        return frozenset(found)

    def app_id_of(self, charge: Charge) -> str:
        """Return the ID of the app that a charge is paid in. Raises: ChargeRefused where there is none.

        A payer's ID (openid) belongs to one app, so JSAPI takes no other app than the channel's.
        """
        for kind in _kinds_of(charge):
            if kind in self.app_ids:
                return self.app_ids[kind]
        raise ChargeRefused(
            f"the account has no app ID for {charge.flow} in the channel {charge.channel}"
        )


def _kinds_of(charge: Charge) -> tuple[str, ...]:
    if charge.flow == "APP":
        return (APP,)
    if charge.flow != "JSAPI":
        return _OF_CHANNEL.get(charge.channel or "", _OTHERWISE)
    if charge.channel is None:
        return (MINI_PROGRAM, OFFICIAL_ACCOUNT)
    return (MINI_PROGRAM,) if charge.channel == "WECHAT" else (OFFICIAL_ACCOUNT,)
