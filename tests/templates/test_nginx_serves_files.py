"""nginx serves static files from the edge's own image: requested through its port, like a browser does."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.edge import configuration
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, write_text

from testbed import engine, images, shell
from tests.support.descriptions import example, parcel

IMAGE = "nginx:1.30"
ADMIN = "admin.example.com"
ROUTES = [
    {"path": "/docs/", "static": "/srv/docs", "immutable": "_static"},
    {"path": "/next/", "to": "frontend"},
    {"path": "/", "static": "/srv/www"},
    {"path": "/", "static": "/srv/admin", "host": ADMIN},
    {"path": "/assets/", "to": "frontend", "host": "api.example.com"},
]
FILES = {
    "www/index.html": "page",
    "www/favicon.svg": "icon",
    "www/assets/index-abc.js": "script",
    "admin/index.html": "admin",
    "docs/index.html": "docs",
    "docs/_static/x.css": "style",
}
#: Kept on the host: assets of earlier releases and of services.
KEPT = {
    "assets/index-old.js": "old script",
    "assets/index-abc.js": "another",
    "next/static/page-1.js": "page one",
    f"^{ADMIN}/assets/secret.js": "admin's",
}
HOSTS = [ADMIN, "api.example.com"]
FOREVER = "public, max-age=31536000, immutable"


@pytest.fixture(scope="module")
def nginx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The id of a container that serves FILES."""
    with shell.locked("images"):
        engine.require()
        images.ensure(["nginx"])
    folder = tmp_path_factory.mktemp("edge")
    folder.chmod(0o755)
    for name, text in FILES.items():
        (folder / "srv" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "srv" / name).write_text(text)
    for name, text in KEPT.items():
        write_text(folder / "home/edge/assets/current" / name, text)
    next_assets = {"path": "/next/static/", "directory": "/app/static"}
    services = example(
        edge={"image": "shop/edge:1", "routes": ROUTES, "domains": HOSTS}, frontend={"assets": next_assets}
    )
    release = parcel(services)
    home = Home(str(folder / "home"))
    for path, text in release.files.items():
        if path.startswith("edge/"):
            write_text(home.release("r1") / path, text)
    manifest = {"release": "r1", "services": release.services, "upstreams": list(release.upstreams)}
    name = configuration.write_version(home, configuration.render(home, manifest, {"frontend": ["nobody"]}))
    main_file = f"/etc/slipway/edge/versions/{name}/nginx.conf"
    start = f"echo 'include listen.conf;' > /tmp/listen.conf; exec nginx -c {main_file} -g 'daemon off;'"
    mounts = [f"--volume={home.edge}:/etc/slipway/edge:ro", f"--volume={folder / 'srv'}:/srv:ro"]
    rights = ["--network=none", "--read-only", "--tmpfs=/tmp", "--user=101:101", "--cap-drop=ALL", "--entrypoint=sh"]
    command = ["docker", "run", "--rm", "--detach", *rights, *mounts, IMAGE, "-c", start]
    container = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    try:
        yield container
    finally:
        subprocess.run(["docker", "rm", "--force", container], check=True, capture_output=True)


def _get(nginx: str, path: str, retries: int = 20, host: str = "shop.example.com") -> tuple[int, str, str]:
    """Return status, Cache-Control ("" for none) and body of the answer."""
    # Even without a network there is the loopback address.
    url = f"http://127.0.0.1:8080{path}"
    retry = ["--retry", str(retries), "--retry-connrefused", "--retry-delay", "0", "--retry-max-time", "10"]
    shown = ["--write-out", "|%{http_code}|%header{cache-control}|%header{x-release}"]
    curl = ["curl", "--silent", "--header", f"Host: {host}", *retry, *shown, url]
    done = subprocess.run(["docker", "exec", nginx, *curl], check=True, capture_output=True, text=True)
    body, status, age, release = done.stdout.rsplit("|", 3)
    assert release == "r1"
    return int(status), age, body


@pytest.mark.parametrize(
    ("path", "age", "body"),
    [
        ("/", "no-cache", "page"),
        ("/some/route/of/the/page", "no-cache", "page"),
        ("/favicon.svg", "no-cache", "icon"),
        ("/assets/index-abc.js", FOREVER, "script"),
        ("/docs/", "no-cache", "docs"),
        ("/docs/chapter", "no-cache", "docs"),
        ("/docs/_static/x.css", FOREVER, "style"),
        ("/assets/index-old.js", FOREVER, "old script"),
        ("/next/static/page-1.js", FOREVER, "page one"),
    ],
)
def test_a_file_has_its_cache_control(nginx: str, path: str, age: str, body: str) -> None:
    assert _get(nginx, path) == (200, age, body)


def test_a_missing_asset_is_requested_from_its_service(nginx: str) -> None:
    # No service runs, and an error must not be cached.
    assert _get(nginx, "/healthz")[0] == 200
    assert _get(nginx, "/next/static/page-2.js", retries=0)[:2] == (502, "")
    assert _get(nginx, "/next/", retries=0)[:2] == (502, "")


@pytest.mark.parametrize("path", ["/assets/gone-123.js", "/docs/_static/gone.css"])
def test_a_missing_asset_is_not_found_and_not_cached(nginx: str, path: str) -> None:
    status, age, _ = _get(nginx, path)
    assert (status, age) == (404, "")


def test_a_response_that_is_not_a_file_has_no_cache_control(nginx: str) -> None:
    assert _get(nginx, "/healthz") == (200, "", "r1\n")


def test_files_above_the_directory_are_not_served(nginx: str) -> None:
    assert _get(nginx, "/docs/..%2fwww/favicon.svg")[2] != "icon"


def test_a_host_has_its_own_files_and_nobody_elses(nginx: str) -> None:
    assert _get(nginx, "/", host=ADMIN) == (200, "no-cache", "admin")
    assert _get(nginx, "/assets/secret.js", host=ADMIN) == (200, FOREVER, "admin's")
    assert _get(nginx, "/assets/index-old.js", host=ADMIN)[0] == 404
    assert _get(nginx, "/assets/secret.js")[0] == 404
    assert _get(nginx, f"/^{ADMIN}/assets/secret.js") == (200, "no-cache", "page")
    # A route with a host before the immutable part of one without.
    assert _get(nginx, "/assets/index-abc.js", retries=0, host="api.example.com")[0] == 502
    # Files are of the image for all names that have no other route.
    assert _get(nginx, "/favicon.svg", host="api.example.com") == (200, "no-cache", "icon")
