"""/v1/files: upload, list, retrieve, read, delete."""

import hashlib
import os
import tempfile
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Query, Request, UploadFile
from fastapi.responses import FileResponse, Response
from fastapi.routing import APIRoute

from helpers.practice.api.errors import ApiError, not_found
from helpers.practice.api.json_body import SentJson
from helpers.practice.api.pagination import listed, unknown_cursor
from helpers.practice.store import Store, StoredFile
from helpers.practice.training_file_errors import not_a_dictionary
from helpers.training_file.jsonl import read_lines

CHUNK = 1024 * 1024
MOST_FIELDS = 16  # of a form besides its file; each may have a megabyte, and they are held in memory
UPLOADABLE = ("assistants", "batch", "fine-tune", "vision", "user_data", "evals")

LONGEST_NAME = 255  # characters, as file systems have it; a list of files can have 10,000 names


class UploadRequest(Request):
    """A request whose form has one file and a few fields."""

    def form(self, **limits: int) -> Any:
        return super().form(**{**limits, "max_files": 1, "max_fields": MOST_FIELDS})


class UploadRoute(APIRoute):
    """Reads the form of its requests within bounds. (FastAPI's documentation: "Custom Request and APIRoute class".)"""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def bounded(request: Request) -> Response:
            return await handle(UploadRequest(request.scope, request.receive))

        return bounded


router = APIRouter(prefix="/files", route_class=UploadRoute)


def show(file: StoredFile) -> dict[str, Any]:
    return {
        "id": file.id,
        "object": "file",
        "bytes": file.bytes,
        "created_at": file.created_at,
        "expires_at": None,
        "filename": file.filename,
        "purpose": file.purpose,
        "status": "processed",
        "status_details": None,
    }


@router.post("")
def create(request: Request, file: UploadFile, purpose: Annotated[str, Form()]) -> dict[str, Any]:
    if purpose not in UPLOADABLE:
        raise ApiError(400, f"'{purpose}' is not one of {list(UPLOADABLE)} - 'purpose'", param="purpose")
    filename = _name_of(file)
    store: Store = request.app.state.store
    handle, name = tempfile.mkstemp(dir=store.settings.files, suffix=".part")
    part = Path(name)
    try:
        digest = _receive(file, handle, request.app.state.settings.limits.file_bytes)
        if purpose == "fine-tune":
            _check_lines(part)
        return show(store.add_file(part, filename, purpose, digest))
    finally:
        part.unlink(missing_ok=True)


def _name_of(file: UploadFile) -> str:
    name = file.filename or "file"
    if len(name) > LONGEST_NAME:
        message = f"The name of the file has {len(name)} characters; expected at most {LONGEST_NAME}."
        raise ApiError(400, message, param="file")
    if name.encode("utf-8", "replace").decode("utf-8") != name:  # a form names its own encoding, and some allow that
        raise ApiError(400, "The name of the file has half of an emoji or of another character.", param="file")
    return name


def _receive(file: UploadFile, handle: int, largest: int) -> str:
    """Copy the upload to disk a piece at a time; return its sha256."""
    digest, size = hashlib.sha256(), 0
    with os.fdopen(handle, "wb") as target:
        while piece := file.file.read(CHUNK):
            size += len(piece)
            if size > largest:
                raise ApiError(413, f"The file is larger than the maximum of {largest} bytes.", param="file")
            digest.update(piece)
            target.write(piece)
        target.flush()
        os.fsync(target.fileno())
    if size == 0:
        raise ApiError(400, "The file is empty.", param="file")
    return digest.hexdigest()


def _check_lines(path: Path) -> None:
    """All that is asked at upload: every line is a JSON object. The job validates the examples."""
    for number, line in read_lines(path, decode=False):  # as it is: UTF-16 is refused
        if message := not_a_dictionary(line, number):
            raise ApiError(400, message)


@router.get("")
def list_files(
    request: Request,
    purpose: str | None = None,
    after: str | None = None,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 10_000,
    order: Literal["asc", "desc"] = "desc",
) -> SentJson:
    """A page of the files.

    Args:
        request: The request.
        purpose: Only files of this purpose.
        after: The id of the last file of the page before.
        limit: The largest number of files.
        order: The newest first ("desc"), or the oldest.

    Returns:
        The page.

    Raises:
        ApiError: `after` is the id of no file.
    """
    store: Store = request.app.state.store
    cursor = store.file(after) if after is not None else None
    if after is not None and cursor is None:
        raise unknown_cursor(after)
    found, more = store.files(limit, purpose=purpose, after=cursor, newest_first=order == "desc")
    # A response of its own: FastAPI would look through each of thousands of files for something to convert.
    return SentJson(listed([show(file) for file in found], more, ends=True))


@router.get("/{file_id}")
def retrieve(request: Request, file_id: str) -> dict[str, Any]:
    return show(_file(request, file_id))


@router.get("/{file_id}/content")
def content(request: Request, file_id: str) -> FileResponse:
    file = _file(request, file_id)
    path = request.app.state.store.content_of(file.id)
    return FileResponse(path, media_type="application/octet-stream", filename=file.filename)


@router.delete("/{file_id}")
def delete(request: Request, file_id: str) -> dict[str, Any]:
    file = _file(request, file_id)
    request.app.state.store.delete_file(file.id)
    return {"id": file.id, "object": "file", "deleted": True}


def _file(request: Request, file_id: str) -> StoredFile:
    file = request.app.state.store.file(file_id)
    if file is None:
        raise not_found("File", file_id)
    return file
