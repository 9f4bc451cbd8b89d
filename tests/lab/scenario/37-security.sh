# shellcheck shell=bash
# lab: --machines 1 --conf agent_ttl=10s --conf verbosity=1
# timeout: 120
# docs/security.md, held to what a machine says: who may talk to fleetd, what confines it, what reaches a terminal.
# shellcheck source=tests/lab/lib/check.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/check.sh"
# shellcheck source=tests/lab/lib/ask.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/ask.sh"

PAGE=$LAB_HOME/../../docs/security.md
DROPINS=/etc/systemd/system/fleet.socket.d
EXPOSURE_MAX=16 GUARD_EXPOSURE_MAX=9 # of 100, as systemd 252 rates them

# as USER CMD...
as() {
    lab exec m1 runuser -u "$1" -- "${@:2}"
}

# connects USER: curl's 7 is a connection that was not to be had.
connects() {
    as "$1" curl -sf -m 5 -o /dev/null --unix-socket /run/fleet.sock http://fleet/fleet/v1/machines
}

# What fleetd, or systemd for it, listens on in the network; etcd and others are not asked about.
network_listeners() {
    lab exec m1 ss -Htulnp | awk '/"fleetd"|:8079/ { print $5 }' | sort
}

listen_on() {
    lab exec m1 sh -c "mkdir -p $DROPINS; printf '[Socket]\\nListenStream=%s\\n' '$1' >$DROPINS/tcp.conf
        systemctl daemon-reload; systemctl stop fleet.socket fleet.service; systemctl start fleet.socket fleet.service"
}

listen_as_installed() {
    lab exec m1 sh -c "rm -r $DROPINS; systemctl daemon-reload; systemctl stop fleet.socket fleet.service
        systemctl start fleet.socket fleet.service"
}

# What fleetd has said since it was started.
said() {
    # shellcheck disable=SC2016
    lab exec m1 sh -c 'journalctl --sync; journalctl -o cat _SYSTEMD_INVOCATION_ID="$(
        systemctl show -p InvocationID --value fleet.service)"'
}

rated_at_most() {
    lab exec m1 systemd-analyze security --no-pager --threshold="$1" "$2"
}

exposures() {
    local service
    for service in fleet.service fleet-guard.service; do
        lab exec m1 systemd-analyze security --no-pager --json=short $service
    done | jq -r '.[] | select(.exposure != null) | .name' | sort -u
}

unexplained() {
    local name
    exposures | while read -r name; do
        grep -qF "\`${name//|/\\|}\`" "$PAGE" || echo "$name"
    done
}

# Those that the page explains and systemd does not find any more.
explained_in_vain() {
    local name
    sed -n '/^| exposure /,/^$/p' "$PAGE" | sed 's/\\|/#/g' | cut -d '|' -f 2 | tr '\140#' '\n|' | sed -n '/=/p' |
        { grep -vxFf <(exposures) || true; }
}

# --- who may talk to it
lab exec m1 useradd --groups fleet carol
lab exec m1 useradd dave
check "the socket is for root and group fleet" prints "660 root fleet" lab exec m1 stat -c '%a %U %G' /run/fleet.sock
check "a member of the group connects" connects carol
check "another user does not" status_is 7 connects dave
check "nothing listens on the network" prints "" network_listeners
listen_on 127.0.0.1:8079
check "on a loopback address it does, if that is configured" prints 127.0.0.1:8079 network_listeners
check "without a warning" lists 0 'The API listens on' said
listen_on 8079
check "so it does on all" prints '*:8079' network_listeners
check "with a warning" lists 1 'The API listens on' said
listen_as_installed
check "and as installed on none" prints "" network_listeners

# --- what confines it
if [[ -n ${FLEET_LAB_REPORTS-} ]]; then
    echo "# confinement is another with sanitizers and valgrind"
else
    check "systemd rates its exposure as low as before" rated_at_most $EXPOSURE_MAX fleet.service
    check "and the guard's" rated_at_most $GUARD_EXPOSURE_MAX fleet-guard.service
    check "docs/security.md explains each exposure that is left to them" prints "" unexplained
    check "and none that is not there" prints "" explained_in_vain
fi
# shellcheck disable=SC2016
check "fleetd has no capability" prints 0000000000000000 \
    lab exec m1 sh -c 'awk "/^CapEff/ { print \$2 }" /proc/$(systemctl show -p MainPID --value fleet.service)/status'

# --- what it leaves on the machine
check "its folders are readable for all" prints $'755 root\n755 root\n755 root' \
    lab exec m1 stat -c '%a %U' /run/fleet /run/fleet/units /run/fleet/launched
sleeper plain.service
ctl start plain.service >/dev/null
check "a user may read a unit's file" mentions "ExecStart=/bin/sleep infinity" as dave systemctl cat plain.service
check "and change none" not as dave sh -c 'echo x >>/run/fleet/units/plain.service'
lab exec m1 ln -sf /etc/hostname /run/fleet/units/linked.service
sleeper linked.service
check "a link in the place of a unit's file is not followed" ctl start linked.service
check "what it led to is as it was" prints m1 lab exec m1 cat /etc/hostname

# --- what reaches a terminal
unit loud.service '[Service]' 'Type=oneshot' \
    "ExecStart=/bin/sh -c 'printf \"\\\\033]0;owned\\\\007 \\\\302\\\\23331m red\\\\n\"; exit 3'"
ctl start loud.service >loud.out 2>&1
check "a unit's log lines are shown" mentions "owned" cat loud.out
no_control_characters() {
    ! LC_ALL=C grep -nP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]' "$@"
}
check "without what would steer a terminal" no_control_characters loud.out
ctl status loud.service >status.out 2>/dev/null
check "nor does the status" no_control_characters status.out
ctl destroy '*' >/dev/null
