# shellcheck shell=bash
# lab: --machines 2 --conf restart_grace=4min
# timeout: 240
# lane: 3
# fleetd as user fleet, who may do no more than polkit allows; who may use fleetctl; and how fleet is taken off a
# machine. m2 is without it in the end: restart_grace is there to have this lab to itself.
# shellcheck source=tests/lab/lib/check.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/check.sh"
# shellcheck source=tests/lab/lib/ask.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/ask.sh"

DROPIN=/etc/systemd/system/fleet.service.d/unprivileged.conf
RULE=/usr/share/polkit-1/rules.d/fleet.rules
ON_M1=MachineMetadata=host=m1

sleeper keep.service "$ON_M1"
sleeper hello.service "$ON_M1"
sleeper many@.service "$ON_M1"
sleeper last.service MachineMetadata=host=m2
sleeper once.service "$ON_M1" StopAfterDisconnect=5s
unit wanted.service '[Service]' 'ExecStart=/bin/sleep infinity' '[Install]' 'WantedBy=multi-user.target' \
    '[X-Fleet]' "$ON_M1"
unit broken.service '[Service]' 'ExecStart=/bin/sh -c "echo the disk is on fire; exit 3"' 'Type=oneshot' \
    '[X-Fleet]' "$ON_M1"

# as USER CMD...: in m1.
as() {
    lab exec m1 runuser -u "$1" -- "${@:2}"
}

# Starting it anew, as whoever its unit says.
restart_fleetd() {
    lab exec m1 systemctl daemon-reload && lab exec m1 systemctl restart fleet.service &&
        eventually 20 is_back
}

is_back() {
    equal running "$(ctl list-machines --full --no-legend --fields=machine,status | awk -v id="$(lab id m1)" '$1 == id { print $2 }')"
}

# The user of its process.
fleetd_runs_as() {
    # shellcheck disable=SC2016
    prints "$1" lab exec m1 sh -c 'ps -o user= -p "$(systemctl show -p MainPID --value fleet.service)"'
}

fleetd_has_capabilities() {
    # shellcheck disable=SC2016
    lab exec m1 sh -c 'cat /proc/"$(systemctl show -p MainPID --value fleet.service)"/status' |
        grep -qx $'CapEff:\t0*[1-9a-f][0-9a-f]*'
}

unchanged() {
    equal "$before" "$(main_pids m1 | grep keep)"
}

is_enabled() {
    prints enabled-runtime lab exec m1 systemctl is-enabled wanted.service
}

has_no_link() {
    fails_on m1 test -e "/run/systemd/system/$1" && fails_on m1 test -L "/run/systemd/system/$1"
}

# --- from root to fleet
ctl start keep.service >/dev/null
before=$(main_pids m1 | grep keep)
check "as installed, fleetd runs as root" fleetd_runs_as root
check "without capabilities" not fleetd_has_capabilities
lab exec m1 sh -c "cat >$DROPIN" <"$LAB_HOME/../../units/examples/fleet.service.d/unprivileged.conf"
check "with the drop-in it starts" restart_fleetd
check "and runs as user fleet" fleetd_runs_as fleet
check "the unit that was there has not noticed" unchanged

# --- what fleetd does
check "a unit starts" mentions "Unit hello.service launched on" ctl start hello.service
# shellcheck disable=SC2016
check "it runs as root, as its file says no other" prints 0 \
    lab exec m1 sh -c 'stat -c %u /proc/"$(systemctl show -p MainPID --value hello.service)"'
check "it restarts" ctl restart hello.service
check "a changed file is taken" ctl start --replace "$(sleeper hello.service "$ON_M1" Conflicts=nobody && echo hello.service)"
check "it stops" mentions "loaded on" ctl stop hello.service
check "it is unloaded" ctl unload hello.service
check "its link is gone" has_no_link hello.service
check "a unit with [Install] starts" ctl start wanted.service
check "and is enabled" is_enabled
check "it is destroyed" ctl destroy wanted.service hello.service
check "and wanted by nobody any more" has_no_link multi-user.target.wants/wanted.service
check "a start that fails shows the unit's last log lines" mentions "the disk is on fire" ctl start broken.service
check "a failed unit is destroyed" ctl destroy broken.service
check "and its failure forgotten" fails_on m1 systemctl is-failed broken.service

