"""The folder of one real training run: what the trainer and its process leave there for each other."""

import json
import shutil
from pathlib import Path
from typing import Any

import psutil

from helpers.course_data.safe_writing import retry_while_open, written_safely
from helpers.practice.private import private_folder
from helpers.practice.store import FilesGone

KEPT_CHECKPOINTS = 3  # as OpenAI keeps them


class TrainingFiles:
    """`process.json` says who trains, `pause` asks that process to stop, `ending.json` says how it ended."""

    def __init__(self, home: Path, job_id: str) -> None:
        self.folder = home / "training" / job_id
        private_folder(home / "training")
        self.folder.mkdir(exist_ok=True)
        self.checkpoints = self.folder / "checkpoints"
        self.log = self.folder / "training.log"
        self._process, self._ending, self._pause = (
            self.folder / name for name in ("process.json", "ending.json", "pause")
        )

    # --- the process --------------------------------------------------------------------------------------------

    def write_process(self, process: psutil.Process) -> None:
        _write(self._process, {"pid": process.pid, "created": process.create_time()})

    def note_trainer(self, trainer: psutil.Process) -> None:
        """The process that trains says who it is, unless it, or the one that started it, is noted already.

        A server that was killed just after it had started a training has noted nothing, and the next one starts another
        process, which sees that the first one trains, and ends. It is the first one that is to be followed.
        """
        noted = self.process()
        if noted is None or noted not in (trainer, *trainer.parents()):
            self.write_process(trainer)

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
        """After a pause: the next process starts as if there had been none.

        The ending goes last. A process that is noted, is gone and has left no ending has died, and its job fails: that
        must not be seen of a paused job if this program is killed in between.
        """
        for file in (self._process, self._ending):
            retry_while_open(file.unlink, True)  # even if it is missing

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

    def folder_of(self, step: int | None) -> Path:
        """Where the model of a step lies, or lay; None means the last step of the training."""
        if step is None:
            step = (self.ending() or {}).get("step")
        return self.checkpoints / f"checkpoint-{step}"

    def adapter(self, step: int | None) -> Path:
        """The PEFT folder of the model at a step; None means the last."""
        path = self.folder_of(step)
        if not path.is_dir():
            raise FilesGone(f"{self.folder.name}: the folder of this model is gone from the practice home")
        return path

    def remove_model(self, step: int | None, others: list[int | None]) -> None:
        """Free the space of a model; what one of the others needs is kept. Without others, nothing is kept."""
        if not others:
            self.remove_checkpoints()
        elif self.folder_of(step) not in map(self.folder_of, others):
            shutil.rmtree(self.folder_of(step), ignore_errors=True)

    def remove_other_checkpoints(self, kept: set[int]) -> None:
        """Remove the folder of every other step."""
        for folder in self.checkpoints.glob("checkpoint-*"):
            if int(folder.name.removeprefix("checkpoint-")) not in kept:
                shutil.rmtree(folder)

    def remove_checkpoints(self) -> None:
        shutil.rmtree(self.checkpoints, ignore_errors=True)


def _write(path: Path, data: dict[str, Any]) -> None:
    """All of it or nothing: whoever reads sees the old file or the new one."""
    with written_safely(path, overwrite=True) as file:
        file.write(json.dumps(data).encode("utf-8"))


def _read(path: Path) -> dict[str, Any] | None:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
