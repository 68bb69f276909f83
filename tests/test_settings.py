from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateways.challenges import PictureChallenges
from gateways.sandbox import SandboxPayments
from gateways.sms import LoggingSms
from gateways.wiring import make_gateways
from models.keys.encryption import DEVELOPMENT_KEYS
from settings import Settings, SettingsError, check_exposure
from settings_exposure import production_warnings

ROOT = Path(__file__).parents[1]
KEY = "k" * 32
UNITS = ("_seconds", "_minutes", "_hours", "_days")
DATA_KEYS = "new:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"QUINTET_DATABASE_URL": "mysql://db"}, "QUINTET_DATABASE_URL"),
        ({"QUINTET_DATABASE_URL": "sqlite://:memory:"}, "QUINTET_DATABASE_URL"),
        ({"QUINTET_DATABASE_POOLER": "true"}, "QUINTET_DATABASE_POOLER"),
        (
            {"QUINTET_DATABASE_URL": "postgres://db/x", "QUINTET_DATABASE_POOLER": "true"},
            "QUINTET_DATABASE_DIRECT_URL",
        ),
        ({"QUINTET_REPLICA_URL": "postgres://db/x"}, "QUINTET_REPLICA_URL"),
        ({"QUINTET_WORKERS": "2"}, "QUINTET_WORKERS"),
        ({"QUINTET_WORKERS": "0"}, "QUINTET_WORKERS"),
        ({"QUINTET_PORT": "70000"}, "QUINTET_PORT"),
        ({"QUINTET_PORT": "-1"}, "QUINTET_PORT"),
        ({"QUINTET_PORT": "http"}, "QUINTET_PORT"),
        ({"QUINTET_HOLD_MINUTES": "1.5"}, "QUINTET_HOLD_MINUTES"),
        ({"QUINTET_LOG_FORMAT": "xml"}, "QUINTET_LOG_FORMAT"),
        ({"QUINTET_ENVIRONMENT": "staging"}, "QUINTET_ENVIRONMENT"),
        ({"QUINTET_EMBEDDED_WORKER": "perhaps"}, "QUINTET_EMBEDDED_WORKER"),
        ({"QUINTET_TIMEZONE": "Mars/Olympus"}, "QUINTET_TIMEZONE"),
        ({"QUINTET_REDIS_URL": "localhost"}, "QUINTET_REDIS_URL"),
        ({"QUINTET_PUBLIC_URL": "shop.example"}, "QUINTET_PUBLIC_URL"),
        ({"QUINTET_ALLOWED_ORIGINS": "https://shop.example, m.shop.example"}, "'m.shop.example'"),
        ({"QUINTET_ALLOWED_ORIGINS": "https://shop.example/"}, "QUINTET_ALLOWED_ORIGINS"),
        ({"QUINTET_ALLOWED_ORIGINS": "https://Shop.example"}, "QUINTET_ALLOWED_ORIGINS"),
        ({"QUINTET_ALLOWED_ORIGINS": "https://shop.example:443"}, "QUINTET_ALLOWED_ORIGINS"),
        ({"QUINTET_ALLOWED_ORIGINS": "https://*.shop.example"}, "QUINTET_ALLOWED_ORIGINS"),
        ({"QUINTET_SECRET_KEY": "short"}, "QUINTET_SECRET_KEY"),
        ({"QUINTET_ADMIN_USERNAME": "admin"}, "QUINTET_ADMIN_PASSWORD"),
        (
            {"QUINTET_ADMIN_USERNAME": "admin", "QUINTET_ADMIN_PASSWORD": "x"},
            "QUINTET_ADMIN_PASSWORD must have at least 8",
        ),
        (
            {
                "QUINTET_ENVIRONMENT": "production",
                "QUINTET_ADMIN_USERNAME": "admin",
                "QUINTET_ADMIN_PASSWORD": "x",
            },
            "QUINTET_ADMIN_PASSWORD: A password has 12 to 200 characters",
        ),
        ({"QUINTET_REQUEST_HEADER_SECONDS": "0"}, "QUINTET_REQUEST_HEADER_SECONDS"),
        ({"QUINTET_REQUEST_STALL_SECONDS": "0"}, "QUINTET_REQUEST_STALL_SECONDS"),
        ({"QUINTET_WORKER_PORT": "70000"}, "QUINTET_WORKER_PORT"),
        ({"QUINTET_OTP_MINUTES": "0"}, "QUINTET_OTP_MINUTES must be a whole number from 1 to 1440"),
        (
            {"QUINTET_COST_LIMIT_GUEST": "-1"},
            "QUINTET_COST_LIMIT_GUEST must be a whole number from",
        ),
        ({"QUINTET_HOLD_MINUTES": "0"}, "QUINTET_HOLD_MINUTES"),
        ({"QUINTET_QUOTE_MINUTES": "0"}, "QUINTET_QUOTE_MINUTES"),
        ({"QUINTET_ACCESS_TOKEN_MINUTES": "0"}, "QUINTET_ACCESS_TOKEN_MINUTES"),
        ({"QUINTET_PICKUP_DAYS": "9" * 12}, "QUINTET_PICKUP_DAYS"),
        ({"QUINTET_CART_DAYS": "9" * 10_000}, "QUINTET_CART_DAYS"),
        ({"QUINTET_METRICS_TOKEN": "short"}, "QUINTET_METRICS_TOKEN"),
        ({"QUINTET_DELIVERY_FEE": "a lot"}, "QUINTET_DELIVERY_FEE"),
        ({"QUINTET_EXPRESS_FEE": "-1.00"}, "QUINTET_EXPRESS_FEE"),
        ({"QUINTET_ENVIRONMENT": "production"}, "QUINTET_SECRET_KEY"),
        (
            {
                "QUINTET_ENVIRONMENT": "production",
                "QUINTET_SECRET_KEY": KEY,
                "QUINTET_SANDBOX_PAYMENTS": "true",
            },
            "QUINTET_SANDBOX_PAYMENTS",
        ),
        (
            {"QUINTET_ENVIRONMENT": "production", "QUINTET_SECRET_KEY": KEY},
            "QUINTET_DATA_KEYS must be set in production",
        ),
        (
            {
                "QUINTET_ENVIRONMENT": "production",
                "QUINTET_SECRET_KEY": KEY,
                "QUINTET_DATA_KEYS": f"{DATA_KEYS},{DEVELOPMENT_KEYS}",
            },
            r"QUINTET_DATA_KEYS lists the public key of development \(development\).*rotate-keys",
        ),
        ({"QUINTET_DATA_KEYS": "a:c2hvcnQ="}, "QUINTET_DATA_KEYS: The key a is not 32 bytes"),
        ({"QUINTET_DATA_KEYS": "a:???"}, "QUINTET_DATA_KEYS: The key a is not 32 bytes"),
        ({"QUINTET_DATA_KEYS": "a.b:c2hvcnQ="}, "QUINTET_DATA_KEYS: Each key is"),
        ({"QUINTET_DATA_KEYS": f"{DATA_KEYS} {DATA_KEYS}"}, "QUINTET_DATA_KEYS: The key new is"),
        ({"QUINTET_DATA_KEYS": ","}, "QUINTET_DATA_KEYS: There is no key"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(variables: dict[str, str], named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        Settings.from_environment(variables)


def test_every_whole_number_is_bounded_and_its_bounds_serve() -> None:
    numbers = [spec for spec in fields(Settings) if spec.type == "int"]
    assert len(numbers) > 50
    alone = {"workers": 1}  # of SQLite
    for spec in numbers:
        least, most = spec.metadata["bounds"]
        assert least <= spec.default <= most
        for value in (least, alone.get(spec.name, most)):
            Settings.from_environment({f"QUINTET_{spec.name.upper()}": str(value)})
        for value in (least - 1, most + 1):
            with pytest.raises(SettingsError, match=f"QUINTET_{spec.name.upper()} "):
                Settings.from_environment({f"QUINTET_{spec.name.upper()}": str(value)})


@pytest.mark.parametrize(
    "name", [spec.name for spec in fields(Settings) if spec.name.endswith(UNITS)]
)
def test_the_longest_times_are_dates_still(name: str) -> None:
    _, most = next(spec.metadata["bounds"] for spec in fields(Settings) if spec.name == name)
    span = timedelta(**{name.rpartition("_")[2]: most})
    now = datetime.now(UTC)
    assert (now - span).year > 1
    assert (now + span).year < 9_999


def test_the_defaults_serve_and_an_empty_variable_counts_as_not_set() -> None:
    assert Settings.from_environment({"QUINTET_PORT": ""}) == Settings()


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        ("QUINTET_DATABASE_ULR", "Did you mean QUINTET_DATABASE_URL?"),
        ("QUINTET_DB_URL", "Did you mean QUINTET_"),
        ("QUINTET_SECRETKEY", "Did you mean QUINTET_SECRET_KEY?"),
        ("quintet_port", "Did you mean QUINTET_PORT?"),
        ("QUINTET_XYZZY", "See docs/settings.md"),
        ("QUINTET_PORT_LIMIT", "Did you mean"),
    ],
)
def test_a_variable_that_is_no_setting_is_refused(variable: str, meant: str) -> None:
    with pytest.raises(SettingsError, match=f"^{variable} is not a setting.*{re.escape(meant)}"):
        Settings.from_environment({variable: "x"})


