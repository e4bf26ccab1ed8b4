"""What an error of the API means, in plain words, and what to do next."""

from dataclasses import dataclass

import openai
from openai.types.fine_tuning import FineTuningJob

from helpers.display.tables import Shown, html_table, text_table

SUPPORT_HINT = "If you ask somebody for help, name the request id."


@dataclass(frozen=True, repr=False)
class Explanation(Shown):
    """`what` happened, `why`, and what to `do_next`; `said` is the host's own message."""

    what: str
    why: str
    do_next: str
    said: str
    status: int | None = None
    code: str | None = None
    request_id: str | None = None

    def _rows(self) -> list[tuple[str, str]]:
        number = " ".join(str(part) for part in (self.status, self.code) if part)
        return [
            ("what", f"{self.what}{f' ({number})' if number else ''}"),
            ("why", self.why),
            ("what to do", self.do_next),
            ("the host said", self.said),
        ]

    def __str__(self) -> str:
        return text_table(self._rows(), indent="")

    def _repr_html_(self) -> str:
        return html_table(["question", "answer"], self._rows())


# code -> what, why, what to do
BY_CODE = {
    "training_not_available": (
        "This host does not let you start fine-tuning jobs",
        "OpenAI is winding fine-tuning down: since 2026-05-07 it is closed to organisations that never used it, and on "
        "2027-01-06 it closes for everybody.",
        'Use the practice server: client = connect("practice"). Notebook 00 lists other hosts.',
    ),
    "model_not_available": (
        "This model cannot be fine-tuned here",
        "Its name is misspelled, it was shut down, or this host never offered it.",
        "Use base_model_for(client), or choose from preflight(client).",
    ),
    "model_not_found": (
        "The host knows no such model",
        "The name is misspelled, the model was deleted or shut down, or it belongs to another account or host.",
        "Compare the name with your notes, or list yours: [m.id for m in client.models.list()].",
    ),
    "invalid_api_key": (
        "The host does not accept the key",
        "A character is missing, the key was revoked, or it belongs to another host.",
        "Copy it again from the host's page of keys and give it to the form of notebook 00. Never write it into a cell.",
    ),
    "insufficient_quota": (
        "The account has no credit left",
        "The host counts a monthly limit or a balance, and it is used up.",
        "Look at the billing page of the host. Trying again does not help.",
    ),
    "daily_rate_limit_exceeded": (
        "The day's number of jobs is used up",
        "Hosts limit how many jobs an organisation may start in a day, for each model.",
        "Start the job tomorrow, or take another base model.",
    ),
    "context_length_exceeded": (
        "The question is too long for the model",
        "All messages together have more tokens than the model can read.",
        "Shorten the messages, or leave out the oldest ones.",
    ),
    "invalid_n_examples": (
        "The training file has too few examples",
        "At least 10 are needed. The upload does not count them, the job does.",
        "Add examples and check the file with check(path) before you upload it.",
    ),
    "invalid_training_file": (
        "The job cannot use the training file",
        "The upload only asks whether each line is JSON. The job reads what is in it, and names the first problem.",
        "check(path) names all of them at once; mend the file, upload it again, start a new job.",
    ),
    "invalid_file_format": (
        "The training file is not in the right format",
        "The upload only asks whether each line is JSON. The job reads what is in it, and names the first problem.",
        "check(path) names all of them at once; mend the file, upload it again, start a new job.",
    ),
    # Real training on this computer, on the practice server only.
    "training_process_gone": (
        "The program that was training is gone",
        "Somebody stopped it, the computer was restarted, or its memory ran out.",
        "Close programs that need much memory, and start the job again. Models of earlier jobs are not touched.",
    ),
    "out_of_memory": (
        "This computer has too little memory for the training",
        "Longer examples and larger batches need more of it.",
        "Close other programs, shorten the examples or take a smaller batch_size, and start the job again.",
    ),
    "disk_full": (
        "The disk is full",
        "The practice server keeps files and models on it, and there was no room for another one.",
        "Free some space and run the cell again. If a job has failed, start it once more.",
    ),
    "training_failed": (
        "The training stopped with an error",
        "Something in the data or in the base model does not fit.",
        "Read what the host said, mend it, and start the job again.",
    ),
    "engine_not_installed": (
        "Real training is not installed here",
        "The job was started by a server that had it.",
        "To install it: python course.py --local. Then start the notebook again.",
    ),
}

