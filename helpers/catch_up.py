"""A notebook whose earlier step is missing catches up: on a free host it does the step, on a paid one it says
what to do."""

from typing import Any, Literal

from openai import OpenAI
from openai.types import FileObject

from helpers import notes
from helpers.hosts import NotConfirmedError, base_model_for, current_host
from helpers.my_case import Case, my_case, was_chosen
from helpers.own_case.uploaded import is_of_the_course
from helpers.upload import same_content, upload_file

NOTEBOOK = {"file": "02_upload.ipynb", "model": "03_job.ipynb"}

NOT_CHOSEN = (
    "{name} is the newest training file in your notes. The notebooks still take the validation file, suffix and "
    "questions of the course; to use yours throughout: use_file(path)"
)


def catch_up(client: OpenAI, upto: Literal["file", "model"]) -> Any:
    """The training file (a FileObject) or the tuned model (its name) of your case, as it is on the host.

    As long as no file was chosen (`use_file`), that is the newest in your notes. If there is none, the missing steps
    are done with the file that was chosen, or with the course's; on a free host only.
    Raises NotConfirmedError on a paid one, before anything is uploaded or trained there.
    """
    case = my_case(quiet=True)
    found = _file(client, case) if upto == "file" else _model(client, case)
    if found is not None:
        return found
    host = current_host(client)
    missing = f"There is no {upto} of your file {case.name} on" if case.own else f"Your notes hold no {upto} on"
    if host.paid:
        raise NotConfirmedError(
            f"{missing} {host.name}, and nothing is uploaded or trained there unless you ask. "
            f'Go through {NOTEBOOK[upto]} first, or use the practice server: connect("practice").'
        )
    which = "it" if case.own else "the files of the course"
    print(f"{missing} this host yet, so I do the missing steps with {which}.")
    return _upload(client, case) if upto == "file" else _train(client, case)


def _upload(client: OpenAI, case: Case) -> FileObject:
    return upload_file(client, case.training_file)


def _train(client: OpenAI, case: Case) -> str:
    from helpers.job import start, watch

    training = _file(client, case) or _upload(client, case)
    validation = upload_file(client, case.validation_file, note_as="validation")
    job = start(client, training.id, base_model_for(client), validation_file=validation.id, suffix=case.suffix)
    result = watch(client, job.id)
    if result.job.fine_tuned_model is None:
        raise RuntimeError(f"The job that should catch up did not succeed:\n{result}")
    return result.job.fine_tuned_model


def _file(client: OpenAI, case: Case) -> FileObject | None:
    if was_chosen():
        return next(same_content(client, case.training_file), None)
    files = notes.still_there(client, "file", client.files.retrieve)
    newest = next((file for file in files if file.purpose == "fine-tune"), None)
    if newest is not None and not is_of_the_course(newest):
        print(NOT_CHOSEN.format(name=newest.filename))
    return newest


def _model(client: OpenAI, case: Case) -> str | None:
    if was_chosen():
        return _model_trained_on(client, case)
    return next((model.id for model in notes.still_there(client, "model", client.models.retrieve)), None)


def _model_trained_on(client: OpenAI, case: Case) -> str | None:
    """The newest model whose job has read the training file of this case, under whatever id it was uploaded."""
    files = {file.id for file in same_content(client, case.training_file)}
    jobs = notes.still_there(client, "job", client.fine_tuning.jobs.retrieve)
    made = {job.fine_tuned_model for job in jobs if job.training_file in files}
    models = notes.still_there(client, "model", client.models.retrieve)
    return next((model.id for model in models if model.id in made), None)
