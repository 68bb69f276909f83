from __future__ import annotations

import re
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from models.integrations import rules, signing

PAGE = Path(__file__).parents[3] / "docs" / "integrations.md"


def test_signatures_are_those_of_the_standard() -> None:
    """Source: the test vector of the Standard Webhooks libraries."""
    found = signing.signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1_614_265_330,
        b'{"test": 2432232314}',
    )
    assert found == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_webhook_keeps_its_secret_from_version_to_version() -> None:
    assert signing.secret_of("a server's key", "salt") == (
        "whsec_BBMLCzouQg8rNBKj+h/9LoJ1tJVj1FQqWtfGVAT2vmE="
    )


def test_the_check_that_the_documentation_shows_works() -> None:
    snippet = re.search(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert snippet is not None
    shown: dict[str, Any] = {}
    exec(snippet[1], shown)
    verify = shown["verify"]
    new, old = (signing.secret_of("a server's key", salt) for salt in ("new", "old"))
    now, body = int(time.time()), b'{"sequence":"1"}'
    headers = signing.headers([new, old], "msg_1_1", now, body)
    assert verify(new, headers, body)
    assert verify(old, headers, body)
    assert not verify(signing.secret_of("a server's key", "other"), headers, body)
    assert not verify(signing.secret_of("another key", "new"), headers, body)
    assert not verify(new, headers, body + b" ")
    assert not verify(new, {**headers, "webhook-id": "msg_1_2"}, body)
    assert not verify(new, signing.headers([new], "msg_1_1", now - 3600, body), body)


@pytest.mark.parametrize(
    ("attempts", "seconds"), [(1, 10), (2, 20), (5, 160), (11, 10_240), (12, 14_400), (99, 14_400)]
)
def test_attempts_come_ever_less_often(attempts: int, seconds: int) -> None:
    assert rules.retry_after(attempts, 0) == timedelta(seconds=seconds)
    assert rules.retry_after(attempts, 1) == timedelta(seconds=seconds / 2)


@pytest.mark.parametrize(("failures", "seconds"), [(4, None), (5, 2), (6, 4), (13, 300)])
def test_a_failing_receiver_is_left_alone(failures: int, seconds: int | None) -> None:
    wanted = None if seconds is None else timedelta(seconds=seconds)
    assert rules.pause_after(failures, 0) == wanted
