"""What a training run tells the practice server while it goes on: steps, losses, checkpoints. All as measured."""

from typing import Any

from accelerate.utils import broadcast_object_list
from transformers import TrainerCallback

from helpers.practice.job_wording import checkpoint_name, model_name
from helpers.practice.store import Job, Store
from helpers.practice.training.run_folder import KEPT_CHECKPOINTS, TrainingFiles

# Names in the trainer's log, and the API's names for the same.
TRAIN = {"loss": "train_loss", "mean_token_accuracy": "train_mean_token_accuracy"}
VALID = {"eval_loss": "valid_loss", "eval_mean_token_accuracy": "valid_mean_token_accuracy"}


class Reporter(TrainerCallback):
    """A step is reported when the next one begins, so that a validation after it is part of it."""

    def __init__(self, job: Job, store: Store, files: TrainingFiles) -> None:
        self.job, self.store, self.files = job, store, files
        self.paused = False
        self._step: dict[str, float] = {}

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float] | None = None, **_: Any) -> None:
        logs = logs or {}
        if "loss" in logs:
            named = {name: logs[key] for key, name in TRAIN.items() if key in logs}
            self._step = {"step": state.global_step, "total_steps": state.max_steps, **_rounded(named)}
        elif "eval_loss" in logs and self._step:
            named = _rounded({name: logs[key] for key, name in VALID.items() if key in logs})
            # Every validation goes through the whole file here, so the two are the same number.
            self._step |= named | {f"full_{name}": value for name, value in named.items()}

    def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self._report(state)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        wanted = [self.files.pause_is_wanted]
        if args.world_size > 1:
            broadcast_object_list(wanted)  # all processes stop at the same step, or they would wait for each other
        if wanted[0] and state.global_step < state.max_steps:
            self.paused = control.should_training_stop = True
            args.save_only_model = False  # this checkpoint is to resume from, not only to use

    def on_epoch_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """The trainer comes here at a pause, too, and saves; it need not validate in the middle of an epoch."""
        if self.paused and not is_end_of_epoch(state):
            control.should_evaluate = False

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        metrics = {name: value for name, value in self._step.items() if name != "total_steps"}
        self._report(state)
        if not is_end_of_epoch(state) or not state.is_world_process_zero:
            return  # in the middle of an epoch only a pause saves: a checkpoint to resume from, not a model to use
        last = state.global_step == state.max_steps
        name = model_name(self.job) if last else checkpoint_name(self.job, state.global_step)
        self.store.add_checkpoint(self.job.id, state.global_step, name, metrics)
        listed = self.store.checkpoints(self.job.id)[-KEPT_CHECKPOINTS:]
        self.files.remove_other_checkpoints({state.global_step, *(each["step"] for each in listed)})
        if not last:
            message = f"Checkpoint created at step {state.global_step} with Snapshot ID: {name}"
            self.store.add_event(self.job.id, message, data={})

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self._report(state)

    def _report(self, state: Any) -> None:
        step, self._step = self._step, {}
        if not step or not state.is_world_process_zero:
            return
        losses = f"training loss={step['train_loss']:.2f}"
        if "valid_loss" in step:
            losses += f", validation loss={step['valid_loss']:.2f}"
        message = f"Step {step['step']}/{step['total_steps']}: {losses}"
        self.store.add_event(self.job.id, message, type="metrics", data=step)


def is_end_of_epoch(state: Any) -> bool:
    """Whether the trainer's last step was the last one of an epoch."""
    return float(state.epoch).is_integer()


def _rounded(numbers: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 5) for name, value in numbers.items()}
