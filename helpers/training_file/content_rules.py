"""The rules for what a message says: its text, its parts, its images, and texts that only a model may write."""

import base64
import binascii
import re
from typing import Any
from urllib.parse import urlsplit

from helpers.training_file.problem import Example, Finding, excerpt

MAX_IMAGES = 10
LARGEST_IMAGE = 10_000_000  # bytes
IMAGE_TYPES = ("image/png", "image/jpeg", "image/jpg", "image/webp")
EXPECTED_IMAGE = "a PNG, JPEG or WEBP image"
A_URL = 'an address that begins with https://, or "data:image/png;base64,..."'

# Markers that are single tokens of OpenAI's encodings (`special_tokens_set` of tiktoken's o200k_base, cl100k_base,
# p50k_edit and o200k_harmony, without the reserved ones), and those of the ChatML format. In a text they make a real
# job fail: "contains an invalid token".
SPECIAL_TOKENS = frozenset(
    "<|endoftext|> <|endofprompt|> <|fim_prefix|> <|fim_middle|> <|fim_suffix|> <|startoftext|> <|start|> <|end|> "
    "<|message|> <|channel|> <|constrain|> <|call|> <|return|> <|im_start|> <|im_end|> <|im_sep|>".split()
)
_MARKER = re.compile(r"<\|[a-z_]+\|>")


def special_token(text: Any) -> str | None:
    """The first special token in a text; None if there is none."""
    if not isinstance(text, str) or "<|" not in text:
        return None
    return next((found for found in _MARKER.findall(text) if found in SPECIAL_TOKENS), None)


def check_special_token(text: Any, where: str, finding: Finding) -> None:
    if token := special_token(text):
        finding.error(
            "special_token", where, f"the special token {token}", "text without tokens that only a model may write",
            "a real job fails with it, late; remove it, or write it in another way, such as < |"
            + token.strip("<|>") + "| >",
        )  # fmt: skip


def check_content(message: Example, where: str, finding: Finding) -> None:
    """What a message says: text, or a list of parts; nothing only beside a call."""
    content, role = message.get("content"), message.get("role")
    may_be_empty = role == "assistant" and ("tool_calls" in message or "function_call" in message)
    check_special_token(content, f"{where}.content", finding)
    if isinstance(content, list):
        _check_parts(content, role, f"{where}.content", finding)
    elif content is None:
        if not may_be_empty:
            finding.error("no_content", f"{where}.content", "nothing", "text", "write what is said")
    elif not isinstance(content, str):
        finding.error(
            "bad_content", f"{where}.content", excerpt(content), "text, or a list of parts",
            "put the text between quotation marks",
        )  # fmt: skip
    elif not content.strip() and not may_be_empty:
        report = finding.error if role == "assistant" else finding.warning
        fix = "write what is said, or remove the example"
        report("empty_content", f"{where}.content", "empty text", "text", fix)


def _check_parts(parts: list[Any], role: Any, where: str, finding: Finding) -> None:
    if not parts:
        finding.error("empty_content", where, "an empty list", "at least one part", "write what is said")
    images = 0
    for i, part in enumerate(parts):
        kind = part.get("type") if isinstance(part, dict) else None
        if kind == "text" and isinstance(part.get("text"), str):
            check_special_token(part["text"], f"{where}[{i}].text", finding)
            continue
        if kind == "image_url" and isinstance(part.get("image_url"), dict) and part["image_url"].get("url"):
            images += 1
            if role != "user":
                finding.error(
                    "image_not_allowed", f"{where}[{i}]", f"an image on a message with role {excerpt(role)}",
                    "images on user messages only", "remove the image",
                )  # fmt: skip
            _check_image(part["image_url"]["url"], f"{where}[{i}].image_url.url", finding)
            continue
        finding.error(
            "bad_part", f"{where}[{i}]", excerpt(part),
            '{"type": "text", "text": ...} or {"type": "image_url", "image_url": {"url": ...}}',
            "write the part in one of these forms",
        )  # fmt: skip
    if images > MAX_IMAGES:
        finding.error("too_many_images", where, f"{images} images", f"at most {MAX_IMAGES}", "remove some")


def _check_image(url: Any, where: str, finding: Finding) -> None:
    """The address of an image; of one inside the file also what it is and how large. Nothing is fetched."""
    if not isinstance(url, str):
        finding.error("bad_image", where, excerpt(url), A_URL, "write the address as text")
    elif url.startswith("data:"):
        _check_embedded_image(url, where, finding)
    elif not re.match(r"https?://", url):
        finding.error(
            "bad_image", where, f"{excerpt(url)}, which the host cannot reach", A_URL,
            "put the image on the web, or write it into the file as base64",
        )  # fmt: skip
    elif urlsplit(url).path.lower().endswith(".gif"):
        finding.error("bad_image", where, "the address of a GIF", EXPECTED_IMAGE, "save the image as PNG")


def _check_embedded_image(url: str, where: str, finding: Finding) -> None:
    head, _, data = url.partition(",")
    media = head.removeprefix("data:").partition(";")[0].lower()
    try:
        start = base64.b64decode(data[:16], validate=True)
    except (binascii.Error, ValueError):
        start = b""
    if start.startswith(b"GIF8") or media == "image/gif":
        finding.error("bad_image", where, "a GIF", EXPECTED_IMAGE, "save the image as PNG")
    elif media not in IMAGE_TYPES or not head.endswith(";base64"):
        finding.error("bad_image", where, excerpt(head), EXPECTED_IMAGE + " in base64", f"write {A_URL}")
    elif len(data) * 3 // 4 > LARGEST_IMAGE:
        size = f"an image of {len(data) * 3 // 4 / 1_000_000:.0f} MB"
        finding.error("bad_image", where, size, "at most 10 MB", "make the image smaller")
