"""What is said: the one GraphQL schema that every client queries."""

from __future__ import annotations

import strawberry
from strawberry.schema.config import StrawberryConfig

from schema.accounts.access_mutations import AccessMutations
from schema.accounts.batch_mutations import AccountBatchMutations
from schema.accounts.invitation_mutations import InvitationMutations
from schema.accounts.mutations import AccountMutations
from schema.accounts.queries import AccountQueries
from schema.accounts.security_mutations import SecurityMutations
from schema.catalog.mutations import CatalogMutations
from schema.catalog.price_mutations import PriceMutations
from schema.catalog.queries import CatalogQueries
from schema.cost.declaring import declare
from schema.describing.describing import describe
from schema.describing.null_defaults import drop_null_defaults
from schema.errors import ERROR_TYPES
from schema.integrations.mutations import IntegrationMutations
from schema.integrations.queries import IntegrationQueries
from schema.integrations.subscriptions import IntegrationSubscriptions
from schema.members.mutations import MemberMutations
from schema.members.queries import MemberQueries
from schema.money import MoneyInput
from schema.nodes.queries import NodeQueries
from schema.orders.checkout.mutations import CheckoutMutations
from schema.orders.checkout.queries import CheckoutQueries
from schema.orders.checkout.quote_changed import QuoteChanged
from schema.orders.fulfilment.mutations import FulfilmentMutations
from schema.orders.fulfilment.queries import FulfilmentQueries
from schema.orders.list_queries import OrderListQueries
from schema.orders.payment_mutations import PaymentMutations
from schema.orders.subscriptions import OrderSubscriptions
from schema.referrals.mutations import ReferralMutations
from schema.referrals.queries import ReferralQueries
from schema.scalars import SCALARS
from schema.stock.documents.queries import StockDocumentQueries
from schema.stock.mutations import StockMutations
from schema.stock.purchasing.mutations import PurchaseMutations
from schema.stock.purchasing.queries import PurchaseQueries
from schema.stock.queries import StockQueries
from schema.stock.serials.queries import SerialQueries
from schema.stock.stocktakes.mutations import StocktakeMutations
from schema.stock.stocktakes.queries import StocktakeQueries
from schema.stock.subscriptions import StockSubscriptions
from schema.stock.transfers.mutations import TransferMutations
from schema.stock.transfers.queries import TransferQueries
from schema.stores.mutations import StoreMutations
from schema.stores.queries import StoreQueries
from schema.stores.types import Warehouse


@strawberry.type
class Query(
    NodeQueries,
    AccountQueries,
    CatalogQueries,
    StoreQueries,
    StockQueries,
    StockDocumentQueries,
    SerialQueries,
    TransferQueries,
    StocktakeQueries,
    PurchaseQueries,
    CheckoutQueries,
    OrderListQueries,
    FulfilmentQueries,
    MemberQueries,
    ReferralQueries,
    IntegrationQueries,
):
    pass


@strawberry.type
class Mutation(
    AccountMutations,
    AccessMutations,
    AccountBatchMutations,
    SecurityMutations,
    InvitationMutations,
    CatalogMutations,
    PriceMutations,
    StoreMutations,
    StockMutations,
    TransferMutations,
    StocktakeMutations,
    PurchaseMutations,
    CheckoutMutations,
    FulfilmentMutations,
    PaymentMutations,
    MemberMutations,
    ReferralMutations,
    IntegrationMutations,
):
    pass


@strawberry.type
class Subscription(StockSubscriptions, OrderSubscriptions, IntegrationSubscriptions):
    pass


schema = strawberry.Schema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    types=[*ERROR_TYPES, QuoteChanged, MoneyInput, Warehouse],  # some are reached by no field
    config=StrawberryConfig(scalar_map=SCALARS),
)
for finish in (declare, drop_null_defaults, describe):
    finish(schema)
