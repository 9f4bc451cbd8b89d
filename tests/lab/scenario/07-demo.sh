# shellcheck shell=bash
# lab: --machines 3 --etcd 3 --conf agent_ttl=5s
# timeout: 120
# The tour that tests/demo gives, on this lab.
# shellcheck source=tests/lab/lib/check.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/check.sh"
# shellcheck source=tests/lab/lib/ask.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/ask.sh"

# What the lab has, without another build. The end of what it says is told if it breaks off.
demo() {
    FLEETD=${FLEETD:-$LAB_HOME/../../build/fleetd/fleetd} FLEETCTL=${FLEETCTL:-$LAB_HOME/../../build/fleetctl/fleetctl} \
        env -C / "$LAB_HOME/../demo" >"$UNITS/demo.out" 2>&1 && return
    tail -n 30 "$UNITS/demo.out"
    return 1
}

# What runs in one place at a time, by its unit.
places() {
    ctl list-units --no-legend --full --fields unit,machine |
        awk '$1 != "node-agent.service" { print $1 }' | sort
}

no_unit_is_in_two_places() {
    prints "" uniq -d <(places)
}

check "the tour goes to its end" demo
check "it lost a machine" grep -q 'The power of m[123] is cut: ' "$UNITS/demo.out"
check "units came back elsewhere" grep -Eq '[0-9.]+ s  .* runs on ' "$UNITS/demo.out"
check "its examples run" eventually 10 running_is 7 '^(hello|app|app-sidekick|db-a|db-b|cleanup)[@.0-9]'
check "none of them twice" no_unit_is_in_two_places
