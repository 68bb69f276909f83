"""What must be true of stock and its documents at any moment: every piece, its cost and its serial number."""

from __future__ import annotations

ON_HAND = "(l.available + l.held + l.committed + l.damaged + l.quarantined)"
BEYOND = "('OUTSIDE', 'IN_TRANSIT')"
DOCUMENTS = {
    "Transfer": "transfer",
    "PurchaseOrder": "purchase_order",
    "SupplierReturn": "supplier_return",
    "Stocktake": "stocktake",
}


def moved(document: str, place: str, from_state: str, to_state: str) -> str:
    """The pieces of a document's line (`line` of `d`) that the ledger says went this way."""
    return f"""COALESCE((SELECT SUM(m.quantity) FROM stock_movement m
      WHERE m.document_type = '{document}' AND m.document_id = d.id AND m.location_id = {place}
      AND m.variant_id = line.variant_id AND m.from_state = {from_state}
      AND m.to_state = {to_state}), 0)"""


def valued(document: str) -> str:
    """What the movements of a document `d` added to the value of stock."""
    return f"""COALESCE((SELECT SUM(e.value_minor) FROM stock_cost_entry e JOIN stock_movement m
      ON m.id = e.movement_id WHERE m.document_type = '{document}' AND m.document_id = d.id), 0)"""


def untold(document: str, table: str) -> str:
    return f"""
        SELECT d.id FROM {table} d WHERE d.status <> COALESCE((SELECT v.to_status
          FROM document_event v WHERE v.document_type = '{document}' AND v.document_id = d.id
          ORDER BY v.id DESC LIMIT 1), '')"""


def unmoved(document: str, table: str) -> str:
    """Documents that ended without moving anything, and yet something has moved."""
    return f"""
        SELECT d.id FROM {table} d WHERE d.status IN ('DRAFT', 'SUBMITTED', 'REJECTED', 'OPEN')
          AND EXISTS (SELECT 1 FROM stock_movement m
            WHERE m.document_type = '{document}' AND m.document_id = d.id)"""


_IN, _OUT, _ROAD = "'AVAILABLE'", "'OUTSIDE'", "'IN_TRANSIT'"
_TRANSFER = "FROM transfer d JOIN transfer_line line ON line.transfer_id = d.id"
_PURCHASE = "FROM purchase_order d JOIN purchase_order_line line ON line.purchase_order_id = d.id"
_RETURN = "FROM supplier_return d JOIN supplier_return_line line ON line.supplier_return_id = d.id"
_COUNT = "FROM stocktake d JOIN stocktake_line line ON line.stocktake_id = d.id"


def _differing(which: str) -> str:
    """What the serial numbers of a stocktake's line add up to: those too many less those too few."""
    return f"""COALESCE((SELECT SUM(CASE found.finding WHEN 'SURPLUS' THEN 1 ELSE -1 END)
      FROM stocktake_serial found WHERE found.line_id = line.id AND {which}), 0)"""


_ON_THE_ROAD = "(line.shipped - line.accepted - line.rejected - line.lost - line.returned)"

