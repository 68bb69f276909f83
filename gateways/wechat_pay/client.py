"""Requests to WeChat Pay, signed, and responses that are believed only when they are signed, too.

Source: 微信支付, 如何签名和验签, https://pay.weixin.qq.com/doc/v3/merchant/4012365342;
基本规则, https://pay.weixin.qq.com/doc/v3/merchant/4012081606.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson

from gateways.errors import GatewayError
from gateways.http import HttpResponse, ProviderHttp
from gateways.wechat_pay.account import WechatAccount
from gateways.wechat_pay.errors import WechatRefusal
from gateways.wechat_pay.platform_keys import (
    PlatformCertificate,
    PlatformKeys,
    read_certificates,
)
from gateways.wechat_pay.reading import Object, Unreadable, json_object
from gateways.wechat_pay.signing import (
    SERIAL,
    BadSignature,
    UnknownSigner,
    authorization,
    verify,
)

if TYPE_CHECKING:
    import httpx

PURPOSE, AGENT = "wechat_pay", "Quintet"
SECONDS, STATEMENT_SECONDS = 10.0, 120.0
MOST_BYTES, MOST_STATEMENT_BYTES = 256 * 1024, 64 * 1024 * 1024
LONGEST_CODE, LONGEST_MESSAGE = 64, 200


class WechatPayClient:
    """One account's way to WeChat Pay. `seconds` bounds a request."""

    def __init__(
        self,
        account: WechatAccount,
        http: ProviderHttp,
        *,
        seconds: float = SECONDS,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._account = account
        self._http = http
        self._seconds = seconds
        self.clock = clock
        self.keys = PlatformKeys(account, self._certificates)

    async def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Object:
        """Send a request; return the object in the response, an empty one where there is no content.

        Raises: WechatRefusal for an error that WeChat Pay has signed, GatewayError.
        """
        response = await self._send(method, self._url(path), body)
        signed = await self._is_signed(response)
        try:
            said = json_object(response.content) if response.content else {}
        except Unreadable as error:
            raise GatewayError(f"WeChat Pay answers nonsense: {error}") from error
        if signed and response.status in (200, 204):
            return said
        code = str(said.get("code", ""))[:LONGEST_CODE] or f"HTTP {response.status}"
        if not signed:
            raise GatewayError(f"WeChat Pay answers {response.status} {code} without a signature")
        raise WechatRefusal(response.status, code, str(said.get("message", ""))[:LONGEST_MESSAGE])

    async def download(self, url: str) -> bytes:
        """Return a file that WeChat Pay has named in a signed response; the file itself is not signed.

        Raises: GatewayError, also for an address elsewhere.
        """
        import httpx

        try:
            parsed = httpx.URL(url)
        except httpx.InvalidURL as error:
            raise GatewayError("WeChat Pay names a file without an address") from error
        base = httpx.URL(self._account.base_url)
        if (parsed.scheme, parsed.host, parsed.port) != (base.scheme, base.host, base.port):
            raise GatewayError(f"WeChat Pay names a file at another host, {parsed.host}")
        response = await self._send(
            "GET", parsed, seconds=STATEMENT_SECONDS, most_bytes=MOST_STATEMENT_BYTES
        )
        if response.status != 200:
            raise GatewayError(f"WeChat Pay answers {response.status} to the download of a file")
        return response.content

    def _url(self, path: str) -> httpx.URL:
        import httpx

        return httpx.URL(self._account.base_url + path)

    async def _send(
        self,
        method: str,
        url: httpx.URL,
        body: Mapping[str, Any] | None = None,
        *,
        seconds: float | None = None,
        most_bytes: int = MOST_BYTES,
    ) -> HttpResponse:
        content = b"" if body is None else orjson.dumps(body)
        target = url.raw_path.decode("ascii")
        headers = {
            "Authorization": authorization(self._account, method, target, content, self.clock()),
            "Accept": "application/json",
            "User-Agent": AGENT,
        }
        if body is not None:
            headers["Content-Type"] = "application/json"
        if serial := next(iter(self._account.public_keys), None):
            # WeChat Pay then signs with this key, also while a merchant changes over to it.
            headers["Wechatpay-Serial"] = serial
        return await self._http.send(
            method,
            url,
            body=content,
            headers=headers,
            purpose=PURPOSE,
            seconds=seconds or self._seconds,
            most_bytes=most_bytes,
        )

    async def _is_signed(self, response: HttpResponse) -> bool:
        """Whether a response has a good signature; a successful one must.

        Raises: GatewayError for a wrong signature, and for none on a success.
        """
        is_error = response.status >= 400
        if is_error and SERIAL not in response.headers:
            return False
        try:
            try:
                self._verify(response)
            except UnknownSigner:
                await self.keys.renew()
                self._verify(response)
        except BadSignature as error:
            raise GatewayError(f"a response of WeChat Pay is not believed: {error}") from error
        return True

    def _verify(self, response: HttpResponse) -> None:
        now = self.clock()
        verify(response.headers, response.content, lambda serial: self.keys.of(serial, now), now)

    async def _certificates(self) -> dict[str, PlatformCertificate]:
        """Ask for the platform certificates: one of them signs the response that brings them.

        The APIv3 key, which only WeChat Pay and the merchant have, encrypts each. Raises: GatewayError.
        """
        response = await self._send("GET", self._url("/v3/certificates"))
        if response.status != 200:
            raise GatewayError(f"WeChat Pay answers {response.status} and no certificates")
        try:
            found = read_certificates(response.content, self._account.api_v3_key)
            keys = {serial: each.key for serial, each in found.items()}
            verify(response.headers, response.content, keys.get, self.clock())
        except (Unreadable, BadSignature) as error:
            raise GatewayError(f"WeChat Pay's certificates are not believed: {error}") from error
        return found
