"""The examples with their variables, one after another, as somebody tries them against the demo chain."""

from __future__ import annotations

import itertools
import json
import re
from datetime import UTC, datetime
from typing import Any

import pyotp
from graphql import FieldNode, OperationDefinitionNode, OperationType, parse

from gateways.challenges import answer_of
from gateways.wiring import make_gateways
from resolvers.accounts.staff.invitations import HANDLERS
from resolvers.background.jobs import run_due
from resolvers.context import SYSTEM, Context
from resolvers.demo.chain import plant_demo_chain, renew_demo_code
from resolvers.demo.goods import ERP_SECRET, PASSWORD
from tests.make.api import Api
from tests.make.documents import EXAMPLES, all_documents, document

STORY: list[dict[str, Any]] = json.loads((EXAMPLES / "story.json").read_text(encoding="utf-8"))
PLACEHOLDER = re.compile(r"\{\{([\w.]+)\}\}")


class Story:
    """Who has signed in, and the last answer of each root field."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.people = {"nobody": api, "erp": api.as_(ERP_SECRET)}
        self.answers: dict[str, Any] = {}
        self.challenge_token = ""
        self.invitation = ""
        self.keys = (f"example-{number}" for number in itertools.count())

    async def caller(self, name: str) -> Api:
        if name not in self.people:
            self.people[name] = await self.api.as_(None).staff(name, PASSWORD)
        return self.people[name].through("demo-wechat" if name in ("nobody", "member") else None)

    def filled(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self.filled(each) for name, each in value.items()}
        if isinstance(value, list):
            return [self.filled(each) for each in value]
        return PLACEHOLDER.sub(self._known, value) if isinstance(value, str) else value

    def _known(self, found: re.Match[str]) -> str:
        match found[1]:
            case "key":
                return next(self.keys)
            case "now":
                return datetime.now(UTC).isoformat()
            case "challengeToken":
                return self.challenge_token
            case "invitation":
                return self.invitation
            case "totp":
                return pyotp.TOTP(self.answers["secondFactorSet"]["secret"]).now()
        value: Any = self.answers
        for step in found[1].split("."):
            value = value[int(step) if step.isdecimal() else step]
        return str(value)

    async def solve_challenge(self) -> None:
        """Look at a picture as whoever is asked for a challenge does."""
        challenges = make_gateways(self.api.settings).challenges
        assert challenges
        offered = await challenges.offer(datetime.now(UTC))
        answer = answer_of(self.api.settings.keys.current, offered.id)
        self.challenge_token = f"{offered.id}.{answer}"

    async def deliver_invitation(self) -> None:
        """Send what is due, as a worker does, and read the text message."""
        settings = self.api.settings
        ctx = Context(settings=settings, gateways=make_gateways(settings), actor=SYSTEM)
        assert await run_due(ctx, HANDLERS) == 2  # the one that was revoked sends nothing
        (message,) = [each for each in self.api.codes_sent() if "invitation" in each]
        self.invitation = message["invitation"]

    async def tell(self, step: dict[str, Any]) -> None:
        if address := step.get("open"):
            paid = await self.api.client.post(self.filled(address))
            assert paid.is_success, paid.text
            return
        name, query = step["document"], document(step["document"])
        written = json.loads((EXAMPLES / f"{name}.variables.json").read_text(encoding="utf-8"))
        variables = self.filled({**written, **step.get("with", {})})
        caller = await self.caller(step["by"])
        operation = parse(query).definitions[0]
        assert isinstance(operation, OperationDefinitionNode)
        if operation.operation is OperationType.SUBSCRIPTION:
            async with caller.subscribe(query, **variables) as events:
                answer = await events.next()
        else:
            answer = await caller.send(query, **variables)
        assert "errors" not in answer, (name, answer["errors"])
        assert {
            (field.alias or field.name).value
            for field in operation.selection_set.selections
            if isinstance(field, FieldNode)
        } == set(answer["data"])
        for field, payload in answer["data"].items():
            assert payload, (name, payload)
            if isinstance(payload, dict):
                assert payload.get("userErrors", []) == [], (name, payload["userErrors"])
                assert all(row["ok"] for row in payload.get("results", ())), (name, payload)
            self.answers[field] = payload
        if "staffInvitationSend" in answer["data"]:
            await self.deliver_invitation()
        if "secondFactorReset" in answer["data"]:
            self.people.pop("demo-picker")  # it has ended their sessions
        if "otpSignIn" in answer["data"]:
            self.people["member"] = self.api.as_(answer["data"]["otpSignIn"]["accessToken"])


async def test_every_example_runs_with_its_variables(api: Api) -> None:
    ctx = Context(settings=api.settings, gateways=make_gateways(api.settings), actor=SYSTEM)
    await plant_demo_chain(ctx)
    await renew_demo_code(ctx)
    story = Story(api)
    await story.solve_challenge()
    for step in STORY:
        await story.tell(step)
    assert story.answers["pickupCollect"]["fulfilment"]["status"] == "DONE"


def test_every_example_has_variables_and_a_place_in_the_story() -> None:
    told = {step["document"] for step in STORY if "document" in step}
    assert told == set(all_documents())
    written = {f"{path.parent.name}/{path.name}" for path in EXAMPLES.glob("*/*.variables.json")}
    assert written == {f"{name}.variables.json" for name in all_documents()}
