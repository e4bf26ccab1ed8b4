"""The events of a real training, as its process has stored them."""

from typing import Any

from helpers.practice.engine import Event
from helpers.practice.event_list import EventList
from helpers.practice.job_wording import event_id, event_number
from helpers.practice.store import Job, Store


class StoredEvents(EventList):
    """Those in the database, numbered from 1 on, and then those of the job's end, which are not stored."""

    def __init__(self, store: Store, job: Job, last: list[Event]) -> None:
        self._store, self._job, self._last = store, job, last
        self._stored = store.count_events(job.id)

    def __len__(self) -> int:
        return self._stored + len(self._last)

    def between(self, start: int, stop: int) -> list[Event]:
        begun = min(stop, self._stored)
        rows = self._store.events(self._job.id, start + 1, begun) if start < begun else []
        last = self._last[max(0, start - self._stored) : max(0, stop - self._stored)]
        return [*(_event(self._job, row) for row in rows), *last]

    def position_of(self, event_id: str) -> int | None:
        number = event_number(self._job, event_id)
        if number is not None and 1 <= number <= self._stored:
            return number - 1
        ids = [event.id for event in self._last]
        return self._stored + ids.index(event_id) if event_id in ids else None


def _event(job: Job, row: dict[str, Any]) -> Event:
    at, said = row["created_at"], row["message"]
    return Event(event_id(job, row["number"]), at, said, row["level"], row["type"], row["data"])
