# shellcheck shell=bash
# lab: --machines 3 --conf agent_ttl=10s
# timeout: 180
# Many units at once.
# shellcheck source=tests/lab/lib/check.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/check.sh"
# shellcheck source=tests/lab/lib/ask.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/ask.sh"

sleeper bulk@.service

# The difference between the machines with the most and the fewest units.
imbalance() {
    ctl list-units --no-legend --fields=unit,machine | awk '{ n[$2]++ }
        END { for (m in n) { if (!most || n[m] > most) most = n[m]; if (!fewest || n[m] < fewest) fewest = n[m] }
              print most - fewest }'
}

is_spread_evenly() {
    local difference
    difference=$(imbalance) && echo "difference: $difference" && ((difference <= 1))
}

hundred_are_gone() {
    ctl destroy bulk@{1..100}.service >/dev/null && running_is 400 bulk
}

check "500 instances start with one command" takes_at_most 30 ctl start bulk@{1..500}.service
check "all of them run" running_is 500 bulk
check "spread within one of each other" is_spread_evenly
check "100 destroyed units are gone from list-units when destroy returns" \
    takes_at_most 5 hundred_are_gone
check "destroying the rest" ctl destroy 'bulk@*.service'
check "nothing is left" prints "" ctl list-units --no-legend
check "nor on a machine" prints "" lab exec m2 ls /run/fleet/units
check "nor in the store, but for the unit file, until it is collected" lists 0 '/(unit|schedule|state|pending)/' \
    etcdctl get --prefix --keys-only "$STORE_PREFIX"
