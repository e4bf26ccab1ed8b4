"""Following a job while it runs: what is new since last time, and a live panel or lines of text that show it."""

import sys
import threading
import time
from typing import Any, Protocol

import openai
from openai import OpenAI
from openai.types.fine_tuning import FineTuningJob

from helpers.connection.identity import is_practice
from helpers.display.tables import plural

FINAL = ("succeeded", "failed", "cancelled")  # any other status, also one nobody has heard of, means: still going
NEAR, FAR = 0.5, 10.0  # seconds between two questions, to a practice server and to any other host
LONGEST_WAIT = 60.0  # seconds between two tries when the host does not answer
PAGE = 100

TRANSIENT = (openai.APIConnectionError, openai.RateLimitError, openai.InternalServerError)


class Watcher:
    """Asks for a job and its new events. `events` is complete and oldest first: none is lost, none is there twice."""

    def __init__(self, client: OpenAI, job_id: str) -> None:
        self.client, self.job_id = client, job_id
        self.interval = NEAR if is_practice(client) else FAR
        self.events: list[Any] = []
        self.job: FineTuningJob = client.fine_tuning.jobs.retrieve(job_id)
        self._fetch_events()

    @property
    def finished(self) -> bool:
        return self.job.status in FINAL

    def look(self) -> None:
        """Ask once. The job first and its events after it: when it has ended, its last events are there."""
        self.job = self.client.fine_tuning.jobs.retrieve(self.job_id)
        self._fetch_events()

    def _fetch_events(self) -> None:
        """Events come newest first: read pages until one that is known."""
        known = {event.id for event in self.events}
        new = []
        for event in self.client.fine_tuning.jobs.list_events(self.job_id, limit=PAGE):
            if event.id in known:
                break
            new.append(event)
        self.events += new[::-1]

    @property
    def steps(self) -> tuple[int, int] | None:
        """The last step and how many there will be, if the host says so."""
        for event in reversed(self.events):
            if event.type == "metrics" and isinstance(event.data, dict) and event.data.get("total_steps"):
                return int(event.data["step"]), int(event.data["total_steps"])
        return None


class View(Protocol):
    """Something that shows a job while it runs."""

    def show(self, watcher: Watcher) -> None: ...
    def trouble(self, message: str) -> None: ...
    def close(self) -> None: ...


def follow(watcher: Watcher, timeout: float | None = None, view: View | None = None) -> None:
    """Look again and again until the job has ended, the time is up, or the learner interrupts. The job is not
    touched."""
    if watcher.finished:
        return
    view = view or make_view()
    deadline = None if timeout is None else time.monotonic() + timeout
    wait = threading.Event()
    pause, failures = watcher.interval, 0
    try:
        while not watcher.finished:
            view.show(watcher)
            if deadline is not None and time.monotonic() + pause > deadline:
                print(come_back(watcher, "The time is up."))
                return
            wait.wait(pause)
            try:
                watcher.look()
                pause, failures = watcher.interval, 0
            except TRANSIENT as error:
                failures += 1
                pause = min(LONGEST_WAIT, watcher.interval * 2**failures)
                view.trouble(f"The host did not answer ({type(error).__name__}); trying again in {pause:.0f} seconds.")
    except KeyboardInterrupt:
        print(come_back(watcher, "You stopped watching."))
    finally:
        view.close()


def come_back(watcher: Watcher, why: str) -> str:
    return f'{why} The job goes on at the host. To watch it again: watch(client, "{watcher.job_id}")'


def make_view() -> View:
    """A panel in a notebook, lines of text anywhere else."""
    if in_notebook():
        from helpers.forms.panel import Panel

        return Panel()
    return Lines()


def in_notebook() -> bool:
    """Whether this process is the kernel of a notebook. IPython is not imported to find out."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return getattr(shell, "kernel", None) is not None


class Lines:
    """Prints what is new, a line for each change of status and for each event that is not a number."""

    def __init__(self) -> None:
        self.shown = 0
        self.status = ""

    def show(self, watcher: Watcher) -> None:
        if watcher.job.status != self.status:
            self.status = watcher.job.status
            print(f"{watcher.job_id}: {self.status}")
        for event in watcher.events[self.shown :]:
            if event.type != "metrics":
                print(f"  {event.message}")
        self.shown = len(watcher.events)

    def trouble(self, message: str) -> None:
        print(f"  {message}")

    def close(self) -> None:
        """Nothing to take away."""


def status_line(watcher: Watcher) -> str:
    """One line for people: the status, how far, the last losses."""
    parts = [f"Job {watcher.job_id}: {watcher.job.status.replace('_', ' ')}"]
    if steps := watcher.steps:
        parts.append(f"step {steps[0]:,} of {plural(steps[1], 'step').removesuffix(' steps')}")
    if left := time_left(watcher.job):
        parts.append(left)
    return ", ".join(parts)


def time_left(job: FineTuningJob) -> str:
    """In words, if the host has said when it expects to be done."""
    seconds = (job.estimated_finish or 0) - time.time()
    if job.status in FINAL or seconds < 1:
        return ""
    return f"about {seconds:.0f} s left" if seconds < 100 else f"about {seconds / 60:.0f} minutes left"
