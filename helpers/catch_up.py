"""A notebook whose earlier step is missing catches up: on a free host it does the step, on a paid one it says
what to do."""

from typing import Any, Literal

from openai import OpenAI
from openai.types import FileObject

from helpers import notes
from helpers.course_data.paths import course_file
from helpers.hosts import NotConfirmedError, base_model_for, current_host
from helpers.upload import upload_file

NOTEBOOK = {"file": "02_upload.ipynb", "model": "03_job.ipynb"}


def catch_up(client: OpenAI, upto: Literal["file", "model"]) -> Any:
    """The newest training file (a FileObject) or tuned model (its name) in your notes that is still on the host.

    If there is none, the files of the course are used for the missing steps, on a free host only.
    Raises NotConfirmedError on a paid one, before anything is uploaded or trained there.
    """
    found = _newest_file(client) if upto == "file" else _newest_model(client)
    if found is not None:
        return found
    host = current_host(client)
    if host.paid:
        raise NotConfirmedError(
            f"Your notes hold no {upto} on {host.name}, and nothing is uploaded or trained there unless you ask. "
            f'Go through {NOTEBOOK[upto]} first, or use the practice server: connect("practice").'
        )
    print(f"Your notes hold no {upto} on this host yet, so I do the missing steps with the files of the course.")
    return _upload(client) if upto == "file" else _train(client)


def _upload(client: OpenAI) -> FileObject:
    return upload_file(client, course_file("mydata.jsonl"))


def _train(client: OpenAI) -> str:
    from helpers.job import start, watch

    training = _newest_file(client) or _upload(client)
    validation = upload_file(client, course_file("validation.jsonl"), note_as="validation")
    job = start(client, training.id, base_model_for(client), validation_file=validation.id, suffix="mattress")
    result = watch(client, job.id)
    if result.job.fine_tuned_model is None:
        raise RuntimeError(f"The job that should catch up did not succeed:\n{result}")
    return result.job.fine_tuned_model


def _newest_file(client: OpenAI) -> FileObject | None:
    files = notes.still_there(client, "file", client.files.retrieve)
    return next((file for file in files if file.purpose == "fine-tune"), None)


def _newest_model(client: OpenAI) -> str | None:
    return next((model.id for model in notes.still_there(client, "model", client.models.retrieve)), None)
