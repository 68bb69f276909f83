from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from gateways.http import ProviderHttp
from gateways.wechat_pay.client import WechatPayClient
from gateways.wechat_pay.gateway import WechatPayments
from tests.make.wechat_keys import an_account
from tests.make.wechat_standin import WechatStandin, wechat_pay


@pytest.fixture
async def standin() -> AsyncIterator[WechatStandin]:
    async with wechat_pay() as running:
        yield running


@pytest.fixture
async def http() -> AsyncIterator[ProviderHttp]:
    http = ProviderHttp()
    yield http
    await http.close()


@pytest.fixture
def gateway(standin: WechatStandin, http: ProviderHttp) -> WechatPayments:
    return opened(standin.url, http)


@pytest.fixture
def open_at(http: ProviderHttp) -> Callable[..., WechatPayments]:
    return lambda url, **differing: opened(url, http, **differing)


def opened(url: str, http: ProviderHttp, seconds: float = 5, **differing: object) -> WechatPayments:
    """The gateway of the merchant's account at a stand-in."""
    account = an_account(url, **differing)  # type: ignore[arg-type]
    return WechatPayments(account, WechatPayClient(account, http, seconds=seconds))
