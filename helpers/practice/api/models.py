"""/v1/models: the base models and the learner's own."""

from datetime import UTC, date, datetime, time
from typing import Any

from fastapi import APIRouter, Request

from helpers.connection.catalogue import base_models
from helpers.practice.api.errors import ApiError, model_not_found
from helpers.practice.engine import Engine
from helpers.practice.store import TunedModel

router = APIRouter(prefix="/models")

# A base model has no birthday here; the day of the catalogue stands in for it.
CATALOGUE_DAY = int(datetime.combine(date(2026, 11, 23), time(), UTC).timestamp())


def _show_base(model_id: str) -> dict[str, Any]:
    listed = {model.id: model for model in base_models()}.get(model_id)
    shutdown = listed.shutdown_date.isoformat() if listed and listed.shutdown_date else None
    return {
        "id": model_id,
        "object": "model",
        "created": CATALOGUE_DAY,
        "owned_by": "practice-server",
        "shutdown_date": shutdown,
    }


def _show_tuned(model: TunedModel) -> dict[str, Any]:
    return {**_show_base(model.base), "id": model.name, "created": model.created_at, "owned_by": "personal"}


def base_ids(engines: dict[str, Engine]) -> list[str]:
    return [model for engine in engines.values() for model in engine.base_models()]


@router.get("")
def list_models(request: Request) -> dict[str, Any]:
    own = [_show_tuned(model) for model in request.app.state.jobs.models()]
    return {"object": "list", "data": [*map(_show_base, base_ids(request.app.state.engines)), *own]}


@router.get("/{name}")
def retrieve(request: Request, name: str) -> dict[str, Any]:
    if name in base_ids(request.app.state.engines):
        return _show_base(name)
    return _show_tuned(_own(request, name))


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
