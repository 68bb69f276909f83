from __future__ import annotations

from tests.make.api import Api
from tests.make.counter import Counter, open_counter, paid
from tests.make.documents import document

CONTACT = "query($number: String!) { order(number: $number) { contact { phone } } }"


async def test_the_audit_log_says_who_looked_at_which_order(api: Api) -> None:
    counter: Counter = await open_counter(api)
    _, order = await paid(counter, "STORE_DELIVERY")
    admin = await api.staff()
    for _ in range(2):
        await admin.ask(CONTACT, number=order["number"])
    log = (await admin.ask(document("hq/audit_log")))["auditLog"]
    (entry,) = [each["node"] for each in log["edges"]]
    assert (log["totalCount"], entry["action"], entry["times"]) == (1, "CONTACT_LOOK", 2)
    assert entry["actor"] == {"name": "Administrator"}
    assert entry["subject"] == {"number": order["number"]}
    wrong = {"actorId": "x"}
    refused = await admin.send(document("hq/audit_log"), filter=wrong)
    assert refused["errors"][0]["extensions"]["code"] == "INVALID"
    refused = await (await api.guest()).send(document("hq/audit_log"))
    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"
