# Have a Traefik without a network read the configuration beside this script, with the arguments that the edge has,
# and print what it says against it; written by slipway.stack. Traefik has no way of its own to test one.
export SLIPWAY_INNER_PORT=19181 SLIPWAY_INNER_TLS_PORT=20181
case "$*" in *--entryPoints.websecure.*) set -- "$@" --entryPoints.innertls.address=127.0.0.1:20181 ;; esac
# The secrets are not here. A file of passwords has to exist.
export SLIPWAY_CHECK=1
echo 'nobody:*' > /tmp/passwords
traefik "$@" --entryPoints.traefik.address=127.0.0.1:18181 --entryPoints.inner.address=127.0.0.1:19181 --log.level=ERROR --log.format=json \
    "--providers.file.directory=$(dirname "$0")" > /tmp/said 2>&1 &
traefik=$!
tries=0
# It answers once it has taken the configuration over. What it does not understand it leaves out, and says so.
until wget -q -O /dev/null http://127.0.0.1:18181/ping 2> /dev/null; do
    tries=$((tries + 1))
    if [ "$tries" -gt 100 ] || grep -q '"level":"error"' /tmp/said || ! kill -0 "$traefik" 2> /dev/null; then
        cat /tmp/said >&2
        exit 1
    fi
    sleep 0.1
done
if grep '"level":"error"' /tmp/said >&2; then exit 1; fi
