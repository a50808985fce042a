"""Files that people send, kept in one directory that outlives the container."""

from pathlib import Path
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, HTTPException, Request
from fastapi import Path as InPath
from fastapi.responses import FileResponse
from pydantic import BaseModel

MAX_BYTES = 5_000_000
Name = Annotated[str, InPath(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$")]


class Upload(BaseModel):
    """A stored file: its name, and its size in bytes."""

    name: str
    size: int


def upload_routes(folder: Path) -> APIRouter:
    """Return the routes of the files in `folder`, which must be there and writable."""
    router = APIRouter(prefix="/api/uploads", tags=["uploads"])

    @router.put("/{name}", status_code=201)
    async def store(name: Name, request: Request) -> Upload:
        content = bytearray()
        async for chunk in request.stream():
            content += chunk
            if len(content) > MAX_BYTES:
                raise HTTPException(413, f"A file has at most {MAX_BYTES} bytes.")
        # Under another name until it is whole: whoever reads meanwhile gets the file of before.
        part = folder / f".{uuid4()}"
        part.write_bytes(content)
        part.replace(folder / name)
        return Upload(name=name, size=len(content))

    @router.get("/{name}")
    def read(name: Name) -> FileResponse:
        if not (folder / name).is_file():
            raise HTTPException(404, f"There is no file {name}.")
        return FileResponse(folder / name, media_type="application/octet-stream")

    return router
