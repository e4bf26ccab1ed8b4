"""Lists in pages, with a cursor, as OpenAI sends them."""

from collections.abc import Callable, Sequence
from typing import Any

from helpers.practice.api.errors import ApiError


def page(
    items: Sequence[Any],
    show: Callable[[Any], dict[str, Any]],
    *,
    after: str | None,
    limit: int,
    ends: bool = False,
    id_of: Callable[[Any], str] = lambda item: item.id,
) -> dict[str, Any]:
    """The page of at most `limit` items that begins behind the item `after`. `ends` adds first_id and last_id."""
    start = 0
    if after is not None:
        ids = [id_of(item) for item in items]
        if after not in ids:
            raise ApiError(400, f"Invalid value for 'after': no object with id '{after}' in this list.", param="after")
        start = ids.index(after) + 1
    chosen = items[start : start + limit]
    body = {"object": "list", "data": [show(item) for item in chosen], "has_more": start + limit < len(items)}
    if ends:
        body["first_id"] = id_of(chosen[0]) if chosen else None
        body["last_id"] = id_of(chosen[-1]) if chosen else None
    return body
