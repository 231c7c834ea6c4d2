#!/usr/bin/env bash
# `docker-compose up` from a clean copy of what git tracks: everything becomes healthy by itself, the example is there, a city
# travels, only the gateway publishes ports, a killed registry comes back, and `down` ends it. Skipped, aloud, where no engine
# answers.
set -euo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)

if ! docker info >/dev/null 2>&1 || ! command -v docker-compose >/dev/null; then
    echo "skipped: no Docker engine answers here, so docker-compose up was not tried" >&2
    exit 77
fi

work=$(mktemp -d)
project=ucaptest$$
compose() { (cd "$work" && docker-compose -p "$project" "$@"); }
finish() {
    code=$?
    [ "$code" = 0 ] || compose logs --no-color --tail 20 >&2 || true
    compose down -v --timeout 5 >/dev/null 2>&1 || true
    docker image rm "ucap:$project" >/dev/null 2>&1 || true
    rm -rf "$work"
    exit "$code"
}
trap finish EXIT
fail() { echo "$*" >&2; exit 1; }

# Ports of the host are chosen by the engine and the image has a name of its own, so that the test disturbs nobody.
export UCAP_TAG=$project UCAP_REQUESTS_PORT='' UCAP_EVENTS_PORT='' DOCKER_BUILDKIT=0
(cd "$top" && git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t "$work" 2>/dev/null) || true
compose build -q keys >/dev/null
compose up -d 2>/dev/null

healthy() { [ "$(docker inspect -f '{{.State.Health.Status}}' "$(compose ps -q "$1")" 2>/dev/null)" = healthy ]; }
wait_for() { # wait_for WHAT COMMAND...: at most 60 s
    local what=$1 until=$((SECONDS + 60))
    shift
    until "$@"; do
        ((SECONDS < until)) || fail "$what did not happen within 60 s"
    done
}
wait_for "a healthy gateway" healthy gateway
wait_for "a healthy registry" healthy registry
ended_well() { [ "$(docker inspect -f '{{.State.Status}} {{.State.ExitCode}}' "$(compose ps -q "$1")")" = "exited 0" ]; }
wait_for "the end of the example's loading" ended_well example

ucap() { compose run --rm -T ucap "$@" 2>/dev/null; }
ucap city show barcelona | grep -q '1,620,809' || fail "the example is not there"
ucap call Registry/CreateCity '{"city": {"slug": "turin", "country": "IT", "names": {"en": "Turin"}}}' >/dev/null ||
    fail "a city was not created"
ucap service list | grep -q 'registry-' || fail "the registry's instance is not listed"

published=$(docker ps --filter "label=com.docker.compose.project=$project" --format '{{.Names}} {{.Ports}}' | grep -- '->' || true)
[[ $published != *$'\n'* && $published == *_gateway_1\ 127.0.0.1:* ]] || fail "not the gateway alone publishes ports: $published"

docker kill --signal KILL "$(compose ps -q registry)" >/dev/null
compose up -d registry 2>/dev/null
wait_for "the registry to come back" healthy registry
ucap city list --format csv | grep -q '^turin,' || fail "the city is gone after the registry was killed"
echo "compose: up, the example, a city, one published process, a killed registry, down"
