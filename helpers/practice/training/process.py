"""The process that trains: `python -m helpers.practice.training.process HOME JOB_ID [WEIGHTS_HOME]`.

The trainer starts it. It reads the job from the practice home, reports every step into its database as it happens, and
writes how it ended into one small file. It runs on its own, so it outlives the kernel; under `accelerate launch` the
same command runs on many devices.
"""

import json
import os
import sys
import time
import traceback
import warnings
from pathlib import Path
from typing import Any

import psutil
from filelock import FileLock, Timeout

from helpers.connection.catalogue import LOCAL_TRAINING_TOKENS, configured_models
from helpers.practice.disk import is_full, no_space
from helpers.practice.settings import load_settings
from helpers.practice.store import Job, Store
from helpers.practice.training.base_model import LocalModelError, check_ahead, model_source
from helpers.practice.training.run_folder import TrainingFiles
from helpers.training_file.jsonl import read_lines


def main(home: str, job_id: str, weights_home: str | None = None) -> int:
    """`weights_home` is the practice home in which the bundled model is unpacked, if it is another one."""
    weights = Path(weights_home or home)
    store = Store(load_settings(home, key="not needed here"))
    job = store.job(job_id)
    files = TrainingFiles(store.settings.home, job_id)
    lock = FileLock(files.folder / "training.lock")
    is_main = int(os.environ.get("RANK", 0)) == 0  # of the processes that accelerate starts, one speaks
    try:
        if is_main:
            lock.acquire(timeout=0)
    except Timeout:
        return 0  # another process trains this job already
    try:
        if is_main:
            files.note_trainer(psutil.Process())
        check_ahead(job.model, weights)
        set_up_libraries()
        ending = train(job, store, files, weights)
    except Exception as error:
        if is_main:
            reason = failure(error, files.folder)
            files.remove_checkpoints()  # of no use, and on a full disk they are in the way of all that is to be written
            files.write_ending({"status": "failed", "error": reason})
        traceback.print_exc()  # into the job's log
        return 1
    if is_main:
        files.write_ending(ending)
    return 0


def set_up_libraries() -> None:
    """Set up PyTorch and what builds on it: no progress bars, no telemetry, no network unless a model needs it.

    To be called before they are imported.
    """
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    # Meant for the authors of PEFT and TRL, which still use the old names.
    warnings.filterwarnings("ignore", r"`(is_)?gradient_checkpointing` is deprecated", FutureWarning)
    if all(Path(source).is_dir() for source in configured_models().values()):
        os.environ["HF_HUB_OFFLINE"] = "1"


def train(job: Job, store: Store, files: TrainingFiles, weights: Path) -> dict[str, Any]:
    """Train to the end, or to the next pause. Returns how it ended."""
    from helpers.practice.training.callbacks import Reporter
    from helpers.practice.training.recipe import make_trainer, recipe_of
    from helpers.practice.training.time_ahead import TimeAhead

    def say(message: str, **more: Any) -> None:
        if trains_first and int(os.environ.get("RANK", 0)) == 0:
            store.add_event(job.id, message, **{"data": {}, **more})

    checkpoint = files.last_checkpoint()
    trains_first = checkpoint is None  # and does not go on after a pause
    supervised = job.method["type"] == "supervised"
    if supervised:
        say(f"Recipe: {recipe_of(job)}")
    say("Loading the model")
    prepared = make_trainer(
        job,
        model_source(job.model, weights),
        _examples(store.path_of(job.training_file)),
        _examples(store.path_of(job.validation_file)) if job.validation_file else None,
        files.checkpoints,
    )
    trainer, cut = prepared.trainer, prepared.cut
    reporter = Reporter(job, store, files)
    trainer.add_callback(reporter)
    validated = len(trainer.get_eval_dataloader()) if trainer.eval_dataset is not None else 0
    trainer.add_callback(TimeAhead(validated, lambda seconds, text: say(text, data={"seconds_ahead": seconds})))
    if cut:
        examples, were = ("1 example", "was") if cut == 1 else (f"{cut} examples", "were")
        say(f"{examples} {were} longer than {LOCAL_TRAINING_TOKENS} tokens and {were} cut", level="warn")
    if prepared.left_out:
        examples, have = ("1 example", "has") if prepared.left_out == 1 else (f"{prepared.left_out} examples", "have")
        say(f"{examples} {have} no answer to learn and {'is' if have == 'has' else 'are'} left out", level="warn")
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    if reporter.paused:
        return {"status": "paused"}
    if trainer.is_world_process_zero():
        _remove_what_only_training_needs(files)
    return {
        "status": "succeeded",
        "finished_at": int(time.time()),
        "trained_tokens": int(trainer.state.num_input_tokens_seen),
        "step": trainer.state.global_step,
    }


def failure(error: Exception, folder: Path) -> dict[str, str | None]:
    """The reason in the form of a job's `error`: code, message, param."""
    text = f"{type(error).__name__}: {error}"
    if is_full(folder, error):
        code, message = "disk_full", no_space("start the job again")
    elif isinstance(error, MemoryError) or "OutOfMemory" in text or "can't allocate memory" in text:
        code = "out_of_memory"
        message = (
            "There was not enough memory to train. Close other programs, or use shorter examples or a smaller "
            "batch_size."
        )
    elif isinstance(error, LocalModelError | ValueError):
        code, message = "training_failed", str(error)
    else:
        code, message = "training_failed", f"Training stopped with an error. {text}"
    return {"code": code, "message": message, "param": None}


def _examples(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for _, line in read_lines(path)]


def _remove_what_only_training_needs(files: TrainingFiles) -> None:
    """The state of the optimizer and the like, in checkpoints that a pause has made to resume from."""
    for file in files.checkpoints.glob("checkpoint-*/*"):
        if file.suffix in {".pt", ".pth", ".bin"}:
            file.unlink()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