def test_variables_of_tests_and_of_kubernetes_are_let_be() -> None:
    given = {
        "QUINTET_TEST_DATABASE_URL": "postgres://db",
        "QUINTET_SERVICE_HOST": "10.0.0.1",
        "QUINTET_SERVICE_PORT_HTTP": "8000",
        "QUINTET_PORT_8000_TCP_ADDR": "10.0.0.1",
        "QUINTET_NOTHING": "",
        "PATH": "/bin",
    }
    assert Settings.from_environment(given) == Settings()


@pytest.mark.parametrize(
    ("given", "exposed"),
    [
        ({}, False),
        ({"host": "::1"}, False),
        ({"host": "localhost"}, False),
        ({"host": "127.8.9.1"}, False),
        ({"host": "0.0.0.0"}, True),
        ({"host": "::"}, True),
        ({"host": "shop.example"}, True),
        ({"host": "localhost.evil.example"}, True),
        ({"public_url": "http://127.0.0.1.evil.example"}, True),
        ({"host": "10.0.0.5"}, True),
        ({"public_url": "https://shop.example"}, True),
        ({"public_url": "http://localhost:3000"}, False),
    ],
)
def test_a_development_server_is_not_shown_to_others_unasked(
    given: dict[str, str], exposed: bool
) -> None:
    settings = Settings(**given)  # type: ignore[arg-type]
    production = replace(settings, environment="production", secret_key=KEY)
    assert check_exposure(production, {}) is None
    if not exposed:
        assert check_exposure(settings, {}) is None
        return
    with pytest.raises(SettingsError, match=r"QUINTET_ENVIRONMENT is not set.*sells for no money"):
        check_exposure(settings, {})
    warning = check_exposure(settings, {"QUINTET_ENVIRONMENT": "development"})
    assert warning
    assert "the key that signs its tokens is public" in warning


