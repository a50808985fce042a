#!/bin/bash
# Initialise an empty volume from the official image's variables, upgrade an older one, then start the server.
set -euo pipefail
shopt -s nullglob

DATA=/var/lib/mysql SOCKET=/run/mysqld/mysqld.sock

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

run_sql() { mariadb --protocol=socket --socket="$SOCKET" --user=root "$@"; }

# start OPTIONS: a server that nobody reaches over the network.
start() {
    "${COMMAND[@]}" --skip-networking --socket="$SOCKET" "$@" &
    server=$!
    local second
    for second in {1..60}; do
        if run_sql --execute="SELECT 1" >/dev/null 2>&1; then return; fi
        if ! kill -0 "$server" 2>/dev/null; then break; fi
        sleep 0.5
    done
    fail "the temporary server does not start"
}

stop() { kill "$server"; wait "$server"; }

initialise() {
    from_file MARIADB_ROOT_PASSWORD
    from_file MARIADB_ROOT_HOST %
    from_file MARIADB_USER
    from_file MARIADB_PASSWORD
    from_file MARIADB_DATABASE
    if [[ -z $MARIADB_ROOT_PASSWORD ]]; then
        fail "the database is not initialised; set MARIADB_ROOT_PASSWORD or MARIADB_ROOT_PASSWORD_FILE"
    fi
    mariadb-install-db --datadir="$DATA" --auth-root-authentication-method=normal --skip-test-db \
        "${COMMAND[@]:1}" >/dev/null
    start
    {
        # With skip-name-resolve nobody can be these.
        echo "DELETE FROM mysql.global_priv WHERE User = 'root' AND Host <> 'localhost';"
        echo "DELETE FROM mysql.proxies_priv WHERE Host <> 'localhost'; FLUSH PRIVILEGES;"
        if [[ $MARIADB_ROOT_HOST != localhost ]]; then
            echo "CREATE USER root@'$MARIADB_ROOT_HOST' IDENTIFIED BY '$MARIADB_ROOT_PASSWORD';"
            echo "GRANT ALL ON *.* TO root@'$MARIADB_ROOT_HOST' WITH GRANT OPTION;"
        fi
        if [[ -n $MARIADB_DATABASE ]]; then echo "CREATE DATABASE IF NOT EXISTS \`$MARIADB_DATABASE\`;"; fi
        if [[ -n $MARIADB_USER && -n $MARIADB_PASSWORD ]]; then
            echo "CREATE USER '$MARIADB_USER'@'%' IDENTIFIED BY '$MARIADB_PASSWORD';"
            echo "GRANT ALL ON \`${MARIADB_DATABASE//_/\\_}\`.* TO '$MARIADB_USER'@'%';"
        fi
        echo "SET PASSWORD FOR root@localhost = PASSWORD('$MARIADB_ROOT_PASSWORD');"
    } | run_sql
    export MYSQL_PWD=$MARIADB_ROOT_PASSWORD
    local file
    for file in /docker-entrypoint-initdb.d/*; do
        case $file in
            *.sh) if [[ -x $file ]]; then "$file"; else . "$file"; fi ;;
            *.sql) run_sql --database="$MARIADB_DATABASE" <"$file" ;;
        esac
    done
    stop
    unset MYSQL_PWD
}

upgrade() {
    start --skip-grant-tables
    mariadb-upgrade --upgrade-system-tables --socket="$SOCKET"
    stop
}

# major_minor TEXT: the first two numbers of a version.
major_minor() { grep -oE '[0-9]+\.[0-9]+' <<<"$1" | head -n 1; }

is_older() {
    local file=$DATA/mariadb_upgrade_info new
    [[ -e $file ]] || file=$DATA/mysql_upgrade_info
    [[ -e $file ]] || return 0
    new=$(major_minor "$(mariadbd --version | sed 's/.*Ver //')")
    [[ $(major_minor "$(< "$file")") != "$new" ]]
}

if [[ ${1:-mariadbd} == -* ]]; then set -- mariadbd "$@"; fi
COMMAND=("$@")

if [[ $1 == mariadbd ]]; then
    if [[ $(id -u) == 0 ]]; then
        find "$DATA" "${SOCKET%/*}" \! -user mysql -exec chown mysql '{}' +
        exec setpriv --reuid=mysql --regid=mysql --init-groups "$0" "$@"
    fi
    if [[ ! -d $DATA/mysql ]]; then
        initialise
    elif [[ ${MARIADB_AUTO_UPGRADE:-0} != 0 ]] && is_older; then
        upgrade
    fi
fi
exec "$@"
