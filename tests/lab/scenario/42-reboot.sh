# shellcheck shell=bash
# lab: --machines 3 --conf agent_ttl=10s
# timeout: 500
# Machines are rebooted one after another under a service that is asked all the time.
# shellcheck source=tests/lab/lib/check.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/check.sh"
# shellcheck source=tests/lab/lib/ask.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/ask.sh"
# shellcheck source=tests/lab/lib/web.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/web.sh"
# shellcheck source=tests/lab/lib/reboots.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/reboots.sh"

unit web@.service '[Service]' 'ExecStart=/usr/bin/python3 /usr/local/lib/web-server.py 80%i'
web_install
sleeper everywhere.service 'Global=true'

phase_is() {
    equal "$2" "$(ctl list-reboots --no-legend --full --fields=phase "$(lab id "$1")")"
}
fewer_wait() {
    local phases
    phases=$(ctl list-reboots --no-legend --fields=phase) && (($(grep -c waiting <<<"$phases") < $1))
}
all_run() {
    running_is 6 '^web@' && running_is 3 '^everywhere'
}

ctl start web@{1..6}.service everywhere.service >/dev/null
check "six instances run, and the global unit everywhere" all_run

# --- one
id1=$(lab id m1) id2=$(lab id m2)
boots >before
client_start
firmware_start m1 m2 m3
lab exec m3 fleetctl reboot --message 'new kernel' host=m1 >reboot.out 2>&1
check "reboot of a machine ends well" equal 0 $?
sed 's/^/# /' reboot.out
check "it was drained" mentions 'is being drained' cat reboot.out
check "it is back" mentions "Machine ${id1:0:8}.../10.77.0.101 has been rebooted" cat reboot.out
check "it has booted, and no other one" boots_are 2
check "nothing is left of it" no_reboots
check "all run" all_run
check "list-machines shows nothing of it" omits reboot ctl list-machines

# --- all, and the leader is lost on the way
boots >before
check "all are to be rebooted" ctl reboot --all --detach
check "one at a time" eventually 5 lists 2 waiting ctl list-reboots --no-legend --fields=phase
check "the next one says whom it waits for" eventually 5 mentions 'comes first' ctl list-reboots
check "list-machines says so" eventually 5 mentions ', reboot waiting' ctl list-machines
check "the leader is lost" eventually 20 leader_killed
check "under the next leader it goes on" eventually 60 fewer_wait 2
check "until all are back" eventually 240 no_reboots
check "all have booted" boots_are 0
check "all run" eventually 10 all_run
firmware_stop
client_end
check "no request was lost" lost_none

# --- a machine that does not come back; m3 is asked, which stays
ctl3() {
    lab exec m3 fleetctl "$@"
}
check "one is to be rebooted" ctl3 reboot --detach --timeout 15s host=m1
check "and then another one" ctl3 reboot --detach --timeout 15s host=m2
check "the first one does not come back" eventually 60 phase_is m1 failed
check "and says so" mentions 'it did not come back in time' ctl list-reboots
check "the other one waits for it" phase_is m2 waiting
check "it cannot be asked for twice" mentions 'is under way already' ctl reboot --detach host=m2
check "cancelled, it waits no more" prints "The reboot of machine ${id2:0:8}.../10.77.0.102 is cancelled" \
    ctl reboot --cancel host=m2
lab boot m1
check "the first one comes back after all" eventually 60 no_reboots
check "and gets units again" eventually 20 all_run
check "--cancel of nothing is no error" prints "Machine ${id2:0:8}.../10.77.0.102 was not to be rebooted" \
    ctl reboot --cancel host=m2
check "nor of all" prints "No machine is to be rebooted" ctl reboot --cancel --all

# --- all are taken back, while one goes down; m3 is asked, which is the last
off() {
    ! lab is-on "$1"
}
goes_down() {
    prints rebooting ctl3 list-reboots --no-legend --full --fields=phase "$id1"
}
check "one is to be rebooted" ctl3 reboot --detach host=m1
check "and then all others" ctl3 reboot --detach host=m2 host=m3
check "the first one goes down" eventually 60 goes_down
ctl3 reboot --cancel --all >cancel.out 2>&1
check "that is said" mentions "is going down already" cat cancel.out
check "the others are cancelled" equal 2 "$(grep -c 'is cancelled' cancel.out)"
check "it is down" eventually 30 off m1
check "no other follows it" never 8 off m2
check "nor the last" lab is-on m3
lab boot m1
check "all have units again" eventually 60 all_run
check "a machine that is not there is refused" status_is 1 ctl reboot --detach 00000000000000000000000000000001
check "and so is none" status_is 1 ctl reboot
