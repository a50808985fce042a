# Start Traefik with the given arguments and with ports of its own on loopback; written by slipway.stack.
# Another Traefik may be in the same network, an old or a new one, and have some already.
edge=/etc/slipway/edge/current
port=18181
while grep -q " 0100007F:$(printf '%04X' "$port") 00000000:0000 0A " /proc/net/tcp; do
    port=$((port + 1))
done
echo "$port" > /tmp/port
# The published port counts connections and passes them on to this one, which reads requests (guard.yml).
export SLIPWAY_INNER_PORT=$((port + 1000))
export SLIPWAY_INNER_TLS_PORT=$((port + 2000))
case "$*" in *--entryPoints.websecure.*) set -- "$@" "--entryPoints.innertls.address=127.0.0.1:$SLIPWAY_INNER_TLS_PORT" ;; esac
. "$edge/logs.sh"
show_logs /tmp/access.log /tmp/error.log
exec traefik "$@" "--entryPoints.traefik.address=127.0.0.1:$port" \
    --entryPoints.traefik.http.aliasHeadersStrategy=delete \
    "--entryPoints.inner.address=127.0.0.1:$SLIPWAY_INNER_PORT" \
    --log.filePath=/tmp/error.log --accessLog.filePath=/tmp/access.log
