"""The practice server: OpenAI's protocol on your own computer, for nothing."""

from typing import Any

__all__ = ["PracticeServer", "start_server"]


def __getattr__(name: str) -> Any:
    """Load the server when it is first asked for: a training process needs the other modules here, and no server."""
    if name not in __all__:
        raise AttributeError(f"helpers.practice has no {name!r}; it has: {', '.join(__all__)}")
    from helpers.practice import server

    return getattr(server, name)
