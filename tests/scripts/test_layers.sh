#!/usr/bin/env bash
# scripts/check-layers passes this tree, and names each arrow that must not be in a tree that has one.
set -euo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

"$top/scripts/check-layers" || { echo "the tree itself has a forbidden arrow" >&2; exit 1; }

# refused FILE LINE SENTENCE: a tree whose FILE has LINE must be refused with SENTENCE.
refused() {
    rm -rf "${work:?}/tree"
    mkdir -p "$work/tree/"{lib/base,lib/bus,services/registry,cli,"$(dirname "$1")"}
    printf '%s\n' "$2" >"$work/tree/$1"
    if output=$("$top/scripts/check-layers" "$work/tree" 2>&1) || ! grep -qF "$3" <<<"$output"; then
        printf 'not refused: %s in %s: %s\n' "$2" "$1" "$output" >&2
        failed=1
    fi
}

refused lib/base/x.c '#include "bus/call.h"' 'lib/base must not include "bus/'
refused lib/bus/x.h '#include "db/db.h"' 'lib/bus must not include "db/'
refused services/registry/rpc.c '#include "ucap/ucap.h"' 'services/registry must not include "ucap/'
refused services/gateway/x.c '#include "db/db.h"' 'services/gateway must not include "db/'
refused cli/x.c '#include "shell/shell.h"' 'cli must not include "shell/'
refused services/registry/rpc.c '#include "../gateway/broker.h"' 'must not reach into another'
refused services/registry/rpc.c 'run("SELECT 1");' 'SQL stands in a store.c'
exit "$failed"
