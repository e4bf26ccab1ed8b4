"""The events of a job, oldest first, of which only those are made that somebody reads: there can be 100,000."""

from abc import abstractmethod
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate

from helpers.practice.engine import Event


class EventList(Sequence[Event]):
    """Events that are made when they are asked for."""

    @abstractmethod
    def between(self, start: int, stop: int) -> list[Event]:
        """Those from the position `start` to the one before `stop`."""

    @abstractmethod
    def position_of(self, event_id: str) -> int | None:
        """Where the event of this id stands; None if there is none."""

    def __getitem__(self, index):
        if isinstance(index, slice):
            start, stop, step = index.indices(len(self))
            if step == 1:
                return self.between(start, max(start, stop))
            return [self[number] for number in range(start, stop, step)]
        position = range(len(self))[index]
        return self.between(position, position + 1)[0]

    def __iter__(self) -> Iterator[Event]:
        return iter(self.between(0, len(self)))


class Story(EventList):
    """Single events, and between them runs of numbered ones that all look alike.

    Args:
        parts: Events and ranges of numbers, oldest first.
        make: Makes the event of a number; None if there are no ranges.
        number_of: The number of the event with an id, if that is one of a number.
    """

    def __init__(
        self,
        parts: Sequence[Event | range],
        make: Callable[[int], Event] | None = None,
        number_of: Callable[[str], int | None] = lambda event_id: None,
    ) -> None:
        self._parts = [part for part in parts if not (isinstance(part, range) and not part)]
        self._make, self._number_of = make, number_of
        self._ends = list(accumulate(len(part) if isinstance(part, range) else 1 for part in self._parts))

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def between(self, start: int, stop: int) -> list[Event]:
        return [self._at(position) for position in range(start, stop)]

    def position_of(self, event_id: str) -> int | None:
        number, begin = self._number_of(event_id), 0
        for part, end in zip(self._parts, self._ends, strict=True):
            if isinstance(part, range):
                if number in part:
                    return begin + part.index(number)
            elif part.id == event_id:
                return begin
            begin = end
        return None

    def _at(self, position: int) -> Event:
        index = bisect_right(self._ends, position)
        part = self._parts[index]
        return self._make(part[position - self._ends[index]]) if isinstance(part, range) else part
