"""The page of the policy: how it is used, and every rule, from the rules themselves."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.slipway.stack.plugins.plugin_utils.policy import repair, rules
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.registry import ENVIRONMENTS, RULES, Rule

from scripts.markdown import table
from scripts.reference_peers import COMPARED, PEERS

_HEADER = """\
# The policy

Written by `make docs` from `plugins/plugin_utils/policy/`; a change by hand is lost.

What reviewers of Compose stacks look for, as {count} rules. Every release is held to them before a deploy ships it, and
so is any Compose file on the command line.

## Before a deploy

A finding of the severity `error` stops the deploy, all findings at once, before the server is touched. Warnings are
shown. What the collection renders by itself is free of findings; what a description adds (an image, a port, a volume,
any key under `compose:`) may not be.

```yaml
stack_policy_level: error     # from which severity on a deploy is stopped: error, warning, info, or "off"
stack_policy_exceptions:
  - rule: SLP064
    service: agent            # of all services where not given
    environment: production   # in all environments where not given
    reason: the agent reads the list of containers, and runs on a host of its own
    until: 2027-03-31         # the last day; it counts again from the day after
```

An exception needs a reason. It is shown with every deploy, and so is one that is over or that nothing needs any more.

### Other environments

Where an inventory names those beside it, each deploy compares its release with what they describe: SLP150 and SLP151,
which are shown as warnings and stop it from `stack_policy_level: warning` on.

```yaml
# In the inventory of production; paths are relative to it.
stack_policy_environments: {{test: ../test, staging: ../staging}}
```

All inventories may share one list, for an environment is not compared with itself. The other inventories are read on
the controller as Ansible reads them, `-e` and `group_vars` beside the playbook included; what counts is the first host
of the group that is deployed to. No server is connected to, no encrypted file opened, and no lookup made: a value that
takes one, or a password or variable that is not there, is left out, since names and images do not depend on secrets.
An image that cannot be had is compared by no version. A service with `only_in` is meant to be in some environments
only, and the application's own images (those with a `build`, and those whose tag is the `stack_version`) may have
another version in each; neither is a finding.

An inventory that cannot be read is a line of the report and stops nothing, so that a production in need does not wait
for staging. An environment costs about 40 ms for each host that is deployed to.

## Alone

    ansible-playbook slipway.stack.policy -e policy_files=docker-compose.yml
    ansible-playbook slipway.stack.policy -e policy_files=docker-compose.yml,docker-compose.prod.yml \\
      -e policy_environment=staging -e policy_report=policy.sarif -e policy_format=sarif

or without Ansible, with Python 3.11 or later and PyYAML:

    python3 plugins/plugin_utils/policy docker-compose.yml docker-compose.prod.yml
    python3 plugins/plugin_utils/policy --format github               # the files that Compose would take here
    python3 plugins/plugin_utils/policy --also staging=compose.yaml,compose.staging.yaml    # do they drift apart?
    python3 plugins/plugin_utils/policy --explain SLP130

In an installed collection that directory is below
`~/.ansible/collections/ansible_collections/slipway/stack/`. Files are read as Compose reads them: several are merged,
`include`, `extends`, anchors, merge keys, profiles, `!reset` and `!override` are followed, and variables come from
`.env` and `--env-file`, never from the environment of the process. A variable without value and default is "not known",
and no rule complains of what it does not know. Each finding has the file and the line.

| option | what it does |
|---|---|
| `--environment NAME` | development, test, staging or production (the default); how bad a finding is depends on it |
| `--level LEVEL` | from which severity on it fails |
| `--format FORMAT` | `table`, `json`, `sarif` (2.1.0), `junit`, or `github` for annotations |
| `--output FILE` | where the report is written |
| `--each` | every file is a stack of its own |
| `--write-baseline FILE` | what is found today is written there |
| `--baseline FILE` | what is written there is known and does not count; for a team that begins with much |
| `--fix` | repairs {repairs} in the files; every other byte stays as it is |

Exit codes: 0 all well, 1 findings at or above the level, 2 nothing could be reviewed. A file that is no YAML, too large
(2 MB, 150,000 values with aliases counted as often as they are used), or that includes itself is one sentence and a 2.

Settings are in `.slipway-policy.yml` beside the first file, or under `x-slipway: {{policy: …}}` in the file:

```yaml
level: {{production: error, development: "off"}}
registries: [registry.example.com, hub]    # where images may come from, Docker's own hub too; else anywhere
exceptions:
  - {{rule: SLP080, service: db, reason: reachable in the office network only, until: 2027-01-31}}
```

## Rules

The letters are the severity in development, test, staging and production: **E**rror, **W**arning, **i**nfo, and `-`
where the rule is off. An environment of another name counts as production. {repairs} are those that `--fix` repairs.
"""


def page() -> str:
    """Return the page."""
    repairs = ", ".join(repair.RULES)
    header = _HEADER.replace("{count}", str(len(RULES))).replace("{repairs}", repairs)
    lines = [header.replace("{{", "{").replace("}}", "}")]
    for group in rules.GROUPS:
        lines += [f"### {(group.__doc__ or '').splitlines()[0].rstrip('.')}", ""]
        own = [rule for rule in RULES.values() if rule.check.__module__ == group.__name__]
        lines += table(("rule", "severity", "what", "why", "repair", "after"), map(_row, own))
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
