"""The part of `docs/services.md` about what protects the host from a container."""

from __future__ import annotations

TEXT = """\
Every container of a shipped kind, and the job of its key `release`, has all of this: a user that is not root,
`no-new-privileges`, no capabilities, a read-only root with `/tmp` in memory, a limit of processes, and no Docker
socket. `tests/contracts/test_hardening.py` checks each kind and each example, and names the exceptions:

- `custom` runs as the user of its image, because only the image knows its users. Set `user`.
- `minio` runs as root, because the directory for objects in its image belongs to root.
- `opensearch` has a writable root, because its image writes configuration and keystore next to the files it brings.
- The pod of an edge has no limit of processes. It runs `sleep`, and each change of it would be downtime.
- `compose` adds nothing. See [Your own Compose files](compose_files.md#hardening).

Applications get a read-only root too: what they write there is lost with each deploy anyway, and it would differ
between replicas. If yours writes to a directory, choose one of these:

```yaml
backend:
  kind: fastapi
  # To keep it.
  volumes: [uploads:/var/lib/shop/uploads]
  compose:
    # Or in memory. The list replaces that of the kind.
    tmpfs: ["/tmp:size=128m", "/app/cache:size=64m,uid=10001,gid=10001"]
    # Or anywhere, until the container is replaced.
    read_only: false
```

`cap_add` in `compose` adds a single capability. The kind `vite` has what Vite writes into `node_modules` in memory. If
a plugin writes into the sources, set `read_only: false` there. In a developer's checkout the root is writable, because
Compose copies files in.
"""
