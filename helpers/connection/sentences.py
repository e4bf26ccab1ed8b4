"""Errors whose message says everything. This module loads nothing else: a training process uses it too."""


class ShownInSentences(Exception):
    """An error whose message says everything. A notebook shows the message alone, without a traceback."""

    def _render_traceback_(self) -> list[str]:
        # IPython's protocol: "Custom exception tracebacks" in "Integrating your objects with IPython".
        return [str(self)]


class SettingError(ShownInSentences, ValueError):
    """An environment variable is set to something that cannot be. The message says what was expected."""
