# shellcheck shell=bash
# lab: --machines 3 --conf agent_ttl=5s
# timeout: 900
# lane: 4
# Units with StopAfterDisconnect= never run twice, whatever happens to their machine and its fleetd (docs/architecture.md,
# promise 3). Their processes beat into the journals of their machines, which share one clock: that is what is judged.
# shellcheck source=tests/lab/lib/check.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/check.sh"
# shellcheck source=tests/lab/lib/ask.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/ask.sh"

ONCE=(plain.service deaf.service always.service asked.service)
# On m1 or m2, so that m3 has nothing to lose: 5 s until m3 knows, 8 s to stop, 3 s for the stop, 10 s margin.
LIMITS=('[X-Fleet]' StopAfterDisconnect=8s MachineMetadata=host=m1 MachineMetadata=host=m2)
MOVES=32

# beater NAME SHELL-COMMAND [SERVICE LINE...]
beater() {
    unit "$1" '[Service]' TimeoutStopSec=3s "ExecStart=/bin/sh -c \"$2 while :; do echo beat; sleep 0.1; done\"" \
        "${@:3}" "${LIMITS[@]}"
}

beater plain.service ''
beater deaf.service "trap '' TERM;"
beater always.service '' Restart=always RestartSec=100ms
beater asked.service ''
unit asked.socket '[Socket]' ListenStream=/run/asked.sock '[X-Fleet]' Global=yes
sleeper weight@.service MachineMetadata=host=m2

# is_running MACHINE UNIT...: all of them, as its systemd has it.
is_running() {
    lab exec "$1" systemctl is-active --quiet "${@:2}"
}

# up_on MACHINE: all of ONCE.
up_on() {
    local one
    for one in "${ONCE[@]}"; do
        is_running "$1" "$one" || return
    done
}

# is_down MACHINE UNIT...: none of them has a process, which is more than what systemd calls it.
is_down() {
    local one
    for one in "${@:2}"; do
        fails_on "$1" test -e "/sys/fs/cgroup/system.slice/$one" || return
        lists 0 '[1-9]' lab exec "$1" systemctl show -P MainPID "$one" || return
    done
}

pids() {
    lab exec "$1" systemctl show -P MainPID "${ONCE[@]}" | paste -sd ' '
}

journals_of() {
    local machine
    for machine in m1 m2 m3; do
        lab exec "$machine" journalctl --quiet --no-pager -o json -u "$1" --since "$BEGIN" | sed "s/^/$machine /"
    done
}

never_overlaps() {
    lab exec m1 journalctl --sync && lab exec m2 journalctl --sync && lab exec m3 journalctl --sync
    journals_of "$1" | python3 "$LAB_HOME/lib/overlap.py"
}

check_lives() {
    local one
    for one in "${ONCE[@]}"; do
        check "$one never ran twice" never_overlaps "$one"
        never_overlaps "$one" | tail -n 1 | sed "s/^/# $one: /"
    done
}

# Nobody knows the machine's fleetd better than its journal.
guard_said() {
    mentions "$2" lab exec "$1" journalctl --no-pager -u fleet-guard.service --since "$BEGIN"
}

status_says() {
    mentions "$2" ctl status "$1"
}

poke() {
    lab exec "$1" python3 -c 'import socket; s = socket.socket(socket.AF_UNIX); s.connect("/run/asked.sock")' 2>/dev/null
    true
}

BEGIN=$(date '+%F %T')
ctl start asked.socket weight@{1..6}.service >/dev/null
ctl start "${ONCE[@]}" >/dev/null
check "all are on the machine with the least to do" eventually 10 up_on m1
check "which has a guard" is_running m1 fleet-guard.service
check "the others need none" fails_on m2 systemctl is-active fleet-guard.service
check "what users see of a file is theirs, byte for byte" \
    equal "$(<"$UNITS/plain.service")" "$(ctl cat plain.service)"

# --- nothing that fleetd does, or that is done to it, concerns them
before=$(pids m1)
lab exec m1 systemctl restart fleet.service
check "a restart of fleetd leaves them alone" equal "$before" "$(pids m1)"
lab exec m1 systemctl kill -s KILL fleet.service
lab exec m1 systemctl kill -s KILL fleet-guard.service
check "killed, the guard is back" eventually 5 is_running m1 fleet-guard.service
lab exec m1 systemctl stop fleet-guard.service
check "stopped by hand, it is started by fleetd" eventually 10 is_running m1 fleet-guard.service
check "and they are left alone" equal "$before" "$(pids m1)"
lab fleetd stop m1
check "with fleetd stopped for longer than their time, its place is kept" \
    never 15 is_down m1 plain.service
lab fleetd start m1
check "and so are they" equal "$before" "$(pids m1)"

