#!/bin/sh
# Once, when the primary is made: databases and logins (setup.sql is what `meridian setup postgresql --print` says).
set -eu
psql -v ON_ERROR_STOP=1 -U postgres -d postgres -f /setup.sql
echo "host replication meridian_replication all scram-sha-256" >> "$PGDATA/pg_hba.conf"
