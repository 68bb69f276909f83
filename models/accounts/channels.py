"""The sales channels of a merchant."""

from __future__ import annotations

from enum import StrEnum


class Channel(StrEnum):
    """The origin of a request; each storefront has one channel."""

    PC = "PC"
    APP = "APP"
    WECHAT = "WECHAT"
    H5 = "H5"
    STORE = "STORE"
    MARKETPLACE = "MARKETPLACE"

    @property
    def is_counter(self) -> bool:
        """Whether the channel sells below the safety stock; only a store's counter does."""
        return self is Channel.STORE
