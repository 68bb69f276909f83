"""A memory budget of the process for incomplete bodies and messages, shared among client addresses."""

from __future__ import annotations

from dataclasses import dataclass, field


class NoRoom(Exception):
    """The budget is exhausted; `is_share`: the address holds at least as much as the average of all."""

    def __init__(self, *, is_share: bool) -> None:
        super().__init__("no room for a body")
        self.is_share = is_share


@dataclass(slots=True)
class BodyRoom:
    """A budget of at most `most_bytes`; 0 for no limit.

    An address may hold at most half of what the others leave, so that there is room for the next one.
    """

    most_bytes: int = 0
    taken: int = field(default=0, init=False)
    by_address: dict[str, int] = field(default_factory=dict, init=False)

    def hold(self, address: str) -> Held:
        """Return an empty reservation for one body."""
        return Held(self, address)

    def change(self, address: str, by: int) -> None:
        """Change the bytes of an address. Raises: NoRoom."""
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
    """The reserved bytes of one body."""

    room: BodyRoom
    address: str
    size: int = 0

    def grow(self, size: int) -> None:
        """Reserve this many bytes in total. Raises: NoRoom, which leaves the reservation unchanged."""
        if size != self.size:
            self.room.change(self.address, size - self.size)
            self.size = size

    def release(self) -> None:
        self.grow(0)
