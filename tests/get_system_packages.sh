#!/bin/sh
# What the tests need beside Python: two browsers, a PostgreSQL server, a front for many readers, a spreadsheet program.
# As root on Debian they are installed; otherwise one sentence says what to install, and those tests are skipped.
missing=""
command -v chromium >/dev/null || missing="$missing chromium"
command -v firefox-esr >/dev/null || command -v firefox >/dev/null || missing="$missing firefox-esr"
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
command -v haproxy >/dev/null || missing="$missing haproxy"
command -v soffice >/dev/null || missing="$missing libreoffice-calc-nogui"
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing for the tests:$missing"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq >/dev/null && apt-get install -y -qq --no-install-recommends $missing >/dev/null && exit 0
    echo "The packages could not be installed:$missing"
else
    echo "Some tests will be skipped; to run them all install as root: apt install$missing"
fi
[ "$CI" != true ]
