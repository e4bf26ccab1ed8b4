"""What a new job is asked for with: the body of the request, and what is read from it."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from helpers.practice.api.errors import ApiError
from helpers.practice.api.json_body import JsonBody
from helpers.practice.engine import Engine

Auto = Literal["auto"]
Key = Annotated[str, StringConstraints(max_length=64)]
Value = Annotated[str, StringConstraints(max_length=512)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Hyperparameters(Strict):
    n_epochs: Auto | Annotated[int, Field(ge=1, le=50)] = "auto"
    batch_size: Auto | Annotated[int, Field(ge=1, le=256)] = "auto"
    learning_rate_multiplier: Auto | Annotated[float, Field(gt=0, allow_inf_nan=False)] = "auto"


class DpoHyperparameters(Hyperparameters):
    beta: Auto | Annotated[float, Field(ge=0, le=2)] = "auto"


class Supervised(Strict):
    hyperparameters: Hyperparameters = Hyperparameters()


class Dpo(Strict):
    hyperparameters: DpoHyperparameters = DpoHyperparameters()


class Method(Strict):
    type: Literal["supervised", "dpo", "reinforcement"]
    supervised: Supervised | None = None
    dpo: Dpo | None = None
    reinforcement: dict[str, Any] | None = None


class CreateJob(Strict, JsonBody):
    model: str
    training_file: str
    validation_file: str | None = None
    method: Method | None = None
    hyperparameters: Hyperparameters | None = None
    suffix: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = None
    seed: Annotated[int, Field(ge=0, le=2147483647)] | None = None
    metadata: Annotated[dict[Key, Value], Field(max_length=16)] | None = None
    integrations: Annotated[list[dict[str, Any]], Field(max_length=5)] | None = None


def method_of(body: CreateJob, engine: Engine) -> dict[str, Any]:
    """The method as it is shown with the job; the older top-level `hyperparameters` mean a supervised one."""
    if body.method is not None and body.hyperparameters is not None:
        message = "Only one of 'method' and the older 'hyperparameters' can be given."
        raise ApiError(400, message, param="hyperparameters")
    if body.method is None:
        hyperparameters = body.hyperparameters or Hyperparameters()
        return {"type": "supervised", "supervised": {"hyperparameters": hyperparameters.model_dump()}}
    kind = body.method.type
    if kind not in engine.methods:
        raise ApiError(
            400,
            f"The method '{kind}' is not offered for {body.model} on the practice server; expected one of: "
            f"{', '.join(engine.methods)}.",
            code="unsupported_method",
            param="method.type",
        )
    given = getattr(body.method, kind) or {"supervised": Supervised, "dpo": Dpo}[kind]()
    return {"type": kind, kind: given.model_dump()}


def suffix_in_names(suffix: str | None) -> str | None:
    """The suffix as it stands in a model's name: lower case; blanks, signs and the like become hyphens.

    Letters of other scripts are refused. As hyphens they would say nothing: a name in Chinese would be `---`.
    """
    if suffix is None:
        return None
    if foreign := sorted({letter for letter in suffix if letter.isalnum() and not letter.isascii()}):
        raise ApiError(
            400,
            f"Invalid value for 'suffix': found {', '.join(foreign)}; expected a-z, 0-9 and hyphens. It becomes a part "
            "of the model's name.",
            code="invalid_value",
            param="suffix",
        )
    return "".join(letter if letter.isalnum() else "-" for letter in suffix.lower())
