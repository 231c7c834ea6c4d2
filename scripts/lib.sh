# shellcheck shell=bash
# What the scripts share. Sourced, never run.

set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export top

say() { printf '%s\n' "$*" >&2; }
die() {
    say "$(basename "$0"): $*"
    exit 1
}

# Names of services.list that run as MODE (oneshot, daemon or service), in order; without MODE all.
services() {
    awk -v mode="${1:-}" '/^[a-z]/ && (mode == "" || $2 == mode) { print $1 }' "$top/services/services.list"
}

# configure_and_build PRESET [TARGET...]: quiet when there is nothing to do; all output when it fails.
configure_and_build() {
    local preset=$1 log
    shift
    log=$(mktemp)
    if ! { cmake -S "$top" --preset "$preset" && cmake --build "$top/build/$preset" ${1:+--target "$@"}; } >"$log" 2>&1; then
        grep -vE '^\[[0-9]+/[0-9]+\] ' "$log" | tail -n 60 >&2
        rm -f "$log"
        die "the $preset build failed: see above"
    fi
    rm -f "$log"
}

# as_database_user COMMAND...: PostgreSQL refuses to run as root, so root drops to the user postgres.
as_database_user() {
    if [ "$(id -u)" = 0 ]; then
        setpriv --reuid=postgres --regid=postgres --init-groups "$@"
    else
        "$@"
    fi
}

# The first TCP port from PORT on that nobody listens on, on 127.0.0.1.
free_port() {
    local port=$1
    while (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
        port=$((port + 1))
    done
    printf '%s' "$port"
}
