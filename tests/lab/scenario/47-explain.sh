# shellcheck shell=bash
# lab: --machines 3 --conf agent_ttl=5s
# timeout: 150
# lane: 2
# A day's story, as fleetctl tells it: the cluster on one screen at each stage, and where a unit was, over a drain, a power
# cut and another leader.
# shellcheck source=tests/lab/lib/check.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/check.sh"
# shellcheck source=tests/lab/lib/ask.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/ask.sh"

# screen STATUS TEXT...: the exit status, and what stands on the screen.
screen() {
    local output status=0 text
    output=$(ctl status 2>&1) || status=$?
    for text in "${@:2}"; do
        [[ $output == *"$text"* ]] || {
            printf 'not on the screen: %s\n%s\n' "$text" "$output"
            return 1
        }
    done
    equal "$1" "$status"
}
history_of() {
    ctl status "$1" 2>/dev/null | sed -n '/^  History: /,/^  [M ]*[a-z]*Machine: /p'
}
label() {
    local id
    id=$(lab id "$1")
    echo "${id:0:8}.../$(lab exec m1 fleetctl list-machines --no-legend --full --fields=machine,ip | awk -v id="$id" '$1 == id { print $2 }')"
}

# --- nothing to be said
check "a cluster without units is as it should be" eventually 10 screen 0 "The cluster: all is as it should be." \
    "Machines: 3 here" "Units: none" "Store: etcd, 1 server configured, answers in "
check "who leads is told" screen 0 "Leader: $(label "$(leader)")"
check "the API's answer, for scripts" equal "3 0 true" \
    "$(ctl status --output=json | jq -r '"\(.machines.running) \(.units.known) \(.leader.machineID | length == 32)"')"

# --- somebody follows what happens, all the time
# What happened before it began is no news, so it is asked for something until it tells of it.
follows() {
    ctl cordon "$(lab id m3)" >/dev/null
    ctl uncordon "$(lab id m3)" >/dev/null
    mentions " eligible" cat events.out
}
lab exec m1 fleetctl events -f >events.out 2>&1 &
FOLLOWER=$!
check "events are followed" eventually 10 follows

# --- units that are well, fail and wait
sleeper web.service 'MachineMetadata=host=m2 host=m3'
sleeper plain@.service
unit broken.service '[Service]' 'ExecStart=/bin/false'
sleeper nowhere.service 'MachineMetadata=zone=moon'
ctl start web.service plain@{1..3}.service >/dev/null
check "units that run are counted" screen 0 "Units: 4: 4 up"
ctl start broken.service >/dev/null 2>&1
check "one that fails is named" screen 3 "1 unit has failed" "Units: 5: 4 up, 1 failed" "Failed: broken.service on " ": exit-code"
ctl start nowhere.service >/dev/null 2>&1
check "one that waits is named, with its reason" screen 3 "1 unit waits for a place" "1 waiting" \
    "Waiting: nowhere.service: 0 of 3 machines fit: 3 metadata zone is not set"
check "the same of the unit, by reasons" mentions "0 of 3 machines fit: 3 metadata zone is not set" ctl status nowhere.service
ctl destroy broken.service nowhere.service >/dev/null
check "what is gone is not told" screen 0 "The cluster: all is as it should be."

# --- a drain
first=$(where web.service)
second=$([[ $first == m2 ]] && echo m3 || echo m2)
check "since when it is there is told, and which version" mentions ", version 1" ctl status web.service
check "and nothing of a past that it does not have" omits History: ctl status web.service
ctl drain --message 'new disk' "$(lab id "$first")" >/dev/null
check "it is drained" runs_on web.service "$second"
check "that stands on the screen" screen 0 "1 drained" "Maintenance: $(label "$first"): drained, since " ": new disk"
check "the unit's history says why it left" mentions " on $(label "$first"), version 1: its machine is being drained: new disk" \
    history_of web.service
ctl undrain "$(lab id "$first")" >/dev/null

# --- a power cut
gone=$(label "$second")
[[ $(leader) == "$second" ]] && lab exec "$second" systemctl restart fleet
lab kill "$second"
check "its units move" eventually 30 runs_on web.service "$first"
check "two machines are left, and nothing is missing" eventually 10 screen 0 "Machines: 2 here"
check "the history has it" mentions ", version 1: machine is gone" history_of web.service
check "the last one first" equal "History: drained" "$(history_of web.service | grep -o 'History:\|drained' | paste -sd' ')"
check "on the machine that is away" mentions "on ${gone%/*}" history_of web.service

# --- another file, another leader
sleeper web.service 'MachineMetadata=host=m2 host=m3' 'Priority=60'
ctl start --replace web.service >/dev/null
check "the new version is told" mentions ", version 2" ctl status web.service
lab boot "$second"
check "all machines are here" eventually 30 screen 0 "Machines: 3 here"
old=$(leader)
lab fleetd kill "$old"
check "somebody leads again" eventually 20 screen 0 "Leader: "
ctl drain "$(lab id "$first")" >/dev/null
check "another drain, under whoever leads" eventually 10 runs_on web.service "$second"
check "three placements have ended" eventually 5 equal 3 \
    "$(ctl --request-timeout=5 status web.service | grep -c ', version [12]: ')"
check "the API has them by number" equal "1 2 3 4" \
    "$(lab exec m1 curl -sS --unix-socket /run/fleet.sock http://fleet/fleet/v1/placements/web.service |
        jq -r '[.placements[].number] | map(tostring) | join(" ")')"
ctl undrain "$(lab id "$first")" >/dev/null
check "none is left when the unit is destroyed" ctl destroy web.service
check "in the store neither" prints "" etcdctl get --prefix --keys-only "${STORE_PREFIX}was/web.service/"

# --- what the follower was told
told() {
    grep -q "$1" events.out || {
        echo "not told: $1"
        cat events.out
        return 1
    }
}
lab exec m1 pkill -INT -f '^fleetctl events'
wait $FOLLOWER
check "the follower ends well when it is told to" equal 0 $?
check "it was told of a place" told 'web.service placed on .*: '
check "of a failure" told 'broken.service failed on .*: exit-code'
check "of a unit that waits" told 'nowhere.service waits: 0 of 3 machines fit'
check "of a drain" told "^.* $(label "$first") drained: new disk"
check "of a unit that left for it" told 'web.service leaves .*: its machine is being drained: new disk'
check "of a machine that is gone" told "^.* ${gone%/*}[^ ]* gone"
check "of one that came back" told "^.* ${gone%/*}[^ ]* running"
check "what is kept can be listed" mentions ' UTC  plain@1.service placed on ' ctl events
check "as JSON, for programs" equal placed "$(ctl events --output=json plain@1.service | jq -r .kind | head -n 1)"

# --- the manual, and what is reserved
check "an option is explained" mentions "Run only on the machine where these units are" ctl explain MachineOf
check "a word that is none is not" status_is 1 ctl explain MachineOff
check "what is reserved is listed" equal 3 "$(ctl list-machines --no-legend --fields=reserved-memory | grep -c ' of ')"

ctl destroy '*' >/dev/null
