#!/usr/bin/env bash
# scripts/up and scripts/down in a copy of the tree whose path is long and has spaces: it comes up, is quick the second time,
# starts killed processes again, chooses other ports when its own were taken, and ends by Ctrl-C without a trace.
set -euo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d /tmp/ucap-XXXXXX)
tree="$work/a path with spaces/and one that is so long that no socket address below it could hold all of its hundred bytes"
foreground='' squatter=''
finish() {
    code=$?
    [ -z "$foreground" ] || kill -TERM "$foreground" 2>/dev/null || true
    [ -z "$squatter" ] || kill "$squatter" 2>/dev/null || true
    [ "$code" = 0 ] || tail -n 20 "$work"/*.log >&2
    (cd "$tree" && scripts/down --purge >/dev/null 2>&1) || true
    rm -rf "$work"
    exit "$code"
}
trap finish EXIT
fail() { echo "$*" >&2; exit 1; }
wait_for() { # wait_for WHAT COMMAND...: at most 60 s
    local what=$1 until=$((SECONDS + 60))
    shift
    until "$@"; do
        ((SECONDS < until)) || fail "$what did not happen within 60 s"
    done
}

mkdir -p "$tree"
chmod 711 "$work"
cd "$top"
git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t "$tree"
cd "$tree"

up() { scripts/up --detach >"$work/up.log" 2>&1 </dev/null || fail "scripts/up failed"; }
cities() { scripts/ucap city list --format csv 2>/dev/null | grep -c '^[a-z]*,[A-Z]'; }
ours() { # what runs from this tree, and PostgreSQL on its data
    head -qn 1 .run/database/data/postmaster.pid 2>/dev/null || true
    local exe
    for exe in /proc/[0-9]*/exe; do
        case $(readlink "$exe") in "$tree"/*) basename "$(dirname "$exe")" ;; esac
    done
}

up
[ "$(cities)" = 7 ] || fail "the example is not there"
before=$(ours)
up
[ "$(ours)" = "$before" ] || fail "a second scripts/up did not leave alone what runs"

kill -KILL "$(<.run/registry.pid)" "$(head -n 1 .run/database/data/postmaster.pid)"
up
[ "$(cities)" = 7 ] || fail "a killed registry and PostgreSQL were not started again"

# Another listener takes the gateway's port while it is away: everything moves, services included.
requests=$(<.run/requests)
kill -KILL "$(<.run/gateway.pid)"
wait_for "the end of the gateway" test ! -e "/proc/$(<.run/gateway.pid)/exe"
/usr/bin/python3 -c 'import socket, sys, signal
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("listening", flush=True)
signal.pause()' "${requests##*:}" >"$work/squatter" &
squatter=$!
wait_for "a listener at $requests" grep -qs listening "$work/squatter"
up
[ "$(<.run/requests)" != "$requests" ] || fail "the gateway did not get another port"
[ "$(cities)" = 7 ] || fail "the system did not move to the other port"
kill "$squatter"
squatter=

# A program that was built anew replaces the one that runs.
before=$(<.run/registry.pid)
cp build/release/bin/ucap-registry "$work/anew" && mv "$work/anew" build/release/bin/ucap-registry
up
[ "$(<.run/registry.pid)" != "$before" ] || fail "the old program of the registry still runs"

scripts/down 2>/dev/null
[ -z "$(ours)" ] || fail "scripts/down left something running: $(ours)"

# A shell that is no terminal starts its children with Ctrl-C ignored; python3 gives it back to them.
/usr/bin/python3 -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.setsid()
os.execv(sys.argv[1], sys.argv[1:])' scripts/up >"$work/foreground.log" 2>&1 </dev/null &
foreground=$!
wait_for "scripts/up in the foreground" grep -qs 'Ctrl-C ends it' "$work/foreground.log"
[ "$(cities)" = 7 ] || fail "the cities were lost between two starts"
kill -INT -- "-$foreground"
wait "$foreground" || fail "scripts/up did not end well by Ctrl-C"
foreground=
[ -z "$(ours)" ] || fail "Ctrl-C left something running: $(ours)"
scripts/down --purge 2>/dev/null
[ ! -e .run ] || fail "scripts/down --purge left .run"
