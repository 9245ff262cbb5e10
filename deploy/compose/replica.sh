#!/bin/sh
# A copy of the primary that follows it; made once, and whole or not at all.
set -eu
data=/var/lib/postgresql/data/replica
if [ ! -s "$data/PG_VERSION" ]; then
    export PGPASSWORD="$MERIDIAN_REPLICATION_PASSWORD"
    rm -rf "$data.new"
    psql -q "host=primary user=meridian_replication dbname=postgres replication=true" \
        -c "DROP_REPLICATION_SLOT meridian_replica" || true # the first time there is none
    pg_basebackup -h primary -U meridian_replication -D "$data.new" -R -X stream -c fast -C -S meridian_replica
    unset PGPASSWORD
    mv "$data.new" "$data"
fi
exec postgres -D "$data" -c hot_standby_feedback=on -c listen_addresses='*'
