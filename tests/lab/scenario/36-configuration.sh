# shellcheck shell=bash
# lab: --machines 2 --conf agent_ttl=5s --conf disable_watches=true
# timeout: 180
# The configuration: checked without starting, read again while fleetd runs; a machine that never leads.
# shellcheck source=tests/lab/lib/check.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/check.sh"
# shellcheck source=tests/lab/lib/ask.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/ask.sh"

sleeper fast.service 'MachineMetadata=disk=ssd'
sleeper u@.service

# set_option MACHINE NAME [VALUE]: without a value the line goes.
set_option() {
    lab exec "$1" sed -i "/^$2=/d" /etc/fleet/fleet.conf
    # shellcheck disable=SC2016
    [[ -z ${3-} ]] || lab exec "$1" sh -c 'echo "$1" >>/etc/fleet/fleet.conf' sh "$2=$3"
}

reload() {
    lab exec "$1" systemctl reload fleet.service
}

# shown MACHINE COLUMN: as list-machines has it.
shown() {
    ctl list-machines --full --no-legend --fields="machine,$2" | awk -v id="$(lab id "$1")" '$1 == id { print $2 }'
}

shows() {
    equal "$3" "$(shown "$1" "$2")"
}

main_pid() {
    lab exec "$1" systemctl show --property MainPID --value fleet.service
}

# patch MACHINE OP [VALUE]: of its metadata "disk", through the API.
patch() {
    local operation
    operation=$(printf '[{"op":"%s","path":"/%s/metadata/disk","value":"%s"}]' "$2" "$(lab id "$1")" "${3-}")
    prints 204 lab exec m1 curl -s -o /dev/null -w '%{http_code}' --unix-socket /run/fleet.sock -X PATCH \
        -H 'Content-Type: application/json' -d "$operation" http://fleet/fleet/v1/machines
}

# --- --check-config
config() {
    printf '%s\n' "$@" | lab exec m1 sh -c 'cat >/run/test.conf'
}
check_config() {
    lab exec m1 fleetd --check-config --config /run/test.conf
}
config 'agent_ttl = 9s' 'metadata = "disk=ssd"'
check "a good configuration is OK" mentions "OK" check_config
check "with what is effective, and from where" mentions "agent_ttl = 9s ; /run/test.conf: line 1" check_config
check "and exit status 0" status_is 0 check_config
config 'agent_tl = 9s' 'verbosity = much'
check "of a bad one all mistakes are told" mentions "line 1: unknown option 'agent_tl' (did you mean 'agent_ttl'?)" check_config
check "with file and line" mentions "/run/test.conf: line 2: option 'verbosity': 'much'" check_config
check "and exit status 1" status_is 1 check_config
check "a directory is no configuration" mentions "/run: Is a directory" lab exec m1 fleetd --check-config --config /run
check "an old option is warned about" mentions "option 'disable_watches' has no effect any more" lab exec m1 fleetd --check-config
check "also in the journal" mentions "option 'disable_watches' has no effect any more" lab logs m1
# shellcheck disable=SC2016
check "without IPv4 an IPv6 address is guessed" mentions "public_ip is guessed: 2001:db8:1::5" \
    lab exec m1 unshare --net sh -c 'ip link add v0 type veth peer name v1 && ip link set v1 up && ip link set v0 up &&
        ip addr add 2001:db8:1::5/64 dev v0 nodad && fleetd --check-config --config /run/none.conf 2>/dev/null ||
        { : >/run/none.conf; fleetd --check-config --config /run/none.conf; }'

# --- reload
check "a unit that fits nowhere waits" status_is 1 ctl start fast.service
before=$(main_pid m2)
set_option m2 metadata host=m2,disk=ssd
check "m2 reloads" reload m2
check "and the unit starts there" eventually 10 runs_on fast.service m2
check "the journal says what changed" mentions "Changed in the configuration, and taken over: metadata" lab logs m2
set_option m1 metadata host=m1,disk=ssd
set_option m2 metadata host=m2
reload m1
reload m2
check "when another machine has it instead, the unit moves" eventually 10 runs_on fast.service m1
set_option m2 public_ip 10.77.0.222
reload m2
check "another address is shown" eventually 5 shows m2 ip 10.77.0.222
set_option m2 public_ip
reload m2
check "and without one, the machine's own" eventually 5 shows m2 ip 10.77.0.102
set_option m2 verbosity 1
set_option m2 agent_ttl 6s
reload m2
check "another verbosity is taken over" eventually 5 mentions "taken over: verbosity" lab logs m2
check "what needs a restart is named" mentions "not taken over before fleetd is restarted: agent_ttl" lab logs m2
set_option m2 agent_ttl soon
reload m2
check "a broken file is told" eventually 5 mentions "option 'agent_ttl': 'soon' is not a time span" lab logs m2
check "and changes nothing" mentions "all stays as it was" lab logs m2
check "fleetd runs on" equal "$before" "$(main_pid m2)"
set_option m2 agent_ttl 5s
reload m2
check "systemd has it as running" prints active lab exec m2 systemctl is-active fleet.service

# --- metadata through the API wins
check "metadata is set through the API" patch m2 add tape
check "and shown" eventually 5 mentions "disk=tape" shown m2 metadata
set_option m2 metadata host=m2,disk=floppy
reload m2
check "a reload does not change it" eventually 5 mentions "taken over: metadata" lab logs m2
check "it wins" mentions "disk=tape" shown m2 metadata
lab exec m2 systemctl restart fleet.service
check "also after a restart" eventually 10 mentions "disk=tape" shown m2 metadata
check "it is taken away" patch m2 remove
check "and what is configured shows" eventually 5 mentions "disk=floppy" shown m2 metadata

# --- disable_engine
set_option m2 disable_engine true
lab exec m2 systemctl restart fleet.service
check "m1 leads" eventually 15 prints m1 leader
lab fleetd stop m1
nobody_leads() {
    prints "" leader
}
check "without m1 nobody leads" eventually 15 nobody_leads
check "so nothing is decided" status_is 1 ctl --request-timeout=10 start --block-attempts=8 u@1.service
check "m2 has not led" nobody_leads
lab fleetd start m1
check "with m1 it is" eventually 20 running_is 1 '^u@'
check "and m1 leads" prints m1 leader
ctl destroy '*' >/dev/null
