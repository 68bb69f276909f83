"""The documents that the measured clients send."""

from __future__ import annotations

PRODUCT_LIST = """
query ProductList($first: Int!) {
  products(first: $first) {
    edges { node { id name slug variants { sku price { amount currency } available } } }
    pageInfo { hasNextPage endCursor }
  }
}"""

PRODUCT_SEARCH = """
query ProductSearch($words: String!) {
  products(filter: { search: $words }, first: 20) {
    edges { node { id name slug variants { sku price { amount currency } available } } }
    pageInfo { hasNextPage endCursor }
  }
}"""

PRODUCT_DETAIL = """
query ProductDetail($slug: String!) {
  product(slug: $slug) { id name description variants { sku price { amount currency } available } }
}"""

VARIANT_STOCK = """
query VariantStock($sku: String!) {
  variant(sku: $sku) {
    stockLevels(first: 20) { edges { node { available location { code name } } } }
  }
}"""

NEAREST_STORES = """
query NearestStores($near: GeoPointInput!, $carrying: [VariantQuantityInput!]!) {
  stores(near: $near, filter: { carrying: $carrying }, first: 10) {
    edges { distanceMetres node { code name } }
  }
}"""

CHECKOUT_PLACE = """
mutation CheckoutPlace($checkout: CheckoutInput!, $idempotencyKey: String!) {
  checkoutPlace(input: { checkout: $checkout, idempotencyKey: $idempotencyKey }) {
    order { id number status totals { payable { amount currency } } }
    userErrors { code message path }
  }
}"""

PAYMENT_START = """
mutation PaymentStart($orderId: ID!, $idempotencyKey: String!) {
  paymentStart(
    input: { orderId: $orderId, provider: SANDBOX, flow: NATIVE, idempotencyKey: $idempotencyKey }
  ) {
    payment { id status codeUrl }
    userErrors { code message path }
  }
}"""
