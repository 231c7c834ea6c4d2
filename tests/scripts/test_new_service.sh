#!/usr/bin/env bash
# scripts/new-service in a copy of the tree: what it writes passes lint and layers, builds, passes its test, and answers ping
# as a process. Names that will not do are refused and leave nothing behind.
set -euo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d /tmp/ucap-XXXXXX)
pid=
finish() {
    code=$?
    [ -z "$pid" ] || { kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null; } || true
    rm -rf "$work"
    exit "$code"
}
trap finish EXIT
fail() { echo "$*" >&2; exit 1; }

mkdir "$work/tree"
cd "$top"
git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t "$work/tree"
cd "$work/tree"

before=$(find . -type f | sort | xargs cat | cksum)
for name in Registry registry x a-b 'a b' ''; do
    scripts/new-service "$name" 'a test' >/dev/null 2>&1 && fail "the name \"$name\" was taken"
done
[ "$before" = "$(find . -type f | sort | xargs cat | cksum)" ] || fail "a refused name left something behind"

scripts/new-service calendar 'feeds for calendars' 2>/dev/null
scripts/lint-proto || fail "its proto file does not pass the lint"
scripts/check-layers || fail "it does not pass the layers"
if command -v clang-format >/dev/null; then
    clang-format --dry-run --Werror services/calendar/*.[ch] services/calendar/test/*.c || fail "its files are not formatted"
fi
/usr/bin/python3 - <<'PY' || fail "its compose block is not there"
text = open("docker-compose.yml").read()
assert "  calendar:\n" in text and "keys-calendar:/keys/calendar" in text and "\n  keys-calendar:\n" in text
PY

build() { cmake --preset dev && cmake --build build/dev --target ucap-calendar test_calendar_rpc ucap; }
build >"$work/build.log" 2>&1 || { tail -n 20 "$work/build.log" >&2; fail "it does not build"; }
build/dev/test/test_calendar_rpc >/dev/null 2>&1 || fail "its test does not pass"

build/dev/bin/ucap key generate --out "$work/calendar.key" >/dev/null 2>&1
public=$(build/dev/bin/ucap key show "$work/calendar.key")
# Nobody listens at the gateway's address: the process goes on asking for it, and answers ping meanwhile.
build/dev/bin/ucap-calendar --key-file "$work/calendar.key" --gateways "ipc://$work/none" --gateway-key "$public" \
    --control "ipc://$work/calendar.ctl" 2>/dev/null &
pid=$!
until=$((SECONDS + 30))
until build/dev/bin/ucap-calendar --health --control "ipc://$work/calendar.ctl" >"$work/health" 2>/dev/null; do
    ((SECONDS < until)) || fail "it does not answer ping"
done
grep -qx ready "$work/health" || fail "it is not ready"
kill "$pid"
wait "$pid" || fail "it does not end cleanly"
pid=
