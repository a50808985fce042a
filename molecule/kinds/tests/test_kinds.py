"""Each kind does its work, by what it gives to those that need it; its data is saved, restored and upgraded."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from molecule.kinds.tests.conftest import Kinds
from tests.support.stacks import described, wait_until

Playbook = Callable[..., Any]

INVENTORY = Path(__file__).parents[1]
NEWER = {"db": {"version": "11.8"}}
#: The services that need no address of their own from the edge.
HARDENED = ("db", "queue", "cache", "pages", "web", "worker", "flower", "plain", "site", "metrics")


def _uses(kinds: Kinds) -> dict[str, Any]:
    answer = kinds.stack.get("/uses")
    assert answer.status == 200, answer.body[-2000:]
    found: dict[str, Any] = json.loads(answer.body)
    return found


def test_an_application_uses_each_service_by_what_it_is_given(kinds: Kinds) -> None:
    assert _uses(kinds) == {
        "django": "ÿ😀",
        "sqlalchemy": "ÿ😀",
        "memcached": True,
        "valkey": True,
        "rabbitmq": 42,
    }


def test_pages_and_metrics(kinds: Kinds) -> None:
    # The edge says which scheme the client used.
    assert kinds.stack.get("/plain").body == "http"
    assert kinds.stack.get("/flower/").status == 401
    python = "import json, urllib.request as r; d = json.load(r.urlopen('http://metrics:9090/api/v1/targets'))"
    shown = f"{python}; print(sorted((t['labels']['job'], t['health']) for t in d['data']['activeTargets']))"
    up = "[('prometheus', 'up'), ('queue', 'up')]"
    # Until the first time, a target is neither up nor down.
    wait_until(lambda: kinds.inside("plain", f'python -c "{shown}"').strip() == up, 60)
    for path, status in (("/", 200), ("/.git/config", 404), ("/none", 404), ("/healthz", 200)):
        code = kinds.inside(
            "site", f"curl -s -o /tmp/page -w '%{{http_code}}' http://127.0.0.1:8080{path}; cat /tmp/page"
        )
        assert code.startswith(str(status)), path
        assert ("nothing here" in code) == (status == 404), path


def test_a_second_deploy_changes_nothing(kinds: Kinds, playbook: Playbook) -> None:
    before = kinds.stack.containers()
    run = playbook("deploy")
    assert (run.code, run.changed) == (0, 0), run.output
    assert kinds.stack.containers() == before


def test_containers_are_hardened_and_no_password_is_seen(kinds: Kinds) -> None:
    check = kinds.stack.host.check_output
    secrets = check("sudo sh -c %s", f"cd {kinds.stack.home}/secrets/generated; grep -h . *").split()
    assert len(secrets) >= 6
    seen = check("ps -eo args")
    for name in HARDENED:
        [container] = kinds.stack.containers(name)
        [found] = json.loads(check("docker inspect %s", container))
        host = found["HostConfig"]
        assert (host["CapDrop"], host["ReadonlyRootfs"], host["CapAdd"]) == (["ALL"], True, None), name
        assert found["Config"]["User"].split(":")[0] not in ("", "0"), name
        assert found["RestartCount"] == 0, name
        if name not in ("web", "worker", "flower"):
            # These asked for a URL in a variable.
            seen += json.dumps(found)
    assert [word for word in secrets if word in seen] == []


def test_a_backup_and_its_drill(kinds: Kinds, playbook: Playbook) -> None:
    kinds.fill()
    run = playbook("backup")
    assert run.code == 0, run.output
    [backup] = kinds.backups()
    path = f"{kinds.stack.home}/backups/{backup}/manifest.json"
    manifest = json.loads(kinds.stack.host.check_output("sudo cat %s", path))
    archives = {(one["service"], one["name"]): one for one in manifest["archives"]}
    assert set(archives) == {("db", "databases"), ("queue", "definitions"), ("cache", "keys"), ("", "secrets")}
    facts = archives["db", "databases"]["facts"]
    expected = {"kinds.odd": 5000, "kinds.a `näme": 2, "kinds.empty": 0, "kinds.untransacted": 2, "second-one.z": 1}
    assert {name: facts[f"rows {name}"] for name in expected} == {name: str(n) for name, n in expected.items()}
    assert [facts[name] for name in ("views", "triggers", "routines", "events")] == ["1", "1", "1", "1"]
    run = playbook("restore", restore_drill=True)
    assert run.code == 0, run.output
    assert "the copy is as saved" in run.output


def test_a_drill_notices_rows_that_are_missing(kinds: Kinds, playbook: Playbook) -> None:
    [backup] = kinds.backups()
    path = f"{kinds.stack.home}/backups/{backup}/manifest.json"
    edit = 'sed -i \'s/"rows kinds.odd": "5000"/"rows kinds.odd": "5001"/\''
    kinds.stack.host.check_output("sudo sh -c %s", f"cp -p {path} /tmp/whole; {edit} {path}")
    try:
        run = playbook("restore", restore_drill=True)
    finally:
        kinds.stack.host.check_output("sudo cp -p /tmp/whole %s", path)
    assert run.code == 2
    assert "rows kinds.odd: 5001 saved, 5000 restored" in run.output


def test_a_restore_gives_everything_back(kinds: Kinds, playbook: Playbook) -> None:
    before = kinds.digest()
    [backup] = kinds.backups()
    kinds.sql("DELETE FROM odd WHERE id % 3 = 0; DROP VIEW counted; DROP DATABASE `second-one`; DROP USER reporter@'%'")
    kinds.valkey("SET word after")
    kinds.inside("queue", "rabbitmqctl --quiet delete_queue --vhost kinds celery")
    run = playbook("restore", restore_backup=backup)
    assert run.code == 0, run.output
    assert kinds.digest() == before
    assert "celery" in kinds.inside("queue", "rabbitmqctl --quiet list_queues --vhost kinds name").split()
    assert _uses(kinds)["rabbitmq"] == 42


def test_a_later_version_reads_the_data_and_an_earlier_one_is_refused(kinds: Kinds, playbook: Playbook) -> None:
    before = kinds.digest()
    newer = described(INVENTORY, **NEWER)
    run = playbook("deploy", stack_services=newer)
    assert run.code == 2
    assert "deploy_allow_downtime" in run.output
    run = playbook("deploy", stack_services=newer, deploy_allow_downtime=["db"], deploy_backup=True)
    assert run.code == 0, run.output
    assert kinds.sql("SELECT version()").startswith("11.8")
    assert kinds.digest() == before
    live = kinds.stack.live()
    run = playbook("deploy", deploy_allow_downtime=["db"])
    assert run.code == 2
    assert "service 'db': its data on this host is of version 11.8." in run.output
    assert "mariadb:10.11 cannot read; it reads data of its own version and of earlier ones" in run.output
    assert kinds.stack.live() == live
    # What the earlier version has saved, the later one restores.
    kinds.sql("DROP TABLE odd")
    run = playbook("restore", restore_backup=kinds.backups()[-1])
    assert run.code == 0, run.output
    assert kinds.digest() == before
    assert _uses(kinds)["django"] == "ÿ😀"
