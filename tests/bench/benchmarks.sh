#!/bin/bash
# The benchmarks in their smallest form: what they measure works, and they notice when it does not. Speaks TAP.
# shellcheck disable=SC2317 # checks are handed to judge()
set -euo pipefail
source_dir=$(realpath "${top_srcdir:-.}")
BENCH_BUILD=$(realpath "${top_builddir:-.}")
export BENCH_BUILD
# shellcheck source=tests/tap.sh
. "$source_dir/tests/tap.sh"
bench=$source_dir/tests/bench/bench

# json EXPRESSION: what it is, of the last line as r.
json() {
    python3 -c "import json, sys; r = json.loads(sys.stdin.readlines()[-1]); print($1)"
}

each_kind_is_placed() {
    local kinds
    kinds=$("$bench" sched 20x100 --repeat 1 | json '" ".join(row["kind"] for row in r["rows"])')
    [[ $kinds == "none metadata conflicts machine-of mix rack memory spread" ]] || echo "rows: $kinds"
}

# Ten units of a group that conflict, and ten machines, of which one is lost.
a_misplaced_unit_is_noticed() {
    local status=0
    "$bench" sched 10x20 --kinds conflicts --repeat 1 >/dev/null 2>&1 || status=$?
    [[ $status == 1 ]] || echo "status $status"
}

phases_pass() {
    local phases
    phases=$("$bench" scale 4 20 --ttl 2 --rest 1 | json '" ".join(row["phase"] for row in r["rows"][len(r["rows"]) // 2:])')
    [[ $phases == "boot cold-start one-more list-units machine-lost machine-joined replaced rest leader-killed" ]] ||
        echo "phases: $phases"
}

a_list_that_is_too_short_is_noticed() {
    local status=0
    FLEETCTL=/bin/true "$bench" scale 3 5 --ttl 2 --rest 1 >/dev/null 2>&1 || status=$?
    [[ $status == 1 ]] || echo "status $status"
}

libraries() {
    readelf -d "$BENCH_BUILD/$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | sort
}

bare_program_has_the_libraries_of_fleetd() {
    [[ -n $(libraries fleetd/fleetd) ]] || echo "fleetd has none"
    diff <(libraries fleetd/fleetd) <(libraries tests/bench/bench-bare)
}

has_etcd() {
    command -v etcd >/dev/null && unshare --user --map-root-user --net true 2>/dev/null
}

judge "the scheduler places all units of each kind" "$(each_kind_is_placed)"
judge "a unit without a place ends the benchmark" "$(a_misplaced_unit_is_noticed)"
judge "the program that fleetd's memory is held against has fleetd's libraries" "$(bare_program_has_the_libraries_of_fleetd)"
if has_etcd; then
    judge "a cluster on a real etcd goes through all phases" "$(phases_pass)"
    judge "a list that is too short ends the benchmark" "$(a_list_that_is_too_short_is_noticed)"
else
    skip "clusters" "there is no etcd, or no network namespace of one's own"
fi
tap_end
