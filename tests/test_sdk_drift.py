"""Fails when the openai library no longer has what the helpers and the notebooks call."""

import inspect
import re

import nbformat
import openai
import pytest
from openai.types import FileObject, Model
from openai.types.chat import ChatCompletion
from openai.types.fine_tuning import FineTuningJob, FineTuningJobEvent
from openai.types.fine_tuning.jobs import FineTuningJobCheckpoint

from helpers.course_data.paths import ROOT

CLIENT = openai.OpenAI(api_key="none", base_url="http://127.0.0.1:9/v1")

CALLS = {
    "files.create": {"file", "purpose"},
    "files.list": {"purpose", "after", "limit", "order"},
    "files.wait_for_processing": {"id", "poll_interval", "max_wait_seconds"},
    "files.content": {"file_id"},
    "files.delete": {"file_id"},
    "fine_tuning.jobs.create": {"model", "training_file", "validation_file", "suffix", "seed", "method", "metadata"},
    "fine_tuning.jobs.list": {"after", "limit"},
    "fine_tuning.jobs.list_events": {"fine_tuning_job_id", "after", "limit"},
    "fine_tuning.jobs.checkpoints.list": {"fine_tuning_job_id", "after", "limit"},
    "fine_tuning.jobs.cancel": {"fine_tuning_job_id"},
    "fine_tuning.jobs.pause": {"fine_tuning_job_id"},
    "fine_tuning.jobs.resume": {"fine_tuning_job_id"},
    "chat.completions.create": {"model", "messages", "stream", "stream_options", "temperature", "max_tokens"},
    "responses.create": {"model", "input", "instructions", "stream"},
    "models.delete": {"model"},
    "with_options": {"max_retries", "timeout"},
}
FIELDS = {
    FileObject: {"id", "bytes", "filename", "purpose", "status"},
    FineTuningJob: {"id", "status", "model", "fine_tuned_model", "error", "trained_tokens", "result_files", "metadata",
                    "hyperparameters", "method", "training_file"},
    FineTuningJobEvent: {"id", "created_at", "level", "type", "message", "data"},
    FineTuningJobCheckpoint: {"step_number", "fine_tuned_model_checkpoint", "metrics"},
    Model: {"id", "shutdown_date"},
    ChatCompletion: {"choices", "usage", "system_fingerprint"},
}  # fmt: skip


def method(path: str):
    value = CLIENT
    for name in path.split("."):
        value = getattr(value, name)
    return value


@pytest.mark.parametrize("path", CALLS)
def test_the_sdk_still_takes_these_arguments(path):
    assert CALLS[path] <= inspect.signature(method(path)).parameters.keys()


@pytest.mark.parametrize("kind", FIELDS, ids=lambda kind: kind.__name__)
def test_the_sdk_still_has_these_fields(kind):
    assert FIELDS[kind] <= kind.model_fields.keys()


def test_every_call_in_the_notebooks_is_one_of_the_sdk():
    called = set()
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        for cell in nbformat.read(path, as_version=4).cells:
            called |= set(re.findall(r"\b(?:client|practice)((?:\.[a-z_]+)+)\(", cell.source))
    assert len(called) > 12
    for path in called:
        assert callable(method(path.lstrip("."))), path


def test_every_error_that_the_course_names_is_one_of_the_sdk():
    named = set()
    for path in [*(ROOT / "notebooks").glob("*.ipynb"), *(ROOT / "helpers").rglob("*.py")]:
        named |= set(re.findall(r"openai\.([A-Z]\w+Error)\b", path.read_text(encoding="utf-8")))
    assert len(named) > 7
    assert all(issubclass(getattr(openai, name), openai.OpenAIError) for name in named)
