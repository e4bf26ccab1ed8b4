"""The processes that train: one for each job, started in a session of its own, so that it outlives the kernel."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import psutil

from helpers.practice.store import Job
from helpers.practice.training.child_process import OWN_SESSION, child_environment
from helpers.practice.training.run_folder import TrainingFiles

KILL_SECONDS = 2.0


class Processes:
    """Those of one practice home. `weights_home` is where the bundled model is unpacked, `at_once` how many train."""

    def __init__(self, home: Path, weights_home: Path, at_once: int) -> None:
        launcher()  # whoever starts a server with a setting that cannot be is told now, not by the first job
        self._home, self._weights_home, self._at_once = home, weights_home, at_once
        self._children: dict[str, subprocess.Popen] = {}  # by job; those that ended are taken out by forget_ended()

    def files(self, job: Job) -> TrainingFiles:
        return TrainingFiles(self._home, job.id)

    def launch(self, job: Job) -> None:
        files = self.files(job)
        files.forget_process()
        arguments = [str(self._home.absolute()), job.id, str(self._weights_home.absolute())]
        with files.log.open("ab") as log:
            child = subprocess.Popen(
                [*launcher(), "-m", "helpers.practice.training.process", *arguments],
                cwd=files.folder,
                env=child_environment(self._at_once),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **OWN_SESSION,
            )
        files.write_process(psutil.Process(child.pid))
        self._children[job.id] = child

    def stop(self, job: Job) -> None:
        files = self.files(job)
        kill(files.process())
        if (files.ending() or {}).get("status") != "succeeded":  # it may have ended in this very moment
            files.remove_checkpoints()

    def exit_code(self, job: Job) -> int | None:
        """None for a process that goes on, and for one that another server has started."""
        child = self._children.get(job.id)
        return child.poll() if child else None

    def children(self) -> dict[str, subprocess.Popen]:
        """Those of this server that nobody has waited for yet, by job."""
        return dict(self._children)

    def forget_ended(self, children: dict[str, subprocess.Popen], over: set[str]) -> None:
        """Wait for those of `children` whose jobs have ended or pause, so that none stays as a zombie. Of others the
        exit code still says why they died."""
        for job_id, child in children.items():
            if job_id in over and child.poll() is not None and self._children[job_id] is child:
                del self._children[job_id]  # and not another one, which goes on after a pause


def kill(process: psutil.Process | None) -> None:
    """Stop a process and all that it started, now."""
    if process is None:
        return
    try:
        family = [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    for member in family:
        try:
            member.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(family, timeout=KILL_SECONDS)


def launcher() -> list[str]:
    """Python, or `accelerate launch` with the arguments that PRACTICE_ACCELERATE gives it."""
    arguments = os.environ.get("PRACTICE_ACCELERATE")
    if arguments is None:
        return [sys.executable]
    try:
        return [sys.executable, "-m", "accelerate.commands.launch", *shlex.split(arguments)]
    except ValueError as error:
        raise ValueError(
            f"PRACTICE_ACCELERATE: found {arguments!r}, which cannot be taken apart ({error}); expected arguments of "
            "`accelerate launch`"
        ) from error
