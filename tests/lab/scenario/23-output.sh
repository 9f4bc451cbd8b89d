# shellcheck shell=bash
# lab: --machines 3 --conf agent_ttl=10s
# timeout: 120
# What fleetctl shows: filters, JSON, marks and colours on a terminal, progress while it waits, suggestions.
# shellcheck source=tests/lab/lib/check.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/check.sh"
# shellcheck source=tests/lab/lib/ask.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/ask.sh"

sleeper one.service 'MachineMetadata=host=m1'
sleeper two.service 'MachineMetadata=host=m2'
unit bad.service '[Service]' 'Type=oneshot' 'ExecStart=/bin/false' '[X-Fleet]' 'MachineMetadata=host=m2'
unit slow@.service '[Service]' 'Type=oneshot' 'RemainAfterExit=yes' 'ExecStart=/bin/sleep %i'
ctl start one two >/dev/null
ctl start bad >/dev/null 2>&1

# units FLAG...: the units that are listed, in one line.
units() {
    ctl list-units --no-legend --fields=unit "$@" | paste -sd' '
}

# json LISTING EXPRESSION: what jq makes of it.
json() {
    ctl "$1" --output=json | jq -r "$2"
}

# on_terminal ARG...: fleetctl on a terminal of its own; both its outputs.
on_terminal() {
    TERM=xterm script -qec "'$LAB_HOME/lab' ctl $*" /dev/null </dev/null
}

without_color() {
    NO_COLOR=1 on_terminal "$@"
}

# --- filters
check "a name chooses a unit" prints one.service units one
check "globs choose units" prints "one.service two.service" units 'o*' 't*'
check "--state chooses by systemd's state" prints bad.service units --state=failed
check "--machine chooses by address" prints "bad.service two.service" units --machine=10.77.0.102
check "or by the beginning of an id" prints "one.service" units "--machine=$(lab id m1 | cut -c1-8)"
check "or by metadata" prints "two.service" units --machine=host=m2 --state=running
check "list-unit-files has them too" prints bad.service \
    ctl list-unit-files --no-legend --fields=unit --machine=host=m2 'b*'
check "list-machines takes machines" prints 10.77.0.103 ctl list-machines --no-legend --fields=ip host=m3
check "a machine that there is not is an error" status_is 1 ctl list-units --machine=10.77.0.1033
check "with a suggestion" mentions "did you mean '10.77.0.103'?" ctl list-units --machine=10.77.0.1033

# --- JSON
check "list-units as JSON" prints $'bad.service failed\none.service active\ntwo.service active' \
    json list-units '.[] | .unit + " " + .active'
check "list-unit-files as JSON" prints "launched" json list-unit-files '.[] | select(.unit == "one.service") | .state'
check "list-machines as JSON, metadata as an object" prints $'m1\nm2\nm3' \
    json list-machines '[.[].metadata.host] | sort | .[]'

# --- on a terminal
check "what failed is red on a terminal" mentions $'\e[31mfailed' on_terminal list-units
check "what runs is green" mentions $'\e[32mactive' on_terminal list-units
check "not in a pipe" omits $'\e' ctl list-units
check "nor with NO_COLOR" omits $'\e' without_color list-units
on_terminal start slow@0.6 slow@0.9 slow@1.2 >progress
check "a long wait tells how far it is" mentions "1 of 3 units started" cat progress
check "and takes that away before it says anything else" mentions \
    $'\r\e[KUnit slow@1.2.service launched on' cat progress
check "nothing of it is left at the end" equal $'\r\e[K' "$(tail -c 4 progress)"
check "in a pipe there is none" omits "of 3 units" ctl destroy slow@0.6 slow@0.9 slow@1.2

# --- suggestions
check "a mistyped unit has a neighbour" mentions "Did you mean 'one.service'?" ctl stop onee
check "so have commands" mentions "did you mean 'destroy'?" ctl destory one
check "and flags" mentions "did you mean --replace?" ctl start --repalce one

# --- why a unit failed that had started
unit dies.service '[Service]' "ExecStart=/bin/sh -c 'sleep 1; echo the disk is full; exit 3'"
check "a unit that starts" status_is 0 ctl start dies
check "and dies is told with what it said last" eventually 20 mentions "    the disk is full" ctl wait --for=running dies
check "also in its status" mentions " Log: " ctl status dies

# --- what a wait cannot have
unit ends.service '[Service]' 'Type=oneshot' 'ExecStart=/bin/true'
unit cond.service '[Unit]' 'ConditionPathExists=/nowhere' '[Service]' 'ExecStart=/bin/sleep infinity'
sleeper nofit.service 'MachineMetadata=host=m9'
ctl start ends >/dev/null
check "a start that a condition holds back says so" mentions "one of its conditions does not hold on" ctl start cond
check "and so does the unit's status" mentions "it was not started, as one of its conditions" ctl status cond
check "a wait for it ends" status_is 1 ctl wait cond
check "as does one for what has ended" status_is 1 ctl wait ends
ctl start --no-block nofit >/dev/null
check "what fits nowhere is waited for" status_is 124 ctl wait --timeout=2 nofit
check "and the reason told" mentions "to be running: 0 of 3 machines fit" ctl wait --timeout=2 nofit
