"""Every answer of the practice server fits the SDK's own types: nothing is missing, nothing is made up."""

import typing
from typing import Any

import openai
import pytest
from openai import BaseModel
from pydantic import ValidationError

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


def test_every_call_of_the_sdk_that_the_course_teaches_has_an_endpoint(client, job):
    for name in ("files", "models"):
        resource = getattr(client, name)
        assert typing.get_type_hints(type(resource).list)  # the SDK still has it
    assert client.fine_tuning.jobs.list(limit=1).data[0].id == job.id
