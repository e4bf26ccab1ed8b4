"""Every answer of the practice server fits the SDK's own types: nothing is missing, nothing is made up."""

import re
from typing import Any

import openai
import pytest
from openai import BaseModel
from openai.types.fine_tuning import FineTuningJob
from pydantic import ValidationError

from helpers.course_data.paths import DATA, ROOT
from helpers.practice import start_server

MODEL = "gpt-4.1-mini-2025-04-14"
QUESTION = [{"role": "user", "content": "How long is the warranty?"}]


def unknown_fields(value: Any, place: str = "") -> list[str]:
    """Fields that the SDK's type does not have, anywhere in the answer."""
    if isinstance(value, BaseModel):
        found = [f"{place}.{name}" for name in value.model_extra or {}]
        for name in type(value).model_fields:
            found += unknown_fields(getattr(value, name), f"{place}.{name}")
        return found
    if isinstance(value, list):
        return [each for i, item in enumerate(value) for each in unknown_fields(item, f"{place}[{i}]")]
    return []


def fits(value: BaseModel) -> None:
    try:
        type(value).model_validate(value.model_dump(by_alias=True), strict=False)
    except ValidationError as error:
        pytest.fail(f"{type(value).__name__}: {error}")
    assert unknown_fields(value, type(value).__name__) == []


@pytest.fixture
def training_file(client, mattress):
    return client.files.create(file=mattress, purpose="fine-tune")


@pytest.fixture
def job(client, training_file):
    created = client.fine_tuning.jobs.create(
        model=MODEL,
        training_file=training_file.id,
        validation_file=training_file.id,
        suffix="mattress",
        metadata={"a": "b"},
    )
    fits(created)
    return client.fine_tuning.jobs.retrieve(created.id)


def test_files_fit(client, training_file):
    fits(training_file)
    fits(client.files.retrieve(training_file.id))
    listed = client.files.list()
    assert (listed.first_id, listed.last_id, listed.has_more) == (training_file.id, training_file.id, False)
    fits(listed.data[0])
    fits(client.files.delete(training_file.id))


def test_a_job_fits_at_every_stage(client, job):
    fits(job)
    fits(client.fine_tuning.jobs.list().data[0])


def test_a_failed_job_fits(client, mattress):
    few = b"".join(mattress.read_bytes().splitlines(keepends=True)[:7])
    file = client.files.create(file=("few.jsonl", few), purpose="fine-tune")
    failed = client.fine_tuning.jobs.retrieve(client.fine_tuning.jobs.create(model=MODEL, training_file=file.id).id)
    fits(failed)
    assert failed.error.code == "invalid_n_examples"


def test_events_and_checkpoints_fit(client, job):
    for event in client.fine_tuning.jobs.list_events(job.id):
        fits(event)
    listed = client.fine_tuning.jobs.checkpoints.list(job.id)
    assert (listed.first_id, listed.last_id) == (listed.data[0].id, listed.data[-1].id)
    for checkpoint in listed.data:
        fits(checkpoint)


def test_models_fit(client, job):
    for model in client.models.list():
        fits(model)
    fits(client.models.retrieve(job.fine_tuned_model))
    fits(client.models.delete(job.fine_tuned_model))


def test_a_completion_fits_and_its_chunks_do(client, job):
    fits(client.chat.completions.create(model=job.fine_tuned_model, messages=QUESTION))
    stream = client.chat.completions.create(
        model=MODEL, messages=QUESTION, stream=True, stream_options={"include_usage": True}
    )
    for chunk in stream:
        fits(chunk)


def test_a_completion_that_calls_a_function_fits_and_its_chunks_do(client):
    tools = [{"type": "function", "function": {"name": "price", "parameters": {"type": "object"}}}]
    asked = {"model": MODEL, "messages": QUESTION, "tools": tools, "tool_choice": "required"}
    whole = client.chat.completions.create(**asked)
    fits(whole)
    assert whole.choices[0].message.tool_calls[0].function.name == "price"
    for chunk in client.chat.completions.create(**asked, stream=True):
        fits(chunk)


