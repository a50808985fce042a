"""Which commands of a datastore's image start the datastore, and which a client from the image."""

from __future__ import annotations

import shlex

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.datastore_command import starts_server

SERVERS = (
    "",
    "--maxmemory 64m",
    "redis-server /usr/local/etc/redis/redis.conf",
    "docker-entrypoint.sh",
    "docker-entrypoint.sh mongod --replSet rs0",
    "gosu mysql mysqld",
    "sh -c 'redis-server --requirepass x'",
    "sh -c 'sleep 5; exec rabbitmq-server'",
    "sh -c 'echo hello && /docker-entrypoint.sh influxd'",
    "bash -ec 'chown -R 999 /data; su postgres -c x'",
    "sh -c 'mongod --replSet rs0 & sleep 5; mongosh --eval x; wait'",
    "sh -c 'mkdir -p /data/b && minio server /data'",
    "sh -c 'echo x; /opt/own-program'",
    "minio server /data",
    "cockroach start-single-node --insecure",
    "clickhouse server",
    "rpk redpanda start --smp 1",
    "/opt/mssql/bin/sqlservr",
    "kafka-server-start.sh /x.properties",
    "nats-server -js",
    "neo4j console",
)
CLIENTS = (
    "psql -h db -c 'select 1'",
    "pg_dump -h db",
    "/usr/bin/mysqldump --all-databases",
    "docker-entrypoint.sh psql -h db",
    "env PGPASSWORD=x pg_restore -d app /dump",
    "sh -c 'while sleep 3600; do pg_dump -h db > /backup/x; done'",
    "sh -c 'until pg_isready -h db; do sleep 1; done; psql -f /x.sql'",
    "sh -c 'echo \"redis-server; x\"; redis-cli ping'",
    "bash /scripts/postgres-backup.sh",
    "/restore.sh",
    "sleep infinity",
    "tail -f /dev/null",
    "cockroach init --insecure",
    "clickhouse client --query x",
    "rpk topic create x",
    "kafka-topics.sh --create",
    "cub kafka-ready 1 20",
    "/opt/mssql-tools18/bin/sqlcmd -S db",
    "sh -c 'mkdir /certs; bin/elasticsearch-certutil ca; chown -R 1000 /certs'",
    "sh -c 'echo nothing; sleep infinity'",
)


@pytest.mark.parametrize("command", SERVERS)
def test_a_server_is_a_datastore(command: str) -> None:
    assert starts_server(shlex.split(command))


@pytest.mark.parametrize("command", CLIENTS)
def test_a_client_is_none(command: str) -> None:
    assert not starts_server(shlex.split(command))


def test_a_long_script_takes_little_time() -> None:
    assert starts_server(["sh", "-c", "a;" * 2000])
    assert starts_server(["sh", "-c", '"' * 4000])
