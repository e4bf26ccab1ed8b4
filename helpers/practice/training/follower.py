"""A thread that looks after something until there is nothing left to look after, and comes back when it is woken."""

import threading
from collections.abc import Callable


class Follower:
    """Calls `look` in a thread: at once when woken, then every so many seconds for as long as it returns True."""

    def __init__(self, look: Callable[[], bool], seconds: float) -> None:
        self._look, self._seconds = look, seconds
        self._condition = threading.Condition()  # guards the two below
        self._woken = False
        self._thread: threading.Thread | None = None

    def wake(self) -> None:
        """Have a look begun after this call, however the one that goes on now ends."""
        with self._condition:
            self._woken = True
            self._condition.notify()
            if self._thread is None or not self._thread.is_alive():  # not alive: a look raised an error
                self._thread = threading.Thread(target=self._follow, name="practice-follower", daemon=True)
                self._thread.start()

    def _follow(self) -> None:
        while True:
            with self._condition:
                self._woken = False
            go_on = self._look()
            with self._condition:
                if self._woken:
                    continue
                if not go_on:
                    self._thread = None
                    return
                self._condition.wait(self._seconds)