SAFETY = (
    "The finished model did not pass the safety evaluation",
    "The host tests each new model. Harmless product data has failed there as well.",
    "Look for words that could be taken for medical, sexual or violent content, rephrase them, and try again.",
)

# Checked in this order: the first class that fits.
BY_CLASS: list[tuple[type[Exception], tuple[str, str, str]]] = [
    (openai.AuthenticationError, BY_CODE["invalid_api_key"]),
    (
        openai.PermissionDeniedError,
        (
            "Your key may not do this",
            "The key is restricted, or the account lacks the right.",
            "Ask the account's owner.",
        ),
    ),
    (
        openai.NotFoundError,
        (
            "The host does not know this id",
            "It was deleted, or it belongs to another host or account: ids of one host mean nothing on another.",
            "Compare it with your notes in workspace/notes.json, and look which host you are on: current_host(client).",
        ),
    ),
    (
        openai.RateLimitError,
        (
            "Too many requests at once",
            "The host limits how many requests and tokens you may send in a minute.",
            "Wait a few seconds and run the cell again. The client has already tried again by itself.",
        ),
    ),
    (
        openai.BadRequestError,
        (
            "The host did not understand the request",
            "Something in it is not as expected.",
            "Read what the host said below.",
        ),
    ),
    (
        openai.InternalServerError,
        (
            "The host has a problem of its own",
            "It is overloaded or broken for the moment. Your request was fine.",
            "Wait a minute and run the cell again. Before you start a second job, look whether the first one exists: "
            "client.fine_tuning.jobs.list().",
        ),
    ),
    (
        openai.APITimeoutError,
        (
            "No answer came in time",
            "The network is slow, or the host is overloaded.",
            "Wait a minute and run the cell again.",
        ),
    ),
    (
        openai.APIConnectionError,
        (
            "The host could not be reached",
            "The network is down, the address is wrong, or a firewall or a proxy stands in between.",
            "Check the network and the address. The practice server needs neither: run connect() again.",
        ),
    ),
]
JSON_AT_UPLOAD = (
    "The file is not JSONL",
    "Every line must be a JSON object of its own, with one example in it.",
    "check(path) names every line that is not; from_rows() makes examples from a spreadsheet.",
)
UNKNOWN = ("The call failed", "The reason is not one that this course knows.", "Read what the host said.")


def explain(error: Exception | FineTuningJob) -> Explanation:
    """An error of the `openai` library, or a job that has failed, in plain words."""
    if isinstance(error, FineTuningJob):
        return _explain_job(error)
    code = getattr(error, "code", None)
    said = _said(error)
    what, why, do_next = _find(error, code, said)
    return Explanation(
        what,
        why,
        do_next,
        said,
        status=getattr(error, "status_code", None),
        code=code,
        request_id=getattr(error, "request_id", None),
    )


def _find(error: Exception, code: str | None, said: str) -> tuple[str, str, str]:
    if "JSONL format" in said:
        return JSON_AT_UPLOAD
    if code in BY_CODE:
        return BY_CODE[code]
    return next((texts for kind, texts in BY_CLASS if isinstance(error, kind)), UNKNOWN)


def _said(error: Exception) -> str:
    body = getattr(error, "body", None)
    message = body.get("message") if isinstance(body, dict) else None
    return str(message or error)


def _explain_job(job: FineTuningJob) -> Explanation:
    if job.status != "failed" or job.error is None:
        return Explanation(
            f"The job has not failed: its status is {job.status}",
            "There is no error to explain.",
            "watch(client, job.id) follows it.",
            "nothing",
        )
    said = job.error.message or "nothing"
    texts = SAFETY if "moderation eval" in said else BY_CODE.get(job.error.code, UNKNOWN)
    return Explanation(*texts, said, code=job.error.code)
