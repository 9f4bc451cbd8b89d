# shellcheck shell=bash
# lab: --machines 3 --conf agent_ttl=10s
# timeout: 120
# The main job: from a unit file to a running unit, and back.
# shellcheck source=tests/lab/lib/check.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/check.sh"
# shellcheck source=tests/lab/lib/ask.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/ask.sh"

sleeper hello.service
sleeper web@.service
unit broken.service '[Service]' 'ExecStart=/bin/sh -c "echo the disk is on fire; exit 3"' 'Type=oneshot'
unit once.service '[Service]' 'Type=oneshot' 'ExecStart=/bin/true'

runs_for_real() {
    equal active "$(lab exec "$(where "$1")" systemctl is-active "$1")"
}

# --- start
check "start returns in under a second" takes_at_most 1 ctl start hello.service
check "the unit runs under the machine's systemd" runs_for_real hello.service
check "list-units shows it active and running" mentions $'active\trunning' ctl list-units
check "a second start is fine and says nothing" prints "" ctl start hello.service
check "no daemon-reload was needed" equal no \
    "$(lab exec "$(where hello.service)" systemctl show -p NeedDaemonReload --value hello.service)"
check "a bare name means a service" ctl start once
check "a oneshot that ended well is a success" mentions launched ctl list-unit-files
check "an instance is made from the local template" mentions "Unit web@1.service launched on" ctl start web@1.service
check "a template itself is only submitted" ctl submit web@.service
check "an instance is made from the submitted template" env -C / "$LAB_HOME/lab" ctl start web@2.service
check "cat gives the unit file back byte for byte" equal "$(cat hello.service)" "$(ctl cat hello.service)"

# --- a start that fails
ctl start broken.service >broken.out 2>broken.err
check "a start that fails exits with 1" equal 1 $?
check "it says on which machine and why" mentions "10.77.0." cat broken.err
check "it shows the unit's last log lines" mentions "the disk is on fire" cat broken.err
check "status shows the failure" mentions "failed" ctl status broken.service
check "status of a unit that does not run exits with 3" status_is 3 ctl status broken.service

# --- status
check "status tells the machine and the reason for it" mentions "machines that fit" ctl status hello.service
check "status of a running unit exits with 0" ctl status hello.service
check "status of an unknown unit exits with 1" status_is 1 ctl status nobody.service

# --- changing, stopping, restarting
pid_before=$(main_pids "$(where hello.service)" | grep hello)
check "restart runs it anew" ctl restart hello.service
check "with another main process" not equal "$pid_before" "$(main_pids "$(where hello.service)" | grep hello)"
sleeper hello.service 'MachineMetadata=host=m3'
check "a differing file is not taken without --replace" mentions "Add --replace to override." ctl start hello.service
check "start --replace takes the new file" ctl start --replace hello.service
check "it is a new version" equal $'1\n2' "$(ctl history --no-legend --fields=version hello.service)"
check "diff shows what has changed" mentions "+MachineMetadata=host=m3" ctl diff hello.service
check "and exits with 1, as diff does" status_is 1 ctl diff hello.service
check "the present file is the new version" ctl diff hello.service 2
check "the former file is still to be had" omits MachineMetadata ctl cat hello.service@1
check "a version that there is not exits with 2" status_is 2 ctl diff hello.service 7
check "and moves the unit where the new file wants it" eventually 10 runs_on hello.service m3
check "stop leaves it loaded" mentions "loaded on" ctl stop hello.service
check "and systemd has it inactive" equal inactive "$(lab exec m3 systemctl is-active hello.service)"
check "unload makes it inactive" mentions "Unit hello.service inactive" ctl unload hello.service
check "its file is gone from the machine" fails_on m3 test -e /run/fleet/units/hello.service
check "load puts it on a machine" mentions "loaded on" ctl load hello.service
check "destroy takes globs" mentions "Destroyed web@1.service" ctl destroy 'web@*.service' hello.service once.service broken.service
check "nothing is listed any more" prints "" ctl list-units --no-legend
check "nor in list-unit-files" prints "" ctl list-unit-files --no-legend
check "destroy then start at once works" ctl start hello.service
ctl destroy hello.service >/dev/null
check "destroy, then start with another file: the new one runs" ctl start web@1.service hello.service
check "--no-block returns at once" mentions "Triggered unit" ctl stop --no-block web@1.service
