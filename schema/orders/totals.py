from __future__ import annotations

import strawberry

from schema.money import Money


@strawberry.type(description="goods − discount + delivery = payable; paid and refunded came after.")
class OrderTotals:
    goods: Money
    discount: Money
    delivery: Money
    payable: Money
    paid: Money
    refunded: Money

    @classmethod
    def of(
        cls,
        goods_minor: int,
        discount_minor: int,
        delivery_minor: int,
        paid_minor: int = 0,
        refunded_minor: int = 0,
    ) -> OrderTotals:
        return cls(
            goods=Money.of(goods_minor),
            discount=Money.of(discount_minor),
            delivery=Money.of(delivery_minor),
            payable=Money.of(goods_minor - discount_minor + delivery_minor),
            paid=Money.of(paid_minor),
            refunded=Money.of(refunded_minor),
        )
