"""What a chat request says of functions and of the form of the answer: its shape, and what OpenAI refuses in it."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from helpers.practice.api.errors import ApiError
from helpers.practice.json_schema import problem_of
from helpers.training_file.tool_rules import MAX_FUNCTIONS

Name = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9_-]{1,64}$")]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Function(Strict):
    name: Name
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class Tool(Strict):
    type: Literal["function"]
    function: Function


class FunctionName(Strict):
    name: str


class NamedTool(Strict):
    type: Literal["function"]
    function: FunctionName


class JsonSchema(Strict):
    # The names that `schema` would hide are those of pydantic, so the field is called otherwise here.
    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    name: Name
    description: str | None = None
    the_schema: Annotated[dict[str, Any] | None, Field(alias="schema")] = None
    strict: bool | None = None


class ResponseFormat(Strict):
    type: Literal["text", "json_object", "json_schema"]
    json_schema: JsonSchema | None = None


Tools = Annotated[list[Tool], Field(min_length=1, max_length=MAX_FUNCTIONS)]
ToolChoice = Literal["none", "auto", "required"] | NamedTool


def function_options(tools: list[Tool] | None, choice: str | NamedTool | None, parallel: bool | None) -> dict[str, Any]:
    """The fields of a ChatRequest that say which functions may be called. Raises ApiError."""
    if tools is None:
        for name, value in (("tool_choice", choice), ("parallel_tool_calls", parallel)):
            if value is not None:
                raise ApiError(
                    400, f"Invalid value for '{name}': '{name}' is only allowed when 'tools' are specified.", param=name
                )
        return {}
    functions = {tool.function.name: tool.function.model_dump(exclude_none=True) for tool in tools}
    for name, function in functions.items():
        if problem := problem_of(function.get("parameters") or {}):
            raise ApiError(
                400, f"Invalid schema for function '{name}': {problem}",
                code="invalid_function_parameters", param="tools",
            )  # fmt: skip
    if isinstance(choice, NamedTool):
        if choice.function.name not in functions:
            message = f"Invalid value for 'tool_choice': no function named '{choice.function.name}' in 'tools'."
            raise ApiError(400, message, code="invalid_value", param="tool_choice")
        functions = {choice.function.name: functions[choice.function.name]}
    return {
        "functions": {} if choice == "none" else functions,
        "must_call": choice == "required" or isinstance(choice, NamedTool),
        "one_call": parallel is False,
    }


def form_options(form: ResponseFormat | None, messages: list[dict[str, Any]]) -> dict[str, Any]:
    """The fields of a ChatRequest that say in which form the answer is given. Raises ApiError."""
    if form is None or form.type == "text":
        return {}
    if form.type == "json_object":
        if not any("json" in str(message.get("content")).lower() for message in messages):
            raise ApiError(
                400,
                "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.",
                param="messages",
            )
        return {"output": "json_object"}
    if form.json_schema is None:
        place = "response_format.json_schema"
        message = f"Missing required parameter: '{place}'."
        raise ApiError(400, message, code="missing_required_parameter", param=place)
    schema = form.json_schema.the_schema or {"type": "object"}
    if problem := problem_of(schema):
        message = f"Invalid schema for response_format '{form.json_schema.name}': {problem}"
        raise ApiError(400, message, param="response_format")
    return {"output": "json_schema", "schema": schema}
