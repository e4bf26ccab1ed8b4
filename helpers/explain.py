"""What an error of the API means, in plain words, and what to do next."""

import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import openai
from openai.types.fine_tuning import FineTuningJob

from helpers.connection.errors import (
    GO_BACK,
    HostUnavailableError,
    MissingKeyError,
    NotAnApiError,
    is_about_an_id,
    is_web_page,
    message_of,
    without_key,
)
from helpers.connection.identity import is_unencrypted
from helpers.connection.misuse import misuse
from helpers.connection.proxies import Proxy, is_loopback, proxy_for
from helpers.display.tables import Shown, html_table, text_table


@dataclass(frozen=True, repr=False)
class Explanation(Shown):
    """`what` happened, `why`, and what to `do_next`.

    `said` is the message itself, and `speaker` whose it is: the host's, or the client's own where no host answered.
    """

    what: str
    why: str
    do_next: str
    said: str
    status: int | None = None
    code: str | None = None
    request_id: str | None = None
    speaker: Literal["the host said", "the error says"] = "the host said"

    def _rows(self) -> list[tuple[str, str]]:
        number = " ".join(str(part) for part in (self.status, self.code) if part)
        return [
            ("what", f"{self.what}{f' ({number})' if number else ''}"),
            ("why", self.why),
            ("what to do", self.do_next),
            *([(self.speaker, self.said)] if self.said else []),
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
        "Copy it again from where this host gives it out (OpenAI: its page of keys; a practice server: the lines that "
        "it printed when it was started; a class: your teacher), and give it to the form: connect_form(). Never write "
        "it into a cell.",
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
        "check(path) names all of them at once; repair the file, upload it again, start a new job.",
    ),
    "invalid_file_format": (
        "The training file is not in the right format",
        "The upload only asks whether each line is JSON. The job reads what is in it, and names the first problem.",
        "check(path) names all of them at once; repair the file, upload it again, start a new job.",
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
        "Read what the host said, repair it, and start the job again.",
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
            "Check the network and the address. The practice server on this computer needs neither.",
        ),
    ),
    (
        NotAnApiError,
        (
            "What answers at this address does not speak OpenAI's protocol",
            "The address is that of another program, or a part of its path is missing.",
            "Compare the address with the host's documentation; it usually ends in /v1.",
        ),
    ),
]

# What stood in the way of a connection -> why, what to do. The library keeps it as the cause of its own error.
BY_CAUSE: list[tuple[type[Exception], tuple[str, str, str]]] = [
    (
        socket.gaierror,
        (
            "The host could not be reached: no computer is known by the name in {address}",
            "The name is misspelled, or this computer has no network.",
            "Compare the address letter by letter, and check the network.",
        ),
    ),
    (
        ConnectionRefusedError,
        (
            "The host could not be reached: no program listens at {address}",
            "It is not running, or it listens at another address or port today.",
            "Ask whoever runs the host for its address, and whether it is running.",
        ),
    ),
    (
        ssl.SSLError,
        (
            "The host could not be reached: no safe connection to {address}",
            "The host speaks http:// and not https://, or a proxy stands in between, whose certificate this computer "
            "does not know.",
            "Compare the beginning of the address with what the host tells, and ask whoever runs the network.",
        ),
    ),
]
WEB_PAGE = (
    "A web page answered, and not an API",
    "The address is that of a site for people, a part of its path is missing, or the network shows a page of its own, "
    "to log in first.",
    "Compare the address with the host's documentation; that of an API usually ends in /v1. Open it in a browser to "
    "see the page.",
)
NO_SUCH_PATH = (
    "The host has nothing at this address: {path}",
    "It cannot do what was asked (many hosts answer questions and do not train), or the address of the host is wrong.",
    "Look at current_host(client): the address usually ends in /v1. What this host can do, preflight(client) says.",
)
NO_KEY_GIVEN = (
    "This host needs a key, and none was given, so nobody was asked",
    "Calls go out with a key. There was none for this host in the form, in the environment or in the keyring.",
)
NO_CLIENT = (
    "The client was not made, so nobody was asked",
    "OpenAI() takes its key from the environment variable OPENAI_API_KEY, and it is not set.",
    "In a notebook, run connect() first: it sets it. For a script, set it in the terminal; notebook 00 says how.",
)
OF_A_PROXY = (407, 502, 503, 504)  # what a proxy says of itself, or of a host that it cannot reach
NOT_THROUGH_THE_PROXY = (
    "The host could not be reached through the proxy {proxy}",
    "The proxy does not answer, does not know the host, wants a user name and a password, or does not let you there.",
    "Start the proxy's program, or ask whoever runs the network. If the host can be reached without it, add the host "
    "to the environment variable NO_PROXY and start the notebook again. The practice server on this computer needs no "
    "proxy.",
)
HTTP_FOR_HTTPS = (
    "The host closed the connection, and its address begins with http://",
    "Most hosts on the internet speak https:// alone.",
    "Write https://{host}/... if that is how the host gives its address.",
)
JSON_AT_UPLOAD = (
    "The file is not JSONL",
    "Every line must be a JSON object of its own, with one example in it.",
    "examples_from(path) reads a table, a JSON array, a chat and many other files, and makes examples of them; "
    "write(examples, new_path) keeps them as JSONL. If the file was meant to be JSONL, check(path) names every line "
    "that is not.",
)
OTHER_FORMAT = (
    "The training file is JSONL, and its examples are not in OpenAI's format",
    "The upload only asks whether each line is JSON. The job reads what is in it, and expects the same format in every "
    'example: a list named "messages", or a preference.',
    "check(path) names the format. examples_from(path) makes examples of a file of another program (ShareGPT, Alpaca, "
    "prompt and completion ...); write(examples, new_path) keeps them. Upload that file, and start a new job.",
)
# What a job says of a file that is not in OpenAI's format.
OF_ANOTHER_FORMAT = ("is missing key 'messages'", "Unexpected file format")
UNKNOWN = ("The call failed", "The reason is not one that this course knows.", "Read the message below.")


