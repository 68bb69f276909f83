"""Opening the accounts of a file: one function a provider, in a table."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

from gateways.http import ProviderHttp
from gateways.payment_accounts.fields import LARGEST_FILE, VARIABLE, Fields
from gateways.payment_accounts.opened import OpenedAccounts
from gateways.payment_accounts.wechat_pay import open_wechat_pay
from settings_checks import SettingsError

# By the name of the table below a merchant's.
PROVIDERS: dict[str, Callable[[Fields, str, OpenedAccounts], None]] = {
    "wechat_pay": open_wechat_pay,
}


def open_accounts(path: str, http: ProviderHttp) -> OpenedAccounts:
    """Read the accounts' file and every key that it names.

    Raises: SettingsError naming the file and the field.
    """
    opened = OpenedAccounts(http)
    whole = _read(Path(path))
    whole.only({"merchants"})
    for merchant, account in whole.table("merchants").tables().items():
        account.only(PROVIDERS)
        for provider, fields in account.tables().items():
            PROVIDERS[provider](fields, merchant, opened)
    return opened


def _read(path: Path) -> Fields:
    try:
        with path.open("rb") as file:
            text = file.read(LARGEST_FILE + 1)
    except OSError as error:
        why = error.strerror or "it cannot be opened"
        raise SettingsError(f"{VARIABLE} names {path}, which cannot be read: {why}.") from error
    if len(text) > LARGEST_FILE:
        raise SettingsError(f"{VARIABLE} names {path}, which is longer than {LARGEST_FILE} bytes.")
    try:
        return Fields(path, "", tomllib.loads(text.decode()))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SettingsError(f"{VARIABLE} names {path}, which is not TOML in UTF-8.") from error
