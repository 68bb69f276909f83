"""QR codes as SVG images."""

from __future__ import annotations

import io

MODULE_PIXELS = 4


def qr_svg(text: str) -> str:
    """Return an SVG document that shows `text` as a QR code, ready to embed in a page.

    Source: ISO/IEC 18004, error correction M or better where it costs no larger code.
    """
    import segno  # loads slowly and is rarely needed

    document = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        document, kind="svg", scale=MODULE_PIXELS, xmldecl=False, nl=False, omitsize=False
    )
    return document.getvalue().decode()
