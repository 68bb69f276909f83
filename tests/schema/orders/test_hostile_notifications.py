"""The notification endpoint answers 4xx to every hostile body, says why, logs it once and changes nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from gateways.sandbox import NOTIFICATION_PURPOSE, SandboxPayments
from schema.transport import provider_notifications
from tests.make.api import Api
from tests.make.counter import Counter, open_counter, place, seen, start
from tests.make.notifications import HOSTILE, changed

WEBHOOK = "/webhooks/payments/sandbox"


@pytest.fixture
async def counter(api: Api) -> Counter:
    return await open_counter(api)


async def test_hostile_bodies_change_nothing(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    told = SimpleNamespace(warning=lambda event, **_: written.append(event))
    monkeypatch.setattr(provider_notifications, "log", told)
    guest = await counter.api.guest()
    order = await place(counter, guest)
    url = (await start(guest, order))["codeUrl"]
    before = await seen(guest, order)
    provider = counter.ctx.gateways.payments["SANDBOX"]
    assert isinstance(provider, SandboxPayments)
    reference = provider.charge_of(url.rpartition("/")[2]).reference
    aimed = {
        "10^30 for this order": changed(reference=reference, amount_minor=10**30),
        "less than nothing for this order": changed(reference=reference, amount_minor=-1000),
        "a float for this order": changed(reference=reference, amount_minor=1000.0),
    }
    for name, body in {**HOSTILE, **aimed}.items():
        written.clear()
        headers = provider.signed(body, datetime.now(UTC))
        answer = await counter.api.client.post(WEBHOOK, content=body, headers=headers)
        assert answer.status_code == 400, name
        assert answer.json()["outcome"], name
        assert written == ["payment notification refused"], name
    assert await seen(guest, order) == before


async def test_ten_megabytes_are_refused_before_they_are_read(counter: Counter) -> None:
    body = b'{"reference": "' + b"x" * 10_000_000 + b'"}'
    answer = await counter.api.client.post(WEBHOOK, content=body)
    assert (answer.status_code, answer.json()["outcome"]) == (413, "the notification is too long")


@pytest.mark.parametrize("timestamp", ["", "now", "-1", "1e9", "9" * 400, "١٢٣"])
async def test_no_timestamp_is_an_unforeseen_error(counter: Counter, timestamp: str) -> None:
    provider = counter.ctx.gateways.payments["SANDBOX"]
    assert isinstance(provider, SandboxPayments)
    body = changed()
    headers = provider.signed(body, datetime.now(UTC)) | {
        "sandbox-timestamp": timestamp,
        "sandbox-nonce": "n",
        "sandbox-signature": counter.ctx.settings.keys.sign(
            NOTIFICATION_PURPOSE, f"{timestamp}.n.{body.decode()}"
        ),
    }
    sent = {name: value.encode() for name, value in headers.items()}
    answer = await counter.api.client.post(WEBHOOK, content=body, headers=sent)
    assert answer.status_code == 401
