# shellcheck shell=bash
# lab: --machines 3 --conf agent_ttl=5s
# timeout: 240
# lane: 4
# No answer, no change (docs/architecture.md, promise 1): the store is away for longer than every lease.
# shellcheck source=tests/lab/lib/check.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/check.sh"
# shellcheck source=tests/lab/lib/ask.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/ask.sh"

OUTAGE_SECONDS=60
SETTLE_SECONDS=13 # more than two lease times: whoever would move units has moved them by then

sleeper steady@.service
unit crashy.service '[Service]' 'ExecStart=/bin/sh -c "sleep 5; exit 1"' 'Restart=always' 'RestartSec=1'

unchanged() {
    equal "$before" "$(main_pids m1 m2 m3 | grep steady@)"
}

all_listed() {
    equal 3 "$(ctl list-machines --no-legend | wc -l)"
}

ctl start steady@{1..30}.service >/dev/null
before=$(main_pids m1 m2 m3 | grep steady@)
check "30 units run" running_is 30 '^steady@'

# --- stopped
lab etcd stop
check "without the store fleetctl fails" status_is 1 ctl list-units
check "and says why" mentions "store cannot be reached" ctl list-units
check "within its timeout" takes_at_most 4 not ctl list-machines
check "so does start" status_is 1 ctl start steady@1.service
sleep $OUTAGE_SECONDS
check "after $OUTAGE_SECONDS s without the store no unit has changed" unchanged
lab etcd start
check "the machines are there again" eventually 15 all_listed
sleep $SETTLE_SECONDS
check "no unit has changed since it is back" unchanged
check "all are listed" running_is 30 '^steady@'
check "and the cluster works" ctl start crashy.service

# --- paused: its clock goes on, so that every lease has run out when it wakes
lab etcd pause
check "a store that does not answer is told as well" takes_at_most 4 status_is 1 ctl list-units
sleep $((3 * 5))
lab etcd resume
check "the machines are there again after a pause" eventually 20 all_listed
sleep $SETTLE_SECONDS
check "no unit has changed by a pause" unchanged
ctl destroy '*' >/dev/null
