#!/bin/sh
# Starts the servers of this machine again, one after the other: each must answer before the next one goes.
set -eu
for port in 8501 8502 8503 8504; do
    systemctl restart "meridian@$port"
    left=60
    until curl -sf "http://127.0.0.1:$port/ready" > /dev/null; do
        left=$((left - 1))
        [ "$left" -gt 0 ] || { echo "meridian@$port does not answer: journalctl -u meridian@$port" >&2; exit 1; }
        sleep 1
    done
done
