"""Images in messages: they are accepted, and the answer says that nobody has seen them."""

from collections.abc import Iterator
from typing import Any, Literal

from helpers.display.tables import plural
from helpers.practice.engine import Reply


def unseen_images(messages: list[dict[str, Any]]) -> int:
    """How many images the messages show. The models of the practice server read text only."""
    contents = [message.get("content") for message in messages]
    parts = [part for content in contents if isinstance(content, list) for part in content]
    return sum(part.get("type") in ("image_url", "input_image") for part in parts)


class BlindReply:
    """A reply that begins with a sentence on the images that were not seen."""

    def __init__(self, reply: Reply, images: int) -> None:
        self._reply, self._images = reply, images

    @property
    def prompt_tokens(self) -> int:
        return self._reply.prompt_tokens

    @property
    def completion_tokens(self) -> int:
        return self._reply.completion_tokens

    @property
    def finish_reason(self) -> Literal["stop", "length"]:
        return self._reply.finish_reason

    @property
    def calls(self) -> tuple[dict[str, str], ...]:
        return self._reply.calls

    def __iter__(self) -> Iterator[str]:
        yield f"[Not seen: {plural(self._images, 'image')}. The models of the practice server read text only.] "
        yield from self._reply
