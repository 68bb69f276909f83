from __future__ import annotations

from enum import StrEnum


class Channel(StrEnum):
    """Where a request comes from; each storefront has one."""

    PC = "PC"
    APP = "APP"
    WECHAT = "WECHAT"
    H5 = "H5"
    STORE = "STORE"
    MARKETPLACE = "MARKETPLACE"

    @property
    def is_counter(self) -> bool:
        """The counter sells below the safety stock; every other channel stops at it."""
        return self is Channel.STORE
