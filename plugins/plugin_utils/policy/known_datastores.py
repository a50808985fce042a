"""Known datastores: databases, search engines, vector stores, brokers and object stores, by image, with their paths.

Place in the pipeline: check, where the services of a stack are read. Pure.
"""

from __future__ import annotations

from ..compose_reader.image_reference import Image

_POSTGRES = ("/var/lib/postgresql",)
_MYSQL = ("/var/lib/mysql",)
_MONGO = ("/data/db",)
_REDIS = ("/data",)
_KAFKA = ("/var/lib/kafka", "/tmp/kraft-combined-logs", "/tmp/kafka-logs", "/kafka")
_ORACLE = ("/opt/oracle/oradata",)
_MSSQL = ("/var/opt/mssql",)
_VESPA = ("/opt/vespa/var",)

#: Where each image keeps its data, the usual directory first. Without a directory, no data has to be kept. A name with
#: a slash is the end of the image's name, for images whose last part says too little.
DATASTORES: dict[str, tuple[str, ...]] = {
    # SQL.
    **dict.fromkeys(("postgres", "postgresql", "pgvector", "postgis", "timescaledb", "pgrouting", "citus"), _POSTGRES),
    **dict.fromkeys(("paradedb", "pgvecto-rs", "vchord-postgres", "vchord-suite", "alloydbomni"), _POSTGRES),
    **dict.fromkeys(("apache/age", "postgres-documentdb"), _POSTGRES),
    "timescaledb-ha": ("/home/postgres/pgdata", "/var/lib/postgresql"),
    "percona-distribution-postgresql": ("/data/db",),
    **dict.fromkeys(("mysql", "percona", "mysql-server", "mysql-cluster", "percona-server"), _MYSQL),
    **dict.fromkeys(("percona-xtradb-cluster", "mariadb-galera", "columnstore", "mariadb/server"), _MYSQL),
    # The images of linuxserver.io keep everything in /config.
    "mariadb": (*_MYSQL, "/config"),
    **dict.fromkeys(("mssql/server", "azure-sql-edge", "mssql-server-linux", "rhel/server"), _MSSQL),
    **dict.fromkeys(("oracle-xe", "oracle-free", "database/express", "database/free", "database/enterprise"), _ORACLE),
    "db2": ("/database",),
    "firebird": ("/firebird", "/var/lib/firebird"),
    "cockroach": ("/cockroach/cockroach-data",),
    "yugabyte": ("/home/yugabyte", "/mnt/disk0"),
    "tidb": (),
    "tikv": ("/data",),
    "crate": ("/data",),
    "dolt-sql-server": ("/var/lib/dolt",),
    "immudb": ("/var/lib/immudb",),
    "rqlite": ("/rqlite/file",),
    "libsql-server": ("/var/lib/sqld",),
    "gel": ("/var/lib/gel",),
    "edgedb": ("/var/lib/edgedb",),
    "vertica-ce": ("/data", "/home/dbadmin"),
    # Columns and time series.
    **dict.fromkeys(("clickhouse-server", "clickhouse"), ("/var/lib/clickhouse",)),
    "questdb": ("/var/lib/questdb", "/root/.questdb"),
    "influxdb": ("/var/lib/influxdb2", "/var/lib/influxdb3", "/var/lib/influxdb"),
    "victoria-metrics": ("/victoria-metrics-data", "/storage"),
    "victoria-logs": ("/victoria-logs-data", "/vlogs"),
    "greptimedb": ("/greptimedb_data", "/tmp/greptimedb"),
    "tdengine": ("/var/lib/taos",),
    # Documents, wide columns and graphs.
    **dict.fromkeys(("mongo", "mongodb", "mongodb-community-server", "mongodb-enterprise-server"), _MONGO),
    **dict.fromkeys(("mongodb-atlas-local", "percona-server-mongodb"), _MONGO),
    "ferretdb": (),
    "couchdb": ("/opt/couchdb/data",),
    **dict.fromkeys(("couchbase", "couchbase/server"), ("/opt/couchbase/var",)),
    "ravendb": ("/var/lib/ravendb", "/opt/RavenDB/Server/RavenDB"),
    "rethinkdb": ("/data",),
    "arangodb": ("/var/lib/arangodb3",),
    "orientdb": ("/orientdb/databases",),
    "surrealdb": ("/data",),
    "cassandra": ("/var/lib/cassandra",),
    "dse-server": ("/var/lib/cassandra",),
    "scylla": ("/var/lib/scylla",),
    "dynamodb-local": ("/home/dynamodblocal/data",),
    "neo4j": ("/data",),
    **dict.fromkeys(("memgraph", "memgraph-mage", "memgraph-platform"), ("/var/lib/memgraph",)),
    "janusgraph": ("/var/lib/janusgraph",),
    "dgraph": ("/dgraph",),
    "falkordb": ("/var/lib/falkordb/data", "/data"),
    "jena-fuseki": ("/fuseki",),
    "graphdb": ("/opt/graphdb/home",),
    "virtuoso-opensource-7": ("/database",),
    # Keys and values, caches, coordination.
    **dict.fromkeys(("redis", "valkey", "keydb", "redict", "redis-stack", "redis-stack-server", "redismod"), _REDIS),
    **dict.fromkeys(("redis-cluster", "valkey-cluster", "valkey-bundle", "dragonfly", "garnet"), _REDIS),
    "kvrocks": ("/var/lib/kvrocks", "/kvrocks"),
    "memcached": (),
    "hazelcast": (),
    "infinispan/server": ("/opt/infinispan/server/data",),
    "ignite": ("/storage", "/opt/ignite/apache-ignite/work"),
    "aerospike-server": ("/opt/aerospike/data",),
    "tarantool": ("/var/lib/tarantool",),
    "foundationdb": ("/var/fdb",),
    "etcd": ("/etcd-data", "/var/lib/etcd", "/default.etcd"),
    **dict.fromkeys(("zookeeper", "cp-zookeeper"), ("/data", "/datalog", "/var/lib/zookeeper")),
    # Search engines and vector stores.
    "elasticsearch": ("/usr/share/elasticsearch/data",),
    "opensearch": ("/usr/share/opensearch/data",),
    "solr": ("/var/solr", "/opt/solr/server/solr"),
    "meilisearch": ("/meili_data", "/data.ms"),
    "typesense": ("/data",),
    "manticore": ("/var/lib/manticore",),
    **dict.fromkeys(("zincsearch", "zinc"), ("/data",)),
    "quickwit": ("/quickwit/qwdata",),
    **dict.fromkeys(("vespa", "marqo"), _VESPA),
    "valeriansaliou/sonic": ("/var/lib/sonic",),
    "qdrant": ("/qdrant/storage",),
    "weaviate": ("/var/lib/weaviate",),
    "milvus": ("/var/lib/milvus",),
    "chroma": ("/data", "/chroma/chroma", "/index_data"),
    "infiniflow/infinity": ("/var/infinity",),
    # Brokers.
    "rabbitmq": ("/var/lib/rabbitmq",),
    "lavinmq": ("/var/lib/lavinmq",),
    **dict.fromkeys(("nats", "nats-streaming", "beanstalkd", "nsq", "gearmand"), ()),
    **dict.fromkeys(("kafka", "kafka-native", "cp-kafka", "cp-server"), _KAFKA),
    "redpanda": ("/var/lib/redpanda",),
    **dict.fromkeys(("pulsar", "pulsar-all"), ("/pulsar/data",)),
    **dict.fromkeys(("activemq-classic", "activemq"), ("/opt/apache-activemq/data", "/opt/activemq/data")),
    **dict.fromkeys(("activemq-artemis", "artemis"), ("/var/lib/artemis-instance", "/var/lib/artemis")),
    "ibm-messaging/mq": ("/mnt/mqm",),
    "solace-pubsub-standard": ("/var/lib/solace",),
    # Object stores.
    "minio": ("/data", "/export", "/mnt/data"),
    "rustfs": ("/data",),
    "seaweedfs": ("/data",),
    "dxflrs/garage": ("/var/lib/garage",),
}
#: Directories that depend on the major version.
_BY_MAJOR: dict[str, dict[int, tuple[str, ...]]] = {
    "influxdb": {1: ("/var/lib/influxdb",), 2: ("/var/lib/influxdb2",), 3: ("/var/lib/influxdb3",)},
}
#: Postgres with the variables and the data path of its official image.
POSTGRES = frozenset({"postgres", "pgvector", "postgis", "timescaledb", "pgrouting", "citus", "paradedb"})
REDIS = frozenset(
    {"redis", "valkey", "keydb", "redict", "redis-stack", "redis-stack-server", "redismod", "valkey-bundle"}
)
#: MySQL with the variables of its official image.
MYSQL = frozenset({"mysql", "mariadb", "percona"})
#: Images with messages or a cache. A migration changes nothing in them.
BROKERS = frozenset(
    REDIS
    | {"redis-cluster", "valkey-cluster", "dragonfly", "garnet", "kvrocks", "memcached", "hazelcast"}
    | {"rabbitmq", "lavinmq", "nats", "nats-streaming", "beanstalkd", "nsq", "gearmand", "kafka", "kafka-native"}
    | {"cp-kafka", "cp-server", "redpanda", "zookeeper", "cp-zookeeper", "eclipse-mosquitto", "emqx"}
    | {"activemq-classic", "activemq", "activemq-artemis", "artemis", "pulsar", "pulsar-all", "ibm-messaging/mq"}
    | {"solace-pubsub-standard"}
)
#: Servers that write their memory to disk when they stop, which takes time.
DATABASES = frozenset(
    name
    for name, paths in DATASTORES.items()
    if paths and set(paths) & {*_POSTGRES, *_MYSQL, *_MONGO, *_ORACLE, *_MSSQL, "/home/postgres/pgdata"}
) | {
    *("clickhouse-server", "clickhouse", "cassandra", "dse-server", "scylla", "neo4j", "db2", "cockroach", "firebird"),
    *("couchbase", "couchbase/server", "arangodb", "ravendb"),
}
#: Images whose tag does not start with the version of Postgres.
TAGS_WITHOUT_VERSION_FIRST = frozenset({"timescaledb", "citus", "paradedb"})
#: Images of datastores that run as root. The others start as root and change to a user of their own, or have one.
RUN_AS_ROOT = frozenset(
    {"minio", "etcd", "qdrant", "weaviate", "meilisearch", "typesense", "milvus", "chroma", "cockroach", "yugabyte"}
    | {"rethinkdb", "orientdb", "dgraph", "quickwit", "victoria-metrics", "victoria-logs", "rqlite", "tikv", "tidb"}
    | {"dolt-sql-server", "garnet", "greptimedb", "tdengine", "crate", "dxflrs/garage", "infiniflow/infinity"}
)
#: Ports that belong to one datastore, so that an unknown image with such a port is one.
DATA_PORTS = frozenset(
    {5432, 3306, 33060, 6379, 27017, 11211, 9200, 9300, 5672, 15672, 9042, 7687, 8086, 2379, 5984, 9092, 4222, 6333}
    | {6334, 1433, 1521, 7700, 19530, 26257, 8529, 28015}
)


def name_of(image: Image | None) -> str:
    """Return the key of :data:`DATASTORES` for an image, an empty text if it is no datastore."""
    if image is None:
        return ""
    two = "/".join(image.name.split("/")[-2:])
    return next((name for name in (two, image.base) if name in DATASTORES), "")


def data_paths(name: str, image: Image | None) -> tuple[str, ...]:
    """Return the directories that have the data of a datastore, the usual one first; none if it keeps no data.

    :param name: a key of :data:`DATASTORES`.
    """
    paths = DATASTORES.get(name, ())
    if not paths or image is None:
        return ()
    paths = _BY_MAJOR.get(name, {}).get(image.major or 0, paths)
    # Images of Bitnami have one parent for all data. Others build images of the same name on theirs.
    bitnami = f"/bitnami/{name}"
    return (bitnami, *paths) if image.name.startswith("bitnami") else (*paths, bitnami)
