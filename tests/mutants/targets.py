"""What is mutated, and the tests that must notice."""

from __future__ import annotations

_M, _R, _S = "tests/models", "tests/resolvers", "tests/schema"

TARGETS: dict[str, tuple[str, ...]] = {
    "models/money.py": (f"{_M}/test_money.py",),
    "models/accounts/second_factor.py": (f"{_M}/accounts/test_second_factor.py",),
    "models/catalog/gtin.py": (f"{_M}/catalog/test_gtin.py",),
    "models/catalog/slugs.py": (f"{_M}/catalog/test_slugs.py",),
    "models/engine/query_cache.py": (f"{_M}/engine/test_query_cache_limits.py",),
    "models/engine/shares.py": (f"{_M}/engine/test_shares.py",),
    "models/integrations/rules.py": (f"{_M}/integrations/test_signing.py",),
    "models/integrations/signing.py": (
        f"{_M}/integrations/test_signing.py",
        f"{_M}/test_signing_keys.py",
    ),
    "models/keys/signing_keys.py": (f"{_M}/test_signing_keys.py",),
    "models/members/numbers.py": (f"{_M}/members/test_numbers.py",),
    "models/members/rules.py": (f"{_M}/members/test_masking.py",),
    "models/orders/deadlines.py": (f"{_M}/orders/test_deadlines.py",),
    "models/orders/pickup.py": (f"{_M}/orders/test_pickup.py",),
    "models/orders/pricing.py": (f"{_M}/orders/test_pricing.py",),
    "models/orders/routing.py": (f"{_M}/orders/test_routing.py",),
    "models/orders/rules.py": (f"{_M}/orders/test_order_rules.py",),
    "models/orders/states.py": (f"{_M}/orders/test_states.py",),
    "models/orders/tickets.py": (f"{_M}/orders/test_tickets.py",),
    "models/referrals/rules.py": (f"{_M}/referrals/test_referral_rules.py",),
    "models/stock/costing.py": (f"{_M}/stock/test_costing.py",),
    "models/stock/health.py": (f"{_M}/stock/test_health.py",),
    "models/stock/rules.py": (f"{_M}/stock/test_stock_rules.py",),
    "models/stock/state_machines.py": (f"{_M}/stock/test_state_machines.py",),
    "models/stock/documents/purchase_rules.py": (f"{_M}/stock/test_purchase_rules.py",),
    "models/stock/documents/stocktake_rules.py": (f"{_M}/stock/test_stocktake_rules.py",),
    "models/stock/documents/transfer_rules.py": (f"{_M}/stock/test_transfer_rules.py",),
    "models/stores/hours.py": (f"{_M}/stores/test_hours.py",),
    "models/text/client_addresses.py": (f"{_M}/text/test_client_addresses.py",),
    "models/text/codes.py": (f"{_M}/text/test_codes.py",),
    "models/text/phone_numbers.py": (f"{_M}/text/test_phone_numbers.py",),
    "models/text/digits.py": (f"{_M}/text/test_digits.py",),
    "gateways/rate_limits.py": (
        "tests/gateways/test_rate_limits.py",
        "tests/gateways/test_rate_limits_at_the_edge.py",
    ),
    "resolvers/permissions.py": (f"{_R}/test_permissions.py",),
    "resolvers/attempts.py": (f"{_R}/test_attempts.py",),
    "resolvers/single_flight_cache.py": (f"{_R}/test_single_flight_cache.py",),
    "resolvers/integrations/bulk/storage.py": (f"{_R}/integrations/bulk/test_storage.py",),
    "resolvers/orders/acceptance_timeout.py": (f"{_R}/orders/test_rerouting.py",),
    "resolvers/orders/pickups.py": (f"{_R}/orders/test_pickups.py",),
    "resolvers/orders/scope.py": (f"{_R}/orders/test_orders.py",),
    "resolvers/stock/ledger/ledger.py": (
        f"{_R}/stock/ledger/test_ledger.py",
        f"{_R}/stock/levels/test_adjustments.py",
        f"{_R}/stock/allocation/test_holds.py",
    ),
    "schema/operations/response_cache.py": (f"{_S}/operations/test_response_cache.py",),
    "schema/operations/cacheable_fields.py": (
        f"{_S}/operations/test_response_cache.py",
        f"{_S}/transport/test_http_caching.py",
        f"{_S}/test_reading.py",
    ),
    "schema/operations/variable_limits.py": (f"{_S}/operations/test_variable_limits.py",),
    "schema/operations/documents/limits.py": (
        f"{_S}/operations/test_document_limits.py",
        f"{_S}/transport/test_http_limits.py",
    ),
    "schema/operations/documents/repeats.py": (
        f"{_S}/operations/test_document_limits.py",
        f"{_S}/transport/test_http_limits.py",
    ),
}
