#!/bin/bash
# Initialise an empty PGDATA from the official image's variables, then start the server; as root, drop to postgres first.
set -euo pipefail
shopt -s nullglob

fail() { echo "error: $*" >&2; exit 1; }

# from_file NAME DEFAULT: set NAME from itself, from the file named in NAME_FILE, or to the default.
from_file() {
    local name=$1 file_name=${1}_FILE default=${2:-}
    if [[ -n ${!name:-} && -n ${!file_name:-} ]]; then
        fail "both $name and $file_name are set; set one of them"
    fi
    if [[ -n ${!file_name:-} ]]; then
        export "$name=$(< "${!file_name}")"
    else
        export "$name=${!name:-$default}"
    fi
    unset "$file_name"
}

run_sql() { psql --no-psqlrc -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --no-password "$@"; }

run_init_file() {
    echo "$0: running $1"
    case $1 in
        *.sh) if [[ -x $1 ]]; then "$1"; else . "$1"; fi ;;
        *.sql) run_sql --dbname "$POSTGRES_DB" --file "$1" ;;
        *.sql.gz) gunzip -c "$1" | run_sql --dbname "$POSTGRES_DB" ;;
        *.sql.xz) xzcat "$1" | run_sql --dbname "$POSTGRES_DB" ;;
        *.sql.zst) zstd -dc "$1" | run_sql --dbname "$POSTGRES_DB" ;;
        *) echo "$0: ignoring $1" ;;
    esac
}

initialise() {
    from_file POSTGRES_PASSWORD
    from_file POSTGRES_USER postgres
    from_file POSTGRES_DB "$POSTGRES_USER"
    from_file POSTGRES_INITDB_ARGS
    local method=${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256} arguments=()
    if [[ -z $POSTGRES_PASSWORD && $method != trust ]]; then
        fail "the database is not initialised and no superuser password is given; set POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE"
    fi
    eval "arguments=($POSTGRES_INITDB_ARGS)"
    if [[ -n ${POSTGRES_INITDB_WALDIR:-} ]]; then arguments+=(--waldir "$POSTGRES_INITDB_WALDIR"); fi
    if [[ -n $POSTGRES_PASSWORD ]]; then
        initdb --username="$POSTGRES_USER" --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") "${arguments[@]}"
    else
        initdb --username="$POSTGRES_USER" "${arguments[@]}"
    fi
    printf '\nhost all all all %s\n' "$method" >> "$PGDATA/pg_hba.conf"

    # Not reachable over the network until everything is in place.
    PGPASSWORD=${PGPASSWORD:-$POSTGRES_PASSWORD}
    export PGPASSWORD
    pg_ctl --wait --silent -o "-c listen_addresses=''" start
    if [[ $POSTGRES_DB != postgres ]]; then
        run_sql --dbname postgres -v db="$POSTGRES_DB" <<< 'CREATE DATABASE :"db";'
    fi
    local file
    for file in /docker-entrypoint-initdb.d/*; do run_init_file "$file"; done
    pg_ctl --wait --silent --mode=fast stop
    unset PGPASSWORD
    echo "$0: initialised; starting for good"
}

if [[ ${1:-postgres} == -* ]]; then set -- postgres "$@"; fi

if [[ $1 == postgres ]]; then
    if [[ $(id -u) == 0 ]]; then
        mkdir -p "$PGDATA" /var/run/postgresql
        find "$PGDATA" /var/run/postgresql \! -user postgres -exec chown postgres '{}' +
        chmod 0700 "$PGDATA"
        exec setpriv --reuid=postgres --regid=postgres --init-groups env HOME=/var/lib/postgresql "$0" "$@"
    fi
    mkdir -p "$PGDATA"
    chmod 0700 "$PGDATA" || true
    if [[ ! -s $PGDATA/PG_VERSION ]]; then initialise; fi
    unset POSTGRES_PASSWORD POSTGRES_PASSWORD_FILE
fi
exec "$@"
