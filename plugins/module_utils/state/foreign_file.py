"""Read files that somebody else may have made: a container, another user, the author of a project.

Place in the pipeline: target and controller, wherever the content of a file is not our own. Root reads these files and
may show what it reads. So a link must not lead to another file, a pipe must not block the reader, and a large file must
not fill the memory. A path is opened one component at a time, and no link in it is followed.

The caller names a *root*, which it trusts, and a path below it. An error names the file, what was found and what would
be right. It never has the content of the file.
"""

from __future__ import annotations

import contextlib
import errno
import fnmatch
import os
import re
import stat
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

#: Seconds that reading one file may take.
_READ_SECONDS = 10.0
#: Limit for the entries of one directory, and for the files that :func:`files_below` yields.
MAX_ENTRIES = 50_000
#: Largest size in bytes of a file that arrived in one request.
_MAX_UPLOADED = 64 * 1024**2
_CHUNK = 256 * 1024
_WILDCARD = re.compile(r"[*?\[]")
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_KINDS = {
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a directory",
    stat.S_IFREG: "a file",
}


class ForeignFileError(ValueError):
    """A file that must not or cannot be read. The message names the file, what was found and what would be right."""

    def __init__(self, message: str) -> None:
        # Somebody else chose the name, too. It must not control the terminal.
        escaped = (one if one.isprintable() else one.encode("unicode_escape").decode() for one in message)
        super().__init__("".join(escaped))


class MissingFile(ForeignFileError):
    """There is no such file."""


def read_bytes(root: Path, path: str, max_size: int) -> bytes:
    """Return the content of a regular file.

    :param root: a directory that the caller trusts. Links in its own path are followed.
    :param path: the path of the file below *root*.
    :param max_size: the largest size in bytes that is read.
    :raises MissingFile: if the file does not exist.
    :raises ForeignFileError: if it is not a regular file, is too large or cannot be read, or if a directory in the path
        is a link.
    """
    shown = root / path
    with _reported(shown), _regular_file(root, path) as file:
        return _content(file, os.fstat(file).st_size, max_size, shown)


def read_from(root: Path, path: str, offset: int, max_size: int) -> bytes:
    """Return the content of a regular file after *offset*, at most *max_size* bytes.

    :raises ForeignFileError: as :func:`read_bytes`. A large file is no error.
    """
    with _reported(root / path), _regular_file(root, path) as file:
        os.lseek(file, offset, os.SEEK_SET)
        return _content(file, 0, max_size, root / path, cut=True)


def read_text(
    root: Path, path: str, max_size: int, alphabet: str = "", description: str = "", errors: str = "surrogateescape"
) -> str:
    """Return the text of a regular file, in UTF-8.

    :param max_size: the largest size in bytes that is read.
    :param alphabet: a regular expression for the whole text without white space around it. The result is this part.
    :param description: what the text must be, in words, such as ``a version number``.
    :param errors: what becomes of bytes that are not valid UTF-8, as in :meth:`bytes.decode`.
    :raises ForeignFileError: as :func:`read_bytes`, and for a text that is not in the *alphabet*.
    """
    text = read_bytes(root, path, max_size).decode("utf-8", errors)
    if not alphabet:
        return text
    text = text.strip()
    if not re.fullmatch(alphabet, text):
        raise ForeignFileError(f"{root / path} does not contain {description}")
    return text


def text_or_none(root: Path, path: str, errors: str = "surrogateescape") -> str | None:
    """Return the text of a regular file, ``None`` for anything else. For files that arrived in one request."""
    try:
        return read_text(root, path, _MAX_UPLOADED, errors=errors)
    except ForeignFileError:
        return None


def find(root: Path, pattern: str) -> list[str]:
    """Return the paths below *root* that match *pattern*, sorted. Links to directories do not match.

    :param pattern: a relative path with ``*``, ``?`` and ``[...]`` within a component.
    :raises ForeignFileError: if a directory cannot be read, or if a directory is a link that *pattern* names.
    """
    *folders, last = _components(root, pattern)
    found = [""]
    for component in folders:
        found = [path for parent in found for path, kind in _matches(root, parent, component) if kind == stat.S_IFDIR]
    return sorted(path for parent in found for path, _kind in _matches(root, parent, last))


def files_below(root: Path, path: str = "") -> Iterator[str]:
    """Yield the paths of the regular files below a directory, relative to it, sorted in each directory.

    Links, pipes and devices are left out, and links to directories are not followed.

    :param path: the path of the directory below *root*.
    :raises MissingFile: if the directory does not exist.
    :raises ForeignFileError: if a directory cannot be read, or if there are more than :data:`MAX_ENTRIES` files.
    """
    count = 0
    pending = [""]
    while pending:
        parent = pending.pop()
        folders = []
        for name, kind in _entries(root, _joined(path, parent)):
            if kind == stat.S_IFDIR:
                folders.append(_joined(parent, name))
            elif kind == stat.S_IFREG:
                count += 1
                if count > MAX_ENTRIES:
                    raise ForeignFileError(f"{root / path} has more than {MAX_ENTRIES} files")
                yield _joined(parent, name)
        pending += reversed(folders)


