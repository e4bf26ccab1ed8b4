"""Mistakes of a call that nobody answered, or that every host refuses: what they are, and what to write instead."""

import re

import openai

from helpers.connection.catalogue import base_name

Texts = tuple[str, str, str]  # what, why, what to do

UPLOAD = 'file = client.files.create(file=open(path, "rb"), purpose="fine-tune")'
# The calls of guides that were written for version 0.28 of the library, and what is written today.
REMOVED = {
    "File": UPLOAD,
    "FineTuningJob": "client.fine_tuning.jobs.create(model=..., training_file=file.id), .retrieve(id) and so on",
    "FineTune": "client.fine_tuning.jobs.create(model=..., training_file=file.id)",
    "ChatCompletion": "client.chat.completions.create(model=..., messages=[...])",
    "Completion": "client.chat.completions.create(model=..., messages=[...])",
    "Model": "client.models.list(), .retrieve(id), .delete(id)",
    "Engine": "client.models.list()",
    "Embedding": "client.embeddings.create(model=..., input=...)",
}
RENAMED = {
    "error": "The errors are in the library itself, such as openai.RateLimitError and openai.APIError",
    "api_base": 'OpenAI(base_url="https://.../v1"), or the environment variable OPENAI_BASE_URL',
}
NOTHING_SENT = "Nothing was sent."
CLIENT = "In a notebook, client = connect(). In a script, from openai import OpenAI; client = OpenAI()."

PATH_AS_TEXT = (
    "The file was given as a text, so nothing was sent",
    "The library does not open a file by its name.",
    f"Open the file: {UPLOAD}. Or: upload_file(client, path).",
)
TEXT_MODE = (
    "The file was opened as text, so nothing was sent",
    'A file is uploaded byte for byte. open(path) without "rb" reads letters.',
    f'Open it with "rb": {UPLOAD}.',
)
BROKEN_KEY = (
    "The key cannot be sent: it has a line break, a space or a letter that no key has",
    "Something was copied along with it. Often it is the line break at the end of a file or of a line.",
    "Copy the key again, or take .strip() of what was read, and restart the kernel. Clear the output of this cell: "
    "Python may have written the key into it.",
)
NO_SOCKS = (
    "The client was not made, so nobody was asked: a SOCKS proxy is set, and the package socksio is missing",
    "The environment variable ALL_PROXY, HTTP_PROXY or HTTPS_PROXY begins with socks5://.",
    "Install it: pip install socksio. Then start the notebook again.",
)
NO_PROXY_OF_THAT_KIND = (
    "The client was not made, so nobody was asked: a proxy is set that the library cannot speak with",
    "HTTP_PROXY, HTTPS_PROXY and ALL_PROXY take addresses that begin with http://, https://, socks5:// or socks5h://.",
    "Correct the variable, or remove it, and start the notebook again. check_setup() says which one it is.",
)
NO_MODEL = (
    "No model was named: model is None or no text",
    "A job that has failed, or has not ended yet, has no model: its fine_tuned_model is None.",
    "Look at job.status. If it is failed, explain(job) says why; if not, wait for its end: watch(client, job.id).",
)
NO_TRAINING_FILE = (
    "The job has no training file: training_file is no id of a file on this host",
    "It takes the id of an uploaded file, which begins with file-. A path, a file object or None is none.",
    f"Upload the file first: {UPLOAD}. Then: training_file=file.id.",
)
BAD_SUFFIX = (
    "The suffix cannot stand in the name of a model",
    "It has at most 64 characters: a-z, 0-9 and hyphens. Letters of other scripts have no place there.",
    'Write a short word in Latin letters, such as suffix="chuangdian" or "mattress".',
)
NOT_A_DICT = (
    "An answer is an object today, and no dict",
    'Guides for version 0.28 of the library write answer["choices"].',
    "Write answer.choices[0].message.content; answer.to_dict() makes a dict of it.",
)


def misuse(error: Exception, said: str) -> Texts | None:
    """What was wrong with the call itself; None for an error of another kind. `said` is the message of the error."""
    if removed := re.search(r"You tried to access openai\.(\w+)", said):
        return _removed(removed[1])
    if isinstance(error, AttributeError) and (gone := re.search(r"module 'openai' has no attribute '(\w+)'", said)):
        return _renamed(gone[1])
    if "to be bytes, an io.IOBase instance" in said:
        return PATH_AS_TEXT
    if "opened in binary mode" in said or "not 'io.StringIO'" in said:
        return TEXT_MODE
    if missing := re.match(r"Expected a non-empty value for `(\w+)` but received", said):
        return NO_MODEL if missing[1] == "model" else _no_id(missing[1])
    if re.match(r"'\w*(Completion|Object|Job|Page|Response)\w*' object is not subscriptable", said):
        return NOT_A_DICT
    if isinstance(error, ImportError) and "socksio" in said:
        return NO_SOCKS
    if "proxy URL" in said or "Proxy protocol must be" in said:
        return NO_PROXY_OF_THAT_KIND
    return BROKEN_KEY if _key_cannot_be_sent(error) else _refused(error, said)


def _refused(error: Exception, said: str) -> Texts | None:
    """What a host has refused because an id is none."""
    if not isinstance(error, openai.BadRequestError):
        return None
    if error.code == "model_not_available" and (tuned := re.search(r"\bft:[\w.:-]+", said)):
        return _tuned_again(tuned[0])
    about_no_text = error.param == "model" and "valid string" in said
    if about_no_text or "must provide a model parameter" in said:
        return NO_MODEL
    return {"training_file": NO_TRAINING_FILE, "suffix": BAD_SUFFIX}.get(error.param or "")


def _key_cannot_be_sent(error: Exception) -> bool:
    if isinstance(error, UnicodeEncodeError):
        return isinstance(error.object, str) and error.object.startswith("Bearer ")
    return isinstance(error, openai.APIConnectionError) and "Illegal header value b'Bearer" in str(error.__cause__)


def _removed(name: str) -> Texts:
    instead = REMOVED.get(name)
    return (
        f"openai.{name} was removed from the library in November 2023",
        f"The guide was written for version 0.28. {NOTHING_SENT} Installing that version does not help: hosts have "
        "moved on, too.",
        f"Write {instead}. {CLIENT}" if instead else f"Look for it below client. {CLIENT}",
    )


def _renamed(name: str) -> Texts:
    return (
        f"The library has no openai.{name}",
        "It was removed in November 2023, or there never was one of that name.",
        f"{RENAMED[name]}." if name in RENAMED else f"Look for it below client. {CLIENT}",
    )


def _no_id(name: str) -> Texts:
    return (
        f"An id is missing: {name} is None or empty, so nothing was sent",
        "The call that should have given it did not succeed, or its cell was not run.",
        "Run that cell again, or look the id up in your notes: workspace/notes.json.",
    )


def _tuned_again(model: str) -> Texts:
    return (
        "A tuned model cannot be tuned again here",
        "On the practice server, and on many hosts, a job starts from a base model.",
        "Put the old and the new examples into one file, upload it, and start a job from the base model: "
        f'model="{base_name(model)}".',
    )
