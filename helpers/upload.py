"""Step 2: upload a file with a progress bar, and never the same content twice."""

import hashlib
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openai
from openai import OpenAI
from openai.types import FileObject
from tqdm.auto import tqdm

from helpers import notes
from helpers.connection.identity import host_name
from helpers.display.tables import short_path

LONG_UPLOAD = 5_000_000  # bytes; below it a bar would only flash
LARGEST_COMPARED = 50_000_000  # bytes; a larger file on the host is not fetched only to compare it


class WatchedFile(io.FileIO):
    """A file that says how many bytes were read, each time."""

    def __init__(self, path: Path, progress: Callable[[int], Any]) -> None:
        super().__init__(path, "rb")
        self.progress = progress

    def read(self, size: int = -1) -> bytes:
        piece = super().read(size)
        self.progress(len(piece))
        return piece


def upload_file(
    client: OpenAI,
    path: str | Path,
    *,
    purpose: str = "fine-tune",
    note_as: str = "file",
    progress: Callable[[int], Any] | None = None,
    tell: Callable[[str], Any] = print,
) -> FileObject:
    """Upload a file, wait until the host has read it, and keep its id. The same content is never uploaded again.

    Args:
        client: Where it is uploaded.
        path: The file.
        purpose: What the host is told that the file is for.
        note_as: The kind under which the id is kept: "file" to train on, "validation" to check with.
        progress: Called with the number of bytes each time some were sent. Then no bar is shown, and not printed where
            the file is.
        tell: Gets the sentence that names the file if its id could not be kept. That is no error.

    Returns:
        The file as the host shows it: the uploaded one, or the newest on the host with the same content.

    Raises:
        openai.BadRequestError: The host refuses the file, for instance because a line is not JSON.
        OSError: The file cannot be read.
    """
    path = Path(path)
    digest = content_hash(path)
    known = next(same_content(client, path, purpose=purpose, note_as=note_as), None)
    if known:
        with notes.told_if_not_kept(f"File {known.id} is on the host", "Write down its id.", tell):
            notes.add(host_name(client), note_as, known.id, sha256=digest, purpose=purpose)
        if progress is None:
            print(f"{short_path(path)} is on the host already: {known.id}")
        return known
    size = path.stat().st_size
    bar = tqdm(
        total=size, unit="B", unit_scale=True, desc=path.name, disable=progress is not None or size < LONG_UPLOAD
    )
    with bar, WatchedFile(path, progress or bar.update) as file:
        uploaded = client.files.create(file=(path.name, file), purpose=purpose)
    uploaded = client.files.wait_for_processing(uploaded.id, poll_interval=0.5)
    with notes.told_if_not_kept(f"File {uploaded.id} was uploaded", "Write down its id.", tell):
        notes.add(host_name(client), note_as, uploaded.id, sha256=digest, purpose=purpose)
    if progress is None:
        print(f"{short_path(path)} uploaded: {uploaded.id}")
    return uploaded


def content_hash(path: Path) -> str:
    """The sha256 of a file, read a piece at a time."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def same_content(
    client: OpenAI, path: Path, *, purpose: str = "fine-tune", note_as: str = "file"
) -> Iterator[FileObject]:
    """The files on this host with the content of a file, the newest first: as the notes say, or as the host gives it
    back."""
    size, digest = path.stat().st_size, content_hash(path)
    noted = {note["id"]: note.get("sha256") for note in notes.all_notes(host_name(client), note_as)}
    for file in client.files.list(purpose=purpose):
        if file.bytes == size and (noted.get(file.id) or _hash_on_host(client, file)) == digest:
            yield file


def _hash_on_host(client: OpenAI, file: FileObject) -> str | None:
    if file.bytes > LARGEST_COMPARED:
        return None
    try:
        return hashlib.sha256(client.files.content(file.id).read()).hexdigest()
    except openai.APIStatusError:
        return None  # some hosts do not give files back; then it is uploaded again, which harms nothing