# --- what must not run twice
ctl start once.service >/dev/null
check "a unit with StopAfterDisconnect= runs, with a guard" lab exec m1 systemctl is-active once.service fleet-guard.service
before_once=$(main_pids m1 | grep once)
check "fleetd restarts without its notice" restart_fleetd
check "as for any other" equal "$before_once" "$(main_pids m1 | grep once)"
lab fleetd pause m1
check "with fleetd paused, the guard stops it" eventually 60 fails_on m1 systemctl is-active once.service
lab fleetd resume m1
check "and fleetd starts it again" eventually 30 lab exec m1 systemctl is-active once.service
ctl destroy once.service >/dev/null
check "then nothing is guarded" eventually 10 fails_on m1 systemctl is-active fleet-guard.service

# --- what it may not
check "user fleet may not change systemd's environment" mentions "Access denied" \
    as fleet systemctl --no-ask-password set-environment A=B
check "another user may not stop a unit" not as nobody systemctl --no-ask-password stop keep.service
check "the unit has not noticed" unchanged

# --- without polkit's consent
refused() {
    mentions "org.freedesktop.systemd1.manage-unit-files" ctl start --block-attempts=1 hello.service
    local result=$?
    ctl destroy hello.service >/dev/null 2>&1
    return $result
}

starts() {
    mentions "launched on" ctl start hello.service
    local result=$?
    ctl destroy hello.service >/dev/null 2>&1
    return $result
}

lab exec m1 mv $RULE $RULE.away
check "without the rule, the error names what polkit does not allow" eventually 10 refused
lab exec m1 mv $RULE.away $RULE
check "with it, units start again" eventually 10 starts
lab exec m1 systemctl kill --signal=KILL polkit.service
check "a polkit that died is no obstacle" eventually 10 starts
ctl start --no-block many@{1..60}.service >/dev/null
lab exec m1 systemctl kill --signal=KILL polkit.service
check "nor is one that dies while much is asked" eventually 20 running_is 60 '^many@'
ctl destroy 'many@*' >/dev/null

# --- who may use fleetctl
lab exec m1 useradd --groups fleet alice
lab exec m1 useradd bob
check "a member of group fleet may" mentions "keep.service" as alice fleetctl list-units
check "another user may not" status_is 1 as bob fleetctl list-units
check "and is told who may" mentions "Permission denied. You must be root or in group fleet" as bob fleetctl list-units

# --- rebooting its machine
check "it has its machine rebooted" ctl reboot --detach --deadline 1s host=m1
check "which goes down" eventually 60 not lab is-on m1
lab boot m1
check "and comes back" eventually 30 prints '' ctl list-reboots --no-legend
check "with its unit" eventually 20 runs_on keep.service m1
before=$(main_pids m1 | grep keep)

# --- and back
lab exec m1 rm $DROPIN
check "without the drop-in it starts" restart_fleetd
check "and runs as root" fleetd_runs_as root
check "the unit has not noticed" unchanged
check "units start and stop as before" starts

# --- taken off a machine, as fleetd(8) says
take_off() {
    lab exec m2 sh -euc '
        systemctl disable --now fleet.service fleet.socket
        cd /run/fleet/units
        systemctl stop -- *
        systemctl disable --runtime -- *
        systemctl stop fleet-guard.service
        cd /
        systemctl stop run-fleet.mount # of the lab alone
        rm -r /run/fleet'
}

ctl start last.service >/dev/null
check "fleet is taken off a machine" take_off
check "its units there have ended" fails_on m2 systemctl is-active last.service
check "systemd has no link to them" prints "" lab exec m2 find /run/systemd/system -name 'last*'
check "the socket is gone" fails_on m2 test -e /run/fleet.sock
