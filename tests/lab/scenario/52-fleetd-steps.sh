# shellcheck shell=bash
# lab: --machines 3 --conf agent_ttl=10s
# timeout: 400
# lane: 2
# fleetd is killed in the middle of its work, at one step after another, while 100 units start (docs/architecture.md,
# promise 2). tests/lab/run --long 20-fleetd-steps walks through all of them.
# shellcheck source=tests/lab/lib/check.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/check.sh"
# shellcheck source=tests/lab/lib/ask.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/ask.sh"
# shellcheck source=tests/lab/lib/steps.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/steps.sh"

for kind in "${STEP_KINDS[@]}"; do
    lead_elsewhere
    victim=$([[ $kind == send* ]] && leader || follower)
    start_while_killed "$victim" "$kind" 1 8 30
    check "killed $KILLED times at $kind: it was in the middle of it" test "$KILLED" -ge 1
    check "all units run, and each was started once" eventually 20 all_run_once
    check "and all can be destroyed" clear_steps
done
