"""What the shop must say: plain sums and exact fractions, written without a look at how the shop does it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from models.stock.rules import Quantities
from models.stock.states import StockState

HALF = Fraction(1, 2)
MINUTES = 15  # that an unpaid order holds its pieces
OPENING, SAFETY = 10, 2
AVAILABLE = StockState.AVAILABLE
DAMAGED, QUARANTINED = StockState.DAMAGED, StockState.QUARANTINED


@dataclass
class Worth:
    """What pieces are worth exactly; the shop keeps whole fen and may be `slack` off, half a fen each time.

    `average` is that of one piece, also after the last has left.
    """

    pieces: int = 0
    value: Fraction = Fraction()
    slack: Fraction = Fraction()
    average: Fraction = Fraction()
    average_slack: Fraction = Fraction()
    opening: int | None = None  # what one was said to have cost before any was bought
    surely: bool = False  # ever worth anything, also in whole fen
    perhaps: bool = False

    def take(self, pieces: int) -> Worth:
        """So many leave with their share; the last take all there is, to the fen."""
        part = Fraction(pieces, self.pieces)
        rounded = HALF if part < 1 else 0
        taken = Worth(pieces, self.value * part, self.slack * part + rounded)
        self.pieces -= pieces
        self.value -= taken.value
        self.slack = self.slack * (1 - part) + rounded
        self._remember()
        return taken

    def add(self, other: Worth) -> None:
        self.pieces += other.pieces
        self.value += other.value
        self.slack += other.slack
        self._remember()

    def grow(self, pieces: int) -> None:
        """So many come of which nobody says what they cost: as much as those that are, or were, there."""
        self.add(Worth(pieces, pieces * self.average, pieces * self.average_slack + HALF))

    def open(self, cost: int) -> None:
        self.opening, self.value, self.slack = cost, Fraction(self.pieces * cost), Fraction()
        self.average, self.average_slack = Fraction(cost), Fraction()
        self.surely = self.perhaps = True

    def _remember(self) -> None:
        self.surely |= self.value > self.slack
        self.perhaps |= self.value > 0
        if self.pieces:
            self.average = self.value / self.pieces
            self.average_slack = self.slack / self.pieces


@dataclass
class Level:
    """Pieces of one of two variants at one of two places; `serials` only of the one that tracks them.

    The serial numbers of what is held or committed stand with those of what is available.
    """

    variant: int
    place: int
    tracked: bool
    stands: Counter[StockState] = field(default_factory=Counter)
    safety: int = SAFETY
    serials: dict[StockState, set[str]] = field(
        default_factory=lambda: {AVAILABLE: set(), DAMAGED: set(), QUARANTINED: set()}
    )
    worth: Worth = field(default_factory=Worth)

    @property
    def available(self) -> int:
        return self.stands[AVAILABLE]


@dataclass
class Hold:
    order: int
    level: Level
    quantity: int
    state: str = "HELD"
    expires: int = 0
    online: bool = True


@dataclass
class Promise:
    order: int
    level: Level
    quantity: int
    filled: int = 0
    state: str = "HELD"

    @property
    def owed(self) -> int:
        return self.quantity - self.filled


@dataclass
class Model:
    """The first variant is sold by number, the second by piece."""

    now: int = 0  # in minutes
    levels: list[Level] = field(
        default_factory=lambda: [Level(v, p, v == 1) for v in range(2) for p in range(2)]
    )
    holds: list[Hold] = field(default_factory=list)
    promises: list[Promise] = field(default_factory=list)
    limits: dict[int, tuple[int, date | None]] = field(default_factory=dict)
    incoming: Counter[tuple[int, int]] = field(default_factory=Counter)
    on_the_road: set[str] = field(default_factory=set)  # serial numbers

    def __post_init__(self) -> None:
        for level in self.levels[:2]:
            level.stands[AVAILABLE] = level.worth.pieces = OPENING

    def at(self, variant: int, place: int) -> Level:
        return self.levels[2 * variant + place]

    def of(self, order: int, *states: str) -> list[Hold]:
        return [each for each in self.holds if each.order == order and each.state in states]

    def promised(self, order: int, *states: str) -> list[Promise]:
        return [each for each in self.promises if each.order == order and each.state in states]

    def owed(self, variant: int) -> int:
        owing = (each for each in self.promises if each.state in ("HELD", "AWAITED"))
        return sum(each.owed for each in owing if each.level.variant == variant)

    def left_to_promise(self, variant: int, today: date) -> int:
        most, day = self.limits.get(variant, (0, None))
        return max(0, most - self.owed(variant)) if day and day >= today else 0

    def expired(self, level: Level, sparing: int = 0) -> list[Hold]:
        held = [each for each in self.holds if each.level is level and each.state == "HELD"]
        return [each for each in held if each.expires <= self.now and each.order != sparing]

    def any_held_again(self) -> bool:
        """Whether an order holds pieces of a level where its earlier hold had expired."""
        expired = {(e.order, id(e.level)) for e in self.holds if 0 < e.expires <= self.now}
        return any(
            (each.order, id(each.level)) in expired
            for each in self.holds
            if each.state == "HELD" and each.expires > self.now
        )

    def effective(self, level: Level, sparing: int = 0) -> int:
        """What is available once expired holds are given back."""
        return level.available + sum(each.quantity for each in self.expired(level, sparing))

    def free(self, *levels: Level, sparing: int = 0) -> None:
        for level in levels:
            for each in self.expired(level, sparing):
                each.state = "RELEASED"
                level.stands[AVAILABLE] += each.quantity

    def kept(self, level: Level, state: str) -> int:
        return sum(e.quantity for e in self.holds if e.level is level and e.state == state)

    def there(self, level: Level, state: StockState) -> int:
        """The pieces that may leave a state, expired holds given back."""
        return self.effective(level) if state is AVAILABLE else level.stands[state]

    def shown(self, level: Level) -> Quantities:
        """Expired holds count as available, whether or not somebody has given them back."""
        effective, held = self.effective(level), self.kept(level, "HELD")
        return Quantities(
            effective,
            held - (effective - level.available),
            self.kept(level, "COMMITTED"),
            level.stands[DAMAGED],
            level.stands[QUARANTINED],
        )

    def fill(self) -> None:
        """What is above the safety stock belongs to those who paid for it before it came, oldest first."""
        for promise in self.promises:
            level = promise.level
            count = min(promise.owed, max(0, level.available - level.safety))
            if promise.state == "AWAITED" and count:
                promise.filled += count
                level.stands[AVAILABLE] -= count
                self.holds.append(Hold(promise.order, level, count, "COMMITTED"))
                promise.state = "AWAITED" if promise.owed else "FILLED"

    def known(self) -> set[str]:
        """The serial numbers that are somewhere, so that they cannot come in."""
        return self.on_the_road.union(*(s for e in self.levels for s in e.serials.values()))
