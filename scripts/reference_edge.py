"""The parts of `docs/services.md` about the edge: its routes, and its budget with the numbers that follow from it."""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.slipway.stack.plugins.plugin_utils.description import describe
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Kind
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering import budget

ROUTE_BY_ROUTE = """\
Keys of the edge such as `rate_limit` are the defaults of its routes. A route with the same key has its own value.

```yaml
edge:
  kind: nginx
  content_security_policy: {img-src: "'self' https://images.example.com"}
  rate_limit: 50/s
  routes:
    - {path: /, to: frontend}
    - {path: /api/, to: backend, rate_limit: {rate: 300/m, burst: 50}, max_body: 1m}
    - {path: /api/files/, to: backend, max_body: 2g, timeout: 10m}
    - {path: /admin/, to: backend, allow: [192.0.2.0/24], basic_auth: admins}
    - {path: /reports/, to: reports, strip_prefix: true, headers: {X-Robots-Tag: noindex}}
    - {path: /shop.Orders/, to: orders, protocol: grpc}
```

- **`host`** says for which host names a route is: one of those that the edge answers to, `*.example.com` for all below
  one, or a list. A route without it is for all names. See [Several host names](https.md#several-host-names).
- **`rate_limit`** counts the requests of one client address, of IPv6 of one `/64`, for each route by itself. `10/s`
  with `burst: 20` answers 21 requests at once, and then ten in a second. More get 429 with `Retry-After`. `burst` is
  the number of the rate unless you set it. `""` lifts the limit of the edge. The memory for counting is bounded: the
  least recent clients are forgotten. It is a part of `memory`: 1 MB for a route in nginx, 48 MB in Traefik, there twice
  behind a load balancer. While a rollout replaces the proxy, old and new count apart. Behind a load balancer Traefik
  counts each IPv6 address.
- **`max_body`**, **`timeout`**, **`connect_timeout`**: `0b` is no limit for bodies.
- **`allow`**: everybody else gets 403. Behind a load balancer the address is the one that it names, if it is in
  `real_ip_from`. `[]` lets everybody in.
- **`basic_auth`** names a secret in `stack_secrets`. Its value is the output of `htpasswd -nB NAME`, one line for each
  person. The edge gets it as a file, and another value rolls the edge. nginx compares a password for each request and
  answers nobody meanwhile, so hashes with a cost above 10 are refused; set `rate_limit`, too. The application does not
  see the password.
- **`headers`** are added to answers. With nginx an application's own header wins. Traefik replaces it. An empty value
  leaves out what the edge would add.
- **Security headers.** nginx adds these unless the application sends them: `X-Content-Type-Options`, `X-Frame-Options:
  SAMEORIGIN`, `Referrer-Policy`, `Permissions-Policy` without HID, serial ports and USB, and
  `Content-Security-Policy: base-uri 'self'; object-src 'none'`. Traefik adds only the first one. Set the others in
  `headers` if no application behind it sends its own.
- **`content_security_policy`** adds directives to that policy, or replaces them. `null` removes one. A text is a whole
  policy, and `""` is none. Who may show your pages in a frame is in `X-Frame-Options`; if you need more than your own
  pages, set `frame-ancestors` here.
- **`strip_prefix`**: `/reports/a` arrives as `/a`, with `X-Forwarded-Prefix: /reports`. The edge changes no links in
  answers. So the application must read this header (Spring, Werkzeug's `ProxyFix`), be told the prefix (`--root-path`
  of uvicorn), or write relative links. nginx decodes the path and encodes it again: `%2F` arrives as `/`.
- **`protocol: grpc`**: clients speak HTTP/2 to the edge from the first byte. nginx and Traefik pass calls
  and streams on as they come. With Traefik a stream of the *client* ends after `request_timeout`, and `max_body` is
  refused.
- **`error_pages`** (nginx): the edge's own 413, 421, 429, 502, 503 and 504 are a short page in light or dark with the
  id of the request, which is `request_id` in the log. A client that accepts JSON and no HTML gets JSON. `{src:
  DIRECTORY}` names a directory next to the inventory with pages of yours: `502.html` for one, `error.html` for all
  others; `{request_id}` and `{status}` in them are filled in. Errors of an application stay its own. Traefik cannot
  tell them apart, so it refuses the key and answers with a few words.
"""

_TEXT = """\
Clients may be slow, greedy or hostile. The edge has a budget, so that such a client costs itself and nobody else: what
one connection can need at most, times the number of connections, is less than half of `memory`. `memory` is a limit and
not what the edge uses: a quiet nginx needs about 10 MB, a quiet Traefik 25 MB.

| `memory` | nginx: `connections` | Traefik: `connections` |
|---|---|---|
{connections}

- `connections` are those with a request in flight: downloads, uploads, websockets, event streams. nginx closes idle
  connections if a new one needs the place. For more, give the edge more `memory`. A number that does not fit is
  refused when the stack is described, with the memory that it needs.
- `connections_per_address` is half of `connections` by default, so one client address never takes them all. Idle
  connections count. Further connections of that address are closed at once. People behind one router of a company or
  of a mobile network share an address.
- **Behind a load balancer**, or a proxy of the server itself that ends TLS, name its address in `real_ip_from`.
  Otherwise all visitors are one address. With it the limit counts requests per client, by the address that the load
  balancer says, and the answer to too many is 429.
- The headers of a request may arrive within 15 seconds (nginx) or `request_timeout` (Traefik). All of them fit into
  48 kB, one of them into 24 kB, and so do the headers of an answer.
- An answer goes to the client as fast as it reads, and the application waits meanwhile. The edge stores no answers.
- With nginx, a request with a body below 30 kB reaches the application when it is complete. A larger one, and one
  without `Content-Length`, reaches it as it arrives; so do all bodies with Traefik. A slow upload then keeps one
  connection of the application busy. An asynchronous server such as uvicorn or Node does not mind. If yours has a fixed
  number of processes, a few slow uploads or downloads keep them all busy; use one with threads or an event loop.
- `max_body` is checked while the body arrives. Traefik refuses a larger `Content-Length` at once. It has to hold a body
  without a length until it is complete, at most 4 MB of it.
- Buffers of the kernel for connections are not part of the budget. The other half of the memory is for them, and for
  the second generation of nginx' processes during a reload.

`playbooks/status.yml` and `playbooks/verify.yml` report a container in which a process was killed because its memory
was used up, and one that was restarted since the release went live.
"""


def under_load(loaded: Mapping[str, Kind]) -> str:
    """Return the text about the budget of the edge, with the connections for some sizes of memory."""
    rows = []
    for memory in ("256m", "512m", "1g", "2g"):
        numbers = [_connections(loaded, kind, memory) for kind in ("nginx", "traefik")]
        rows.append(f"| {memory} | {numbers[0]} | {numbers[1]} |")
    return _TEXT.format(connections="\n".join(rows))


def _connections(loaded: Mapping[str, Kind], kind: str, memory: str) -> int:
    services = {
        "app": {"kind": "custom", "image": "app:1", "port": 8000, "health": {"test": ["CMD", "true"]}},
        "edge": {"kind": kind, "memory": memory, "routes": [{"path": "/", "to": "app"}]},
    }
    stack = describe.describe(
        name="shop",
        environment="production",
        domain="",
        root="/opt/stacks",
        services=services,
        secrets={},
        kinds=loaded,
    )
    return budget.budget(stack.services["edge"]).connections
