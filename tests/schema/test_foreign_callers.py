"""Every query and mutation, asked through one merchant's storefront by those who belong to another.

They are answered as those who are granted nothing anywhere: staff and machines are refused, members are
visitors. The fields and their arguments are found in the schema.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from models.accounts.clients import ApiClient
from models.accounts.staff import StaffGrant
from settings import Settings
from tests.make.answers import normal
from tests.make.api import Api
from tests.make.digests import Witness
from tests.make.documents import document as example
from tests.make.patience import patient
from tests.make.persons import staff
from tests.make.probes import Root, arguments, document, roots
from tests.make.territories import Chain, a_chain

# What anybody may ask for, and what staff do about themselves: nothing of a merchant is touched.
ABOUT_ONESELF = {"guestSignIn", "otpRequest", "signOut", "secondFactorSet"}
# They say who asks, list the caller's own files, and count how often they were asked.
DIFFERS = {"viewer", "bulkOperations", "shareLink"}
WORKERS = ("admin", "guide")


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(patient(settings), otp_resend_seconds=0)


@dataclass(frozen=True)
class Two:
    home: Chain
    rival: Chain


@pytest.fixture
async def chains(api: Api) -> Two:
    platform = await api.staff()
    return Two(await a_chain(platform, "HOME", 0), await a_chain(platform, "RIVAL", 10, 1))


async def peers(chains: Two) -> list[tuple[str, Api, Api]]:
    """Each foreign caller with somebody like them who is granted nothing; all through home's storefront."""
    rival, key = chains.rival, chains.home.storefront.storefront_key
    nobody = await staff(rival.admin, "RIVAL", "GUIDE")
    me = "{ viewer { actor { ... on Staff { username } } } }"
    username = (await nobody.ask(me))["viewer"]["actor"]["username"]
    await StaffGrant.filter(staff__username=username).delete()
    given = {"name": "None", "scopes": ["STOCK_READ"], "organisationCode": "RIVAL"}
    secret = (await rival.admin.do(example("hq/api_client_create"), input=given))["secret"]
    await ApiClient.filter(name="None").update(scopes=[])
    found = [(name, rival.callers[name], nobody) for name in WORKERS]
    found.append(("erp", rival.callers["erp"], rival.admin.as_(secret)))
    found.append(("member", rival.callers["member"], rival.storefront))
    return [(name, one.through(key), other.through(key)) for name, one, other in found]


async def answer_to(caller: Api, root: Root, home: Chain) -> str:
    given = arguments(root, home.stores[0])
    return normal(await caller.send(document(root, given), **given), "nothing")


async def test_a_foreigner_is_told_what_somebody_with_no_rights_is_told(
    chains: Two, database_url: str
) -> None:
    asked = [
        root for root in roots("query", "mutation") if root.name not in DIFFERS | ABOUT_ONESELF
    ]
    witness, faults = Witness(database_url), []
    for name, foreigner, nobody in await peers(chains):
        await witness.look()
        for root in asked:
            expected = await answer_to(nobody, root, chains.home)
            await witness.look()
            got = await answer_to(foreigner, root, chains.home)
            changed = await witness.look()
            if got != expected or (root.kind == "mutation" and changed):
                faults.append(
                    f"{name} {root} ({changed}):\n  {got[:300]}\n  nobody {expected[:300]}"
                )
    assert not faults, "\n".join(faults)


async def test_ones_own_staff_is_told_more(chains: Two) -> None:
    """So that the comparison above compares something."""
    (_, _, nobody), *_ = await peers(chains)
    own = chains.home.admin.through(chains.home.storefront.storefront_key)
    told = [
        root.name
        for root in roots("query")
        if await answer_to(own, root, chains.home) != await answer_to(nobody, root, chains.home)
    ]
    assert len(told) > 20, told
    assert {"members", "orders", "staff"} <= {*told}


async def test_rights_count_in_the_merchant_that_grants_them(chains: Two) -> None:
    """A guide of one merchant who runs another issues cards there, not here."""
    home, rival = chains.home, chains.rival
    guide = home.callers["guide"]
    me = "{ viewer { actor { ... on Staff { username } } } }"
    username = (await guide.ask(me))["viewer"]["actor"]["username"]
    staff_id = (await StaffGrant.filter(staff__username=username).first()).staff_id  # type: ignore[union-attr]
    runs = await StaffGrant.filter(role="ADMIN", organisation__code="RIVAL").first()
    assert runs is not None
    await StaffGrant.create(staff_id=staff_id, role="ADMIN", organisation_id=runs.organisation_id)
    issue = (
        "mutation { cardIssue(input: {kind: PHYSICAL, quantity: 1})"
        " { cards { id } userErrors { code } } }"
    )
    here, there = (
        guide.through(home.storefront.storefront_key),
        guide.through(rival.storefront.storefront_key),
    )
    [error] = (await here.send(issue))["errors"]
    assert error["extensions"]["code"] == "FORBIDDEN"
    assert len((await there.do(issue))["cards"]) == 1
    lookup = "query($id: ID!) { node(id: $id) { id } }"
    card = (await there.do(issue))["cards"][0]["id"]
    assert (await here.ask(lookup, id=card))["node"] is None
    assert (await there.ask(lookup, id=card))["node"] == {"id": card}