# --- the network is gone for a moment
lab cut m1
check "cut off for less than their time ..." never 5 is_down m1 plain.service
lab heal m1
check "... they run on afterwards" never 12 is_down m1 plain.service
check "untouched" equal "$before" "$(pids m1)"

# --- and for longer
lab cut m1
check "cut off for longer, they are stopped" eventually 13 is_down m1 plain.service always.service asked.service
check "also one that ignores it" eventually 5 is_down m1 deaf.service
check "which had to be killed" guard_said m1 "Killing unit 'deaf.service'"
check "meanwhile users can see why they wait" status_says plain.service 'waits for its machine, which is gone'
check "nobody can start them there" fails_on m1 systemctl start plain.service
poke m1
check "nor does their socket" is_down m1 asked.service
check "then they run elsewhere" eventually "$MOVES" up_on m2
lab heal m1
check "back again, it does not start them" never 10 is_running m1 plain.service
check "and needs no guard any more" eventually 10 fails_on m1 systemctl is-active fleet-guard.service
check_lives

# --- back when they are stopped, and not moved yet
before=$(pids m2)
lab cut m2
check "cut off again, they are stopped there" eventually 18 is_down m2 "${ONCE[@]}"
lab heal m2
check "back in time, they start again where they were" eventually 15 up_on m2
check "anew" not equal "$before" "$(pids m2)"
check "as fleetd has noticed" mentions "was stopped by the guard" lab logs m2
check_lives

# --- fleetd is dead, and does not come back
lab exec m2 systemctl mask --runtime --quiet fleet.service fleet.socket
lab exec m2 systemctl kill -s KILL fleet.service
lab cut m2
check "with fleetd dead and the network gone, they are stopped" eventually 18 is_down m2 "${ONCE[@]}"
check "and run elsewhere" eventually "$MOVES" up_on m1
lab exec m2 systemctl unmask --runtime --quiet fleet.service fleet.socket
lab heal m2
lab fleetd start m2
check "a fleetd that is back does not start them" never 8 is_running m2 plain.service
check_lives

# --- fleetd is paused, and wakes up too late
lab fleetd pause m1
lab cut m1
check "with fleetd paused and the network gone, they are stopped" eventually 18 is_down m1 "${ONCE[@]}"
lab fleetd resume m1
check "one that wakes up does not start them" never 4 is_running m1 plain.service
check "they run elsewhere" eventually "$MOVES" up_on m2
lab heal m1
check_lives

# --- paused only, on a network that works: its presence is gone all the same
lab fleetd pause m2
check "with fleetd paused alone, they are stopped" eventually 18 is_down m2 "${ONCE[@]}"
check "and run elsewhere" eventually "$MOVES" up_on m1
lab fleetd resume m2
check_lives

# --- destroyed and made again while their machine is away
lab cut m1
check "its machine is known to be gone" eventually 12 status_says plain.service 'which is gone'
ctl destroy --no-block plain.service >/dev/null
ctl start --no-block plain.service >/dev/null
check "made again it waits for the end of its former life" never 3 is_running m2 plain.service
check "and then runs" eventually "$MOVES" is_running m2 plain.service
check "as do the others" eventually 10 up_on m2
lab heal m1
check_lives

# --- the machine goes down
lab shutdown m2
check "shut down, its units need not wait" eventually 8 up_on m1
lab boot m2
check "it comes back" eventually 30 mentions "$(lab id m2)" ctl list-machines --full
check_lives

# --- the machine loses its power
lab kill m1
check "without power, they wait until they would have been stopped" never 15 is_running m2 plain.service
check "and then run elsewhere" eventually "$MOVES" up_on m2
lab boot m1
check "the machine comes back" eventually 30 mentions "$(lab id m1)" ctl list-machines --full
check_lives

# --- a time of its own that is shorter than a lease: 5 s until m3 knows, 5 s as for a lease, 3 s for the stop, 10 s margin
LIMITS[1]=StopAfterDisconnect=1s
beater brief.service ''
ctl start brief.service >/dev/null
check "a time that is shorter than a lease counts as that" \
    equal "5000000 3000000" "$(lab exec m1 cut -d ' ' -f 1,2 /run/fleet/guard/units/brief.service)"
lab cut m1
check "cut off, it is stopped" eventually 12 is_down m1 brief.service
check "and then runs elsewhere" eventually 30 is_running m2 brief.service
lab heal m1
check "the machine comes back" eventually 30 mentions "$(lab id m1)" ctl list-machines --full
check "brief.service never ran twice" never_overlaps brief.service

check "all of them are destroyed" ctl destroy '*'
check "destroyed, nothing is guarded any more" eventually 15 fails_on m2 systemctl is-active fleet-guard.service
