"""What the Compose specification allows in each place of a file: the keys, and the values of each key. Pure.

Place in the pipeline: compose_reader; ``value_types`` reads these tables. The sources are the schema of the Compose
specification and what Compose 2.26 and 2.40 accept: a value is allowed if one of them takes it.

A key without ``=`` is a text. ``!`` after a key says that it must be there. The notation of values:

- ``text``, ``bool``, ``int`` and the other names are scalars; see ``value_types.SCALARS``
- ``a|b`` is one of several notations
- ``[T]`` is a list of T, ``[T]!`` one without duplicates
- ``{T}`` is a mapping of any key to T, ``<T>`` one of valid names to T
- ``{}`` is a mapping with the keys that its place has in this table
- ``(a,b)`` is one of these words
"""

from __future__ import annotations

#: Notations that many keys have.
NOTATIONS = {
    "scalar": "text|number|boolean|null",
    "pairs": "[text]|{scalar}",
    "unlike_pairs": "[text]!|{scalar}",
    "texts": "text|[text]",
    "command": "null|text|[text]",
    "hosts": "[host]!|{text|[text]}",
    "options": "{text|number}",
    "external": "bool|{}",
    "uses": "[text|{}]",
    "limits": "[{}]",
}

#: The keys of each mapping, by its place: ``*`` stands for any name, ``[]`` for any item of a list. The keys of a
#: mapping that is not listed are free.
SCHEMA = """
: version name include=null|[text|{}] services=<{}> models={{}} networks={null|{}} volumes=<null|{}> secrets=<{}>
 configs=<{}>
include.[]: path=texts env_file=texts project_directory
models.*: name model! context_size=bare_int runtime_flags=[text]
networks.*: name driver driver_opts=options ipam={} external=external internal=bool enable_ipv4=bool enable_ipv6=bool
 attachable=bool labels=pairs
networks.*.external: name
networks.*.ipam: driver config=[{}] options={text}
networks.*.ipam.config.[]: subnet ip_range gateway aux_addresses={text}
volumes.*: name driver driver_opts=options external=external labels=unlike_pairs
volumes.*.external: name
secrets.*: name environment file external=external labels=unlike_pairs driver driver_opts={text|int} template_driver
secrets.*.external: name
configs.*: name content environment file external=external labels=unlike_pairs template_driver
configs.*.external: name
services.*: annotations=pairs attach=bool blkio_config={} build=text|{} cap_add=[text] cap_drop=[text]
 cgroup=(host,private) cgroup_parent command=command configs=uses container_name cpu_count=count cpu_percent=percent
 cpu_period=ticks cpu_quota=ticks cpu_rt_period=ticks cpu_rt_runtime=ticks cpu_shares=ticks cpus=number cpuset
 credential_spec={} depends_on=[text]!|<{}> deploy=null|{} develop=null|{} device_cgroup_rules=[text]!
 devices=[text|{}] dns=texts dns_opt=[text] dns_search=texts domainname driver_opts=options entrypoint=command
 env_file=text|[text|{}] environment=pairs expose=[text|int] extends=text|{} external_links=[text]! extra_hosts=hosts
 gpus=(all)|[{}] group_add=[text|int]! healthcheck={} hostname image init=bool ipc isolation label_file=texts
 labels=pairs links=[text] logging={} mac_address mem_limit=size mem_reservation=size mem_swappiness=int
 memswap_limit=size models=[text]!|{null|{}} network_mode networks=[text]!|<null|{}> oom_kill_disable=bool
 oom_score_adj=oom_score pid pids_limit=int platform ports=[port|{}] post_start=[{}] pre_start=[{}] pre_stop=[{}]
 privileged=bool profiles=[text] provider={} pull_policy=pull_policy pull_refresh_after read_only=bool restart runtime
 scale=int secrets=uses security_opt=[text]! shm_size=size stdin_open=bool stop_grace_period=duration stop_signal
 storage_opt={text|int|null} sysctls=pairs tmpfs=texts tty=bool ulimits={int|{}} use_api_socket=boolean user
 userns_mode uts
 volumes=[volume|{}] volumes_from=[text]! working_dir
services.*.blkio_config: device_read_bps=limits device_read_iops=limits device_write_bps=limits
 device_write_iops=limits weight=bare_count weight_device=[{}]
services.*.blkio_config.device_read_bps.[]: path rate=size
services.*.blkio_config.device_read_iops.[]: path rate=size
services.*.blkio_config.device_write_bps.[]: path rate=size
services.*.blkio_config.device_write_iops.[]: path rate=size
services.*.blkio_config.weight_device.[]: path weight=bare_count
services.*.build: context dockerfile dockerfile_inline entitlements=[text] args=pairs ssh=[ssh_key]!|{scalar}
 labels=pairs cache_from=[text] cache_to=[text] no_cache=bool no_cache_filter=texts
 additional_contexts=[assignment]|{text} network provenance=text|boolean sbom=text|boolean pull=bool target
 shm_size=size extra_hosts=hosts isolation privileged=bool secrets=uses tags=[text] ulimits={bare_int|{}}
 platforms=[text]
services.*.build.secrets.[]: source target uid gid mode=mode
services.*.build.ulimits.*: hard!=bare_int soft!=bare_int
services.*.configs.[]: source target uid gid mode=mode
services.*.credential_spec: config file registry
services.*.depends_on.*: restart=bool required=boolean
 condition!=(service_started,service_healthy,service_completed_successfully)
services.*.deploy: mode endpoint_mode replicas=int labels=pairs rollback_config={} update_config={} resources={}
 restart_policy={} placement={}
services.*.deploy.placement: constraints=[text] preferences=[{}] max_replicas_per_node=count
services.*.deploy.placement.preferences.[]: spread
services.*.deploy.resources: limits={} reservations={}
services.*.deploy.resources.limits: cpus=number memory=size_text pids=int
services.*.deploy.resources.reservations: cpus=number memory=size_text generic_resources=[{}] devices=[{}]
services.*.deploy.resources.reservations.devices.[]: capabilities!=[text]! count=amount device_ids=[text]! driver
 options=unlike_pairs
services.*.deploy.resources.reservations.generic_resources.[]: discrete_resource_spec={}
services.*.deploy.resources.reservations.generic_resources.[].discrete_resource_spec: kind value=ticks
services.*.deploy.restart_policy: condition delay=duration max_attempts=count window=duration
services.*.deploy.rollback_config: parallelism=count delay=duration failure_action monitor=duration
 max_failure_ratio=number order=(start-first,stop-first)
services.*.deploy.update_config: parallelism=count delay=duration failure_action monitor=duration
 max_failure_ratio=number order=(start-first,stop-first)
services.*.develop: watch=[{}]
services.*.develop.watch.[]: ignore=texts include=text|[text]! path!
 action!=(rebuild,sync,restart,sync+restart,sync+exec) target exec={} initial_sync=boolean
services.*.develop.watch.[].exec: command=command user privileged=bool working_dir environment=unlike_pairs
services.*.devices.[]: source! target permissions
services.*.env_file.[]: path! format=(raw) required=bool
services.*.extends: service! file=null|text
services.*.gpus.[]: capabilities=[text]! count=amount device_ids=[text]! driver options=unlike_pairs
services.*.healthcheck: disable=bool interval=duration retries=count test=texts timeout=duration start_period=duration
 start_interval=duration
services.*.logging: driver options={text|number|null}
services.*.models.*: endpoint_var model_var
services.*.networks.*: aliases=[text] interface_name ipv4_address ipv6_address link_local_ips=[text] mac_address
 driver_opts=options priority=bare_number gw_priority=bare_number
services.*.ports.[]: name mode host_ip target!=port_number published=text|int protocol app_protocol
services.*.post_start.[]: command=command user privileged=bool working_dir environment=unlike_pairs
services.*.pre_start.[]: command image user privileged=bool working_dir environment=pairs per_replica=bool
services.*.pre_stop.[]: command=command user privileged=bool working_dir environment=unlike_pairs
services.*.provider: type! options={text|number|boolean|[text|number|boolean]}
services.*.secrets.[]: source target uid gid mode=mode
services.*.ulimits.*: hard!=int soft!=int
services.*.volumes.[]: type!=(bind,volume,tmpfs,cluster,npipe,image) source target! read_only=bool consistency bind={}
 volume={} tmpfs={} image={}
services.*.volumes.[].bind: propagation create_host_path=bool recursive=(enabled,disabled,writable,readonly)
 selinux=(z,Z)
services.*.volumes.[].image: subpath
services.*.volumes.[].tmpfs: size=count|size_text mode=bare_count
services.*.volumes.[].volume: labels=unlike_pairs nocopy=bool subpath
"""

#: Keys in this table that no Compose up to 2.40 knows: they are newer.
NEWER_KEYS = frozenset(
    {
        ("services", "*", "driver_opts"),
        ("services", "*", "pre_start"),
        ("services", "*", "build", "no_cache_filter"),
    }
)
