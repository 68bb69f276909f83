"""Real keys for both sides of WeChat Pay, made once a session."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import NameOID

from gateways.wechat_pay.account import WechatAccount

MERCHANT_NUMBER = "1900000109"
MERCHANT_SERIAL = "5157F09EFDC096DE15EBE81A47057A72"
API_V3_KEY = b"0123456789abcdef0123456789ABCDEF"
PUBLIC_KEY_ID = "PUB_KEY_ID_0119000001092024101100397200000006"
APP_SECRET = "fedcba9876543210fedcba9876543210"
APP_IDS = {
    "mini_program": "wx1111111111111111",
    "official_account": "wx2222222222222222",
    "app": "wx3333333333333333",
}


@cache
def rsa_key(name: str) -> RSAPrivateKey:
    """The key of `name`: `merchant`, `platform`, `stranger`, or that of a certificate."""
    return generate_private_key(public_exponent=65537, key_size=2048)


def private_pem(name: str) -> bytes:
    key = rsa_key(name)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def public_pem(name: str) -> bytes:
    key = rsa_key(name).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def certificate(name: str, days: int = 30) -> x509.Certificate:
    """A platform certificate over the key of `name`, which ends in so many days: always the same."""
    return _certificate(name, days)


@cache
def _certificate(name: str, days: int) -> x509.Certificate:
    now = datetime.now(UTC)
    called = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tenpay.com Root CA")])
    return (
        x509.CertificateBuilder()
        .subject_name(called)
        .issuer_name(called)
        .public_key(rsa_key(name).public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1800))
        .not_valid_after(now + timedelta(days=days))
        .sign(rsa_key(name), SHA256())
    )


def serial_of(name: str, days: int = 30) -> str:
    return f"{certificate(name, days).serial_number:X}"


def an_account(base_url: str, *, rotates: bool = False, **differing: object) -> WechatAccount:
    """The merchant's account at a stand-in: with WeChat Pay's public key, or with its certificates."""
    given: dict[str, object] = {
        "merchant_number": MERCHANT_NUMBER,
        "serial_number": MERCHANT_SERIAL,
        "app_ids": APP_IDS,
        "private_key": rsa_key("merchant"),
        "api_v3_key": API_V3_KEY,
        "public_keys": {} if rotates else {PUBLIC_KEY_ID: rsa_key("platform").public_key()},
        "platform_certificates": rotates,
        "base_url": base_url,
    }
    return WechatAccount(**(given | differing))  # type: ignore[arg-type]


def account_file(folder: Path, merchant: str, url: str = "", **differing: str) -> Path:
    """Write the accounts' file of one merchant with its keys beside it; an empty value leaves a field out."""
    folder.mkdir(exist_ok=True)
    (folder / "apiclient_key.pem").write_bytes(private_pem("merchant"))
    (folder / "pub_key.pem").write_bytes(public_pem("platform"))
    (folder / "api_v3_key.txt").write_bytes(API_V3_KEY + b"\n")
    (folder / "app_secret.txt").write_text(APP_SECRET)
    fields = {
        "merchant_number": f'"{MERCHANT_NUMBER}"',
        "serial_number": f'"{MERCHANT_SERIAL}"',
        "private_key_file": '"apiclient_key.pem"',
        "api_v3_key_file": '"api_v3_key.txt"',
        "public_key_id": f'"{PUBLIC_KEY_ID}"',
        "public_key_file": '"pub_key.pem"',
        "mini_program_secret_file": '"app_secret.txt"',
        "base_url": f'"{url}"',
        "mini_program_base_url": f'"{url}"',
    } | differing
    lines = [f"{name} = {value}" for name, value in fields.items() if value]
    apps = [f'{kind} = "{app_id}"' for kind, app_id in APP_IDS.items()]
    text = [f'[merchants."{merchant}".wechat_pay]', *lines]
    if "app_ids" not in differing:
        text += [f'[merchants."{merchant}".wechat_pay.app_ids]', *apps]
    path = folder / "accounts.toml"
    path.write_text("\n".join(text) + "\n")
    return path
