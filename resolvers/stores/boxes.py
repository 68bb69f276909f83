from __future__ import annotations

from collections.abc import Sequence

from tortoise.expressions import Q

from models.stores.distance import Box


def in_boxes(boxes: Sequence[Box]) -> Q:
    """Locations whose WGS-84 position lies in one of the boxes."""
    return Q(
        *(
            Q(
                latitude_wgs84__gte=box.south,
                latitude_wgs84__lte=box.north,
                longitude_wgs84__gte=box.west,
                longitude_wgs84__lte=box.east,
            )
            for box in boxes
        ),
        join_type="OR",
    )
