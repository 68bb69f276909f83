"""Signatures of WeChat Pay's API v3: SHA-256 with RSA over lines that each end with a line feed.

Source: 微信支付, 如何签名和验签, https://pay.weixin.qq.com/doc/v3/merchant/4012365342.
"""

from __future__ import annotations

import re
import secrets
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from datetime import datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from gateways.wechat_pay.account import WechatAccount

SCHEME = "WECHATPAY2-SHA256-RSA2048"
PROBE = "WECHATPAY/SIGNTEST/"
SERIAL, SIGNATURE = "wechatpay-serial", "wechatpay-signature"
TIMESTAMP, NONCE = "wechatpay-timestamp", "wechatpay-nonce"
MAX_AGE_SECONDS = 300
LONGEST_SIGNATURE, LONGEST_NONCE = 1024, 128

_TIMESTAMP = re.compile(r"[0-9]{1,12}", re.ASCII)

KeyOf = Callable[[str], RSAPublicKey | None]


class BadSignature(Exception):
    """A message that WeChat Pay has not signed, or not now."""


class UnknownSigner(BadSignature):
    """A message signed by a key that the account does not have."""


def authorization(
    account: WechatAccount, method: str, target: str, body: bytes, now: datetime
) -> str:
    """Return the Authorization header of a request; `target`: path and query as they are sent."""
    timestamp, nonce = str(int(now.timestamp())), secrets.token_hex(16)
    text = f"{method}\n{target}\n{timestamp}\n{nonce}\n".encode() + body + b"\n"
    return (
        f'{SCHEME} mchid="{account.merchant_number}",nonce_str="{nonce}",timestamp="{timestamp}",'
        f'serial_no="{account.serial_number}",signature="{sign(account, text)}"'
    )


def client_signature(account: WechatAccount, *lines: str) -> str:
    """Return the signature over what a client hands to WeChat (`paySign`)."""
    return sign(account, "".join(f"{line}\n" for line in lines).encode())


def sign(account: WechatAccount, text: bytes) -> str:
    return b64encode(account.private_key.sign(text, PKCS1v15(), SHA256())).decode()


def verify(headers: Mapping[str, str], body: bytes, key_of: KeyOf, now: datetime) -> None:
    """Check that WeChat Pay has signed a response or a notification within the last five minutes.

    `headers` by their names in small letters; `key_of`: the public key of a serial number.

    Raises: UnknownSigner, BadSignature.
    """
    signature = headers.get(SIGNATURE, "")
    if not signature:
        raise BadSignature("it is not signed")
    if signature.startswith(PROBE):
        raise BadSignature("it is a probe of whether signatures are checked")
    timestamp, nonce = headers.get(TIMESTAMP, ""), headers.get(NONCE, "")
    if not _TIMESTAMP.fullmatch(timestamp):
        raise BadSignature("the timestamp is no number of seconds")
    if abs(now.timestamp() - int(timestamp)) > MAX_AGE_SECONDS:
        raise BadSignature("it is not of this moment")
    if len(nonce) > LONGEST_NONCE or len(signature) > LONGEST_SIGNATURE:
        raise BadSignature("the signature or the nonce is too long")
    key = key_of(headers.get(SERIAL, ""))
    if key is None:
        raise UnknownSigner("it is signed by an unknown key")
    text = f"{timestamp}\n{nonce}\n".encode() + body + b"\n"
    try:
        key.verify(b64decode(signature, validate=True), text, PKCS1v15(), SHA256())
    except (InvalidSignature, ValueError) as error:
        raise BadSignature("the signature is wrong") from error
