"""The keys that the Compose specification knows, at every level of a file. Pure.

Place in the pipeline: check, for keys that are misspelt. ``compose_files`` uses the same lists. The source is the
schema of the Compose specification, ``compose-spec.json``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .source_positions import KeyPath

#: The keys of each mapping, by its place: ``*`` stands for any name, ``[]`` for any item of a list. The keys of a
#: mapping that is not listed are free.
_SCHEMA = """
: version name include services models networks volumes secrets configs
include.[]: path env_file project_directory
models.*: name model context_size runtime_flags
networks.*: name driver driver_opts ipam external internal enable_ipv4 enable_ipv6 attachable labels
networks.*.external: name
networks.*.ipam: driver config options
networks.*.ipam.config.[]: subnet ip_range gateway aux_addresses
volumes.*: name driver driver_opts external labels
volumes.*.external: name
secrets.*: name environment file external labels driver driver_opts template_driver
secrets.*.external: name
configs.*: name content environment file external labels template_driver
configs.*.external: name
services.*: annotations attach blkio_config build cap_add cap_drop cgroup cgroup_parent command configs container_name
 cpu_count cpu_percent cpu_period cpu_quota cpu_rt_period cpu_rt_runtime cpu_shares cpus cpuset credential_spec
 depends_on deploy develop device_cgroup_rules devices dns dns_opt dns_search domainname driver_opts entrypoint env_file
 environment expose extends external_links extra_hosts gpus group_add healthcheck hostname image init ipc isolation
 label_file labels links logging mac_address mem_limit mem_reservation mem_swappiness memswap_limit models network_mode
 networks oom_kill_disable oom_score_adj pid pids_limit platform ports post_start pre_start pre_stop privileged profiles
 provider pull_policy pull_refresh_after read_only restart runtime scale secrets security_opt shm_size stdin_open
 stop_grace_period stop_signal storage_opt sysctls tmpfs tty ulimits use_api_socket user userns_mode uts volumes
 volumes_from working_dir
services.*.blkio_config: device_read_bps device_read_iops device_write_bps device_write_iops weight weight_device
services.*.blkio_config.device_read_bps.[]: path rate
services.*.blkio_config.device_read_iops.[]: path rate
services.*.blkio_config.device_write_bps.[]: path rate
services.*.blkio_config.device_write_iops.[]: path rate
services.*.blkio_config.weight_device.[]: path weight
services.*.build: context dockerfile dockerfile_inline entitlements args ssh labels cache_from cache_to no_cache
 no_cache_filter additional_contexts network provenance sbom pull target shm_size extra_hosts isolation privileged
 secrets tags ulimits platforms
services.*.build.secrets.[]: source target uid gid mode
services.*.build.ulimits.*: hard soft
services.*.configs.[]: source target uid gid mode
services.*.credential_spec: config file registry
services.*.depends_on.*: restart required condition
services.*.deploy: mode endpoint_mode replicas labels rollback_config update_config resources restart_policy placement
services.*.deploy.placement: constraints preferences max_replicas_per_node
services.*.deploy.placement.preferences.[]: spread
services.*.deploy.resources: limits reservations
services.*.deploy.resources.limits: cpus memory pids
services.*.deploy.resources.reservations: cpus memory generic_resources devices
services.*.deploy.resources.reservations.devices.[]: capabilities count device_ids driver options
services.*.deploy.resources.reservations.generic_resources.[]: discrete_resource_spec
services.*.deploy.restart_policy: condition delay max_attempts window
services.*.deploy.rollback_config: parallelism delay failure_action monitor max_failure_ratio order
services.*.deploy.update_config: parallelism delay failure_action monitor max_failure_ratio order
services.*.develop: watch
services.*.develop.watch.[]: ignore include path action target exec initial_sync
services.*.develop.watch.[].exec: command user privileged working_dir environment
services.*.devices.[]: source target permissions
services.*.env_file.[]: path format required
services.*.gpus.[]: capabilities count device_ids driver options
services.*.healthcheck: disable interval retries test timeout start_period start_interval
services.*.logging: driver options
services.*.models.*: endpoint_var model_var
services.*.networks.*: aliases interface_name ipv4_address ipv6_address link_local_ips mac_address driver_opts priority
 gw_priority
services.*.ports.[]: name mode host_ip target published protocol app_protocol
services.*.post_start.[]: command user privileged working_dir environment
services.*.pre_start.[]: command image user privileged working_dir environment per_replica
services.*.pre_stop.[]: command user privileged working_dir environment
services.*.provider: type options
services.*.secrets.[]: source target uid gid mode
services.*.ulimits.*: hard soft
services.*.volumes.[]: type source target read_only consistency bind volume tmpfs image
services.*.volumes.[].bind: propagation create_host_path recursive selinux
services.*.volumes.[].image: subpath
services.*.volumes.[].tmpfs: size mode
services.*.volumes.[].volume: labels nocopy subpath
"""
_Place = tuple[str, ...]
_KEYS: dict[_Place, tuple[str, ...]] = {
    tuple(place.split(".")) if place else (): tuple(sorted(keys.split()))
    for place, _colon, keys in (line.partition(":") for line in _SCHEMA.strip().replace("\n ", " ").splitlines())
}
#: Places with a list of keys, or above one.
_PLACES = frozenset(place[:depth] for place in _KEYS for depth in range(len(place) + 1))
_SERVICE = ("services", "*")
#: Keys of a service.
SERVICE_KEYS = frozenset(_KEYS[_SERVICE])
#: Keys at the top level of a file.
TOP_KEYS = frozenset(_KEYS[()])
#: In a port, the text that it was written as; see ``long_syntax``.
_OWN_KEYS: dict[_Place, str] = {(*_SERVICE, "ports", "[]"): "short"}


def unknown_in_service(keys: Any) -> Iterator[tuple[KeyPath, tuple[str, ...]]]:
    """Yield the unknown keys of a service in long syntax, at every level: the path, and the keys that are valid there.

    Keys that start with ``x-`` are free.
    """
    return _unknown(keys, _SERVICE, ())


def unknown_in_top_level(content: Any) -> Iterator[tuple[KeyPath, tuple[str, ...]]]:
    """Yield the unknown keys of a document without its services, as :func:`unknown_in_service` does."""
    return _unknown(content, (), ())


def _unknown(value: Any, place: _Place, path: KeyPath) -> Iterator[tuple[KeyPath, tuple[str, ...]]]:
    if place not in _PLACES:
        return
    if isinstance(value, dict):
        valid = _KEYS.get(place)
        for key, item in value.items():
            if valid is not None and key not in valid:
                if not str(key).startswith("x-") and _OWN_KEYS.get(place) != key:
                    yield (*path, key), valid
                continue
            yield from _unknown(item, (*place, key if (*place, key) in _PLACES else "*"), (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _unknown(item, (*place, "[]"), (*path, index))


def shown(path: KeyPath) -> str:
    """Return a path of keys as people write it, without the indexes of lists: ``deploy.resources.limits``."""
    return ".".join(str(key) for key in path if not isinstance(key, int))
