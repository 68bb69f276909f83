"""A schema with everything that a plan has to know, whose resolvers go wrong on demand."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Annotated, Any, Generic, Literal, NewType, TypeVar

import strawberry
from graphql import GraphQLError
from strawberry.extensions import FieldExtension
from strawberry.permission import BasePermission
from strawberry.scalars import JSON
from strawberry.schema.config import StrawberryConfig

from schema.batching import batched

Fault = Literal["raise", "refuse", "null", "exception", "garbage"]
T = TypeVar("T")


class Garbage:
    def __repr__(self) -> str:
        return "<garbage>"

    def __str__(self) -> str:
        raise TypeError("Garbage has no words.")


@dataclass
class ToyContext:
    """`faults`: by `Type.field`, what goes wrong with objects of which numbers (modulo 3)."""

    faults: dict[str, tuple[Fault, int]] = field(default_factory=dict)
    memory: dict[Any, Any] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)

    def spoil(self, place: str, number: int, value: Any) -> Any:
        """The value, unless something is to go wrong here."""
        fault, remainder = self.faults.get(place, ("", -1))
        if number % 3 != remainder:
            return value
        match fault:
            case "raise":
                raise ArithmeticError(f"{place} of {number}")
            case "refuse":
                raise GraphQLError(f"No {place}.", extensions={"code": "REFUSED"})
            case "exception":
                return LookupError(f"{place} of {number}")
            case "garbage":
                return Garbage()
        return None

    def spoil_quietly(self, place: str, number: int, value: Any) -> Any:
        """For attributes: what would be raised is the value."""
        try:
            return self.spoil(place, number, value)
        except (ArithmeticError, GraphQLError) as error:
            return error

    def spoil_all(self, place: str, parents: list[Any], values: list[Any]) -> list[Any]:
        """For batch functions: what would be raised stands in the list."""
        return [
            self.spoil_quietly(place, parent.number, value)
            for parent, value in zip(parents, values, strict=True)
        ]


Info = strawberry.Info[ToyContext, None]
Even = NewType("Even", int)


def serialise_even(value: int) -> int | None:
    if not isinstance(value, int) or value % 2:
        raise ValueError(f"{value!r} is not even.")
    return None if value == 4 else value


@strawberry.enum
class Colour(Enum):
    RED = 1
    GREEN = "green"


@strawberry.enum
class Size(StrEnum):
    SMALL = "small"
    LARGE = "LARGE"


@strawberry.input
class Inner:
    number: int = 3
    size: Size | None = None
    inner: Inner | None = None


@strawberry.input
class Patch:
    number: strawberry.Maybe[int]
    size: strawberry.Maybe[Size | None]
    inner: Inner | None


@strawberry.input
class Outer:
    inner: Inner
    more_inners: list[Inner | None] | None = None
    colours: list[Colour] = field(default_factory=lambda: [Colour.RED])
    price: Decimal | None = None


class Twice(FieldExtension):
    def resolve(
        self, next_: Callable[..., Any], source: Any, info: strawberry.Info, **arguments: Any
    ) -> Any:
        value = next_(source, info, **arguments)
        return value * 2 if isinstance(value, int) else value


class OddOnly(BasePermission):
    message = "Only odd numbers may."

    def has_permission(self, source: Any, info: strawberry.Info, **arguments: Any) -> bool:
        return source is None or bool(source.number % 2)


@strawberry.interface
class Node:
    id: strawberry.ID
    number: int

    @strawberry.field
    def called(self, info: Info, polite: bool = False) -> str:
        name = info.context.spoil("Node.called", self.number, f"No. {self.number}")
        return f"Dear {name}" if polite else name

    @batched
    @staticmethod
    async def neighbour(parents: list[Any], ctx: ToyContext, *, by: int = 1) -> list[Node | None]:
        return ctx.spoil_all(
            "Node.neighbour", parents, [make(ctx, parent.number + by) for parent in parents]
        )


@strawberry.type
class Item(Node):
    name: str
    maybe_name: str | None
    ratio: float
    flag: bool | None
    colour: Colour
    size: Size | None
    even: Even
    price: Decimal | None
    anything: JSON | None
    tags: list[str]
    grid: list[list[int | None] | None]

    @strawberry.field
    def shout(self, info: Info, words: list[str], times: int = 1) -> str:
        return info.context.spoil("Item.shout", self.number, " ".join(words) * times)

    @strawberry.field
    def path(self, info: Info) -> list[str]:
        return [*map(str, info.path.as_list()), info.field_name, info.python_name]

    @strawberry.field
    async def later(self, info: Info, outer: Outer | None = None) -> str | None:
        return info.context.spoil("Item.later", self.number, repr(outer))

    @strawberry.field(extensions=[Twice()])
    def doubled(self, plus: int = 0) -> int:
        return self.number + plus

    @strawberry.field(permission_classes=[OddOnly])
    def guarded(self) -> int | None:
        return self.number

    @strawberry.field
    def friends(self, info: Info) -> list[Item]:
        return info.context.spoil("Item.friends", self.number, items(info.context, self.number, 2))

    @strawberry.field
    def maybe_friends(self, info: Info) -> list[Item | None] | None:
        spoil = info.context.spoil
        found = items(info.context, self.number + 1, 3)
        return [spoil("Item.maybeFriends", friend.number, friend) for friend in found]

    @batched
    @staticmethod
    async def parts(
        parents: list[Item], ctx: ToyContext, *, first: int = 2, outer: Outer | None = None
    ) -> list[list[Part]]:
        if ctx.faults.get("Item.parts") == ("raise", 0):
            raise ArithmeticError("no parts at all")
        plus = outer.inner.number if outer else 0
        values = [
            [Part(number=parent.number + n + plus, name=f"part {n}") for n in range(first)]
            for parent in parents
        ]
        return ctx.spoil_all("Item.parts", parents, values)

    @batched
    @staticmethod
    async def count(parents: list[Item], ctx: ToyContext) -> list[int]:
        return ctx.spoil_all("Item.count", parents, [parent.number for parent in parents])


@strawberry.type
class Part:
    number: int
    name: str | None

    @batched
    @staticmethod
    async def item(parents: list[Part], ctx: ToyContext) -> list[Item]:
        found = [make(ctx, parent.number * 2) for parent in parents]
        return ctx.spoil_all("Part.item", parents, found)


@strawberry.type
class Box(Node):
    @strawberry.field
    def things(self, info: Info) -> list[Thing]:
        context = info.context
        return [
            context.spoil("Box.things", self.number + n, thing)
            for n, thing in enumerate(
                [make(context, self.number * 2), Part(number=4, name=None), make(context, 1)]
            )
        ]

    @strawberry.field
    def chest(self) -> Chest:
        return Chest(number=self.number)


class ForeignChest:
    """Not a Strawberry type: only `is_type_of` knows it."""

    number = 5


@strawberry.type
class Chest:
    number: int

    @classmethod
    def is_type_of(cls, value: Any, info: Any) -> bool:
        return isinstance(value, Chest | ForeignChest)


@strawberry.interface
class Shape:
    """Says itself which type its values have, and not by their class."""

    number: int

    @classmethod
    def resolve_type(cls, value: Any, info: Any, type_: Any) -> str:
        if value.number == 6:
            raise LookupError(str(info.path.as_list()))
        return ["Round", "Square", "Round", "Nothing", "Item"][value.number % 5]


@strawberry.type
class Round(Shape):
    @strawberry.field
    def area(self) -> int:
        return self.number * 2**30


@strawberry.type
class Square(Shape):
    side: int

    @classmethod
    def is_type_of(cls, value: Any, info: Any) -> bool:
        return bool(value.number % 3)


Thing = Annotated[Item | Part | Box | Chest, strawberry.union("Thing")]


@strawberry.type
class Page(Generic[T]):
    rows: list[T]
    total: int | None


def make(context: ToyContext, number: int) -> Any:
    """Items have even numbers, boxes odd ones."""
    identity = strawberry.ID(str(number))
    if number % 2:
        return Box(id=identity, number=number)
    values: dict[str, Any] = {
        "name": f"item {number}",
        "maybe_name": None if number % 4 else "named",
        "ratio": number / 4,
        "flag": [True, False, None][number % 3],
        "colour": Colour.RED if number % 4 else Colour.GREEN,
        "size": [Size.SMALL, Size.LARGE, None][number % 3],
        "even": number,
        "price": Decimal(number) / 10,
        "anything": {"n": [number]},
        "tags": ["a", "b"],
        "grid": [[number, None], [], None],
    }
    spoilt = {
        name: context.spoil_quietly(f"Item.{name}", number, value) for name, value in values.items()
    }
    return Item(id=identity, number=number, **spoilt)


def items(context: ToyContext, first: int, count: int) -> list[Any]:
    return [make(context, 2 * number) for number in range(first, first + count)]


async def stream(context: ToyContext) -> AsyncGenerator[int, None]:
    for number in range(3):
        yield context.spoil("Query.squares", number, number * number)


async def promise(context: ToyContext, number: int) -> str:
    return context.spoil("Query.promises", number, f"promise {number}")


@strawberry.type
class Query:
    @strawberry.field
    def item(self, info: Info, number: int = 2) -> Item | None:
        return info.context.spoil("Query.item", number, make(info.context, number * 2))

    @strawberry.field
    async def items(self, info: Info, first: int = 2) -> list[Item]:
        return info.context.spoil("Query.items", first, items(info.context, 0, min(first, 3)))

    @strawberry.field
    def some_items(self, info: Info) -> list[Item]:
        return items(info.context, 1, 3)

    @strawberry.field
    def nodes(self, info: Info, numbers: list[int]) -> list[Node | None]:
        spoil = info.context.spoil
        return [spoil("Query.nodes", each, make(info.context, each)) for each in numbers[:4]]

    @strawberry.field
    def things(self, info: Info) -> list[Thing]:
        found = [
            make(info.context, 4),
            make(info.context, 3),
            Part(number=1, name="p"),
            Chest(number=1),
        ]
        return info.context.spoil("Query.things", 0, [*found, ForeignChest()])

    @strawberry.field
    def thing(self, info: Info, number: int = 2) -> Thing | None:
        return info.context.spoil("Query.thing", number, make(info.context, number))

    @strawberry.field
    def matrix(self, info: Info) -> list[list[Item | None] | None]:
        context = info.context
        spoil = context.spoil
        rows = [items(context, 0, 2), [], items(context, 2, 2)]
        return [
            spoil("Query.row", n, [spoil("Query.cell", item.number, item) for item in row])
            for n, row in enumerate(rows)
        ]

    @strawberry.field
    def shapes(self) -> list[Shape | None]:
        return [Square(number=n, side=n) if n % 2 else Round(number=n) for n in range(7)]

    @strawberry.field
    def rounds(self) -> list[Shape | None]:
        return [Round(number=n) for n in range(2)]

    @strawberry.field
    def squares_among_others(self) -> list[Square | None]:
        return [Square(number=n, side=n) for n in range(4)]

    @strawberry.field
    def page(self, info: Info) -> Page[Item]:
        return Page(rows=items(info.context, 0, 2), total=info.context.spoil("Page.total", 0, 2))

    @strawberry.field
    def names(self) -> Page[str]:
        return Page(rows=["a", "b"], total=None)

    @strawberry.field
    def echo(
        self,
        outer: Outer,
        inners: list[Inner] | None = None,
        colour: Colour = Colour.RED,
        anything: JSON | None = None,
        price: Decimal | None = strawberry.UNSET,
        ratio: float = 0.5,
        ident: Annotated[strawberry.ID | None, strawberry.argument(name="id")] = None,
    ) -> str:
        return repr((outer, inners, colour, anything, price, ratio, ident))

    @strawberry.field
    def patched(
        self, patch: Patch, words: strawberry.Maybe[list[str] | None], later: list[Patch] | None
    ) -> str:
        return repr((patch, words, later))

    @strawberry.field
    def squares(self, info: Info) -> list[int]:
        return stream(info.context)  # type: ignore[return-value]

    @strawberry.field
    def promises(self, info: Info) -> list[str | None]:
        return [promise(info.context, number) for number in range(3)]  # type: ignore[misc]

    @strawberry.field
    def root_attribute(self) -> int | None:
        return self  # type: ignore[return-value]

    missing: int | None

    @batched
    @staticmethod
    async def batch_at_root(parents: list[None], ctx: ToyContext) -> list[str]:
        return [repr(parent) for parent in parents]


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def write(self, info: Info, number: int = 0) -> Item:
        context = info.context
        context.log.append(f"write {number}")
        return context.spoil("Mutation.write", number, make(context, number * 2))

    @strawberry.mutation
    def maybe_write(self, info: Info, number: int = 0) -> Node | None:
        context = info.context
        context.log.append(f"maybe {number}")
        return context.spoil("Mutation.maybeWrite", number, make(context, number))

    @strawberry.mutation
    async def written(self, info: Info) -> list[str]:
        return [*info.context.log]


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def ticks(self) -> AsyncGenerator[int, None]:
        yield 1


toy = strawberry.Schema(
    Query,
    Mutation,
    Subscription,
    types=[Round, Square],
    config=StrawberryConfig(
        scalar_map={Even: strawberry.scalar(name="Even", serialize=serialise_even, parse_value=int)}
    ),
)

# Everything that can be made to go wrong.
PLACES = [
    "Node.called", "Node.neighbour",
    "Item.name", "Item.maybe_name", "Item.ratio", "Item.flag", "Item.colour", "Item.size", "Item.even",
    "Item.price", "Item.tags", "Item.grid", "Item.shout", "Item.later", "Item.friends",
    "Item.maybeFriends", "Item.parts", "Item.count", "Part.item", "Box.things",
    "Query.item", "Query.items", "Query.nodes", "Query.things", "Query.thing", "Query.row",
    "Query.cell", "Page.total", "Query.squares", "Query.promises", "Mutation.write", "Mutation.maybeWrite",
]  # fmt: skip
