"""Whether the command of a datastore's image starts the datastore, or a client or a backup from the same image.

Place in the pipeline: check, where the services of a stack are read. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_SHELL = re.compile(r"(?:/(?:usr/)?bin/)?(?:ba|da|a|z)?sh")
#: Programs that start other programs, which follow them.
_WRAPPERS = re.compile(
    r"exec|nohup|command|time|nice|sudo|tini|dumb-init|env|catatonit|docker-init|--|.*entrypoint(?:\.sh)?|\w+=.*"
)
#: Wrappers whose first argument is a user.
_WRAPPERS_WITH_USER = ("gosu", "su-exec", "setpriv", "chroot")
#: Clients of datastores, their backups and their tools.
_CLIENTS = re.compile(
    r"pg_(?!ctl(?:cluster)?$|autoctl$)\w+|psql|pgbench|createdb|dropdb|createuser|vacuumdb|reindexdb|initdb|wal-g|pgbackrest"
    r"|mysql|mysql_\w+|mysql(?:dump|admin|pump|check|import|show|slap|binlog|sh)|mydumper|xtrabackup|mariabackup"
    r"|mariadb|mariadb-(?!safe$|upgrade-service$)\w+"
    r"|mongo|mongosh|mongo(?:dump|restore|import|export|stat|top|files)|redis-(?:cli|benchmark|check-\w+)|valkey-cli"
    r"|keydb-cli|sqlcmd|bcp|sqlplus|rman|cqlsh|nodetool|sstableloader|influx|influx_inspect|etcdctl|etcdutl|rpk|mc|nats"
    r"|rabbitmq(?:ctl|admin|-diagnostics|-plugins)|cypher-shell|neo4j-admin|arango(?:sh|dump|restore)"
    r"|clickhouse-(?:client|backup|local)|elasticsearch-\w+(?:-\w+)*|elasticdump|bin/opensearch-\w+"
    r"|kafka-(?!server-start|run-class)[\w-]+(?:\.sh)?|zookeeper-shell(?:\.sh)?|zkCli\.sh|cub|couchbase-cli|cbbackupmgr"
    # Scripts that are named for what they do.
    r"|[\w.-]*(?:backup|dump|restore|seed|migrat|wait[-_]?for)[\w.-]*"
)
#: Programs of a shell script that prepare, wait or report. Alone they are a placeholder for a server.
_TOOLS = re.compile(
    r"echo|printf|sleep|tail|head|cat|true|false|:|exit|wait|test|\[|\[\[|set|export|unset|cd|trap|read|shift|return|local"
    r"|mkdir|rmdir|chown|chmod|cp|mv|rm|ln|ls|touch|find|grep|sed|awk|cut|sort|tr|wc|xargs|date|seq|id|whoami|hostname"
    r"|curl|wget|nc|ping|openssl|unzip|tar|gzip|gunzip|zstd|base64|apk|apt-get|yum|if|then|elif|else|fi|for|in|while|until"
    r"|do|done|case|esac|break|continue|!|kill|pgrep|getent|umask|source|\.|cron|crond|supercronic|tee|basename|dirname"
)
#: Words in the names of programs that start a server.
_SERVERS = re.compile(
    r"server|entrypoint|mysqld|mariadbd|mariadb-safe|mongo[ds]$|^postgres$|postmaster|^pg_ctl|influxd|memcached|dragonfly"
    r"|elasticsearch$|opensearch$|eswrapper|cassandra|neo4j$|solr|meilisearch|sqlservr|scylla|qdrant|weaviate|arangod"
    r"|rethinkdb|supervisord|patroni|^run\.sh$|^start|couchdb|kafka-run|zkServer|questdb|chroma|milvus|keydb$|redpanda$"
)
#: Clients that are servers with one of these arguments.
_SERVER_ARGUMENTS = {
    "rpk": re.compile(r"\bredpanda\s+start\b"),
    "nats": re.compile(r"\bserver\s+run\b"),
}
#: Servers that are clients with one of these arguments.
_CLIENT_ARGUMENTS = {
    "cockroach": re.compile(r"(?!start|demo)[a-z]"),
    "clickhouse": re.compile(r"(?:client|local|benchmark)\b"),
    "minio": re.compile(r"(?!server|gateway)[a-z]"),
    "surreal": re.compile(r"(?!start)[a-z]"),
}
_SEPARATORS = re.compile(r"&&|\|\||[;|&\n(){}`]|\$\(")
_MAX_SEGMENTS = 200


def starts_server(arguments: Sequence[str]) -> bool:
    """Return whether a datastore's image with this entrypoint and command runs the datastore.

    A command that is not known counts as the datastore.
    """
    words = list(arguments)
    for index, word in enumerate(words[:-2]):
        if _SHELL.fullmatch(word) and re.fullmatch(r"-\w*c", words[index + 1]):
            return _script_starts_server(words[index + 2])
    program, rest = _program(words)
    return not _is_client(program, rest) and not re.fullmatch(r"sleep|tail|cat|echo|true|cron|crond", program)


def _script_starts_server(script: str) -> bool:
    """Return whether a shell script runs the datastore, by the programs that it starts."""
    found_client = found_unknown = found_tool = False
    for program, rest in _programs(script):
        if _is_client(program, rest):
            found_client = True
        elif _TOOLS.fullmatch(program):
            found_tool = True
        elif program in _CLIENT_ARGUMENTS or re.search(_SERVERS, program):
            return True
        else:
            found_unknown = True
    return (found_unknown and not found_client) or not (found_client or found_tool)


def _programs(script: str) -> Iterator[tuple[str, str]]:
    """Yield each program of a shell script, with its arguments as one text. Quoted texts are left out."""
    plain = re.sub(r"\"(?:[^\"\\]|\\.)*\"|'[^']*'", " Q ", script)
    for segment in _SEPARATORS.split(plain)[:_MAX_SEGMENTS]:
        program, rest = _program(segment.split())
        if program and program != "Q":
            yield program, rest


def _program(words: Sequence[str]) -> tuple[str, str]:
    """Return the name of the program that a simple command starts, and its arguments; behind wrappers and keywords."""
    index = 0
    while index < len(words):
        name = words[index].rpartition("/")[2]
        if name in _WRAPPERS_WITH_USER:
            index += 2
        elif _SHELL.fullmatch(name) and index + 1 < len(words):
            index += 1
            while index + 1 < len(words) and words[index].startswith("-"):
                index += 1
        elif _WRAPPERS.fullmatch(words[index]) or name in ("do", "then", "else", "if", "while", "until", "!"):
            index += 1
        else:
            return name, " ".join(words[index + 1 :])
    # An entrypoint alone starts the server of the image.
    return ("entrypoint" if words and "entrypoint" in words[-1] else ""), ""


def _is_client(program: str, rest: str) -> bool:
    if program in _CLIENT_ARGUMENTS:
        return bool(_CLIENT_ARGUMENTS[program].match(rest))
    server = _SERVER_ARGUMENTS.get(program)
    return bool(_CLIENTS.fullmatch(program)) and not (server and server.search(rest))
