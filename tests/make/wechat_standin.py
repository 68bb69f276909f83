"""WeChat Pay over real HTTP on this machine: it checks our signatures as WeChat Pay does, and signs its own.

`misbehave` says for a path how to answer it: see `_spoilt`.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import secrets
import socket
import time
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha1
from typing import Any

import uvicorn
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from tests.make import wechat_keys as keys
from tests.make.wechat_shop import WechatShop

Answer = tuple[int, Any]


@dataclass
class WechatStandin:
    """`signer`: the name of the key that signs, a certificate's where it `rotates`."""

    port: int = 0
    rotates: bool = False
    signer: str = "platform"
    misbehave: Callable[[str], str | None] = lambda path: None
    requests: list[tuple[str, str, Any]] = field(default_factory=list)
    queries: list[str] = field(default_factory=list)
    nonces: set[str] = field(default_factory=set)
    offered: list[str] = field(default_factory=list)
    shop: WechatShop = field(default_factory=WechatShop)
    statement: bytes | None = None
    statement_code: str | None = None
    statement_hash: str | None = None
    statement_host: str | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def serial(self) -> str:
        return keys.serial_of(self.signer) if self.rotates else keys.PUBLIC_KEY_ID

    def asked(self, ending: str) -> list[Any]:
        """The bodies of the requests whose path ends so."""
        return [body for _, path, body in self.requests if path.endswith(ending)]

    def signed(
        self, body: bytes, *, at: float | None = None, by: str | None = None
    ) -> dict[str, str]:
        """The headers by which WeChat Pay signs a response or a notification."""
        timestamp, nonce = str(int(time.time() if at is None else at)), secrets.token_hex(16)
        text = f"{timestamp}\n{nonce}\n".encode() + body + b"\n"
        signature = keys.rsa_key(by or self.signer).sign(text, PKCS1v15(), SHA256())
        return {
            "Wechatpay-Timestamp": timestamp,
            "Wechatpay-Nonce": nonce,
            "Wechatpay-Signature": b64encode(signature).decode(),
            "Wechatpay-Serial": self.serial,
            "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
        }

    def notification(self, event: str, said: dict[str, Any], key: bytes = keys.API_V3_KEY) -> bytes:
        """The body of a notification about a transaction or a refund."""
        kind = "refund" if event.startswith("REFUND") else "transaction"
        resource = encrypted(json.dumps(said).encode(), kind, key) | {"original_type": kind}
        return json.dumps(
            {
                "id": secrets.token_hex(16),
                "create_time": datetime.now(UTC).isoformat(timespec="seconds"),
                "resource_type": "encrypt-resource",
                "event_type": event,
                "summary": "支付成功",
                "resource": resource,
            }
        ).encode()

    async def serve(self, request: Request) -> Response:
        body = await request.body()
        path = request.url.path
        said = json.loads(body) if body else None
        self.requests.append((request.method, path, said))
        self.queries.append(request.url.query)
        if (how := self.misbehave(path)) is not None and (spoilt := await _spoilt(how)) is not None:
            return spoilt
        if path.startswith(("/cgi-bin/", "/wxa/")):
            return Response(json.dumps(self.shop.of_mini_program(path, request.query_params, said)))
        if not self._is_ours(request, body):
            return Response(b'{"code":"SIGN_ERROR","message":"x"}', 401)
        if path == "/v3/billdownload/file":
            return Response(self.statement or b"")
        status, answer = self._answer(request, path, said)
        content = b"" if status == 204 else json.dumps(answer, ensure_ascii=False).encode()
        return Response(content, status, headers=self._headers(how, content))

    def _headers(self, how: str | None, content: bytes) -> dict[str, str]:
        if how == "unsigned":
            return {}
        if how == "stale":
            return self.signed(content, at=time.time() - 400)
        if how == "probe":
            return self.signed(content) | {"Wechatpay-Signature": "WECHATPAY/SIGNTEST/aGVsbG8="}
        headers = self.signed(content, by="stranger" if how == "forged" else None)
        if how == "unknown":
            headers["Wechatpay-Serial"] = "PUB_KEY_ID_0000000000"
        return headers

    def _is_ours(self, request: Request, body: bytes) -> bool:
        """Whether the merchant has signed a request, now and for the first time."""
        scheme, _, rest = request.headers.get("authorization", "").partition(" ")
        parts = dict(each.split("=", 1) for each in rest.split(",") if "=" in each)
        given = {name: value.strip('"') for name, value in parts.items()}
        if scheme != "WECHATPAY2-SHA256-RSA2048" or given.get("mchid") != keys.MERCHANT_NUMBER:
            return False
        if given["serial_no"] != keys.MERCHANT_SERIAL or given["nonce_str"] in self.nonces:
            return False
        if abs(time.time() - int(given["timestamp"])) > 300:
            return False
        self.nonces.add(given["nonce_str"])
        target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        lines = (request.method, target, given["timestamp"], given["nonce_str"])
        text = "".join(f"{line}\n" for line in lines).encode() + body + b"\n"
        try:
            public = keys.rsa_key("merchant").public_key()
            public.verify(b64decode(given["signature"]), text, PKCS1v15(), SHA256())
        except InvalidSignature:
            return False
        return self.rotates or request.headers.get("wechatpay-serial") == keys.PUBLIC_KEY_ID

    def _answer(self, request: Request, path: str, said: Any) -> Answer:
        if path == "/v3/certificates":
            return 200, {"data": [_offered(name) for name in self.offered or [self.signer]]}
        if path == "/v3/bill/tradebill":
            return self._bill()
        return self.shop.answer(request.method, path, said)

    def _bill(self) -> Answer:
        if self.statement_code or self.statement is None:
            return 400, {"code": self.statement_code or "NO_STATEMENT_EXIST", "message": "x"}
        digest = self.statement_hash or sha1(gzip.decompress(self.statement)).hexdigest()
        url = f"{self.statement_host or self.url}/v3/billdownload/file?token=a-b_c%2Bd"
        return 200, {"hash_type": "SHA1", "hash_value": digest, "download_url": url}


