"""Ids in the forms of OpenAI's: random for a learner, from a fixed sequence under test."""

import hashlib
import secrets
import string

ALPHABET = string.ascii_letters + string.digits
LENGTHS = {
    "file-": 22,
    "ftjob-": 24,
    "ftevent-": 24,
    "ftckpt_": 24,
    "chatcmpl-": 29,
    "resp_": 48,
    "msg_": 48,
    "call_": 24,
    "": 8,
}


def random_id(prefix: str) -> str:
    return prefix + "".join(secrets.choice(ALPHABET) for _ in range(LENGTHS[prefix]))


def derived_id(prefix: str, *parts: object) -> str:
    """The same id for the same parts, always: an event that was shown once keeps its id without being stored."""
    digest = hashlib.sha512("/".join(map(str, (prefix, *parts))).encode()).digest()
    return prefix + "".join(ALPHABET[byte % len(ALPHABET)] for byte in digest[: LENGTHS[prefix]])