def test_production_says_what_it_will_refuse_to_do() -> None:
    assert production_warnings(Settings(), make_gateways(Settings())) == []
    production = Settings(environment="production", secret_key=KEY, sandbox_payments=False)
    gateways = make_gateways(production)
    warnings = " ".join(production_warnings(production, gateways))
    for named in ("paymentStart", "otpRequest", "QUINTET_METRICS_TOKEN", "challenge is weak"):
        assert named in warnings

    class OwnSms(LoggingSms):
        delivers = True

    class OwnChallenges(PictureChallenges):
        is_weak = False

    own = replace(
        gateways,
        sms=OwnSms(),
        payments={"OWN": SandboxPayments("", production.keys)},
        challenges=OwnChallenges(production.keys, gateways.rate_limits),
    )
    (warning,) = production_warnings(production, own)
    assert "QUINTET_METRICS_TOKEN" in warning


def test_origins_are_read_as_browsers_write_them() -> None:
    given = {
        "QUINTET_ALLOWED_ORIGINS": "https://shop.example,http://localhost:5173 capacitor://localhost"
    }
    assert Settings.from_environment(given).origins == (
        "https://shop.example",
        "http://localhost:5173",
        "capacitor://localhost",
    )
    assert Settings.from_environment({"QUINTET_ALLOWED_ORIGINS": "*"}).origins == ("*",)


def test_production_turns_the_sandbox_off() -> None:
    given = {
        "QUINTET_ENVIRONMENT": "production",
        "QUINTET_SECRET_KEY": KEY,
        "QUINTET_DATA_KEYS": DATA_KEYS,
    }
    assert Settings.from_environment(given).sandbox_payments is False


def test_secrets_are_never_printed() -> None:
    given = {
        "QUINTET_SECRET_KEY": "s3cret" * 8,
        "QUINTET_DATA_KEYS": DATA_KEYS.replace("MDEy", "s3cr"),
        "QUINTET_ADMIN_USERNAME": "admin",
        "QUINTET_ADMIN_PASSWORD": "s3cret-of-admin",
        "QUINTET_METRICS_TOKEN": "s3cret-of-metrics",
        "QUINTET_REDIS_URL": "redis://:s3cret@cache",
        "QUINTET_DATABASE_URL": "postgres://u:s3cret@db/x",
        "QUINTET_DATABASE_DIRECT_URL": "postgres://u:s3cret@db/x",
        "QUINTET_REPLICA_URL": "postgres://u:s3cret@db2/x",
    }
    assert "s3cr" not in repr(Settings.from_environment(given))


def test_the_command_line_says_the_sentence_and_stops() -> None:
    answer = subprocess.run(
        [sys.executable, "cli.py", "serve", "--port", "0"],
        cwd=ROOT,
        env={"QUINTET_DATABASE_URL": "oracle://db", "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 2
    assert answer.stderr.strip().endswith("must start with sqlite:// or postgres://.")
    assert answer.stderr.count("\n") == 1
