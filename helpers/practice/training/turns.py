"""Whose training comes next: learners who share a computer take turns, however many jobs each of them has started."""

import os
import time
from collections import deque
from typing import Protocol, TypeVar

import psutil
from filelock import FileLock, Timeout

from helpers.practice.environment import number_from_environment
from helpers.practice.store import Job

LOCK_SECONDS = 30.0  # the longest wait for another server that is starting jobs
PAUSE_SECONDS = 0.3  # between two looks that nobody has asked for: each reads the jobs of all learners
REMEMBERED = 5  # trainings, for the time that the next one will take
TRAINING_BYTES = 2_000_000_000  # of memory that a training of the small model needs, with something to spare
TRAINING_CORES = 4  # a model this small gains little from more

Learner = TypeVar("Learner")


class Trainings(Protocol):
    """The trainings of one learner, as turns need them."""

    def unfinished(self) -> tuple[list[Job], list[Job]]:
        """Those that train now, and those that wait for it, the oldest first."""

    def launch(self, job: Job) -> None: ...

    def tell_place(self, job: Job, place: int, seconds: float | None) -> None:
        """How many trainings come before this one, and in how many seconds it begins, if that can be known."""

    def seconds_left(self, job: Job) -> float | None:
        """Of a job that is running."""


class Turns:
    """Starts the waiting jobs of all learners of one computer while slots are free, and tells the others their place.

    `lock_file` is the same for all servers that share the computer's slots. `slots` is how many train at once.
    """

    def __init__(self, lock_file: os.PathLike[str], slots: int) -> None:
        self.slots = slots
        self._lock_file = lock_file
        self._learners: list[Trainings] = []
        self._started: dict[Trainings, float] = {}  # when a training of theirs was started last
        self._begun: dict[str, float] = {}  # the same, by job
        self._took: deque[float] = deque(maxlen=REMEMBERED)  # seconds of the last trainings
        self._places: dict[str, tuple[int, bool]] = {}  # what was told last: the place, and whether with a time
        self._looked = 0.0

    def join(self, learner: Trainings) -> None:
        self._learners.append(learner)

    def scheduling(self) -> FileLock:
        """Servers that share a computer start jobs one after the other."""
        return FileLock(self._lock_file, timeout=LOCK_SECONDS)

    def ended(self, job: Job, finished_at: float) -> None:
        """A training has succeeded: the next ones will take about as long."""
        begun = self._begun.pop(job.id, None)
        if begun is not None:
            self._took.append(max(1.0, finished_at - begun))

    def fill(self, *, at_once: bool = True) -> None:
        """Start what can be started. Unless `at_once`, nothing is done if somebody has looked a moment ago."""
        if not at_once and time.monotonic() - self._looked < PAUSE_SECONDS:
            return
        try:
            with self.scheduling():
                self._looked = time.monotonic()
                self._fill()
        except Timeout:
            return  # another server holds the lock; somebody will look again

    def _fill(self) -> None:
        unfinished = {learner: learner.unfinished() for learner in self._learners}
        running = [(learner, job) for learner, (at_work, _) in unfinished.items() for job in at_work]
        waiting = {learner: jobs for learner, (_, jobs) in unfinished.items()}
        order = in_turn(waiting, self._started)
        free = max(0, self.slots - len(running))
        for learner, job in order[:free]:
            learner.launch(job)
            self._started[learner] = self._begun[job.id] = time.time()
            self._places.pop(job.id, None)
        self._tell_places(order[free:], [*running, *order[:free]])

    def _tell_places(self, order: list[tuple[Trainings, Job]], running: list[tuple[Trainings, Job]]) -> None:
        left = [learner.seconds_left(job) for learner, job in running]
        expected = self._expected([job for _, job in running], left)
        for place, (learner, job) in enumerate(order):
            before = place + len(running)
            seconds = None
            if expected is not None and self.slots:
                known = [expected / 2 if each is None else each for each in left]
                seconds = (sum(known) + place * expected) / self.slots
            told = (before, seconds is not None)
            if self.slots and self._places.get(job.id) != told:
                self._places[job.id] = told
                learner.tell_place(job, before, seconds)

    def _expected(self, running: list[Job], left: list[float | None]) -> float | None:
        """How long a training takes here: as the last ones did, else as those that run now will."""
        if self._took:
            return sum(self._took) / len(self._took)
        now = time.time()
        whole = [
            now - self._begun[job.id] + seconds
            for job, seconds in zip(running, left, strict=True)
            if seconds is not None and job.id in self._begun
        ]
        return sum(whole) / len(whole) if whole else None


def in_turn(waiting: dict[Learner, list[Job]], started: dict[Learner, float]) -> list[tuple[Learner, Job]]:
    """The order in which waiting jobs are started: always the oldest job of the learner whose turn is longest ago.

    Of learners who had no turn yet, the one who has waited longest comes first.
    """
    queues = {learner: deque(jobs) for learner, jobs in waiting.items() if jobs}
    last = {learner: (started.get(learner, 0.0), 0) for learner in queues}
    order: list[tuple[Learner, Job]] = []
    while queues:
        learner = min(queues, key=lambda each: (last[each], queues[each][0].created_at))
        order.append((learner, queues[learner].popleft()))
        last[learner] = (float("inf"), len(order))  # behind all who had no turn since
        if not queues[learner]:
            del queues[learner]
    return order


def slots_of_this_computer() -> int:
    """How many trainings it can do at once by its memory and its cores: at least one."""
    by_memory = psutil.virtual_memory().available // TRAINING_BYTES
    by_cores = (psutil.cpu_count(logical=False) or 1) // TRAINING_CORES
    return max(1, min(by_memory, by_cores))


def slots_from_environment(default: int = 1) -> int:
    """PRACTICE_LOCAL_JOBS. 0 starts none. Raises ValueError for what is no such number."""
    return number_from_environment("PRACTICE_LOCAL_JOBS", default, least=0)