# Each finds what must not be there.
CONTRADICTIONS = {
    "a level with less than nothing": """
        SELECT id FROM stock_level WHERE available < 0 OR held < 0 OR committed < 0 OR damaged < 0
          OR quarantined < 0 OR incoming < 0 OR safety_stock < 0""",
    "a transfer whose lines say other than the ledger": f"""
        SELECT d.id {_TRANSFER} WHERE line.shipped <> {moved("Transfer", "d.source_id", _IN, _ROAD)}
          OR line.returned <> {moved("Transfer", "d.source_id", _ROAD, _IN)}
          OR line.accepted <> {moved("Transfer", "d.destination_id", _ROAD, _IN)}
          OR line.rejected <> {moved("Transfer", "d.destination_id", _ROAD, "'QUARANTINED'")}
          OR line.lost <> {moved("Transfer", "d.destination_id", _ROAD, _OUT)}""",
    "a transfer that is on the road with nothing, or is not and left something there": f"""
        SELECT d.id {_TRANSFER} GROUP BY d.id, d.status
        HAVING (d.status IN ('IN_TRANSIT', 'PARTIALLY_RECEIVED')) <> (SUM({_ON_THE_ROAD}) > 0)""",
    "a purchase order whose lines say other than the ledger": f"""
        SELECT d.id {_PURCHASE}
        WHERE line.received <> {moved("PurchaseOrder", "d.destination_id", _OUT, _IN)}""",
    "a purchase order that is in another status than its lines": f"""
        SELECT d.id {_PURCHASE} GROUP BY d.id, d.status
        HAVING CASE d.status WHEN 'CANCELLED' THEN FALSE
          WHEN 'RECEIVED' THEN SUM(line.received) <> SUM(line.ordered)
          WHEN 'PARTIALLY_RECEIVED' THEN SUM(line.received) IN (0, SUM(line.ordered))
          ELSE SUM(line.received) <> 0 END""",
    "a purchase order that says other than its returns what went back": f"""
        SELECT d.id {_PURCHASE} WHERE line.returned <> COALESCE((SELECT SUM(r.quantity)
          FROM supplier_return_line r JOIN supplier_return s ON s.id = r.supplier_return_id
          WHERE s.purchase_order_id = d.id AND s.status = 'SHIPPED'
          AND r.variant_id = line.variant_id), 0)""",
    "a supplier return whose lines say other than the ledger": f"""
        SELECT d.id {_RETURN}
        WHERE CASE d.status WHEN 'SHIPPED' THEN line.quantity ELSE 0 END
          <> {moved("SupplierReturn", "d.location_id", "line.from_state", _OUT)}""",
    "a stocktake whose lines say other than the ledger": f"""
        SELECT d.id {_COUNT}
        WHERE CASE WHEN d.status <> 'APPROVED' THEN 0
            WHEN line.last_serial_event_id IS NULL THEN line.counted - line.expected
            ELSE {_differing("found.moved")} END
          <> {moved("Stocktake", "d.location_id", _OUT, _IN)}
          - {moved("Stocktake", "d.location_id", "m.from_state", _OUT)}""",
    "a stocktake whose difference its serial numbers do not explain": f"""
        SELECT d.id {_COUNT} WHERE line.last_serial_event_id IS NOT NULL
          AND line.counted - line.expected <> {_differing("TRUE")}""",
    "a stocktake that moved other serial numbers than it says": """
        SELECT d.id FROM stocktake d JOIN stocktake_line line ON line.stocktake_id = d.id
        JOIN stocktake_serial found ON found.line_id = line.id
        WHERE (found.moved IS NOT NULL) <> (d.status = 'APPROVED')
          OR COALESCE(found.moved, FALSE) <> EXISTS (SELECT 1 FROM serial_event e
            JOIN serial_number s ON s.id = e.serial_number_id WHERE s.variant_id = line.variant_id
            AND s.serial = found.serial AND e.document_type = 'Stocktake' AND e.document_id = d.id)""",
    "a stocktake that is in another status than its lines": f"""
        SELECT d.id {_COUNT} GROUP BY d.id, d.status
        HAVING CASE d.status WHEN 'CANCELLED' THEN COUNT(line.going_on) > 0
          WHEN 'OPEN' THEN COUNT(line.counted) = COUNT(*) OR COUNT(line.going_on) < COUNT(*)
          WHEN 'COUNTED' THEN COUNT(line.counted) < COUNT(*) OR COUNT(line.going_on) < COUNT(*)
          ELSE COUNT(line.counted) < COUNT(*) OR COUNT(line.going_on) > 0 END""",
    **{f"a {kind} whose history ends elsewhere": untold(kind, table) for kind, table in DOCUMENTS.items()},
    **{f"a {kind} that moved before its time": unmoved(kind, table) for kind, table in DOCUMENTS.items()},
    "a value that its entries do not explain": """
        SELECT c.level_id AS id FROM stock_cost c WHERE c.value_minor <> COALESCE((
          SELECT SUM(e.value_minor) FROM stock_cost_entry e WHERE e.level_id = c.level_id), 0)
          + COALESCE((SELECT o.value_minor FROM stock_opening_cost o
            WHERE o.level_id = c.level_id), 0)""",
    "a value of other pieces than there are": f"""
        SELECT l.id FROM stock_cost c JOIN stock_level l ON l.id = c.level_id
        WHERE c.quantity + COALESCE((SELECT SUM(CASE
            WHEN m.from_state IN {BEYOND} AND m.to_state NOT IN {BEYOND} THEN m.quantity
            WHEN m.to_state IN {BEYOND} AND m.from_state NOT IN {BEYOND} THEN -m.quantity ELSE 0 END)
          FROM stock_movement m WHERE m.variant_id = l.variant_id AND m.location_id = l.location_id
          AND m.id > c.movement_id), 0) <> {ON_HAND}""",
    "a transfer that lost or made value": f"""
        SELECT d.id {_TRANSFER} GROUP BY d.id
        HAVING SUM(line.road_minor + line.lost_minor) <> -{valued("Transfer")}""",
    "a purchase order that brought other value than it cost": f"""
        SELECT d.id {_PURCHASE} GROUP BY d.id
        HAVING SUM(line.received * line.unit_cost_minor) <> {valued("PurchaseOrder")}""",
    "a supplier return that took other value than it says": f"""
        SELECT d.id {_RETURN} GROUP BY d.id
        HAVING SUM(line.value_minor) <> -{valued("SupplierReturn")}""",
    "serial numbers in stock that are not as many as the pieces": f"""
        SELECT l.id FROM stock_level l JOIN variant v ON v.id = l.variant_id
        WHERE v.tracks_serials AND {ON_HAND} <> (SELECT COUNT(*) FROM serial_number s
          WHERE s.variant_id = l.variant_id AND s.location_id = l.location_id
          AND s.state IN ('IN_STOCK', 'DAMAGED', 'QUARANTINED'))""",
    "a serial number whose history ends elsewhere": """
        SELECT s.id FROM serial_number s WHERE s.state <> COALESCE((SELECT e.to_state
          FROM serial_event e WHERE e.serial_number_id = s.id ORDER BY e.id DESC LIMIT 1), '')""",
    "a key whose answer was lost": "SELECT id FROM idempotency_record WHERE answer IS NULL",
    **{
        f"more answers to {operation} than documents, or fewer": f"""
        SELECT 1 AS id WHERE (SELECT COUNT(*) FROM {table})
          <> (SELECT COUNT(*) FROM idempotency_record WHERE scope LIKE '% {operation}')"""
        for operation, table in {
            "transferRequest": "transfer",
            "purchaseOrderCreate": "purchase_order",
            "supplierReturnCreate": "supplier_return",
        }.items()
    },
    "a level that moved for a document, and nobody was told": """
        SELECT l.id FROM stock_level l WHERE EXISTS (SELECT 1 FROM stock_movement m
          WHERE m.variant_id = l.variant_id AND m.location_id = l.location_id
          AND m.document_id IS NOT NULL)
        AND NOT EXISTS (SELECT 1 FROM outbox_event e
          WHERE e.topic = 'stock.changed' AND e.node_id = l.id)""",
}  # fmt: skip
