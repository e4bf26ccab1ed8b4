"""What the tests of all formats share."""

from helpers import examples_from


def pairs(given, **arguments):
    """Question and answer of each example; a system message stands before them."""
    found = examples_from(given, **arguments)
    return [tuple(message["content"] for message in example["messages"]) for example in found]


def saved(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return path
