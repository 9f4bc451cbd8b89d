# shellcheck shell=bash
# lab: --machines 3 --conf agent_ttl=10s
# timeout: 14400
# fleetd is killed at each step of its work in turn, each time while 100 units start: at the first, second, ... system
# call of each kind that changes something, on the leader's machine and on another. STEP_GROWTH=1.2, say, makes the
# distance between two steps grow after the first 20; 1 walks through every one.
# shellcheck source=tests/lab/lib/check.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/check.sh"
# shellcheck source=tests/lab/lib/ask.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/ask.sh"
# shellcheck source=tests/lab/lib/steps.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/steps.sh"

STEP_GROWTH=${STEP_GROWTH:-1.2}

next_step() {
    awk -v n="$1" -v growth="$STEP_GROWTH" 'BEGIN { print (n < 20) ? n + 1 : int(n * growth) + (growth == 1) }'
}

# walk ROLE SYSCALL: until there are no more such calls in a start of 100 units.
walk() {
    local n=1 victim
    lead_elsewhere
    while true; do
        victim=$("$1")
        start_while_killed "$victim" "$2" "$n"
        check "$1 killed at $2 number $n: all units run, and each was started once" eventually 30 all_run_once
        clear_steps
        ((KILLED > 0)) || break
        n=$(next_step "$n")
    done
    echo "# $1: $2 has fewer than $n steps"
}

for kind in "${STEP_KINDS[@]}"; do
    walk follower "$kind"
    walk leader "$kind"
done