def encrypted(plain: bytes, associated: str, key: bytes = keys.API_V3_KEY) -> dict[str, str]:
    nonce = secrets.token_hex(6)
    sealed = AESGCM(key).encrypt(nonce.encode(), plain, associated.encode())
    return {
        "algorithm": "AEAD_AES_256_GCM",
        "nonce": nonce,
        "associated_data": associated,
        "ciphertext": b64encode(sealed).decode(),
    }


def _offered(name: str) -> dict[str, Any]:
    found = keys.certificate(name)
    return {
        "serial_no": keys.serial_of(name),
        "effective_time": found.not_valid_before_utc.isoformat(),
        "expire_time": found.not_valid_after_utc.isoformat(),
        "encrypt_certificate": encrypted(found.public_bytes(Encoding.PEM), "certificate"),
    }


async def _spoilt(how: str) -> Response | None:
    """A response in place of the right one; None for one that only lacks a good signature."""
    if how == "hang":
        await asyncio.sleep(30)
    if how == "nonsense":
        return Response(b"<html>maintenance</html>", 200)
    if how == "error":
        return Response(b'{"code":"SYSTEM_ERROR","message":"x"}', 500)
    if how == "redirect":
        return Response(b"", 302, headers={"Location": "https://elsewhere.example/"})
    if how == "flood":
        return StreamingResponse(_flood())
    return None


async def _flood() -> AsyncIterator[bytes]:
    for _ in range(1000):
        yield b"x" * 65_536


@asynccontextmanager
async def wechat_pay(**differing: Any) -> AsyncIterator[WechatStandin]:
    """A running stand-in."""
    standin = WechatStandin(**differing)
    routes = [Route("/{path:path}", standin.serve, methods=["GET", "POST"])]
    config = uvicorn.Config(
        Starlette(routes=routes), log_config=None, access_log=False, lifespan="off"
    )
    server = uvicorn.Server(config)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        standin.port = listening.getsockname()[1]
        running = asyncio.create_task(server.serve([listening]))
        while not server.started:  # noqa: ASYNC110 - it has no event
            await asyncio.sleep(0.01)
        try:
            yield standin
        finally:
            server.should_exit = server.force_exit = True
            await running
