"""Pictures of the demo's products: drawn from what they are, so that nothing is fetched or licensed."""

from __future__ import annotations

from html import escape
from zlib import crc32

from resolvers.demo.goods import PRODUCTS

PATH = "/demo/pictures"
_PICTURE = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 400" role="img" aria-label="{name}">
<rect width="400" height="400" fill="hsl({hue} 45% 92%)"/>
<rect x="110" y="70" width="180" height="230" rx="26" fill="hsl({hue} 50% 62%)"/>
<rect x="150" y="44" width="100" height="34" rx="10" fill="hsl({hue} 50% 45%)"/>
<g text-anchor="middle" font-family="sans-serif">
<text x="200" y="215" font-size="96" fill="#fff">{initial}</text>
<text x="200" y="356" font-size="32" fill="#333">{name}</text>
</g>
</svg>
"""


def picture_of(code: str) -> str | None:
    """An SVG of the product with this code; None where there is no such product."""
    names = {product: name for product, name, *_ in PRODUCTS}
    if code not in names:
        return None
    hue = crc32(code.encode()) % 360
    return _PICTURE.format(name=escape(names[code]), initial=escape(names[code][0]), hue=hue)


def picture_url(base_url: str, code: str) -> str:
    return f"{base_url}{PATH}/{code}.svg"
