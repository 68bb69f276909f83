"""The accounts' file opens accounts, or ends the start with a sentence that names file and field."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from gateways.http import ProviderHttp
from gateways.payment_accounts.accounts import open_accounts
from gateways.wiring import make_gateways
from settings import Settings, SettingsError
from starting import check_payment_accounts
from tests.make.wechat_keys import API_V3_KEY, APP_SECRET, account_file, private_pem

URL = "https://api.mch.weixin.qq.com"


def fault_of(path: Path) -> str:
    with pytest.raises(SettingsError) as raised:
        check_payment_accounts(Settings(payment_accounts=str(path)))
    said = str(raised.value)
    assert said.startswith("QUINTET_PAYMENT_ACCOUNTS")
    assert said.endswith(".")
    assert "\n" not in said
    assert "BEGIN" not in said
    assert API_V3_KEY.decode() not in said
    return said


def test_an_account_is_that_merchants(tmp_path: Path) -> None:
    path = account_file(tmp_path, "QUINTET", URL)
    gateways = make_gateways(Settings(payment_accounts=str(path)))
    own = gateways.payment("QUINTET", "WECHAT_PAY")
    assert own is not None
    assert own.capabilities.flows == {"JSAPI", "NATIVE", "APP", "H5", "PAYMENT_CODE"}
    assert gateways.payment("OTHER", "WECHAT_PAY") is None
    assert list(gateways.shipping) == ["QUINTET"]
    assert gateways.payment("OTHER", "SANDBOX") is not None
    assert make_gateways(Settings()).merchant_payments == {}


def test_an_account_may_do_with_certificates_alone(tmp_path: Path) -> None:
    lacking = {"public_key_id": "", "public_key_file": "", "mini_program_secret_file": ""}
    path = account_file(tmp_path, "QUINTET", URL, **lacking, platform_certificates="true")
    opened = open_accounts(str(path), ProviderHttp())
    assert list(opened.payments) == [("QUINTET", "WECHAT_PAY")]
    assert opened.shipping == {}
    assert "public_key_id" in fault_of(account_file(tmp_path, "QUINTET", URL, **lacking))


def test_nothing_of_an_account_shows_its_keys(tmp_path: Path) -> None:
    path = account_file(tmp_path, "QUINTET", URL)
    opened = open_accounts(str(path), ProviderHttp())
    (gateway,) = opened.payments.values()
    shown = f"{opened!r} {gateway!r} {vars(gateway)!r} {vars(opened.shipping['QUINTET'])!r}"
    assert "1900000109" in shown
    for secret in (API_V3_KEY.decode(), APP_SECRET, "BEGIN"):
        assert secret not in shown


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("merchant_number", "1900000109"),
        ("merchant_number", '"19-00"'),
        ("serial_number", '"nonsense"'),
        ("private_key_file", '"missing.pem"'),
        ("private_key_file", '"."'),
        ("private_key_file", '"pub_key.pem"'),
        ("private_key_file", '"api_v3_key.txt"'),
        ("private_key_file", '"elliptic.pem"'),
        ("private_key_file", '"large.pem"'),
        ("private_key_file", '""'),
        ("private_key_file", "7"),
        ("private_key_file", '"""-----BEGIN PRIVATE KEY-----\nMIIEvQ"""'),
        ("public_key_file", '"apiclient_key.pem"'),
        ("public_key_id", '"5157F09EFDC096DE"'),
        ("api_v3_key_file", '"apiclient_key.pem"'),
        ("api_v3_key_file", '"missing.txt"'),
        ("platform_certificates", '"yes"'),
        ("base_url", '"http://api.mch.weixin.qq.com"'),
        ("base_url", '"ftp://127.0.0.1"'),
        ("base_url", '"nonsense"'),
        ("base_url", '"https://[::1"'),
        ("base_url", '"https://api.example:99999"'),
        ("base_url", '"https://user@api.example"'),
        ("app_ids", '"wx1111111111111111"'),
        ("app_ids", "{}"),
        ("app_ids", '{mini_program = "1111"}'),
        ("app_ids", '{website = "wx1111111111111111"}'),
        ("app_ids", '{app = "wx1111111111111111"}'),
        ("mini_program_secret_file", '"missing.txt"'),
        ("private_key", '"apiclient_key.pem"'),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, field: str, value: str) -> None:
    key = generate_private_key(SECP256R1())
    account_file(tmp_path, "QUINTET", URL)
    elliptic = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "elliptic.pem").write_bytes(elliptic)
    (tmp_path / "large.pem").write_bytes(private_pem("merchant") + b" " * 100_000)
    said = fault_of(account_file(tmp_path, "QUINTET", **{"base_url": f'"{URL}"', field: value}))
    assert "accounts.toml" in said
    named = "mini_program_secret_file" if value.startswith("{app =") else field
    assert f"merchants.QUINTET.wechat_pay.{named}" in said


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"nonsense", "not TOML"),
        (b"\xff", "not TOML"),
        (b"[" * 5_000, "not TOML"),
        (b"x" * 100_000, "longer than"),
        (b"", "merchants must be a table"),
        (b"[merchant.A.wechat_pay]", "merchant is none of merchants"),
        (b"merchants = 7", "merchants must be a table"),
        (b"[merchants]\nA = 7", r"merchants\.A must be a table"),
        (b"[merchants.A.wechatpay]", r"merchants\.A\.wechatpay is none of .*wechat_pay"),
        (b"[merchants.A]\nwechat_pay = 1", r"merchants\.A\.wechat_pay must be a table"),
    ],
)
def test_a_file_that_makes_no_sense(tmp_path: Path, text: bytes, why: str) -> None:
    path = tmp_path / "accounts.toml"
    path.write_bytes(text)
    said = fault_of(path)
    assert re.search(why, said), said


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert "missing.toml, which cannot be read" in fault_of(tmp_path / "missing.toml")
    assert "cannot be read" in fault_of(tmp_path)
