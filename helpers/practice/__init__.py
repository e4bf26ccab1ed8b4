"""The practice server: OpenAI's protocol on your own computer, for nothing."""

from helpers.practice.server import PracticeServer, start_server

__all__ = ["PracticeServer", "start_server"]
