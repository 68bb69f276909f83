"""The keys that WeChat Pay signs with: public keys of the account, and platform certificates that rotate.

New merchants have a public key, which never changes. Platform certificates change every five years, and two
are good for some time; they are fetched, at most once a minute, when something is signed by an unknown one.

Source: 微信支付, 如何从平台证书切换成微信支付公钥, https://pay.weixin.qq.com/doc/v3/merchant/4012154180;
获取平台证书列表, https://pay.weixin.qq.com/doc/v3/merchant/4012551764.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

import structlog
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509 import load_pem_x509_certificate

from gateways.errors import GatewayError
from gateways.wechat_pay.account import WechatAccount
from gateways.wechat_pay.reading import Object, Unreadable, inner, json_object, text
from gateways.wechat_pay.resources import decrypt

FETCH_SECONDS = 60.0
MAX_CERTIFICATES = 20
SERIAL_LENGTH = 64
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PlatformCertificate:
    key: RSAPublicKey
    begins_at: datetime
    ends_at: datetime


Fetch = Callable[[], Awaitable[dict[str, PlatformCertificate]]]


class PlatformKeys:
    """The keys of one account by their serial numbers; `fetch` asks WeChat Pay for its certificates."""

    def __init__(
        self,
        account: WechatAccount,
        fetch: Fetch,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fixed = dict(account.public_keys)
        self._rotates = account.platform_certificates
        self._certificates: dict[str, PlatformCertificate] = {}
        self._fetch = fetch
        self._clock = clock
        self._fetched_at: float | None = None
        self._fetching = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    def of(self, serial: str, now: datetime) -> RSAPublicKey | None:
        """Return the key with a serial number, None where it is unknown or not good now."""
        if (fixed := self._fixed.get(serial)) is not None:
            return fixed
        found = self._certificates.get(serial)
        if found is None or not found.begins_at <= now <= found.ends_at:
            return None
        return found.key

    async def renew(self) -> None:
        """Fetch the certificates, unless that was done within the last minute. Raises: GatewayError."""
        if not self._rotates:
            return
        async with self._fetching:
            now = self._clock()
            if self._fetched_at is not None and now - self._fetched_at < FETCH_SECONDS:
                return
            self._fetched_at = now
            self._certificates |= await self._fetch()

    def renew_soon(self) -> None:
        """Fetch the certificates in the background: WeChat Pay sends a refused notification again."""
        if self._rotates:
            task = asyncio.get_running_loop().create_task(self._try_to_renew())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _try_to_renew(self) -> None:
        try:
            await self.renew()
        except GatewayError as error:
            log.warning("platform certificates not fetched", why=str(error))


def read_certificates(body: bytes, api_v3_key: bytes) -> dict[str, PlatformCertificate]:
    """Return the certificates of a response by their serial numbers. Raises: Unreadable."""
    data = json_object(body).get("data")
    if not isinstance(data, list) or not 1 <= len(data) <= MAX_CERTIFICATES:
        raise Unreadable(f"data must be a list of 1 to {MAX_CERTIFICATES} certificates")
    return dict(_certificate(each, api_v3_key) for each in data)


def _certificate(said: Object, api_v3_key: bytes) -> tuple[str, PlatformCertificate]:
    if not isinstance(said, dict):
        raise Unreadable("data must hold objects")
    pem = decrypt(inner(said, "encrypt_certificate"), api_v3_key)
    try:
        certificate = load_pem_x509_certificate(pem)
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Unreadable("encrypt_certificate is no certificate") from error
    serial = f"{certificate.serial_number:X}"
    if not isinstance(key, RSAPublicKey):
        raise Unreadable("a certificate's key must be RSA")
    if text(said, "serial_no", SERIAL_LENGTH).lstrip("0").upper() != serial:
        raise Unreadable("serial_no is not the certificate's")
    begins_at, ends_at = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return said["serial_no"], PlatformCertificate(key, begins_at, ends_at)
