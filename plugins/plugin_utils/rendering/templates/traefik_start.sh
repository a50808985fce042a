# Start Traefik with the given arguments and with a port of its own on loopback; written by slipway.stack.
# Another Traefik may be in the same network, an old or a new one, and have one already.
port=18181
while grep -q " 0100007F:$(printf '%04X' "$port") 00000000:0000 0A " /proc/net/tcp; do
    port=$((port + 1))
done
echo "$port" > /tmp/port
exec traefik "$@" "--entryPoints.traefik.address=127.0.0.1:$port" \
    --entryPoints.traefik.http.aliasHeadersStrategy=delete