def explain(error: Exception | FineTuningJob) -> Explanation:
    """An error of the `openai` library or of `connect`, or a job that has failed, in plain words."""
    if isinstance(error, FineTuningJob):
        return _explain_job(error)
    if isinstance(error, MissingKeyError):
        return Explanation(*NO_KEY_GIVEN, f"{error.do_next} {GO_BACK}", "")
    if isinstance(error, HostUnavailableError) and isinstance(error.__cause__, Exception):
        found = explain(error.__cause__)
        return replace(found, do_next=f"{found.do_next} {GO_BACK}")
    said = message_of(error) or without_key(str(error), error)
    code = getattr(error, "code", None)
    what, why, do_next = _find(error, code, said)
    return Explanation(
        what,
        why,
        do_next,
        said,
        status=getattr(error, "status_code", None),
        code=code,
        request_id=getattr(error, "request_id", None),
        speaker="the host said" if message_of(error) else "the error says",
    )


def _find(error: Exception, code: str | None, said: str) -> tuple[str, str, str]:
    found = _without_proxy(error, code, said)
    proxy = _proxy_of(error)
    if proxy is None or misuse(error, said):
        return found
    if isinstance(error, openai.APIConnectionError) and not isinstance(error, openai.APITimeoutError):
        return _with(NOT_THROUGH_THE_PROXY, proxy=str(proxy))
    what, why, do_next = found
    return what, f"{why} The request went through the proxy {proxy}, which may have answered itself.", do_next


def _proxy_of(error: Exception) -> Proxy | None:
    """The proxy that may be the reason of an error: of a failed connection, or of an answer that no API gives."""
    answered = isinstance(error, openai.APIStatusError)
    if not isinstance(error, openai.APIConnectionError) and not (answered and _may_be_of_a_proxy(error)):
        return None
    return None if is_loopback(error.request.url.host) else proxy_for(str(error.request.url))


def _may_be_of_a_proxy(error: openai.APIStatusError) -> bool:
    spoken_in_json = "json" in error.response.headers.get("content-type", "")
    return not spoken_in_json and (is_web_page(error) or error.status_code in OF_A_PROXY)


def _without_proxy(error: Exception, code: str | None, said: str) -> tuple[str, str, str]:
    if "JSONL format" in said:
        return JSON_AT_UPLOAD
    if texts := misuse(error, said):
        return texts
    if code in BY_CODE:
        return BY_CODE[code]
    if is_web_page(error) and not isinstance(error, openai.RateLimitError | openai.InternalServerError):
        return WEB_PAGE  # while a host is overloaded, what stands before it may answer in its place
    if isinstance(error, openai.NotFoundError) and not is_about_an_id(error):
        return _with(NO_SUCH_PATH, path=f"{error.request.method} {error.request.url.path}")
    if type(error) is openai.OpenAIError:
        return NO_CLIENT
    return (
        _by_cause(error)
        or _http_for_https(error)
        or next((texts for kind, texts in BY_CLASS if isinstance(error, kind)), UNKNOWN)
    )


def _by_cause(error: Exception) -> tuple[str, str, str] | None:
    if not isinstance(error, openai.APIConnectionError):
        return None
    url = error.request.url
    address = f"{url.scheme}://{url.netloc.decode('ascii')}"
    for cause in _causes(error):
        for kind, texts in BY_CAUSE:
            if isinstance(cause, kind):
                return _with(texts, address=address)
    return None


def _http_for_https(error: Exception) -> tuple[str, str, str] | None:
    """A host that speaks https:// alone closes the connection when it hears http://."""
    if not isinstance(error, openai.APIConnectionError) or isinstance(error, openai.APITimeoutError):
        return None
    url = error.request.url
    return _with(HTTP_FOR_HTTPS, host=url.host) if is_unencrypted(str(url)) else None


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause = error.__cause__ or error.__context__
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def _with(texts: tuple[str, str, str], **found: str) -> tuple[str, str, str]:
    what, why, do_next = texts
    return what.format(**found), why, do_next.format(**found)


def _explain_job(job: FineTuningJob) -> Explanation:
    if job.status != "failed" or job.error is None:
        return Explanation(
            f"The job has not failed: its status is {job.status}",
            "There is no error to explain.",
            "watch(client, job.id) follows it.",
            "",
        )
    said = job.error.message or "nothing"
    return Explanation(*_of_a_job(said, job.error.code), said, code=job.error.code)


def _of_a_job(said: str, code: str) -> tuple[str, str, str]:
    if "moderation eval" in said:
        return SAFETY
    if any(words in said for words in OF_ANOTHER_FORMAT):
        return OTHER_FORMAT
    return BY_CODE.get(code, UNKNOWN)
