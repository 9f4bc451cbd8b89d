# shellcheck shell=bash
# lab: --machines 3 --conf agent_ttl=30s
# timeout: 900
# No answer, no change (docs/architecture.md, promise 1): 300 units, and the store is away for ten minutes.
# shellcheck source=tests/lab/lib/check.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/check.sh"
# shellcheck source=tests/lab/lib/ask.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/ask.sh"

OUTAGE_SECONDS=600
SETTLE_SECONDS=75 # more than two lease times

sleeper steady@.service

unchanged() {
    equal "$before" "$(main_pids m1 m2 m3)"
}

all_listed() {
    equal 3 "$(ctl list-machines --no-legend | wc -l)"
}

ctl start steady@{1..300}.service >/dev/null
before=$(main_pids m1 m2 m3)
check "300 units run" running_is 300 '^steady@'
check "and their processes are known" equal 300 "$(grep -c steady@ <<<"$before")"
lab etcd stop
sleep $OUTAGE_SECONDS
check "after $OUTAGE_SECONDS s without the store no unit has changed" unchanged
lab etcd start
returned=${EPOCHREALTIME/./}
check "the machines are there again" eventually 30 all_listed
check "all units are listed" eventually 30 running_is 300 '^steady@'
echo "# listed $(((${EPOCHREALTIME/./} - returned) / 1000)) ms after the store was back"
sleep $SETTLE_SECONDS
check "no unit has changed since it is back" unchanged
check "and the cluster works" ctl stop steady@1.service
ctl destroy '*' >/dev/null
