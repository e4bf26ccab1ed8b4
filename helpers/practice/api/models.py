"""/v1/models: the base models and the learner's own."""

from datetime import UTC, date, datetime, time
from typing import Any

from fastapi import APIRouter, Request

from helpers.connection.catalogue import base_models
from helpers.practice.api.errors import ApiError, model_not_found
from helpers.practice.api.json_body import SentJson
from helpers.practice.engine import Engine
from helpers.practice.store import TunedModel

router = APIRouter(prefix="/models")

# A base model has no birthday here; the day of the catalogue stands in for it.
CATALOGUE_DAY = int(datetime.combine(date(2026, 11, 23), time(), UTC).timestamp())


def _show_base(model_id: str, shutdown_dates: dict[str, str]) -> dict[str, Any]:
    return _show(model_id, CATALOGUE_DAY, "practice-server", shutdown_dates.get(model_id))


def _show_tuned(model: TunedModel, shutdown_dates: dict[str, str]) -> dict[str, Any]:
    return _show(model.name, model.created_at, "personal", shutdown_dates.get(model.base))


def _show(name: str, created: int, owner: str, shutdown_date: str | None) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": created, "owned_by": owner, "shutdown_date": shutdown_date}


def _shutdown_dates() -> dict[str, str]:
    return {model.id: model.shutdown_date.isoformat() for model in base_models() if model.shutdown_date}


def base_ids(engines: dict[str, Engine]) -> list[str]:
    return [model for engine in engines.values() for model in engine.base_models()]


@router.get("")
def list_models(request: Request) -> SentJson:
    dates = _shutdown_dates()
    base = [_show_base(name, dates) for name in base_ids(request.app.state.engines)]
    own = [_show_tuned(model, dates) for model in request.app.state.jobs.models()]
    # A response of its own: FastAPI would look through each of thousands of models for something to convert.
    return SentJson({"object": "list", "data": [*base, *own]})


@router.get("/{name}")
def retrieve(request: Request, name: str) -> dict[str, Any]:
    if name in base_ids(request.app.state.engines):
        return _show_base(name, _shutdown_dates())
    return _show_tuned(_own(request, name), _shutdown_dates())


@router.delete("/{name}")
def delete(request: Request, name: str) -> dict[str, Any]:
    if name in base_ids(request.app.state.engines):
        raise ApiError(403, "Only fine-tuned models of your own can be deleted.", param="model")
    model = _own(request, name)
    request.app.state.store.delete_model(model.name)
    if engine := _engine_of(request, model):
        engine.delete(model)
    return {"id": name, "object": "model", "deleted": True}


def folders(request: Request, name: str) -> dict[str, Any]:
    """Where the files of a model of the learner's own lie: None for a simulated one, which has no files."""
    model = _own(request, name)
    engine = _engine_of(request, model)
    found = engine.folders(model) if engine else None
    return {"object": "practice.folders", **(found or {"adapter": None, "base_model": None})}


def _engine_of(request: Request, model: TunedModel) -> Engine | None:
    """None for a model that was really trained, on a server without real training."""
    return request.app.state.engines.get(request.app.state.store.job(model.job_id).engine)


def _own(request: Request, name: str) -> TunedModel:
    model = request.app.state.jobs.model(name)
    if model is None:
        raise model_not_found(name)
    return model
