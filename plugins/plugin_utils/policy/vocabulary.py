"""What the rules know of the world: which images hold data, which stand in front, which are for development."""

from __future__ import annotations

import re

#: By the last part of an image's name: the path where the data is, empty where the image may do without.
DATASTORES: dict[str, str] = {
    "postgres": "/var/lib/postgresql",
    "postgresql": "/bitnami/postgresql",
    "pgvector": "/var/lib/postgresql",
    "postgis": "/var/lib/postgresql",
    "timescaledb": "/var/lib/postgresql",
    "timescaledb-ha": "/home/postgres/pgdata",
    "mysql": "/var/lib/mysql",
    "mariadb": "/var/lib/mysql",
    "percona": "/var/lib/mysql",
    "mongo": "/data/db",
    "mongodb": "/bitnami/mongodb",
    "redis": "/data",
    "valkey": "/data",
    "keydb": "/data",
    "redis-stack": "/data",
    "redis-stack-server": "/data",
    "redismod": "/data",
    "memcached": "",
    "rabbitmq": "/var/lib/rabbitmq",
    "elasticsearch": "/usr/share/elasticsearch/data",
    "opensearch": "/usr/share/opensearch/data",
    "clickhouse-server": "/var/lib/clickhouse",
    "influxdb": "/var/lib/influxdb",
    "couchdb": "/opt/couchdb/data",
    "cassandra": "/var/lib/cassandra",
    "neo4j": "/data",
    "minio": "/data",
    "etcd": "/etcd-data",
    "nats": "",
    "kafka": "/var/lib/kafka",
    "qdrant": "/qdrant/storage",
    "weaviate": "/var/lib/weaviate",
}
POSTGRES = frozenset({"postgres", "pgvector", "postgis", "timescaledb"})
REDIS = frozenset({"redis", "valkey", "keydb", "redis-stack", "redis-stack-server", "redismod"})
#: What holds messages or a cache: nothing there is for a migration to change.
BROKERS = frozenset(
    REDIS
    | {"memcached", "rabbitmq", "nats", "kafka", "cp-kafka", "redpanda", "zookeeper", "eclipse-mosquitto", "emqx"}
    | {"activemq-classic", "activemq-artemis", "pulsar"}
)
MYSQL = frozenset({"mysql", "mariadb", "percona"})
#: Servers that need time to write what they have in memory.
DATABASES = frozenset(POSTGRES | MYSQL | {"postgresql", "mongo", "mongodb", "clickhouse-server", "cassandra", "neo4j"})
#: Where the tag does not begin with the version of Postgres.
OTHER_VERSIONS = frozenset({"timescaledb"})
#: Images that change to a user of their own once they have started.
STEP_DOWN = frozenset({*DATASTORES, "nginx-unprivileged"}) - {"minio", "etcd", "qdrant", "weaviate"}

PROXIES = frozenset(
    {"nginx", "nginx-unprivileged", "traefik", "caddy", "haproxy", "envoy", "kong", "openresty", "httpd", "nginx-proxy"}
    | {"nginx-proxy-manager", "swag", "apisix"}
)
DEVELOPMENT_TOOLS = frozenset(
    {"adminer", "pgadmin4", "pgadmin", "phpmyadmin", "mongo-express", "redis-commander", "redisinsight", "mailhog"}
    | {
        "mailpit",
        "mailcatcher",
        "maildev",
        "smtp4dev",
        "dozzle",
        "cloudbeaver",
        "pgweb",
        "phpredisadmin",
        "fake-gcs-server",
    }
    | {"localstack", "wiremock", "swagger-ui"}
)
DEBUG_PORTS = {
    5678: "debugpy",
    9229: "Node's inspector",
    5005: "the Java debugger",
    2345: "Delve",
    6060: "Go's pprof",
    9003: "Xdebug",
    1234: "gdbserver",
    35729: "LiveReload",
    24678: "Vite's HMR",
}
#: Images that serve something else on such a port.
NO_DEBUGGERS = {5678: "n8n"}
DATA_PORTS = frozenset(
    {5432, 3306, 6379, 27017, 11211, 9200, 9300, 5672, 15672, 9042, 7687, 8086, 2379, 5984, 9092, 4222, 6333}
)

#: How services are called that run once.
ONE_SHOT_NAMES = re.compile(r"(?:.*[-_])?(?:init|migrations?|migrate|migrator|setup|seed|seeder|prestart|bootstrap)")
#: What runs from a datastore's image without being the datastore: clients, backups, placeholders.
CLIENTS = re.compile(
    r"^(?:\S*/)?(?:(?:ba|da|a)?sh\s+-\w*c\s+(?!.*(?:postgres|redis-server|mysqld|mongod)\s*(?:$|--?\w|;)).*)?"
    r"\b(?:pg_\w+|psql|redis-cli|mysql(?:dump|admin)?|mariadb(?:-\w+)?|mongo(?:dump|restore|sh)?|sleep|echo|tail|cat)\b"
)
WORKERS = re.compile(
    r"\bcelery\b.*\bworker\b|\b(?:rq|huey_consumer|dramatiq|sidekiq|arq|taskiq worker|bullmq|procrastinate worker)\b"
    r"|queue:work|\bhorizon\b"
)
MIGRATIONS = re.compile(
    r"^(?:\S*(?:python3?|poetry|uv|npx|bundle|php|yarn|npm|pnpm)\s+(?:run\s+|exec\s+)?)*"
    r"(?:\S*alembic\s+upgrade|\S*manage\.py\s+(?:migrate|collectstatic|createsuperuser|loaddata)"
    r"|(?:-m\s+)?alembic\s+upgrade|prisma\s+migrate|rails\s+db:\S+|rake\s+db:\S+|artisan\s+migrate|flyway\s+migrate"
    r"|db:migrate|migrate)\b[^;&|]*$"
)
ONE_SHOT_IMAGES = frozenset({"flyway", "liquibase", "migrate", "mc"})

_SERVICE_KEYS = """
annotations attach blkio_config build cap_add cap_drop cgroup cgroup_parent command configs container_name cpu_count
cpu_percent cpu_period cpu_quota cpu_rt_period cpu_rt_runtime cpu_shares cpus cpuset credential_spec depends_on deploy
develop device_cgroup_rules devices dns dns_opt dns_search domainname driver_opts entrypoint env_file environment
expose extends external_links extra_hosts gpus group_add healthcheck hostname image init ipc isolation label_file
labels links logging mac_address mem_limit mem_reservation mem_swappiness memswap_limit models network_mode networks
oom_kill_disable oom_score_adj pid pids_limit platform ports post_start pre_stop privileged profiles provider
pull_policy pull_refresh_after read_only restart runtime scale secrets security_opt shm_size stdin_open
stop_grace_period stop_signal storage_opt sysctls tmpfs tty ulimits use_api_socket user userns_mode uts volumes
volumes_from working_dir
"""
#: Keys of a service in the Compose specification.
SERVICE_KEYS = frozenset(_SERVICE_KEYS.split())
TOP_KEYS = frozenset({"version", "name", "services", "networks", "volumes", "secrets", "configs", "include", "models"})
