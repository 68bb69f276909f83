"""Attacks that guess passwords and codes, and that lock out others by doing so."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections import Counter

from benchmarks.attacks.attack import Attack, Outcome
from benchmarks.attacks.sending import Reply, ask, exchange
from benchmarks.attacks.target import Target
from benchmarks.client import HOST, operation
from resolvers.demo.goods import PASSWORD, STAFF

SIGN_IN = (
    "mutation($input: StaffSignInInput!) { staffSignIn(input: $input)"
    " { accessToken userErrors { code message } } }"
)
OTP_REQUEST = (
    "mutation($input: OtpRequestInput!) { otpRequest(input: $input) { userErrors { code } } }"
)
OTP_SIGN_IN = (
    "mutation($input: OtpSignInInput!) { otpSignIn(input: $input)"
    " { accessToken userErrors { code message } } }"
)
PHONE, OWNER = "13800138000", "203.0.113.7"
LIMIT = 10  # QUINTET_SIGN_IN_TRIES


def _guess(username: str, password: str) -> bytes:
    return operation(SIGN_IN, {"input": {"username": username, "password": password}})


def _forwarded_for(address: str, request: bytes) -> bytes:
    """Return the request as a proxy forwards it for a client at this address."""
    return request.replace(b"Accept:", f"X-Forwarded-For: {address}\r\nAccept:".encode())


async def _guesses(port: int, requests: list[bytes]) -> list[Reply]:
    return list(await asyncio.gather(*(exchange(port, each, 60) for each in requests)))


def _counted(replies: list[Reply]) -> tuple[int, int, str]:
    """Return how many attempts were checked, how many succeeded, and a sentence."""
    codes: Counter[str] = Counter()
    for reply in replies:
        payload = _payload(reply)
        errors = (payload or {}).get("userErrors") or []
        code = errors[0]["code"] if errors else "TOKEN" if payload else reply.says()
        codes[code] += 1
    says = ", ".join(f"{number} × {code}" for code, number in codes.most_common(4))
    return codes["INVALID"], codes["TOKEN"], says


def _payload(reply: Reply) -> dict[str, object] | None:
    data = (reply.json() or {}).get("data") or {}
    return next(iter(data.values()), None)


async def _staff_named(target: Target) -> Outcome:
    """Ask for the names of staff without a token."""
    ids = [
        base64.urlsafe_b64encode(f"Staff:{n}".encode()).decode().rstrip("=") for n in range(1, 51)
    ]
    document = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Staff { username name active } } }"
    reply = await ask(target.port, document, {"ids": ids})
    named = sum(bool(each) for each in ((reply.json() or {}).get("data") or {}).get("nodes") or [])
    return Outcome(f"{named} named; {reply.says()}", reply.size, named == 0)


async def _locked_out(target: Target) -> Outcome:
    """Try twelve wrong passwords for each member of staff; then the staff sign in from another address."""
    names = ["admin", *(name for name, *_ in STAFF)]
    began = time.perf_counter()
    await _guesses(target.port, [_guess(name, f"wrong {n}") for n in range(12) for name in names])
    seconds = time.perf_counter() - began
    let_in = 0
    for name in names:
        request = _forwarded_for("203.0.113.9", _guess(name, PASSWORD))
        let_in += _counted([await exchange(target.port, request, 20)])[1]
    says = f"after {seconds:.1f} s {let_in} of {len(names)} still get in"
    return Outcome(says, 0, let_in == len(names))


async def _parallel(target: Target) -> Outcome:
    """Try 300 passwords for one user at once, the right one among them."""
    words = [f"wrong {number}" for number in range(299)]
    words.insert(150, PASSWORD)
    replies = await _guesses(target.port, [_guess("demo-manager", word) for word in words])
    tried, let_in, says = _counted(replies)
    return Outcome(says, 0, tried <= LIMIT and let_in == 0)


async def _many_names(target: Target) -> Outcome:
    """Try 200 usernames from one address."""
    replies = await _guesses(target.port, [_guess(f"person-{n}", "password") for n in range(200)])
    tried, _, says = _counted(replies)
    return Outcome(says, 0, tried <= 100)


async def _forwarded(target: Target) -> Outcome:
    """Try 200 usernames, each with an invented address in X-Forwarded-For."""
    requests = [
        _forwarded_for(f"198.51.100.{n}", _guess(f"person-{n}", "password")) for n in range(200)
    ]
    tried, _, says = _counted(await _guesses(target.port, requests))
    return Outcome(says, 0, tried <= 100)


async def _codes_used_up(target: Target) -> Outcome:
    """Request codes for a phone whose owner has just received one."""
    channel = target.victim.storefront_key
    asked = {"input": {"phone": PHONE}}
    asks = operation(OTP_REQUEST, asked, storefront_key=channel)
    await exchange(target.port, _forwarded_for(OWNER, asks), 20)
    code = json.loads((target.folder / "sms.jsonl").read_text().splitlines()[-1])["code"]
    sent = 0
    for _ in range(12):
        await asyncio.sleep(1.05)  # QUINTET_OTP_RESEND_SECONDS is 1 here
        reply = await ask(target.port, OTP_REQUEST, asked, storefront_key=channel)
        sent += b'"userErrors":[]' in reply.start
    typed = {"input": {"phone": PHONE, "code": code}}
    signs_in = operation(OTP_SIGN_IN, typed, storefront_key=channel)
    reply = await exchange(target.port, _forwarded_for(OWNER, signs_in), 20)
    let_in = b'"accessToken":"' in reply.start
    says = f"{sent} more sent; the owner's code is {'good' if let_in else 'void'}"
    return Outcome(says, 0, let_in and sent < 9)


async def _code_guessed(target: Target) -> Outcome:
    """Try 300 codes for one phone at once."""
    channel = target.victim.storefront_key
    await ask(target.port, OTP_REQUEST, {"input": {"phone": PHONE}}, storefront_key=channel)
    requests = [
        operation(
            OTP_SIGN_IN, {"input": {"phone": PHONE, "code": f"{n:06}"}}, storefront_key=channel
        )
        for n in range(300)
    ]
    tried, let_in, says = _counted(await _guesses(target.port, requests))
    return Outcome(says, 0, tried <= LIMIT and let_in == 0)


async def _redis_hangs(target: Target) -> Outcome:
    """Sign in while Redis accepts connections and does not respond."""
    began = time.perf_counter()
    _, let_in, says = _counted([await exchange(target.port, _guess("admin", PASSWORD), 15)])
    seconds = time.perf_counter() - began
    return Outcome(f"{says} after {seconds:.2f} s", 0, let_in == 1 and seconds < 1)


class SilentRedis:
    """A server that accepts connections and never responds."""

    async def __aenter__(self) -> str:
        self._server = await asyncio.start_server(lambda reader, writer: None, HOST, 0)
        port = self._server.sockets[0].getsockname()[1]
        return f"redis://{HOST}:{port}"

    async def __aexit__(self, *_: object) -> None:
        self._server.close()


REDIS_HANGS = "redis-hangs"
GUESSES = [
    Attack("staff-named", "the names of the staff, without a token", _staff_named),
    Attack("locked-out", "12 wrong passwords for each of the staff", _locked_out, seconds=60,
           variables={"QUINTET_TRUSTED_PROXIES": "127.0.0.1"}),
    Attack("guesses-parallel", "300 passwords for one user at once", _parallel, seconds=60),
    Attack("guesses-names", "200 names from one address", _many_names, seconds=60),
    Attack("guesses-forwarded", "the same with addresses made up", _forwarded, seconds=60),
    Attack("codes-used-up", "12 codes for somebody else's phone", _codes_used_up, seconds=40,
           variables={"QUINTET_OTP_RESEND_SECONDS": "1", "QUINTET_TRUSTED_PROXIES": "127.0.0.1"}),
    Attack("codes-guessed", "300 codes for one phone at once", _code_guessed, seconds=60),
    Attack(REDIS_HANGS, "Redis that never answers", _redis_hangs, seconds=40),
]  # fmt: skip