def test_a_response_fits_and_its_events_do(client, job):
    fits(client.responses.create(model=job.fine_tuned_model, input="How long is the warranty?"))
    numbers = []
    for event in client.responses.create(model=MODEL, input="How long is the warranty?", stream=True):
        fits(event)
        numbers.append(event.sequence_number)
    assert numbers == list(range(len(numbers)))


def test_an_error_has_openais_shape_and_a_request_id(client):
    with pytest.raises(openai.NotFoundError) as caught:
        client.chat.completions.create(model="no-such-model", messages=QUESTION)
    assert set(caught.value.body) == {"message", "type", "param", "code"}
    assert caught.value.request_id.startswith("req_")
    assert caught.value.response.headers["x-should-retry"] == "false"


# --- every call of the course has an endpoint -------------------------------------------------------------------------

# What notebooks and helpers call, and what stands beside it in the SDK's documentation and a learner tries next.
CALLS = {
    "files.create": lambda client, job: client.files.create(file=DATA / "mydata.jsonl", purpose="fine-tune"),
    "files.list": lambda client, job: client.files.list(),
    "files.retrieve": lambda client, job: client.files.retrieve(job.training_file),
    "files.wait_for_processing": lambda client, job: client.files.wait_for_processing(job.training_file),
    "files.content": lambda client, job: client.files.content(job.training_file),
    "files.delete": lambda client, job: client.files.delete(job.training_file),
    "fine_tuning.jobs.create": lambda client, job: client.fine_tuning.jobs.create(
        model=MODEL, training_file=job.training_file
    ),
    "fine_tuning.jobs.list": lambda client, job: client.fine_tuning.jobs.list(),
    "fine_tuning.jobs.retrieve": lambda client, job: client.fine_tuning.jobs.retrieve(job.id),
    "fine_tuning.jobs.list_events": lambda client, job: client.fine_tuning.jobs.list_events(job.id),
    "fine_tuning.jobs.checkpoints.list": lambda client, job: client.fine_tuning.jobs.checkpoints.list(job.id),
    "fine_tuning.jobs.cancel": lambda client, job: client.fine_tuning.jobs.cancel(open_job(client, job)),
    "fine_tuning.jobs.pause": lambda client, job: client.fine_tuning.jobs.pause(open_job(client, job)),
    "fine_tuning.jobs.resume": lambda client, job: client.fine_tuning.jobs.resume(
        client.fine_tuning.jobs.pause(open_job(client, job)).id
    ),
    "models.list": lambda client, job: client.models.list(),
    "models.retrieve": lambda client, job: client.models.retrieve(job.fine_tuned_model),
    "models.delete": lambda client, job: client.models.delete(job.fine_tuned_model),
    "chat.completions.create": lambda client, job: client.chat.completions.create(
        model=job.fine_tuned_model, messages=QUESTION
    ),
    "responses.create": lambda client, job: client.responses.create(
        model=job.fine_tuned_model, input="How long is the warranty?"
    ),
}
PARTS = r"\b(?:client|practice)\.((?:files|fine_tuning|models|chat|responses)(?:\.[a-z_]+)+)\("


def open_job(client: openai.OpenAI, job: FineTuningJob) -> str:
    """The id of a job that goes on, where jobs take their time."""
    return client.fine_tuning.jobs.create(model=MODEL, training_file=job.training_file).id


@pytest.fixture
def unhurried(home):
    """A client of a second server of the home, whose jobs take their time."""
    server = start_server(home=home, job_seconds=1_000)
    yield openai.OpenAI(base_url=server.base_url, api_key=server.key, max_retries=0)
    server.stop()


@pytest.mark.parametrize("name", CALLS)
def test_a_call_of_the_sdk_that_the_course_promises_is_answered(unhurried, job, name):
    answer = CALLS[name](unhurried, job)
    assert answer.read() if name == "files.content" else answer.to_dict()


def test_every_call_of_the_sdk_in_notebooks_and_helpers_is_among_those_promised():
    sources = [*(ROOT / "notebooks").glob("*.ipynb"), *(ROOT / "helpers").rglob("*.py")]
    called = {call for path in sources for call in re.findall(PARTS, path.read_text(encoding="utf-8"))}
    assert len(called) > 12 and called <= set(CALLS)
