"""Known software: images of datastores, proxies and development tools, their ports, and commands of jobs and workers.

Place in the pipeline: check. ``description`` and ``compose_files`` use the same lists.
"""

from __future__ import annotations

import re

#: The data path of each datastore image, by the last part of the image name. Empty: no data has to be kept.
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
#: Images with messages or a cache. A migration changes nothing in them.
BROKERS = frozenset(
    REDIS
    | {"memcached", "rabbitmq", "nats", "kafka", "cp-kafka", "redpanda", "zookeeper", "eclipse-mosquitto", "emqx"}
    | {"activemq-classic", "activemq-artemis", "pulsar"}
)
MYSQL = frozenset({"mysql", "mariadb", "percona"})
#: Servers that write their memory to disk when they stop, which takes time.
DATABASES = frozenset(POSTGRES | MYSQL | {"postgresql", "mongo", "mongodb", "clickhouse-server", "cassandra", "neo4j"})
#: Images whose tag does not start with the version of Postgres.
TAGS_WITHOUT_VERSION_FIRST = frozenset({"timescaledb"})
#: Images that start as root and then change to a user of their own.
CHANGES_USER = frozenset({*DATASTORES, "nginx-unprivileged"}) - {"minio", "etcd", "qdrant", "weaviate"}

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
#: Images that use such a port for something else.
OTHER_USES_OF_DEBUG_PORTS = {5678: "n8n"}
DATA_PORTS = frozenset(
    {5432, 3306, 6379, 27017, 11211, 9200, 9300, 5672, 15672, 9042, 7687, 8086, 2379, 5984, 9092, 4222, 6333}
)

#: Names of one-off services.
ONE_OFF_NAMES = re.compile(r"(?:.*[-_])?(?:init|migrations?|migrate|migrator|setup|seed|seeder|prestart|bootstrap)")
#: Commands that run in the image of a datastore and are not the datastore: clients, backups, placeholders.
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
ONE_OFF_IMAGES = frozenset({"flyway", "liquibase", "migrate", "mc"})
