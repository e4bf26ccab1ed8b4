"""What can go wrong, on purpose: faults that are planted for the next requests, so that a learner meets them
for nothing."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import ConfigDict, Field

from helpers.practice.api.errors import WIND_DOWN, ApiError, wrong_key
from helpers.practice.api.json_body import JsonBody

Name = Literal[
    "wrong_key",
    "training_not_available",
    "rate_limit",
    "daily_rate_limit",
    "server_error",
    "dropped_connection",
    "safety_evaluation",
]
ANY_REQUEST = {"wrong_key", "rate_limit", "server_error", "dropped_connection"}
NEW_JOB = {"training_not_available", "daily_rate_limit"}  # safety_evaluation is taken by the job itself

MOST_PLANTED = 100

router = APIRouter(prefix="/practice/faults")


class Plant(JsonBody):
    model_config = ConfigDict(extra="forbid")
    fault: Name
    times: Annotated[int, Field(ge=1, le=1000)] = 1


@router.post("")
def plant(request: Request, body: Plant) -> dict[str, Any]:
    if len(request.app.state.store.faults()) >= MOST_PLANTED:  # a teacher looks at them all
        message = f"{MOST_PLANTED} faults are planted already. Meet some of them, or take them away with DELETE."
        raise ApiError(400, message, param="fault")
    request.app.state.store.plant_fault(body.fault, body.times)
    return list_faults(request)


@router.get("")
def list_faults(request: Request) -> dict[str, Any]:
    return {"object": "list", "data": request.app.state.store.faults()}


@router.delete("")
def clear(request: Request) -> dict[str, Any]:
    request.app.state.store.clear_faults()
    return list_faults(request)


class DroppedConnection(Exception):
    """The answer breaks off."""


class BrokenResponse(Response):
    """Promises a body and sends none: the client sees a connection that was closed in the middle."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"content-length", b"100"), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})


def meet_fault(request: Request) -> None:
    """Raise the fault planted for this request, if there is one. None is for a teacher who looks after a learner."""
    if request.scope.get("of_teacher"):
        return
    creates_job = request.method == "POST" and request.url.path.rstrip("/") == "/v1/fine_tuning/jobs"
    match request.app.state.store.take_fault(ANY_REQUEST | (NEW_JOB if creates_job else set())):
        case None:
            return
        case "wrong_key":
            raise wrong_key("practice-planted-wrong-key")
        case "training_not_available":
            raise ApiError(403, WIND_DOWN, code="training_not_available")
        case "rate_limit":
            message = "Rate limit reached for requests. Please try again in 1s."
            raise ApiError(429, message, code="rate_limit_exceeded", type="requests", headers={"Retry-After": "1"})
        case "daily_rate_limit":
            message = (
                "This fine-tune request has been rate-limited. Your organization has reached the maximum of 12 "
                "fine-tuning requests per day for the model 'gpt-4.1-2025-04-14'."
            )
            headers = {"x-should-retry": "false"}  # tomorrow, not in a second
            raise ApiError(429, message, code="daily_rate_limit_exceeded", headers=headers)
        case "server_error":
            message = "The server had an error while processing your request. Sorry about that!"
            raise ApiError(500, message, type="server_error")
        case "dropped_connection":
            raise DroppedConnection
