#!/bin/sh
# A copy of the primary that follows it; made once.
set -eu
data=/var/lib/postgresql/data/replica
if [ ! -s "$data/PG_VERSION" ]; then
    PGPASSWORD="$MERIDIAN_REPLICATION_PASSWORD" pg_basebackup -h primary -U meridian_replication -D "$data" -R -X stream -c fast
    printf "primary_conninfo = 'host=primary user=meridian_replication password=%s'\n" "$MERIDIAN_REPLICATION_PASSWORD" >> "$data/postgresql.auto.conf"
fi
exec postgres -D "$data" -c hot_standby_feedback=on -c listen_addresses='*'
