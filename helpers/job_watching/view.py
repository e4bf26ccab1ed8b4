"""Following a job to its end, with something that shows it: a live panel in a notebook, lines of text elsewhere."""

import sys
import threading
import time
from collections.abc import Callable
from typing import Protocol

from helpers.display.tables import plural
from helpers.job_watching.watcher import TRANSIENT, Watcher

LONGEST_WAIT = 60.0  # seconds between two tries when the host does not answer


class View(Protocol):
    """Something that shows a job while it runs."""

    def show(self, watcher: Watcher) -> None: ...
    def trouble(self, message: str) -> None: ...
    def close(self) -> None: ...


def follow(
    watcher: Watcher,
    view: View | None = None,
    *,
    timeout: float | None = None,
    until: Callable[[], bool] | None = None,
) -> None:
    """Look again and again until the job has ended, the time is up, or the learner interrupts. The job is not
    touched.

    Args:
        watcher: the job; afterwards it holds the last status and every event.
        view: what shows it; without one, a panel in a notebook and lines of text elsewhere.
        timeout: after so many seconds the watching ends, with a sentence that says how to come back.
        until: asked before each look; the watching ends, without a word, when it says True.

    Raises:
        openai.APIStatusError: the host answered with an error that does not pass by itself, such as 401 or 404.
            When it does not answer, or answers 429 or 5xx, it is asked again after a longer and longer pause.
    """
    if watcher.finished:
        return
    view = view or make_view()
    deadline = None if timeout is None else time.monotonic() + timeout
    wait = threading.Event()
    pause, failures = watcher.interval, 0
    try:
        while not watcher.finished and not (until and until()):
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
                again = plural(round(pause), "second")
                view.trouble(f"The host did not answer ({type(error).__name__}); trying again in {again}.")
    except KeyboardInterrupt:
        print(come_back(watcher, "You stopped watching."))
    finally:
        view.close()


def come_back(watcher: Watcher, why: str) -> str:
    return f'{why} The job goes on at the host. To watch it again: watch(client, "{watcher.job_id}")'


def make_view() -> View:
    """A panel in a notebook, lines of text anywhere else."""
    if in_notebook():
        from helpers.job_watching.panel import Panel  # widgets are loaded only where they can be shown

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
