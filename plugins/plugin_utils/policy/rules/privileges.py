"""Users, capabilities and other settings that protect the host from an attacker in a container."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...compose_reader.scalars import scalar_text
from ..host_paths import normal
from ..known_datastores import RUN_AS_ROOT, name_of
from ..rule_registry import Problem, service_rule
from ..stack import Service, Stack

_OWASP = "OWASP Docker Security Cheat Sheet"
#: Capabilities of images that start as root and then change to a user of their own, or that listen on a low port.
_HARMLESS_CAPABILITIES = frozenset(
    {"CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP", "NET_BIND_SERVICE"}
    | {"AUDIT_WRITE", "SETFCAP", "IPC_LOCK", "SYS_NICE"}
)
_DEVICES = re.compile(
    r"/dev(?:/(?:mem|kmem|port|sd[a-z]\d*|nvme\S*|vd[a-z]\d*|xvd[a-z]\d*|mapper/\S*|dm-\d+|disk/\S*|kmsg))?"
)


@service_rule(
    "iiwe",
    "compose-lint:CL-0018 compose-auditor:SEC002 hadolint:DL3002",
    id="SLP090",
    title="A service does not run as root",
    reason="Root in the container can write to every mounted file. After an escape from the container, it is root on "
    "the host.",
    fix='Set `user: "10001:10001"`, an id that owns the files that the service writes.',
    reference=f"{_OWASP}, rule 2",
)
def root(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find users that are root by name or by number."""
    user = service.text("user").split(":")[0]
    if user in ("root", "0"):
        yield "runs as root", ("user",)


