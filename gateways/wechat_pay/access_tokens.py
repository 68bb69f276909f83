"""The access token of a mini-program: one for all calls of a process, renewed by one of them at a time.

`stable_token` gives every process the same token while it is good, so that processes do not void each
other's.

Source: 微信官方文档, 获取稳定版接口调用凭据,
https://developers.weixin.qq.com/miniprogram/dev/server/API/mp-access-token/api_getstableaccesstoken.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import orjson

from gateways.errors import GatewayError
from gateways.http import ProviderHttp
from gateways.wechat_pay.reading import Object, Unreadable, json_object, text

PURPOSE = "wechat_api"
SECONDS, MOST_BYTES = 10.0, 64 * 1024
LONGEST_TOKEN, SHORTEST_LIFE, LONGEST_LIFE = 512, 60, 86_400
RENEWED_BEFORE_SECONDS = 300
API_URL = "https://api.weixin.qq.com"


class WechatApi:
    """Calls of WeChat's interfaces for one mini-program; `app_secret` is handed to `stable_token` alone."""

    def __init__(
        self,
        http: ProviderHttp,
        *,
        app_id: str,
        app_secret: str,
        base_url: str = API_URL,
        seconds: float = SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._http = http
        self._app_id = app_id
        self._app_secret = app_secret
        self._base_url = base_url
        self._seconds = seconds
        self._clock = clock
        self._token, self._ends_at = "", 0.0
        self._renewing = asyncio.Lock()

    async def call(self, path: str, body: dict[str, Any]) -> Object:
        """Post to an interface with the token; a token that is refused is renewed once.

        Raises: GatewayError.
        """
        token = await self._good_token("")
        said = await self._post(f"{path}?access_token={token}", body)
        if said.get("errcode") in (40001, 40014, 42001):
            token = await self._good_token(token)
            said = await self._post(f"{path}?access_token={token}", body)
        return said

    async def _good_token(self, refused: str) -> str:
        """Return a token other than the one that was refused; whoever comes first asks for all."""
        async with self._renewing:
            if self._token in ("", refused) or self._clock() >= self._ends_at:
                await self._renew(forced=bool(refused))
            return self._token

    async def _renew(self, *, forced: bool) -> None:
        body = {
            "grant_type": "client_credential",
            "appid": self._app_id,
            "secret": self._app_secret,
            "force_refresh": forced,
        }
        said = await self._post("/cgi-bin/stable_token", body)
        if said.get("errcode"):
            raise GatewayError(f"WeChat gives no access token: {said['errcode']}")
        life = said.get("expires_in")
        try:
            token = text(said, "access_token", LONGEST_TOKEN)
        except Unreadable as error:
            raise GatewayError(f"WeChat answers nonsense: {error}") from error
        if not isinstance(life, int) or not SHORTEST_LIFE <= life <= LONGEST_LIFE:
            raise GatewayError("WeChat answers nonsense: expires_in is no number of seconds")
        before = min(RENEWED_BEFORE_SECONDS, life // 2)
        self._token, self._ends_at = token, self._clock() + life - before

    async def _post(self, target: str, body: dict[str, Any]) -> Object:
        import httpx

        response = await self._http.send(
            "POST",
            httpx.URL(self._base_url + target),
            body=orjson.dumps(body),
            headers={"Content-Type": "application/json", "Accept": "application/json"},
            purpose=PURPOSE,
            seconds=self._seconds,
            most_bytes=MOST_BYTES,
        )
        if response.status != 200:
            raise GatewayError(f"WeChat answers {response.status}")
        try:
            return json_object(response.content)
        except Unreadable as error:
            raise GatewayError(f"WeChat answers nonsense: {error}") from error
