# shellcheck shell=bash
# lab: --machines 3 --conf agent_ttl=10s
# timeout: 120
# Where units run: every option of [X-Fleet] on real machines, and the kinds of units that systemd has.
# shellcheck source=tests/lab/lib/check.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/check.sh"
# shellcheck source=tests/lab/lib/ask.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/ask.sh"

# Both are somewhere.
apart() {
    local one other
    one=$(where "$1") other=$(where "$2")
    [[ -n $one && -n $other ]] && not equal "$one" "$other"
}

together() {
    local one
    one=$(where "$1") && [[ -n $one ]] && runs_on "$2" "${one//$'\n'/ }"
}

# --- placement
sleeper pinned.service "MachineID=$(lab id m2)"
check "MachineID: runs there and nowhere else" ctl start pinned.service
check "it is on m2" runs_on pinned.service m2
sleeper either.service 'MachineMetadata=host=m1' 'MachineMetadata=host=m3'
check "MachineMetadata: one of several values" ctl start either.service
check "it is on m1, the smaller load" mentions m "$(command -v echo)" "$(where either.service)"
sleeper a.service 'Conflicts=b*.service'
sleeper b1.service
sleeper b2.service
sleeper b3.service
check "Conflicts: the one that says so" ctl start a.service
check "the ones that are meant" ctl start b1.service b2.service
check "are apart from it" apart a.service b1.service
check "both" apart a.service b2.service
sleeper friend.service 'MachineOf=pinned.service'
check "MachineOf: with its target" ctl start friend.service
check "together" together friend.service pinned.service
sleeper everywhere.service 'Global=true'
check "Global: a start is triggered" mentions "Triggered global unit everywhere.service start" ctl start everywhere.service
check "it runs on all machines" eventually 10 runs_on everywhere.service "m1 m2 m3"

# --- followers follow
unit pinned.service '[Service]' 'ExecStart=/bin/sleep infinity' '[X-Fleet]' "MachineID=$(lab id m3)"
check "the target moves by a new file" ctl start --replace pinned.service
check "to m3" eventually 10 runs_on pinned.service m3
check "and its follower with it" eventually 10 runs_on friend.service m3

# --- waiting
sleeper nowhere.service 'MachineMetadata=host=m9'
check "a unit that fits nowhere: start says so and exits with 1" status_is 1 ctl start nowhere.service
check "with a reason per machine" mentions "host is 'm1'" ctl start nowhere.service
check "status shows the reasons" mentions "host is 'm2'" ctl status nowhere.service
unit nowhere.service '[Service]' 'ExecStart=/bin/sleep infinity' '[X-Fleet]' 'MachineMetadata=host=m2'
check "it starts when it can" ctl start --replace nowhere.service

# --- metadata set through the API
patch_metadata() {
    lab exec m1 curl -sf --unix-socket /run/fleet.sock -X PATCH -H 'Content-Type: application/json' \
        -d "[{\"op\":\"$2\",\"path\":\"/$(lab id "$1")/metadata/disk\",\"value\":\"ssd\"}]" http://fleet/fleet/v1/machines
}
sleeper ssd.service 'MachineMetadata=disk=ssd'
ctl start --no-block ssd.service >/dev/null
check "metadata can be set through the API" patch_metadata m2 add
check "a unit that waited for it starts there" eventually 10 runs_on ssd.service m2
check "and removed" patch_metadata m2 remove
check "then the unit has no place any more" eventually 10 runs_on ssd.service ""
ctl destroy ssd.service >/dev/null

# --- Replaces
sleeper old.service "MachineMetadata=host=m1" "MachineMetadata=host=m2"
sleeper new.service 'Replaces=old.service' 'MachineMetadata=host=m1'
ctl start old.service >/dev/null
check "Replaces: the new one runs where it must" ctl start new.service
check "on m1" runs_on new.service m1
check "the old one is on the other machine" eventually 10 runs_on old.service m2

# --- kinds of units
unit pulse.service '[Service]' 'Type=oneshot' 'ExecStart=/bin/sh -c "date > /run/pulse"' '[X-Fleet]' 'MachineMetadata=host=m1'
unit pulse.timer '[Timer]' 'OnActiveSec=1s' 'AccuracySec=100ms' '[X-Fleet]' 'MachineOf=pulse.service'
ctl load pulse.service >/dev/null
check "a timer starts" ctl start pulse.timer
check "and fires its service, which was only loaded" eventually 10 lab exec m1 test -e /run/pulse
check "the loaded service is not stopped for it" mentions loaded ctl list-unit-files
unit talk.socket '[Socket]' 'ListenStream=/run/talk.sock' 'Accept=yes' '[X-Fleet]' 'MachineMetadata=host=m2'
check "a socket starts" ctl start talk.socket
check "and listens" lab exec m2 test -S /run/talk.sock
unit data.mount '[Mount]' 'What=tmpfs' 'Where=/data' 'Type=tmpfs' '[X-Fleet]' 'MachineMetadata=host=m3'
check "a mount starts" ctl start data.mount
check "and is mounted" lab exec m3 mountpoint -q /data
check "a mount stops" ctl stop data.mount
unit wanted.service '[Service]' 'ExecStart=/bin/sleep infinity' '[Install]' 'WantedBy=multi-user.target' '[X-Fleet]' 'MachineMetadata=host=m1'
check "a unit with [Install] is enabled on load" ctl load wanted.service
check "systemd says so" mentions enabled lab exec m1 systemctl is-enabled wanted.service
check "everything is destroyed" ctl destroy '*'
check "and gone" prints "" ctl list-units --no-legend
check "no unit file is left on a machine" prints "" lab exec m1 ls /run/fleet/units