@service_rule(
    "--iw",
    "compose-auditor:SEC002",
    id="SLP091",
    title="A service sets the user that it runs as",
    reason="Without `user` the image decides, and most images run as root.",
    fix='Set `user: "10001:10001"`. Images of databases, which change their user themselves, do not need it.',
    reference=f"{_OWASP}, rule 2",
)
def no_user(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find services without a user, except with images that change their user themselves."""
    image = name_of(service.image)
    changes_user = (bool(image) and image not in RUN_AS_ROOT) or service.base == "nginx-unprivileged"
    if service.keys.get("user") is None and not changes_user:
        variables = {name.upper() for name in service.variables}
        # Some images read their user from a variable and change to it.
        if not variables & {"PUID", "USER_UID", "UID"}:
            yield "runs as the user of its image, which is root in most images", ("user",)


@service_rule(
    "wwee",
    "compose-lint:CL-0002 compose-auditor:SEC001",
    id="SLP092",
    title="No container is privileged",
    reason="A privileged container has all devices and capabilities of the host. Almost nothing isolates it.",
    fix="Remove `privileged`. Add the device that it needs to `devices`, or the capability to `cap_add`.",
    reference="CIS Docker Benchmark 5.5",
)
def privileged(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find `privileged: true`."""
    if service.keys.get("privileged") in (True, "true"):
        yield "is privileged", ("privileged",)


@service_rule(
    "-iww",
    "compose-lint:CL-0003",
    id="SLP093",
    title="A process cannot gain privileges",
    reason="`no-new-privileges` disables setuid programs, which most attacks use to become root.",
    fix="Set `security_opt: [no-new-privileges:true]`.",
    reference=f"{_OWASP}, rule 4",
)
def new_privileges(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find services without `no-new-privileges`."""
    options = {str(item).replace("=", ":").replace(" ", "") for item in service.items("security_opt")}
    if not options & {"no-new-privileges", "no-new-privileges:true"} and service.keys.get("privileged") is not True:
        yield "can gain privileges", ("security_opt",)


@service_rule(
    "--iw",
    "compose-lint:CL-0006",
    id="SLP094",
    title="All capabilities are dropped",
    reason="Docker gives a container fourteen capabilities by default. A web application needs none of them.",
    fix="Set `cap_drop: [ALL]`, and add only the capabilities that it needs to `cap_add`.",
    reference=f"{_OWASP}, rule 3",
)
def capabilities(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find services that do not drop all capabilities."""
    dropped = {str(item).upper() for item in service.items("cap_drop")}
    if not dropped & {"ALL", "CAP_ALL"} and service.keys.get("privileged") is not True:
        yield "keeps the default capabilities of Docker", ("cap_drop",)


@service_rule(
    "wwee",
    "compose-lint:CL-0011 compose-lint:CL-0024 compose-lint:CL-0027 compose-lint:CL-0028 compose-lint:CL-0029 "
    "compose-lint:CL-0030",
    id="SLP095",
    title="No added capability gives access to the host",
    reason="SYS_ADMIN and similar capabilities are as powerful as root. With NET_ADMIN and NET_RAW a container can "
    "forge network traffic.",
    fix="Remove the capability. If it is necessary, as NET_ADMIN for a VPN, add an exception.",
    reference=f"{_OWASP}, rule 3",
)
def dangerous_capability(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find added capabilities that an image does not need to change its user."""
    for index, item in enumerate(service.items("cap_add")):
        if str(item).upper().removeprefix("CAP_") not in _HARMLESS_CAPABILITIES:
            yield f"has the capability {item}", ("cap_add", index)


@service_rule(
    "wwee",
    "compose-lint:CL-0009",
    id="SLP096",
    title="No security profile is disabled",
    reason="seccomp and AppArmor block the system calls that most container escapes use.",
    fix="Remove `unconfined`, or write a profile for the service.",
    reference=f"{_OWASP}, rule 6",
)
def unconfined(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find disabled profiles."""
    for index, item in enumerate(service.items("security_opt")):
        text = str(item).replace("=", ":").replace(" ", "").lower()
        if text in ("seccomp:unconfined", "apparmor:unconfined", "label:disable", "systempaths:unconfined"):
            yield f"has a security profile disabled: {item}", ("security_opt", index)


@service_rule(
    "wwee",
    "compose-lint:CL-0010",
    id="SLP097",
    title="No namespace of the host is shared",
    reason="The service can see and signal every process of the host, or read their shared memory.",
    fix="Remove the key. `pid: service:NAME` shares the namespace of one service.",
    reference="CIS Docker Benchmark 5.16, 5.17, 5.21, 5.31",
)
def host_namespace(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find host namespaces of processes, memory, host names, users and control groups."""
    for key in ("pid", "ipc", "uts", "userns_mode", "cgroup"):
        if service.text(key) == "host":
            yield f"shares a namespace of the host: {key}", (key,)


@service_rule(
    "iwww",
    id="SLP101",
    title="The kernel may stop a service when memory runs out",
    reason="Without it, the kernel stops other processes instead: the database, or those of the host.",
    fix="Remove `oom_kill_disable` and `oom_score_adj: -1000`. Set a memory limit above the peak use.",
    reference="Docker documentation, resource constraints, --oom-kill-disable",
)
def never_stopped(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find services that the kernel never stops when memory runs out."""
    for key, value in (("oom_kill_disable", "true"), ("oom_score_adj", "-1000")):
        if scalar_text(service.keys.get(key)) == value:
            yield "is not stopped when memory runs out", (key,)


@service_rule(
    "wwee",
    "compose-lint:CL-0016",
    id="SLP098",
    title="No device for memory or disks of the host is added",
    reason="Through such a device, a container can read and change everything on the host.",
    fix="Add only the device that is needed, such as /dev/ttyUSB0 or /dev/dri.",
    reference="CIS Docker Benchmark 5.18",
)
def device(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find disks, memory and the whole of /dev in `devices`."""
    for index, item in enumerate(service.items("devices")):
        source = item.get("source") if isinstance(item, dict) else str(item).split(":", 1)[0]
        if isinstance(source, str) and _DEVICES.fullmatch(normal(source)):
            yield f"has the host device {source}", ("devices", index)


@service_rule(
    "--ii",
    "compose-lint:CL-0007",
    id="SLP099",
    title="The root filesystem is read-only",
    reason="An intruder cannot store programs in a read-only filesystem. No data is written there by mistake and "
    "deleted with the container.",
    fix="Set `read_only: true`, and `tmpfs: [/tmp]` for temporary files.",
    reference=f"{_OWASP}, rule 8",
)
def writable(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find services that can write to their root filesystem."""
    if service.keys.get("read_only") not in (True, "true"):
        yield "can write to its root filesystem", ("read_only",)


@service_rule(
    "iiww",
    "compose-lint:CL-0022",
    id="SLP100",
    title="A tmpfs keeps its safe options",
    reason="Docker mounts a tmpfs with noexec, nosuid and nodev. With `exec`, `suid` or `dev`, an intruder can run "
    "programs from it.",
    fix="Remove these options.",
    reference="Docker documentation, tmpfs mounts",
)
def unsafe_tmpfs(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find tmpfs mounts with options that Docker does not set by default."""
    for index, item in enumerate(service.items("tmpfs")):
        unsafe = {"exec", "suid", "dev"} & set(str(item).partition(":")[2].split(","))
        if unsafe:
            yield f"has a tmpfs with {', '.join(sorted(unsafe))}", ("tmpfs", index)
