"""Memory of a process for bodies and messages that have not come whole, shared among addresses."""

from __future__ import annotations

from dataclasses import dataclass, field


class NoRoom(Exception):
    """What comes finds no room; `is_share`: its address holds as much as others do, or more."""

    def __init__(self, *, is_share: bool) -> None:
        super().__init__("no room for a body")
        self.is_share = is_share


@dataclass(slots=True)
class BodyRoom:
    """At most `most_bytes` in all; 0 for any number.

    An address has no more than half of what the others leave it, so that there is room for the next to come.
    """

    most_bytes: int = 0
    taken: int = field(default=0, init=False)
    by_address: dict[str, int] = field(default_factory=dict, init=False)

    def hold(self, address: str) -> Held:
        """A place for one body, empty at first."""
        return Held(self, address)

    def change(self, address: str, by: int) -> None:
        """Raises: NoRoom."""
        before = self.by_address.get(address, 0)
        own, total = before + by, self.taken + by
        if by > 0 and self.most_bytes and own > (self.most_bytes - self.taken + before) // 2:
            addresses = len(self.by_address) + (not before)
            raise NoRoom(is_share=own * addresses >= total)
        self.taken = total
        if own:
            self.by_address[address] = own
        else:
            self.by_address.pop(address, None)


@dataclass(slots=True)
class Held:
    """How many bytes of one body are held."""

    room: BodyRoom
    address: str
    size: int = 0

    def grow(self, size: int) -> None:
        """Hold so many bytes now. Raises: NoRoom, and then it holds what it did."""
        if size != self.size:
            self.room.change(self.address, size - self.size)
            self.size = size

    def release(self) -> None:
        self.grow(0)
