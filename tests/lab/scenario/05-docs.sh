# shellcheck shell=bash
# lab: --machines 3 --conf agent_ttl=5s
# timeout: 300
# lane: 2
# The guides, and all that is shown in other documents: typed on machines as their readers have them, it prints what
# they say. docs/operating.md is a scenario of its own.
# shellcheck source=tests/lab/lib/check.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/check.sh"
# shellcheck source=tests/lab/lib/guide.sh
. "$LAB_HOME/lib/guide.sh"

TOP=$(cd "$LAB_HOME/../.." && pwd)

# As in a clean clone: what git knows, and nothing that was built.
bring_source() {
    git -c safe.directory="$TOP" -C "$TOP" ls-files -z | tar -C "$TOP" --null -T - -c |
        lab exec "$1" sh -c 'mkdir -p /root/fleet && tar -C /root/fleet -x'
}

# A machine that knows nothing of fleet, but for what the lab needs (tests/lab/lib/image.sh).
take_fleet_away() {
    lab exec "$1" sh -c '
        fleetctl destroy "*"
        systemctl disable --now fleet.socket fleet.service
        systemctl stop fleet-guard.service run-fleet.mount
        cd /etc/systemd/system && rm -f fleet.service fleet.socket fleet-guard.service run-fleet.mount
        systemctl daemon-reload
        rm -rf /usr/sbin/fleetd /usr/bin/fleetctl /usr/libexec/fleet-guard /etc/fleet /var/lib/fleet /run/fleet /usr/share/doc/fleet \
            /usr/lib/sysusers.d/fleet.conf /usr/share/polkit-1/rules.d/fleet.rules
        userdel fleet'
}

# begin_without_fleet MACHINE: in the source tree of such a machine.
begin_without_fleet() {
    take_fleet_away "$1" && lab exec "$1" sh -c 'echo "cd /root/fleet" >/run/guide-shell'
}

# machines_left N: no unit has its place elsewhere any more.
machines_left() {
    local machines targets
    machines=$(lab ctl list-machines --no-legend --full --fields=machine) && equal "$1" "$(wc -l <<<"$machines")" &&
        targets=$(lab ctl list-unit-files --no-legend --full --fields=target) &&
        ! cut -d / -f 1 <<<"${targets:--}" | grep -qvxF -e - -e "$machines"
}

# --- what the test itself is worth
guide_of() {
    guide <(printf '%s\n' '' "$@")
}
accepted() {
    local output
    output=$(guide_of "$@" 2>&1)
    echo "$output"
    [[ $output == *"ok - "* && $output != *"not ok"* ]]
}
check "what a guide shows is compared" mentions "not ok" guide_of '    $ echo one' '    two'
check "so is what it leaves out" mentions "not ok" guide_of '    $ printf "one\ntwo\n"' '    one'
check "lines may stand in another order" accepted '    $ printf "one\ntwo\n"' '    two' '    one'
check "and ids may be others" accepted '    $ echo 113f16a7.../10.0.0.1' '    00000000.../10.0.0.2'
check "but what is apart is not together" mentions "not ok" guide_of '    $ printf "%s 113f16a7.../10.0.0.1\n" a b' \
    '    a 113f16a7.../10.0.0.1' '    b 00000000.../10.0.0.2'
check "a command that fails is found" mentions "exit status 3" guide_of '    $ (exit 3)'
check "a command without a prompt is found" mentions "without a prompt" guide_of '    fleetctl list-units'
check "a command behind a file is found" mentions "no text between" guide_of '    # x.service' '    [Unit]' '' '    $ ls'

# --- the guides
check "a machine has the source" bring_source m1
guide "$TOP/README.md" /root/fleet/units/examples
check "all machines are on" lab boot m3
check "a machine without fleet again" begin_without_fleet m1
guide "$TOP/docs/getting-started.md" /root/fleet
guide "$TOP/docs/units.md" /root/units

# --- the rest
for document in "$TOP"/docs/*.md; do
    [[ $document == */@(getting-started|units|operating).md ]] || guide "$document"
done

# No machine is any more as the next scenario wants it.
lab down
