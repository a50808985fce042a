"""The page of the policy: how it is used, and every rule, from the rules themselves."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.slipway.stack.plugins.plugin_utils.policy import autofix, rules
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.rule_registry import ENVIRONMENTS, RULES, Rule

from scripts.markdown import table
from scripts.reference_peers import COMPARED, PEERS

_HEADER = """\
# The policy

`make docs` writes this page from `plugins/plugin_utils/policy/`. Do not edit it by hand.

The policy is {count} rules: what reviewers of Compose stacks look for. Health checks that can fail, limits, pinned
images, no secret in `environment`, no datastore published beyond the loopback address, no Docker socket, nothing left
from development, and more. Every release is checked before it is uploaded. You can check any Compose file on the
command line, too.

## Before a deploy

A finding with the severity `error` stops the deploy before the server is touched. All findings are shown at once.
Warnings are shown and stop nothing. What the collection renders itself has no findings. What your description adds can
have some: an image, a port, a volume, any key under `compose:`.

```yaml
stack_policy_level: error     # the severity from which a deploy is stopped: error, warning, info, or "off"
stack_policy_exceptions:
  - rule: SLP064
    service: agent            # without it: all services
    environment: production   # without it: all environments
    reason: the agent reads the list of containers, and runs on a host of its own
    until: 2027-03-31         # the last day of the exception
```

An exception needs a reason. Each deploy shows it. A deploy also shows exceptions that are over, and exceptions that
nothing needs any more.

If the stack comes from [Compose files](compose_files.md) of your own, the files are checked as they are written, too.
A release no longer shows some of what is in them: secrets are in files there, and every service has a grace period. A
finding in a file has its line.

A rule that most services break is one line, such as `68 of 70 services write a log without a size limit`. With `-v`
you see every finding. Reports for other programs (JSON, SARIF, JUnit, GitHub) always have every finding.

### Other environments

If an inventory names the other environments, each deploy compares its release with them. The rules are SLP150 and
SLP151. Their findings are warnings; with `stack_policy_level: warning` they stop a deploy.

```yaml
# In the inventory of production; paths are relative to it.
stack_policy_environments: {{test: ../test, staging: ../staging}}
```

- All inventories may share one list, because an environment is not compared with itself.
- The other inventories are read on the controller as Ansible reads them, with `-e` and with `group_vars` in the
  directory of the playbook. The first host of the deployed group counts.
- No server is contacted, no encrypted file is opened, and no lookup is made. A value that needs one of these, or a
  variable that does not exist, is left out: names and images do not depend on secrets. If an image is unknown, no
  version is compared.
- These are no findings: a service with `only_in`, and another version of the application's own images (images with a
  `build`, or whose tag is the `stack_version`).
- If an inventory cannot be read, the report says so in one line and the deploy goes on. So you can repair production
  while staging is broken.
- Each environment costs about 40 ms for each host of the deploy.

## Alone

    ansible-playbook slipway.stack.policy -e policy_files=docker-compose.yml
    ansible-playbook slipway.stack.policy -e policy_files=docker-compose.yml,docker-compose.prod.yml \\
      -e policy_environment=staging -e policy_report=policy.sarif -e policy_format=sarif

Or without Ansible. You need Python 3.11 or later and PyYAML:

    python3 plugins/plugin_utils/policy docker-compose.yml docker-compose.prod.yml
    python3 plugins/plugin_utils/policy --format github               # the files that Compose would read here
    python3 plugins/plugin_utils/policy --also staging=compose.yaml,compose.staging.yaml    # compare two environments
    python3 plugins/plugin_utils/policy --explain SLP130

In an installed collection that directory is in `~/.ansible/collections/ansible_collections/slipway/stack/`.

Files are read as Compose reads them. Several files are merged. `include`, `extends`, anchors, merge keys, profiles,
`!reset` and `!override` work. Without a file, the files are those that Compose would read in the directory: those of
`COMPOSE_FILE` in `.env`, with its `COMPOSE_PATH_SEPARATOR`, or the usual ones. Without `--profile`, the active profiles
are those of `COMPOSE_PROFILES` in `.env`; without both, all services are checked.

Variables come from `.env` and `--env-file`, never from the environment of the process. If a variable is exported with
another value than in `.env`, the report says so, because `docker compose` uses the exported value. A variable without a
value and a default is unknown, and no rule reports a value that it does not know. Each finding has the file and the
line.

| option | what it does |
|---|---|
| `--environment NAME` | development, test, staging or production (the default); it decides the severity of a finding |
| `--level LEVEL` | the severity from which the command fails |
| `--format FORMAT` | `table`, `json`, `sarif` (2.1.0), `junit`, or `github` for annotations |
| `--verbose` | prints every finding in a table; without it, a table fits on a page |
| `--output FILE` | where the report is written |
| `--each` | every file is a stack of its own |
| `--write-baseline FILE` | writes today's findings to a file |
| `--baseline FILE` | findings in this file do not count; for a team that starts with many findings |
| `--fix` | repairs {repairs} in the files; every other byte stays the same |

| exit code | what it means |
|---|---|
| 0 | no findings at or above the level |
| 1 | such findings |
| 2 | nothing was checked: a file cannot be read, is not YAML or too large; no service is active; a setting is wrong |
| 3 | the check itself failed, which is a fault of the policy |

A file that cannot be checked gives one sentence. The limits: 2 MB for a file and 8 MB for all, 100 files, 1,000
services, 150,000 values (an alias counts as often as it is used, and a service as often as it is extended), 64 kB for a
value and 16 MB for all values with their variables replaced. Pipes and devices are not read.

Settings are in `.slipway-policy.yml` in the directory of the first file, or under `x-slipway: {{policy: …}}` in the
file:

```yaml
level: {{production: error, development: "off"}}
registries: [registry.example.com, hub]    # where images may come from; hub is Docker Hub; without it: anywhere
exceptions:
  - {{rule: SLP080, service: db, reason: reachable in the office network only, until: 2027-01-31}}
```

## Rules

The letters are the severity in development, test, staging and production: **E**rror, **W**arning, **i**nfo, and `-` if
the rule is off. An environment with another name counts as production. `--fix` repairs {repairs}.
"""


def page() -> str:
    """Return the page."""
    repairs = ", ".join(autofix.RULES)
    header = _HEADER.replace("{count}", str(len(RULES))).replace("{repairs}", repairs)
    lines = [header.replace("{{", "{").replace("}}", "}")]
    for group in rules.GROUPS:
        lines += [f"### {(group.__doc__ or '').splitlines()[0].rstrip('.')}", ""]
        own = [rule for rule in RULES.values() if rule.check.__module__ == group.__name__]
        lines += table(("rule", "severity", "what must hold", "why", "fix", "source"), map(_row, own))
    lines += ["## Other reviewers", "", COMPARED]
    lines += table(("here", *PEERS), _same())
    return "\n".join(lines).rstrip("\n") + "\n"


def _row(rule: Rule) -> tuple[str, ...]:
    letters = {"off": "-", "info": "i", "warning": "W", "error": "E"}
    severity = " ".join(letters[rule.severities[name]] for name in ENVIRONMENTS)
    return f"`{rule.id}`", severity, rule.title, rule.reason, rule.fix, rule.reference


def _same() -> Iterator[tuple[str, ...]]:
    for rule in RULES.values():
        found = {peer: [one.partition(":")[2] for one in rule.peers if one.startswith(f"{peer}:")] for peer in PEERS}
        yield (f"{rule.id} {rule.title}", *(", ".join(found[peer]) for peer in PEERS))
