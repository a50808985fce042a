"""Users, capabilities, and what else keeps a broken container from being a broken host."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..registry import Problem, service_rule
from ..stack import Service, Stack
from ..vocabulary import STEP_DOWN

_OWASP = "OWASP Docker Security Cheat Sheet"
#: What an image needs that starts as root and then changes to a user of its own, and to open a low port.
_ORDINARY = frozenset(
    {"CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP", "NET_BIND_SERVICE"}
    | {"AUDIT_WRITE", "SETFCAP", "IPC_LOCK", "SYS_NICE"}
)
_DEVICES = re.compile(
    r"/dev/(?:mem|kmem|port|sd[a-z]\d*|nvme\S*|vd[a-z]\d*|xvd[a-z]\d*|mapper/\S*|dm-\d+|disk/\S*|kmsg)?"
)


@service_rule(
    "iiwe",
    "compose-lint:CL-0018 compose-auditor:SEC002 hadolint:DL3002",
    id="SLP090",
    title="A service does not run as root",
    reason="Root inside is root of the host for whoever finds a way out, and owner of every mounted file before that.",
    fix='Set `user: "10001:10001"`, an id that owns what it has to write.',
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
    title="A service says which user it runs as",
    reason="Where the file says nothing the image decides, and most images say root.",
    fix='Set `user: "10001:10001"`. Images of databases, which change their user themselves, are left alone.',
    reference=f"{_OWASP}, rule 2",
)
def no_user(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find services without a user, but for images that are known to change it themselves."""
    if service.keys.get("user") is None and service.base not in STEP_DOWN:
        told = {name.upper() for name in service.told}
        # Images that are told their user by a variable, and change to it.
        if not told & {"PUID", "USER_UID", "UID"}:
            yield "runs as whoever its image says, most often root", ("user",)


@service_rule(
    "wwee",
    "compose-lint:CL-0002 compose-auditor:SEC001",
    id="SLP092",
    title="No container is privileged",
    reason="A privileged container has all devices and capabilities of the host; it only looks like a container.",
    fix="Name the device under `devices`, or the capability under `cap_add`, that it needs.",
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
    reason="`no-new-privileges` turns off setuid programs, which is how most ways from a user to root go.",
    fix="Set `security_opt: [no-new-privileges:true]`.",
    reference=f"{_OWASP}, rule 4",
)
def new_privileges(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find services without `no-new-privileges`."""
    options = {str(item).replace("=", ":").replace(" ", "") for item in service.items("security_opt")}
    if not options & {"no-new-privileges", "no-new-privileges:true"} and service.keys.get("privileged") is not True:
        yield "may gain privileges", ("security_opt",)


@service_rule(
    "--iw",
    "compose-lint:CL-0006",
    id="SLP094",
    title="Capabilities are dropped",
    reason="Docker leaves fourteen by default, of which a web application needs none.",
    fix="Set `cap_drop: [ALL]`, and `cap_add` those that it fails without.",
    reference=f"{_OWASP}, rule 3",
)
def capabilities(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find services that do not drop all capabilities."""
    dropped = {str(item).upper() for item in service.items("cap_drop")}
    if not dropped & {"ALL", "CAP_ALL"} and service.keys.get("privileged") is not True:
        yield "keeps the capabilities that Docker gives by default", ("cap_drop",)


@service_rule(
    "wwee",
    "compose-lint:CL-0011 compose-lint:CL-0024 compose-lint:CL-0027 compose-lint:CL-0028 compose-lint:CL-0029 "
    "compose-lint:CL-0030",
    id="SLP095",
    title="No capability is added that reaches the host",
    reason="SYS_ADMIN and its like are root by another name; NET_ADMIN and NET_RAW forge what others receive.",
    fix="Take it away. Where it has to be, as NET_ADMIN for a VPN, except it with the reason.",
    reference=f"{_OWASP}, rule 3",
)
def dangerous_capability(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find added capabilities other than those of an image that changes its user."""
    for index, item in enumerate(service.items("cap_add")):
        if str(item).upper().removeprefix("CAP_") not in _ORDINARY:
            yield f"has the capability {item}", ("cap_add", index)


@service_rule(
    "wwee",
    "compose-lint:CL-0009",
    id="SLP096",
    title="The security profiles are on",
    reason="seccomp and AppArmor close the calls of the kernel that ways out of containers are made of.",
    fix="Take `unconfined` away, or give it a profile of its own.",
    reference=f"{_OWASP}, rule 6",
)
def unconfined(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find profiles that are switched off."""
    for index, item in enumerate(service.items("security_opt")):
        text = str(item).replace("=", ":").replace(" ", "").lower()
        if text in ("seccomp:unconfined", "apparmor:unconfined", "label:disable", "systempaths:unconfined"):
            yield f"has a security profile switched off: {item}", ("security_opt", index)


@service_rule(
    "wwee",
    "compose-lint:CL-0010",
    id="SLP097",
    title="Namespaces of the host are not shared",
    reason="It sees and signals every process of the host, or reads what they share in memory.",
    fix="Remove it; `pid: service:NAME` shares with one service.",
    reference="CIS Docker Benchmark 5.16, 5.17, 5.21, 5.31",
)
def host_namespace(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find namespaces of processes, memory, names, users and control groups that are the host's."""
    for key in ("pid", "ipc", "uts", "userns_mode", "cgroup"):
        if service.text(key) == "host":
            yield f"shares the host's {key}", (key,)


@service_rule(
    "wwee",
    "compose-lint:CL-0016",
    id="SLP098",
    title="No device of the host's memory or disks is handed in",
    reason="Through the disk or the memory everything on the host can be read and changed.",
    fix="Hand in the one device that is needed, such as /dev/ttyUSB0 or /dev/dri.",
    reference="CIS Docker Benchmark 5.18",
)
def device(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find disks, memory and the whole of /dev among the devices."""
    for index, item in enumerate(service.items("devices")):
        source = item.get("source") if isinstance(item, dict) else str(item).split(":", 1)[0]
        if isinstance(source, str) and (_DEVICES.fullmatch(source) or source.rstrip("/") == "/dev"):
            yield f"has the host's {source}", ("devices", index)


@service_rule(
    "--ii",
    "compose-lint:CL-0007",
    id="SLP099",
    title="The root filesystem is read-only",
    reason="An intruder finds no place for a program of his own, and nothing is lost by mistake with the container.",
    fix="Set `read_only: true`, and `tmpfs: [/tmp]` for what has to be written.",
    reference=f"{_OWASP}, rule 8",
)
def writable(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find services that can write to their own image."""
    if service.keys.get("read_only") not in (True, "true"):
        yield "may write to its own root filesystem", ("read_only",)


@service_rule(
    "iiww",
    "compose-lint:CL-0022",
    id="SLP100",
    title="A tmpfs keeps its safe options",
    reason="Docker mounts it noexec, nosuid and nodev; `exec`, `suid` and `dev` make it a place to run things from.",
    fix="Leave the options away.",
    reference="Docker documentation, tmpfs mounts",
)
def loose_tmpfs(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find tmpfs mounts with options that Docker leaves out for good reasons."""
    for index, item in enumerate(service.items("tmpfs")):
        loose = {"exec", "suid", "dev"} & set(str(item).partition(":")[2].split(","))
        if loose:
            yield f"has a tmpfs with {', '.join(sorted(loose))}", ("tmpfs", index)