async def test_a_guest_has_nothing_of_one_merchant_at_another(chains: Two) -> None:
    home, rival = chains.home, chains.rival
    guest = await rival.storefront.guest()
    variant, place = rival.stores[0]["Variant"], rival.stores[0]["Store"]
    lines = [{"variantId": variant, "quantity": 1}]
    made = (
        "mutation($l: [CartLineInput!]!) { cartCreate(input: {lines: $l})"
        " { cart { id token } userErrors { code } } }"
    )
    cart = (await guest.do(made, l=lines))["cart"]
    checkout = {"lines": lines, "fulfilments": [{"method": "STORE_PICKUP", "storeId": place}]}
    placed = await guest.do(
        example("phone/checkout_place"),
        checkout=checkout,
        idempotencyKey="guest of rival",
    )
    order = placed["order"]["id"]
    seen = """query($cart: ID!, $token: String!, $order: ID!) { viewer { cart { id } }
      a: cart(id: $cart) { id } b: cart(token: $token) { id }
      order(id: $order) { id } c: node(id: $order) { id }
      orders { edges { node { id } } } }"""
    names = {"cart": cart["id"], "token": cart["token"], "order": order}
    at_rival = await guest.ask(seen, **names)
    assert at_rival["viewer"]["cart"]["id"] == at_rival["a"]["id"] == cart["id"]
    assert at_rival["order"]["id"] == order
    elsewhere = await guest.through(home.storefront.storefront_key).ask(seen, **names)
    assert elsewhere.pop("orders")["edges"] == []
    assert elsewhere.pop("viewer") == {"cart": None}
    assert [name for name, value in elsewhere.items() if value is not None] == []


async def test_a_member_without_a_storefront_is_at_home(chains: Two) -> None:
    member = chains.rival.callers["member"].through(None)
    number = chains.rival.stores[0]["Member.number"]
    assert (await member.ask("{ me { number } }"))["me"] == {"number": number}


async def test_signing_in_at_a_foreign_storefront_gives_no_rights_there(chains: Two) -> None:
    """Not even to what stands beside the sign-in in the same operation."""
    visitor = chains.home.storefront
    answer = await visitor.send(
        """mutation($given: StaffSignInInput!) { staffSignIn(input: $given) { accessToken }
          cartCreate(input: {lines: []}) { cart { id } } }""",
        given={"username": "rival", "password": "long-enough-password"},
    )
    [error] = answer["errors"]
    assert (error["path"], error["extensions"]["code"]) == (["cartCreate"], "FORBIDDEN")


async def test_a_foreign_member_may_sign_out(chains: Two) -> None:
    member = chains.rival.callers["member"]
    through = member.through(chains.home.storefront.storefront_key)
    await through.do("mutation { signOut { userErrors { code } } }")
    assert (await member.send("{ me { id } }"))["errors"][0]["extensions"][
        "code"
    ] == "UNAUTHENTICATED"


async def test_a_phone_shows_a_guide_no_cards(chains: Two) -> None:
    home = chains.home
    guide = home.callers["guide"].through(home.storefront.storefront_key)
    member = home.stores[0]
    made = "mutation { cartCreate(input: {lines: []}) { cart { id } userErrors { code } } }"
    name = """mutation($c: ID!, $who: CustomerInput!) { cartCustomerSet(input: {cartId: $c, customer: $who}) {
      cart { member { number name phone tier { code } cards { number } } }
      userErrors { code path } } }"""
    cart = (await guide.do(made))["cart"]["id"]
    assert await guide.refused(name, c=cart, who={"phone": member["phone"]}) == [
        {"code": "STATE_CONFLICT", "path": ["customer", "phone"]}
    ]
    empty = (
        "mutation($c: ID!, $v: ID!) { cartLinesUpdate(input: {cartId: $c, lines:"
        " [{variantId: $v, quantity: 0}]}) { userErrors { code } } }"
    )
    await member["member"].do(empty, c=member["Cart"], v=member["Variant"])
    seen = (await guide.do(name, c=cart, who={"phone": member["phone"]}))["cart"]["member"]
    assert (seen["number"], seen["tier"]["code"]) == (member["Member.number"], "BASIC")
    assert "*" in seen["phone"]
    assert seen["cards"] == []
    scanned = (await guide.do(name, c=cart, who={"cardNumber": member["MemberCard.number"]}))[
        "cart"
    ]
    assert scanned["member"]["cards"] == [{"number": member["MemberCard.number"]}]
