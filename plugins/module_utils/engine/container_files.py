"""Copy a directory out of a container. Its image decides what is in there, so only regular files are taken.

Place in the pipeline: target, prepare. The engine sends the directory as a tar archive. ``docker cp`` would write it as
root with its links, devices and permissions, in any size.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import os
import socket
import tarfile
import time
import urllib.parse
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from ansible_collections.slipway.stack.plugins.module_utils.engine import docker
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError

#: Limits for one directory.
MAX_BYTES = 512 * 1024**2
MAX_FILES = 20_000
#: Seconds that one directory may take.
_SECONDS = 120.0
_CHUNK = 1024**2


class NoSuchDirectory(DockerError):
    """The container does not have the directory."""


class UnfitDirectory(DockerError):
    """What the directory contains cannot be copied. The message continues a sentence: ``has more than ...``."""


def copy_directory(container_id: str, directory: str, target: Path) -> dict[str, str]:
    """Copy the regular files of a directory in a container to *target*.

    Symbolic links, pipes and devices are left out. Files and directories get the owner and the permissions of new ones.

    :param directory: an absolute path in the container. Links in it are followed there.
    :param target: an empty directory.
    :return: the SHA-256 digest of each file, by its path in the directory.
    :raises NoSuchDirectory: if the container does not have it.
    :raises UnfitDirectory: if it exceeds a limit, or names a file outside of itself.
    :raises DockerError: if the engine does not answer, or refuses.
    """
    path = urllib.parse.quote(f"{directory.rstrip('/')}/.")
    connection = docker.EngineSocket("localhost", timeout=_SECONDS)
    with contextlib.closing(connection), _reported(directory):
        connection.request("GET", f"{docker.API}/containers/{container_id}/archive?path={path}")
        answer = connection.getresponse()
        if answer.status == 404:
            raise NoSuchDirectory(f"the container has no directory {directory}")
        if answer.status != 200:
            docker.raise_for_status(answer.status, answer.read(_CHUNK))
        with tarfile.open(fileobj=answer, mode="r|") as archive:
            return _extract(archive, target, time.monotonic() + _SECONDS)


@contextlib.contextmanager
def _reported(directory: str) -> Iterator[None]:
    try:
        yield
    # Before Python 3.10 socket.timeout is not a TimeoutError.
    except (ConnectionError, FileNotFoundError, socket.timeout, http.client.HTTPException) as error:
        raise DockerError(f"the Docker engine does not answer: {error}") from None
    except (tarfile.TarError, EOFError) as error:
        raise DockerError(f"the engine sent an incomplete copy of {directory}: {error}") from None


def _extract(archive: tarfile.TarFile, target: Path, deadline: float) -> dict[str, str]:
    digests: dict[str, str] = {}
    size = 0
    for member in archive:
        if not (member.isreg() or member.islnk()):
            continue
        name = _inside(member.name)
        size += member.size
        if size > MAX_BYTES:
            raise UnfitDirectory(f"has more than {MAX_BYTES // 1024**2} MiB")
        if len(digests) == MAX_FILES:
            raise UnfitDirectory(f"has more than {MAX_FILES} files")
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if member.islnk():
            # A second name of a file that is in the archive already.
            first = _inside(member.linkname)
            if first not in digests:
                raise UnfitDirectory(f"has a hard link to {first!r}, which is not a file in it")
            os.link(target / first, path)
            digests[name] = digests[first]
        else:
            digests[name] = _write(path, archive.extractfile(member), deadline)
    return digests


def _inside(name: str) -> str:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise UnfitDirectory(f"has the file {name!r}, whose path leads out of it")
    return str(path)


def _write(path: Path, source: IO[bytes] | None, deadline: float) -> str:
    digest = hashlib.sha256()
    with open(path, "xb") as stream:
        while source and (chunk := source.read(_CHUNK)):
            stream.write(chunk)
            digest.update(chunk)
            if time.monotonic() > deadline:
                raise UnfitDirectory(f"cannot be copied within {_SECONDS:.0f} s")
    return digest.hexdigest()
