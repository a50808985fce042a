#!/bin/sh
# As the official image: options alone, and Traefik's own commands, are meant for Traefik.
set -e
if [ "${1#-}" != "${1}" ] || { [ -n "${1}" ] && traefik "${1}" --help > /dev/null 2>&1; }; then
    set -- traefik "$@"
fi
exec "$@"
