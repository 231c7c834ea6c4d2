# shellcheck shell=bash
# What the scripts share. Sourced, never run.

set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
export top

# What scripts/up makes and scripts/down ends.
run=$top/.run
bin=$top/build/release/bin
pgbin=/usr/lib/postgresql/15/bin
export bin pgbin

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
    local preset=$1 log fresh=()
    shift
    log=$(mktemp)
    # A checkout that was moved is configured anew.
    grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$top" "$top/build/$preset/CMakeCache.txt" 2>/dev/null || fresh=(--fresh)
    if ! { cmake -S "$top" --preset "$preset" "${fresh[@]}" && cmake --build "$top/build/$preset" ${1:+--target "$@"}; } >"$log" 2>&1; then
        grep -vE '^\[[0-9]+/[0-9]+\] ' "$log" | tail -n 60 >&2
        rm -f "$log"
        die "the $preset build failed: see above"
    fi
    rm -f "$log"
}

# as_database_user COMMAND...: PostgreSQL refuses to run as root, so root drops to the user postgres, who may not be allowed
# to look into the folder we stand in.
as_database_user() {
    if [ "$(id -u)" = 0 ]; then
        (cd / && exec setpriv --reuid=postgres --regid=postgres --init-groups "$@")
    else
        "$@"
    fi
}

# check_owner FOLDER...: refuses to work on what another user's scripts/up has made.
check_owner() {
    local folder
    for folder; do
        [ ! -e "$folder" ] || [ -O "$folder" ] ||
            die "$folder belongs to $(stat -c %U "$folder"): run this as $(stat -c %U "$folder"), as the last time"
    done
}

# Where they are: in .run, or where .run says.
database_home() { cat "$run/database.home" 2>/dev/null || printf '%s' "$run/database"; }
control_folder() { cat "$run/control.home" 2>/dev/null || printf '%s' "$run/ctl"; }

# database_runs HOME: pg_ctl takes a dead server that nobody has reaped for running, so its state counts too.
database_runs() {
    local pid
    pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null) || return 1
    as_database_user "$pgbin/pg_ctl" -D "$1/data" status >/dev/null 2>&1 && ! grep -qs '^State:.*Z' "/proc/$pid/status"
}

# pid_of NAME: the process of this checkout's ucap-NAME when it runs. A number in a file can be another process by now, and a
# dead one that nobody has reaped still has its number: the program behind it tells.
pid_of() {
    local pid
    pid=$(head -n 1 "$run/$1.pid" 2>/dev/null) && [ -n "$pid" ] || return 1
    case $(readlink "/proc/$pid/exe") in
        "$bin/ucap-$1" | "$bin/ucap-$1 (deleted)") printf '%s' "$pid" ;;
        *) return 1 ;;
    esac
}

# end NAME: asks the process to end and waits for at most 15 s.
end() {
    local name=$1 pid
    if pid=$(pid_of "$name"); then
        kill -TERM "$pid" 2>/dev/null || true
        for _ in $(seq 150); do
            pid_of "$name" >/dev/null || break
            sleep 0.1
        done
        if pid_of "$name" >/dev/null; then
            say "ucap-$name (process $pid) did not end in 15 s: ended by force"
            kill -KILL "$pid" 2>/dev/null || true
        fi
    fi
    rm -f "$run/$name.pid"
}

# The first TCP port from PORT on that nobody listens on, on 127.0.0.1.
free_port() {
    local port=$1
    while ! is_free "$port"; do
        port=$((port + 1))
    done
    printf '%s' "$port"
}

is_free() { ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
