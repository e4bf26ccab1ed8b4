"""What a learner gives to a form: a file that was chosen in the browser, or a text that was pasted."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers.examples_from import Examples, examples_from


@dataclass(frozen=True)
class GivenFile:
    """Its name says by its end what it may be; a text has none."""

    name: str
    content: bytes

    def examples(self, **arguments: Any) -> Examples:
        """Raises what `examples_from` raises."""
        suffix = Path(self.name).suffix
        if not suffix:
            return examples_from(self.content, **arguments)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / Path(self.name).name
            path.write_bytes(self.content)
            return examples_from(path, **arguments)


def pasted_text(text: str) -> GivenFile:
    # Half of an emoji, left when a text was cut, cannot be encoded.
    return GivenFile("what was pasted", text.encode("utf-8", "replace"))


def chosen_files(value: Any) -> list[GivenFile]:
    """The files of a FileUpload."""
    return [GivenFile(file["name"], bytes(file["content"])) for file in value]
