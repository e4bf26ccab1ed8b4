"""Lists in pages, with a cursor, as OpenAI sends them."""

from collections.abc import Callable, Sequence
from typing import Any

from helpers.practice.api.errors import ApiError
from helpers.practice.event_list import EventList


def page(
    items: Sequence[Any], show: Callable[[Any], dict[str, Any]], *, after: str | None, limit: int, ends: bool = False
) -> dict[str, Any]:
    """A page of a list that is in memory.

    Args:
        items: The whole list; each item has an `id`.
        show: Makes the JSON object of an item.
        after: The id of the last item of the page before; None means from the beginning.
        limit: The largest number of items.
        ends: Whether to add first_id and last_id.

    Returns:
        The JSON object of the page.

    Raises:
        ApiError: `after` is not the id of an item.
    """
    start = 0
    if after is not None:
        ids = [item.id for item in items]
        if after not in ids:
            raise unknown_cursor(after)
        start = ids.index(after) + 1
    chosen = items[start : start + limit]
    return listed([show(item) for item in chosen], start + limit < len(items), ends=ends)


def newest_first(
    items: EventList, show: Callable[[Any], dict[str, Any]], *, after: str | None, limit: int
) -> dict[str, Any]:
    """A page of events, from the newest on. Only those that are shown are made.

    Args:
        items: The events, the oldest first.
        show: Makes the JSON object of an event.
        after: The id of the last event of the page before; None means from the newest.
        limit: The largest number of events.

    Returns:
        The JSON object of the page.

    Raises:
        ApiError: `after` is not the id of an event.
    """
    end = len(items) if after is None else items.position_of(after)
    if end is None:
        raise unknown_cursor(after)
    start = max(0, end - limit)
    return listed([show(item) for item in items.between(start, end)[::-1]], start > 0)


def listed(objects: list[dict[str, Any]], has_more: bool, *, ends: bool = False) -> dict[str, Any]:
    """A page as it is sent. `ends` adds first_id and last_id."""
    body = {"object": "list", "data": objects, "has_more": has_more}
    if ends:
        body["first_id"] = objects[0]["id"] if objects else None
        body["last_id"] = objects[-1]["id"] if objects else None
    return body


def unknown_cursor(after: str) -> ApiError:
    return ApiError(400, f"Invalid value for 'after': no object with id '{after}' in this list.", param="after")
