#!/usr/bin/env python3
"""A fake `docker` command for the playbook that builds images. Its registry is `registry.json` in the same directory.

It answers like buildx 0.13. The digest of an image depends on its context and arguments, that of attestations on the
time. `builder.json` has the driver of the builder. The input of bake is appended to `baked.jsonl`.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import sys
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
REGISTRY = HERE / "registry.json"


def _digest(*parts: object) -> str:
    return "sha256:" + hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _fail(message: str) -> None:
    print(f"ERROR: {message}", file=sys.stderr)
    sys.exit(1)


def _image(target: dict[str, Any]) -> dict[str, Any]:
    context = Path(target["context"])
    files = {str(path): path.read_text() for path in sorted(context.rglob("*")) if path.is_file()}
    image = _digest(files, target["args"], target["labels"])
    if not target.get("attest"):
        return {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": image, "size": 1}
    entries = [
        {"digest": image, "platform": {"architecture": "amd64", "os": "linux"}},
        {
            "digest": _digest(image, time.time_ns()),
            "platform": {"architecture": "unknown", "os": "unknown"},
            "annotations": {"vnd.docker.reference.digest": image, "vnd.docker.reference.type": "attestation-manifest"},
        },
    ]
    index = "application/vnd.oci.image.index.v1+json"
    return {"schemaVersion": 2, "mediaType": index, "digest": _digest(entries), "manifests": entries}


def _bake(arguments: list[str], registry: dict[str, Any]) -> None:
    document = json.load(sys.stdin)
    if "--print" in arguments:
        return
    with (HERE / "baked.jsonl").open("a") as stream:
        stream.write(json.dumps(document) + "\n")
    for target in document["target"].values():
        image = _image(target)
        # Also by digest, because `imagetools create` refers to the digest later.
        for reference in [*target["tags"], f"{target['tags'][0].rpartition(':')[0]}@{image['digest']}"]:
            registry[reference] = {**image, "here": "--load" in arguments}


def main(arguments: list[str]) -> None:
    """Answer one call of docker."""
    builder = json.loads((HERE / "builder.json").read_text())
    registry = json.loads(REGISTRY.read_text()) if REGISTRY.exists() else {}
    match arguments:
        case ["buildx", "version"]:
            print("github.com/docker/buildx 0.13.1")
        case ["buildx", "inspect"]:
            print(f"Name:   default\nDriver: {builder['driver']}\n\nNodes:\nName: default0\nStatus: running")
        case ["--context", "default", "info", "--format", _]:
            print(json.dumps(builder.get("store", [])))
        case ["buildx", "bake", *rest]:
            _bake(rest, registry)
        case ["buildx", "imagetools", "inspect", reference, *_]:
            if reference not in registry:
                _fail(f"{reference}: not found")
            print(json.dumps(registry[reference]))
        case ["buildx", "imagetools", "create", *rest]:
            if "--prefer-index=false" in rest:
                _fail("unknown flag: --prefer-index")
            for word, tag in itertools.pairwise(rest):
                if word == "--tag":
                    registry[tag] = registry[rest[-1]]
        case ["image", "inspect", reference] if registry.get(reference, {}).get("here"):
            print(json.dumps([{"Id": registry[reference]["digest"]}]))
        case _:
            _fail("no such thing")
    REGISTRY.write_text(json.dumps(registry))


if __name__ == "__main__":
    main(sys.argv[1:])
