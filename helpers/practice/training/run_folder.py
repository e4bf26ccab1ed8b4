"""The folder of one real training run: what the trainer and its process leave there for each other."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import psutil

from helpers.practice.store import FilesGone


class TrainingFiles:
    """`process.json` says who trains, `pause` asks that process to stop, `ending.json` says how it ended."""

    def __init__(self, home: Path, job_id: str) -> None:
        self.folder = home / "training" / job_id
        self.folder.mkdir(parents=True, exist_ok=True)
        self.checkpoints = self.folder / "checkpoints"
        self.log = self.folder / "training.log"
        self._process, self._ending, self._pause = (
            self.folder / name for name in ("process.json", "ending.json", "pause")
        )

    # --- the process --------------------------------------------------------------------------------------------

    def write_process(self, process: psutil.Process) -> None:
        _write(self._process, {"pid": process.pid, "created": process.create_time()})

    @property
    def was_started(self) -> bool:
        return self._process.exists()

    def process(self) -> psutil.Process | None:
        """The process that trains now. A process id that the system has given to another one does not count."""
        noted = _read(self._process)
        if noted is None:
            return None
        try:
            process = psutil.Process(noted["pid"])
            alive = abs(process.create_time() - noted["created"]) < 1 and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return None
        return process if alive else None

    def forget_process(self) -> None:
        """After a pause: the next process starts as if there had been none."""
        self._ending.unlink(missing_ok=True)
        self._process.unlink(missing_ok=True)

    # --- pause and end ------------------------------------------------------------------------------------------

    def ask_to_pause(self, wanted: bool) -> None:
        if wanted:
            self._pause.touch()
        else:
            self._pause.unlink(missing_ok=True)

    @property
    def pause_is_wanted(self) -> bool:
        return self._pause.exists()

    def write_ending(self, ending: dict[str, Any]) -> None:
        _write(self._ending, ending)

    def ending(self) -> dict[str, Any] | None:
        return _read(self._ending)

    # --- checkpoints --------------------------------------------------------------------------------------------

    def last_checkpoint(self) -> Path | None:
        found = {int(path.name.removeprefix("checkpoint-")): path for path in self.checkpoints.glob("checkpoint-*")}
        return found[max(found)] if found else None

    def adapter(self, step: int | None) -> Path:
        """The PEFT folder of the model at a step; None means the last."""
        path = self.last_checkpoint() if step is None else self.checkpoints / f"checkpoint-{step}"
        if path is None or not path.is_dir():
            raise FilesGone(f"{self.folder.name}: the folder of this model is gone from the practice home")
        return path

    def remove_checkpoints(self) -> None:
        shutil.rmtree(self.checkpoints, ignore_errors=True)


def _write(path: Path, data: dict[str, Any]) -> None:
    """All of it or nothing: whoever reads sees the old file or the new one."""
    part = path.with_suffix(f".{os.getpid()}.part")
    part.write_text(json.dumps(data), encoding="utf-8", newline="\n")
    part.replace(path)


def _read(path: Path) -> dict[str, Any] | None:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
