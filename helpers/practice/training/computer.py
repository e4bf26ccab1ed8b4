"""What all learners of one server share: models in memory and on disk, and the turns of their trainings."""

import asyncio
import threading
from pathlib import Path
from typing import Any

from helpers.practice.training.base_model import check_ahead
from helpers.practice.training.child_process import short_spin
from helpers.practice.training.turns import Turns, slots_from_environment


class Computer:
    """`home` is where the weights of the bundled model are unpacked; `slots` is how many trainings go on at once."""

    def __init__(self, home: Path, slots: int | None = None) -> None:
        self.home = home
        self.turns = Turns(home / "training.lock", slots_from_environment() if slots is None else slots)
        # One answer after the other, in the order in which they were asked for. Side by side each would wait for all,
        # and a change of the adapter for every token takes half as long again as the token.
        self.answering = asyncio.Lock()
        self._chat: Any = None
        self._lock = threading.Lock()

    def chat(self, base: str) -> Any:
        """What answers. PyTorch is imported when the first question comes, and not before."""
        with self._lock:
            if self._chat is None:
                check_ahead(base, self.home)
                with short_spin():
                    from helpers.practice.training.generate import LocalChat

                self._chat = LocalChat(self.home)
            return self._chat

    def forget(self, base: str, adapter: Path) -> None:
        """Free the memory of an adapter."""
        if self._chat is not None:
            self._chat.forget(base, adapter)
