"""The messages of a request: what stands in them as text is text."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, model_validator

TEXTS = ("text", "input_text", "output_text")  # the kinds of parts that have a text


class Part(BaseModel):
    """One part of a message: a text, an image or another kind. What else belongs to its kind is kept as it is."""

    model_config = ConfigDict(extra="allow")
    type: str
    text: str | None = None
    refusal: str | None = None

    @model_validator(mode="after")
    def _has_its_text(self) -> "Part":
        if self.type in TEXTS and self.text is None:
            raise ValueError(f"a part of the type '{self.type}' has a text")
        return self


class Message(BaseModel):
    model_config = ConfigDict(extra="allow")
    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[Part] | None = None
    name: str | None = None
    tool_calls: list[dict[str, Any]] | None = None
    function_call: dict[str, Any] | None = None


class InputMessage(BaseModel):
    """A message as the responses endpoint takes it."""

    model_config = ConfigDict(extra="ignore")
    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[Part]
