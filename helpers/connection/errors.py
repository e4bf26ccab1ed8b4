"""What can go wrong on the way to a host: the course's own errors, and what an error of the client says."""

import openai

from helpers.connection.sentences import ShownInSentences

GO_BACK = 'To go back to the practice server on this computer: client = connect("practice")'

# What web frameworks and OpenAI itself say of a path that they do not have; none of them is about an id.
OF_A_PATH = ("Invalid URL", "Not Found")

MASK = "********"  # stands in the place of a key
SHORTEST_KEY = 8  # characters; what is shorter is no secret, such as the "none" that a host without keys takes


class MissingKeyError(ShownInSentences, openai.OpenAIError):
    """A host needs a key, and none was given. Nobody was asked."""

    def __init__(self, what: str, do_next: str) -> None:
        super().__init__(f"{what}\nWhat to do: {do_next}\n{GO_BACK}")
        self.do_next = do_next


class NotAHostError(ShownInSentences, ValueError):
    """What was named is no host: neither "practice" nor "openai" nor an address."""


class UnusableKeyError(ShownInSentences, ValueError):
    """What was given as a key cannot be one, or no host was named with it. The message does not repeat it."""


class UnusableProxyError(ShownInSentences, ValueError):
    """The environment names a proxy that OpenAI's library cannot speak with, so no client can be made."""


class HostUnavailableError(ShownInSentences, openai.OpenAIError):
    """A host cannot be used now. Its `__cause__` is the error that it answered with, or that stood in the way."""


class NotAnApiError(openai.OpenAIError):
    """Something answered, and it does not speak OpenAI's protocol."""


class NoModelsError(ShownInSentences, LookupError):
    """A host lists no models, so the course cannot propose one."""


def message_of(error: Exception) -> str:
    """The words of the host in an error of the library; empty if it said none."""
    body = getattr(error, "body", None)
    if isinstance(body, dict):
        body = body.get("message") or body.get("detail")
    return without_key(body.strip(), error) if isinstance(body, str) and not is_web_page(error) else ""


def without_key(text: str, error: Exception) -> str:
    """A text of a host without the key that the request carried: some hosts repeat a key that they do not accept."""
    request = getattr(error, "request", None)
    key = request.headers.get("authorization", "").removeprefix("Bearer ") if request is not None else ""
    return text.replace(key, MASK) if len(key) >= SHORTEST_KEY else text


def is_web_page(error: Exception) -> bool:
    """Whether a page for people answered. An API answers in JSON, also when it refuses."""
    response = getattr(error, "response", None)
    return response is not None and "html" in response.headers.get("content-type", "")


def is_about_an_id(error: openai.NotFoundError) -> bool:
    """Whether a 404 says that an id is unknown. A path that the host does not have is a 404 too."""
    spoken_in_json = "json" in error.response.headers.get("content-type", "")
    return spoken_in_json and bool(message_of(error)) and not message_of(error).startswith(OF_A_PATH)