def resolve(root: Path, path: str) -> str:
    """Return the path below *root* to which *path* leads, with its links followed. It need not exist.

    For places where links inside *root* are in use. Read the result with :func:`read_bytes`, which follows no link.
    Then a link that is made in between does no harm.

    :param path: a path that starts from *root*. It may be absolute.
    :raises ForeignFileError: if it leads out of *root*, or if links lead in a circle.
    """
    base = os.path.realpath(root)
    with _reported(root / path):
        target = os.path.realpath(os.path.join(base, path))
        try:
            os.stat(target)
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise OSError(errno.ELOOP, "its links lead in a circle") from None
    if target != base and not target.startswith(base.rstrip("/") + "/"):
        raise ForeignFileError(f"{path} leads to a place outside {root}")
    return os.path.relpath(target, base) if target != base else ""


def _components(root: Path, path: str) -> list[str]:
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if path.startswith("/") or ".." in parts or "\0" in path or not parts:
        raise ForeignFileError(f"{path!r} is not the path of a file below {root}")
    return parts


@contextlib.contextmanager
def _reported(shown: Path) -> Iterator[None]:
    """Turn an error of the operating system into a sentence about the file."""
    try:
        yield
    except (FileNotFoundError, NotADirectoryError):
        raise MissingFile(f"{shown} does not exist") from None
    except BlockingIOError:
        raise ForeignFileError(f"{shown} cannot be read: another process has locked it") from None
    except OSError as error:
        raise ForeignFileError(f"{shown} cannot be read: {error.strerror or error}") from None
    except ValueError as error:
        # The operating system does not accept the name.
        raise error if isinstance(error, ForeignFileError) else ForeignFileError(f"{shown!s:.200}: {error}") from None


@contextlib.contextmanager
def _regular_file(root: Path, path: str) -> Iterator[int]:
    *folders, name = _components(root, path)
    with _folder(root, folders) as folder:
        _require(_kind_at(folder, name), stat.S_IFREG, root / path)
        with _opened(name, _FLAGS, folder) as file:
            # The file may have been replaced after the first look.
            _require(stat.S_IFMT(os.fstat(file).st_mode), stat.S_IFREG, root / path)
            yield file


@contextlib.contextmanager
def _opened(name: str | Path, flags: int, folder: int | None = None) -> Iterator[int]:
    descriptor = os.open(name, flags, dir_fd=folder)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _folder(root: Path, components: Sequence[str]) -> Iterator[int]:
    """Open the directory below *root*, one component after the other, and yield its descriptor."""
    shown = root
    with contextlib.ExitStack() as opened:
        # The path of the root itself may have links.
        folder = opened.enter_context(_opened(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
        for component in components:
            shown = shown / component
            _require(_kind_at(folder, component), stat.S_IFDIR, shown)
            folder = opened.enter_context(_opened(component, _FLAGS | os.O_DIRECTORY, folder))
        yield folder


def _kind_at(folder: int, name: str) -> int:
    return stat.S_IFMT(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)


def _require(kind: int, expected: int, shown: Path) -> None:
    if kind != expected:
        right = "a regular file" if expected == stat.S_IFREG else "a directory"
        raise ForeignFileError(f"{shown} is {_KINDS.get(kind, 'a special file')}; it must be {right}")


def _content(file: int, size: int, max_size: int, shown: Path, cut: bool = False) -> bytes:
    """Return the content of an open file. :param cut: return the first *max_size* bytes of a larger one."""
    if size > max_size:
        raise ForeignFileError(f"{shown} has {size} bytes; it must have at most {max_size}")
    deadline = time.monotonic() + _READ_SECONDS
    chunks, length = [], 0
    while chunk := os.read(file, min(_CHUNK, max_size + (not cut) - length)):
        chunks.append(chunk)
        length += len(chunk)
        if length > max_size:
            raise ForeignFileError(f"{shown} has more than {max_size} bytes")
        if time.monotonic() > deadline:
            raise ForeignFileError(f"{shown} cannot be read within {_READ_SECONDS:.0f} s")
    return b"".join(chunks)


def _entries(root: Path, path: str) -> list[tuple[str, int]]:
    """Return the names in a directory below *root*, sorted, with the kind of each."""
    shown = root / path
    components = _components(root, path) if path else []
    with _reported(shown), _folder(root, components) as folder, os.scandir(folder) as scanned:
        result: list[tuple[str, int]] = []
        for entry in scanned:
            if len(result) == MAX_ENTRIES:
                raise ForeignFileError(f"{shown} has more than {MAX_ENTRIES} entries")
            # An entry can be removed meanwhile.
            with contextlib.suppress(FileNotFoundError):
                result.append((entry.name, stat.S_IFMT(entry.stat(follow_symlinks=False).st_mode)))
    return sorted(result)


def _matches(root: Path, parent: str, component: str) -> list[tuple[str, int]]:
    """Return the paths in the directory *parent* that match one component of a pattern, with the kind of each."""
    with contextlib.suppress(MissingFile):
        if _WILDCARD.search(component):
            entries = _entries(root, parent)
            return [(_joined(parent, name), kind) for name, kind in entries if fnmatch.fnmatchcase(name, component)]
        path = _joined(parent, component)
        with _reported(root / path), _folder(root, parent.split("/") if parent else []) as folder:
            kind = _kind_at(folder, component)
            if kind == stat.S_IFLNK:
                _require(kind, stat.S_IFREG, root / path)
            return [(path, kind)]
    return []


def _joined(parent: str, name: str) -> str:
    return f"{parent}/{name}" if parent and name else parent or name
