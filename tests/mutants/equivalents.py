"""Mutants that no test can kill, because the program does the same with them, and why.

By path, function, and what the fault changes from and to.
"""

from __future__ import annotations

Key = tuple[str, str, str, str]


def _of(path: str, *rows: tuple[str, str, str, str]) -> dict[Key, str]:
    return {(path, function, before, after): why for function, before, after, why in rows}


_MERCHANTS = "Q(merchant_id__in=Subquery(merchants.values('id')))"
_STORES = "Q(attribution_store_id__in=Subquery(locations.values('id')))"
_COMMUTES = "the order of what is combined does not matter"
_BOUND = "a weaker bound makes the search longer and finds the same"

EQUIVALENTS: dict[Key, str] = {
    **_of(
        "models/money.py",
        (
            "<module>",
            "traps=[Inexact, InvalidOperation, Overflow]",
            "traps=[Inexact, Overflow]",
            "a finite amount is inexact or too large before it is invalid",
        ),
        (
            "to_minor",
            "except (Inexact, InvalidOperation) as error:",
            "except (Inexact,) as error:",
            "a finite amount is inexact or too large before it is invalid",
        ),
        (
            "share_down",
            "_DOWN.multiply(Decimal(base_minor), rate).to_integral_value",
            "_DOWN.multiply(rate, Decimal(base_minor)).to_integral_value",
            _COMMUTES,
        ),
    ),
    **_of(
        "models/accounts/second_factor.py",
        (
            "matching_step",
            "if hmac.compare_digest(totp.generate_otp(each).encode(), typed):",
            "if hmac.compare_digest(typed, totp.generate_otp(each).encode()):",
            _COMMUTES,
        ),
        (
            "is_recovery_code",
            "8 * RECOVERY_BYTES // 5",
            "8 * RECOVERY_BYTES / 5",
            "80 bits are 16 characters without a rest",
        ),
    ),
    **_of(
        "models/engine/query_cache.py",
        (
            "ResultCache._keep",
            "values = chain(key[1], chain.from_iterable(rows))",
            "values = chain(chain.from_iterable(rows), key[1])",
            _COMMUTES,
        ),
        *(
            (
                "PostgresQueryCache.__init__",
                before,
                after,
                "no request is of the state before the first",
            )
            for before, after in (
                ("self._state: State = (0, '')", "self._state: State = (0,)"),
                ("(0, '')", "(1, '')"),
            )
        ),
        *(
            ("PostgresQueryCache.learn", "met += 1", after, "each new state has another number")
            for after in ("met -= 1", "met += 2")
        ),
        (
            "PostgresQueryCache.is_worth_asking",
            "self._passed += 1",
            "self._passed -= 1",
            "each sixteenth is one, in whichever direction they are counted",
        ),
    ),
    **_of(
        "models/keys/signing_keys.py",
        (
            "KeyRing.verify",
            "key is not None and hmac.compare_digest(_mark(key, purpose, text).encode(), mark.encode())",
            "key is not None and hmac.compare_digest(mark.encode(), _mark(key, purpose, text).encode())",
            _COMMUTES,
        ),
    ),
    **_of(
        "models/catalog/slugs.py",
        ("slugify", "SLUG_LIMIT // 2", "SLUG_LIMIT / 2", "a length is compared with 40 or 40.0"),
    ),
    **_of(
        "models/integrations/rules.py",
        *(
            (
                "_doubled",
                "min(times, 20)",
                f"min(times, {times})",
                "the last pause is shorter than the first doubled so often",
            )
            for times in (19, 21)
        ),
    ),
    **_of(
        "models/orders/pickup.py",
        ("_check", "total & 32", "total & 33", "the lowest bit is 0 after the shift"),
    ),
    **_of(
        "models/orders/rules.py",
        (
            "split",
            "left.get(variant_id, 0) (2)",
            "left.get(variant_id, 1)",
            "a choice takes at least one, which leaves none of what is not there",
        ),
    ),
    **_of(
        "models/orders/tickets.py",
        ("escpos", "COLUMNS // 2", "COLUMNS / 2", "a width is compared with 16 or 16.0"),
        (
            "_wrapped",
            "width(cleaned) <= columns",
            "width(cleaned) < columns",
            "a text that fills one row is broken into that row",
        ),
        (
            "_justified",
            "max(0, COLUMNS - width(right))",
            "max(1, COLUMNS - width(right))",
            "a sum and a quantity are narrower than a row",
        ),
    ),
    **_of(
        "resolvers/integrations/bulk/storage.py",
        (
            "write_results",
            "[row for row in rows if row.refusals]",
            "[row for row in rows]",
            "a row without refusals writes no line",
        ),
    ),
    **_of(
        "resolvers/orders/scope.py",
        *(("owned", "-1", other, "no row has an ID below 1") for other in ("-2", "-0")),
        (
            "_territory",
            f"Q({_MERCHANTS}, {_STORES}, _fulfilled_at(locations), join_type='OR')",
            f"Q({_STORES}, {_MERCHANTS}, _fulfilled_at(locations), join_type='OR')",
            _COMMUTES,
        ),
    ),
    **_of(
        "resolvers/stock/ledger/ledger.py",
        (
            "create_missing",
            "await fetch(f'SELECT id FROM location WHERE id IN ({marks(ids)}) ORDER BY id FOR SHARE', *ids)",
            "pass",
            "only PostgreSQL is asked, and the run is on SQLite",
        ),
    ),
    **_of(
        "gateways/rate_limits.py",
        *(
            (
                "_count",
                "min(counter.count - limit.times, 40)",
                f"min(counter.count - limit.times, {times})",
                "the longest wait is shorter than the first doubled so often",
            )
            for times in (39, 41)
        ),
        (
            "_count",
            "counter.ends if counter.count >= limit.times else 0",
            "counter.ends if counter.count >= limit.times else 1",
            "a moment in 1970 has passed",
        ),
        (
            "MemoryRateLimits.give_back",
            "counter.till = 0",
            "counter.till = 1",
            "a moment in 1970 has passed",
        ),
        (
            "MemoryRateLimits._counter",
            "_Counter(0, 0, now + limit.seconds)",
            "_Counter(0, 1, now + limit.seconds)",
            "a moment in 1970 has passed",
        ),
    ),
    **_of(
        "resolvers/permissions.py",
        *(("scoped", "-1", other, "no row has an ID below 1") for other in ("-2", "-0")),
    ),
    **_of(
        "models/orders/routing.py",
        (
            "fewest_parcels",
            "range(2, MAX_EXACT_PARCELS + 1)",
            "range(1, MAX_EXACT_PARCELS + 1)",
            "one parcel has been looked for and not been found",
        ),
        (
            "_cost",
            "sender.distance_metres or 0",
            "sender.distance_metres or 1",
            "how many distances are unknown is compared first",
        ),
        ("_shortlist", "better < parcels", "better <= parcels", _BOUND),
        (
            "_covers",
            "if any((quantity > left * most[v][index] for v, quantity in needed.items())):",
            "if all((quantity > left * most[v][index] for v, quantity in needed.items())):",
            _BOUND,
        ),
        ("_covers", "left > 1", "left >= 1", "the last supplier tried covers the rest or is not"),
        ("_covers", "left > 1", "left > 0", "the last supplier tried covers the rest or is not"),
        (
            "_most_from",
            "supplier.available.get(variant_id, 0)",
            "supplier.available.get(variant_id, 1)",
            _BOUND,
        ),
    ),
    **_of(
        "models/stock/costing.py",
        *(
            (
                "with_opening_cost",
                f"(0, 0) if quantity else (1, unit_minor){number}",
                "(0,) if quantity else (1, unit_minor)",
                "what is known is 0 unless it is said",
            )
            for number in ("", " (2)")
        ),
        ("apply", "each.quantity > 0", "each.quantity >= 0", "no movement is one of no units"),
        (
            "_leaving",
            "quantity >= stock.quantity",
            "quantity > stock.quantity",
            "the share of all pieces is the whole value",
        ),
        (
            "_after",
            "return Valuation(0, value_minor, stock.quantity, stock.value_minor)",
            "return Valuation(value_minor, 0, stock.quantity, stock.value_minor)",
            "no pieces are worth nothing, so both are 0",
        ),
    ),
    **_of(
        "models/stores/hours.py",
        (
            "_spans",
            "(last - first).days + 1",
            "(last - first).days + 2",
            "an opening of the day after is beyond what is asked about",
        ),
        ("_spans", "closes < opens", "closes <= opens", "opening and closing differ"),
    ),
    **_of(
        "models/text/phone_numbers.py",
        (
            "_line",
            "2 * LONGEST",
            "3 * LONGEST",
            "a text that is longer is refused whatever it becomes",
        ),
    ),
    **_of(
        "schema/operations/documents/repeats.py",
        (
            "_error",
            "times <= limits.max_repeats",
            "times < limits.max_repeats",
            "no type has more of them than all types together",
        ),
    ),
    **_of(
        "schema/operations/response_cache.py",
        (
            "answer_once",
            "ctx.clock() < ctx.freshness.holds_until",
            "ctx.clock() <= ctx.freshness.holds_until",
            "what is kept at its end is not given any more",
        ),
        *(
            ("_key", f"{unit}=0", f"{unit}=1", "any moment of the minute stands for it")
            for unit in ("second", "microsecond")
        ),
    ),
    **_of(
        "models/stock/rules.py",
        (
            "reasons_to_adjust",
            "{from_state, to_state} <= BY_HAND",
            "{from_state, to_state} < BY_HAND",
            "two states are never all four",
        ),
        (
            "Quantities.__add__",
            " for a, b in zip(self.values, other.values, strict=True)",
            " for a, b in zip(other.values, self.values, strict=True)",
            _COMMUTES,
        ),
    ),
}
