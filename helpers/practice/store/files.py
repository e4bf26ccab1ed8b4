"""The files that were uploaded, and those of results: their rows in the database and their contents in a folder."""

import math
import os
import time
from dataclasses import dataclass
from pathlib import Path

from helpers.practice.store.database import Database
from helpers.practice.store.rows import from_row

BLOCK = 4096  # bytes that file systems give out at once
KEPT = "(deleted = 0 OR id IN (SELECT training_file FROM job UNION SELECT validation_file FROM job))"
YOUNG_SECONDS = 3600  # what is younger may be what another server is just writing


class FilesGone(FileNotFoundError):
    """Somebody has deleted from the practice home what a file or a model needs.

    The message says what; the server passes it on.
    """


@dataclass(frozen=True)
class StoredFile:
    id: str
    number: int
    filename: str
    purpose: str
    bytes: int
    created_at: int
    sha256: str
    deleted: int = 0


class FileTable(Database):
    def path_of(self, file_id: str) -> Path:
        return self.settings.files / file_id

    def content_of(self, file_id: str) -> Path:
        """Where to read a file that was uploaded. Raises FilesGone if its content was deleted by hand."""
        path = self.path_of(file_id)
        if not path.is_file():
            raise FilesGone(
                f"{file_id}: the content of this file is gone from the practice home. Upload it again; "
                "a model that was made from it has to be trained again."
            )
        return path

    def add_file(
        self, content: Path, filename: str, purpose: str, sha256: str, file_id: str | None = None
    ) -> StoredFile:
        """Take over a finished temporary file.

        Args:
            content: The temporary file, in the same file system as the practice home.
            filename: The name that the learner gave it.
            purpose: "fine-tune" or another purpose.
            sha256: The checksum of the content.
            file_id: The id; None makes a new one. With an id that is there already, its row stays as it is.

        Returns:
            The file as it is stored.
        """
        with self._transaction() as db:
            number = self._number(db)
            file_id = file_id or self._new_id("file-", number)
            size = content.stat().st_size
            content.replace(self.path_of(file_id))
            sync_folder(self.settings.files)  # the name, too, is on the disk before the row is
            db.execute(
                "INSERT OR IGNORE INTO file VALUES (?, ?, ?, ?, ?, ?, ?, 0)",
                (file_id, number, filename, purpose, size, int(time.time()), sha256),
            )
            return from_row(StoredFile, db.execute("SELECT * FROM file WHERE id = ?", (file_id,)).fetchone())

    def any_file(self, file_id: str) -> StoredFile | None:
        """Also one that is deleted: a job that was started with it goes on."""
        return self._one(StoredFile, "SELECT * FROM file WHERE id = ?", file_id)

    def file(self, file_id: str) -> StoredFile | None:
        return self._one(StoredFile, "SELECT * FROM file WHERE id = ? AND deleted = 0", file_id)

    def files(
        self,
        limit: int,
        *,
        purpose: str | None = None,
        after: StoredFile | None = None,
        newest_first: bool = True,
    ) -> tuple[list[StoredFile], bool]:
        """At most `limit` files that come behind `after` in the order asked for, of one purpose or of all.

        Args:
            limit: The largest number of files.
            purpose: "fine-tune" or another purpose; None means every one.
            after: The last file of the page before; None means from the beginning.
            newest_first: The order; else the oldest comes first.

        Returns:
            The files, without those that are deleted, and whether there are more.
        """
        sql, values = "SELECT * FROM file WHERE deleted = 0", []
        if purpose is not None:
            sql, values = f"{sql} AND purpose = ?", [*values, purpose]
        return self._page(StoredFile, sql, values, after, limit, newest_first)

    def bytes_of_files(self) -> int:
        """What the contents take on the disk: also of deleted files that a job was started with."""
        return self._sum_of_files("bytes", KEPT)

    def space_of_files(self) -> int:
        """What they take of the disk: however small a file is, it takes a block."""
        return self._sum_of_files(f"MAX(bytes, {BLOCK})", KEPT)

    def space_of_results(self) -> int:
        """What jobs take of the disk with their rows and their result files."""
        results = self._sum_of_files(f"MAX(bytes, {BLOCK})", "deleted = 0 AND purpose = 'fine-tune-results'")
        with self._connection() as db:
            return results + BLOCK * db.execute("SELECT COUNT(*) FROM job").fetchone()[0]

    def _sum_of_files(self, what: str, which: str) -> int:
        with self._connection() as db:
            return db.execute(f"SELECT COALESCE(SUM({what}), 0) FROM file WHERE {which}").fetchone()[0]

    def delete_file(self, file_id: str) -> None:
        with self._transaction() as db:
            db.execute("UPDATE file SET deleted = 1 WHERE id = ?", (file_id,))
            used = db.execute("SELECT 1 FROM job WHERE ? IN (training_file, validation_file) LIMIT 1", (file_id,))
            is_used = used.fetchone() is not None
        if not is_used:  # a job that was started with the file has the right to read it to the end
            self.path_of(file_id).unlink(missing_ok=True)

    def _sweep(self) -> None:
        """Remove what no file of the learner's is, and what a program that was killed has left.

        An upload that was cut off leaves a .part; between the content's move and the row's commit, a content without a
        row; a deletion, the content of a deleted row. A content that is older than all rows is left as it is: somebody
        may have put it there, or have moved the database away.
        """
        with self._connection() as db:
            oldest = db.execute("SELECT MIN(created_at) FROM file").fetchone()[0] or math.inf
            used = {row["id"]: not row["deleted"] for row in db.execute("SELECT id, deleted FROM file")}
            for row in db.execute("SELECT training_file, validation_file FROM job"):
                used |= {file_id: True for file_id in row if file_id in used}
        for path in self.settings.files.iterdir():
            try:
                changed = path.stat().st_mtime
                orphan = not used.get(path.name, changed < oldest) or path.suffix == ".part"
                if orphan and time.time() - changed > YOUNG_SECONDS:
                    path.unlink()
            except (FileNotFoundError, PermissionError):
                continue  # another server swept it, or (on Windows) reads it


def sync_folder(path: Path) -> None:
    """Write the names in a folder to the disk, as fsync does the content of a file. Windows does so by itself."""
    if os.name != "posix":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
