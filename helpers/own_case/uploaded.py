"""Which file a file on a host is, as far as a list of files tells it: by name and size."""

from pathlib import Path

from openai.types import FileObject

from helpers.course_data.paths import COURSE_TRAINING, COURSE_VALIDATION, course_file


def is_upload_of(file: FileObject, path: Path) -> bool:
    return path.is_file() and (file.filename, file.bytes) == (path.name, path.stat().st_size)


def is_of_the_course(file: FileObject) -> bool:
    return any(is_upload_of(file, course_file(name)) for name in (*COURSE_TRAINING, COURSE_VALIDATION))
