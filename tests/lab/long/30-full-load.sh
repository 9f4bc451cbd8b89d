# shellcheck shell=bash
# lab: --machines 3 --etcd 3 --conf agent_ttl=5s
# timeout: 1200
# A machine that is busy is not a machine that is gone: with the shortest lease that is sensible, nobody is given up in ten
# minutes in which each processor has more to do than it can, and units come and go all the time.
# shellcheck source=tests/lab/lib/check.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/check.sh"
# shellcheck source=tests/lab/lib/ask.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/ask.sh"

LOAD_SECONDS=600
BUSY_PER_MACHINE=$(nproc)

sleeper steady@.service
sleeper churn@.service
for ((k = 1; k <= 3; k++)); do
    for ((i = 1; i <= BUSY_PER_MACHINE; i++)); do
        unit "busy-m$k-$i.service" '[Service]' "ExecStart=/bin/sh -c 'while :; do :; done'" '[X-Fleet]' "MachineMetadata=host=m$k"
    done
done

# What fleetds said of machines that are gone, or of their own presence.
alarms() {
    local machine log
    for machine in m1 m2 m3; do
        log=$(lab logs "$machine") || return
        sed -nE "/has no presence any more|is gone; its units|The presence of this machine|does not lead any more/s/^/$machine: /p" \
            <<<"$log"
    done
}

churn() {
    ctl start churn@{1..60}.service >/dev/null && ctl destroy 'churn@*.service' >/dev/null
}

ctl start steady@{1..300}.service >/dev/null
before=$(main_pids m1 m2 m3)
check "300 units run" running_is 300 '^steady@'
check "each machine is busy" ctl start busy-m{1..3}-*.service
deadline=$((SECONDS + LOAD_SECONDS)) rounds=0 failed=0
while ((SECONDS < deadline)); do
    churn || failed=$((failed + 1))
    rounds=$((rounds + 1))
done
echo "# load $(cut -d ' ' -f 1-3 /proc/loadavg), $(nproc) processors, $rounds times 60 units started and destroyed"
check "each time 60 units were started and destroyed" equal 0 "$failed"
check "units were started and destroyed all the time" test "$rounds" -ge $((LOAD_SECONDS / 60))
check "no machine was thought gone in $LOAD_SECONDS s" prints "" alarms
check "no unit has changed" equal "$before" "$(main_pids m1 m2 m3 | grep steady@)"
check "all are destroyed" ctl destroy '*'
