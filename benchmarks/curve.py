"""Time series drawn as an SVG, one below the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

WIDTH, HEIGHT, MARGIN = 720, 120, 60


@dataclass(frozen=True)
class Line:
    title: str
    values: Sequence[float]


def draw(title: str, minutes: Sequence[float], lines: Sequence[Line]) -> str:
    """Draw each line from 0 to its maximum, over the same minutes."""
    height = MARGIN + len(lines) * (HEIGHT + MARGIN)
    size = f'width="{WIDTH + 2 * MARGIN}" height="{height}"'
    sections = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="{MARGIN}" y="24" font-size="16">{escape(title)}</text>',
    ]
    for number, line in enumerate(lines):
        sections += _one(line, minutes, MARGIN + number * (HEIGHT + MARGIN))
    return "\n".join([*sections, "</svg>", ""])


def _one(line: Line, minutes: Sequence[float], top: float) -> list[str]:
    most = max(line.values, default=0) or 1
    end = max(minutes, default=0) or 1
    points = " ".join(
        f"{MARGIN + WIDTH * minute / end:.1f},{top + HEIGHT - HEIGHT * value / most:.1f}"
        for minute, value in zip(minutes, line.values, strict=True)
    )
    bottom = top + HEIGHT
    return [
        f'<text x="{MARGIN}" y="{top - 6}">{escape(line.title)}</text>',
        f'<text x="{MARGIN - 6}" y="{top + 10}" text-anchor="end">{most:.0f}</text>',
        f'<text x="{MARGIN - 6}" y="{bottom}" text-anchor="end">0</text>',
        f'<text x="{MARGIN + WIDTH}" y="{bottom + 16}" text-anchor="end">{end:.1f} min</text>',
        f'<path d="M{MARGIN} {top}V{bottom}H{MARGIN + WIDTH}" fill="none" stroke="#999"/>',
        f'<polyline points="{points}" fill="none" stroke="#1a6" stroke-width="1.5"/>',
    ]
