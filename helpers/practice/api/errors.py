"""Errors in the shape and the words of OpenAI's API."""

import sqlite3
from collections.abc import Mapping

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from helpers.practice.api.json_body import UNSOUND, SentJson
from helpers.practice.disk import is_full, no_space
from helpers.practice.engine import ModelUnavailable
from helpers.practice.store import FilesGone

WIND_DOWN = (
    "OpenAI is winding down the fine-tuning platform and your organization is no longer able to create new fine-tuning "
    "training jobs. Learn more https://developers.openai.com/api/docs/deprecations#update-to-openais-self-serve-fine-tuning"
)

KEY_OF_A_SERVER = (
    "This is the practice server of the course: connect() sets its key, and `python -m helpers.practice` prints it."
)
MOST_NAMED = 10  # wrong fields in one message


class ApiError(Exception):
    """An answer that is an error. A client retries 429 and 5xx by itself; the others it is told not to.

    Args:
        status: The HTTP status.
        message: What a person reads.
        code: OpenAI's name of the error, such as "model_not_found".
        param: The field of the request that the error is about.
        type: OpenAI's kind of the error.
        headers: More headers of the answer.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        type: str = "invalid_request_error",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.code, self.param, self.type = status, message, code, param, type
        self.headers = dict(headers or {})

    def response(self) -> JSONResponse:
        body = {"message": self.message, "type": self.type, "param": self.param, "code": self.code}
        headers = dict(self.headers)
        if self.status < 500 and self.status != 429:
            headers.setdefault("x-should-retry", "false")
        return SentJson({"error": body}, self.status, headers)


def wrong_key(given: str, where_it_is: str = KEY_OF_A_SERVER) -> ApiError:
    return ApiError(401, f"Incorrect API key provided: {masked(given)}. {where_it_is}", code="invalid_api_key")


def missing_key() -> ApiError:
    return ApiError(
        401,
        "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth "
        "(i.e. Authorization: Bearer YOUR_KEY).",
    )


def masked(key: str) -> str:
    """A key as OpenAI shows it: its first and last characters, so that its owner knows which one it is."""
    return f"{key[:3]}{'*' * 8}{key[-4:]}" if len(key) > 12 else "*" * len(key)


def not_found(kind: str, id: str, param: str = "id") -> ApiError:
    return ApiError(404, f"No such {kind} object: {id}", param=param)


def model_not_found(model: str) -> ApiError:
    return ApiError(404, f"The model `{model}` does not exist or you do not have access to it.", code="model_not_found")


def model_unavailable(message: str, code: str | None = None) -> ApiError:
    """A model cannot answer on this computer. The client is told not to try again: nothing changes by itself."""
    return ApiError(503, message, code=code, type="server_error", headers={"x-should-retry": "false"})


def install(app: FastAPI) -> None:
    """Turn every error of the framework into one of OpenAI's shape."""

    @app.exception_handler(ApiError)
    def _(request: Request, error: ApiError) -> JSONResponse:
        return error.response()

    @app.exception_handler(RequestValidationError)
    def _(request: Request, error: RequestValidationError) -> JSONResponse:
        return _from_validation(error).response()

    @app.exception_handler(HTTPException)
    def _(request: Request, error: HTTPException) -> JSONResponse:
        if error.status_code in (404, 405):
            return ApiError(404, f"Invalid URL ({request.method} {request.url.path})").response()
        return ApiError(error.status_code, str(error.detail), headers=error.headers).response()

    @app.exception_handler(ModelUnavailable)
    def _(request: Request, error: ModelUnavailable) -> JSONResponse:
        return model_unavailable(str(error)).response()

    @app.exception_handler(FilesGone)
    def _(request: Request, error: FilesGone) -> JSONResponse:
        return ApiError(404, str(error)).response()


def unexpected(request: Request, error: Exception) -> JSONResponse:
    """The answer to an error that nobody foresaw. Its traceback is in the log before anybody reads the answer."""
    state = request.app.state
    if isinstance(error, OSError | sqlite3.OperationalError) and is_full(state.settings.home, error):
        return ApiError(507, no_space("try again"), code="disk_full", type="server_error").response()
    state.log.failed(f"{request.method} {request.url.path!r} was answered with 500", error)
    details = f"The details are in {state.log.path}; add them if you report it."
    message = f"The practice server failed: {type(error).__name__}. {details}"
    return ApiError(500, message, type="server_error").response()


def _from_validation(error: RequestValidationError) -> ApiError:
    """Name the wrong fields, the first ones of many; `param` is the first of them."""
    details = error.errors()[:MOST_NAMED]
    places = [_place(detail["loc"]) for detail in details]
    if details[0]["type"] == UNSOUND:
        return ApiError(400, details[0]["msg"])
    if details[0]["type"] == "json_invalid":
        return ApiError(400, "We could not parse the JSON body of your request.")
    if details[0]["type"] == "missing" and places[0]:
        return ApiError(
            400, f"Missing required parameter: '{places[0]}'.", code="missing_required_parameter", param=places[0]
        )
    if details[0]["type"] == "extra_forbidden":
        names = ", ".join(place for place, d in zip(places, details, strict=True) if d["type"] == "extra_forbidden")
        return ApiError(400, f"Unrecognized request argument supplied: {names}", param=places[0])
    said = "; ".join(f"'{place}': {detail['msg'].lower()}" for place, detail in zip(places, details, strict=True))
    return ApiError(400, f"Invalid value for {said}.", code="invalid_value", param=places[0])


def _place(location: tuple[str | int, ...]) -> str:
    # Leave out "body", and the names pydantic gives to the members of a union.
    parts = [str(part) for part in location[1:] if str(part).replace("_", "").isalnum() and not str(part)[0].isupper()]
    return ".".join(part for part in parts if part not in ("str", "int", "float", "constrained"))
