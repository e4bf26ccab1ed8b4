"""Ids in the forms of OpenAI's: random for a learner, from a fixed sequence under test."""

import hashlib
import secrets
import string

NUMBER_LENGTH = 5  # of 62 letters: up to 916,132,831
ALPHABET = string.ascii_letters + string.digits
LETTER_OF_BYTE = bytes(ord(ALPHABET[byte % len(ALPHABET)]) for byte in range(256))
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
    return prefix + digest[: LENGTHS[prefix]].translate(LETTER_OF_BYTE).decode("ascii")


def numbered_id(prefix: str, number: int, *parts: object) -> str:
    """The same id for the same number and parts, always. number_in() finds the number again: nobody has to make the
    ids of 100,000 events to know which of them one id belongs to."""
    written = "".join(ALPHABET[number // len(ALPHABET) ** place % len(ALPHABET)] for place in range(NUMBER_LENGTH))
    return derived_id(prefix, *parts, number)[:-NUMBER_LENGTH] + written


def number_in(id: str) -> int:
    """The number of which numbered_id() may have made this id; to be compared with what it makes of it."""
    places = (ALPHABET.find(sign) for sign in id[-NUMBER_LENGTH:])
    return sum(max(0, sign) * len(ALPHABET) ** place for place, sign in enumerate(places))
