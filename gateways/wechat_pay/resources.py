"""Decrypting what WeChat Pay encrypts with the merchant's APIv3 key: notifications and certificates.

Source: 微信支付, 如何解密回调报文和平台证书, https://pay.weixin.qq.com/doc/v3/merchant/4012071382.
"""

from __future__ import annotations

from base64 import b64decode

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateways.wechat_pay.reading import Object, Unreadable, text

ALGORITHM = "AEAD_AES_256_GCM"
LONGEST_NONCE, LONGEST_CIPHERTEXT = 64, 1_000_000


def decrypt(resource: Object, api_v3_key: bytes) -> bytes:
    """Return the plain text of an encrypted resource. Raises: Unreadable."""
    if resource.get("algorithm") != ALGORITHM:
        raise Unreadable(f"algorithm must be {ALGORITHM}")
    nonce = text(resource, "nonce", LONGEST_NONCE).encode()
    associated = resource.get("associated_data") or ""
    if not isinstance(associated, str):
        raise Unreadable("associated_data must be a text")
    ciphertext = text(resource, "ciphertext", LONGEST_CIPHERTEXT)
    try:
        sealed = b64decode(ciphertext, validate=True)
        return AESGCM(api_v3_key).decrypt(nonce, sealed, associated.encode())
    except (InvalidTag, ValueError) as error:
        raise Unreadable("it is not encrypted with the account's APIv3 key") from error
