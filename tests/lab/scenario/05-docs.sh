# shellcheck shell=bash
# lab: --machines 3 --etcd 1
# timeout: 240
# The guides: what they say is typed on machines as their readers have them, and prints what they say.
# shellcheck source=tests/lab/lib/check.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/check.sh"
# shellcheck source=tests/lab/lib/guide.sh
. "$LAB_HOME/lib/guide.sh"

TOP=$(cd "$LAB_HOME/../.." && pwd)

# A machine that knows nothing of fleet, but for what the lab needs (tests/lab/lib/image.sh).
take_fleet_away() {
    lab exec "$1" sh -c '
        systemctl disable --now fleet.socket fleet.service
        cd /etc/systemd/system && rm -f fleet.service fleet.socket && systemctl daemon-reload
        rm -rf /usr/sbin/fleetd /usr/bin/fleetctl /etc/fleet /var/lib/fleet /run/fleet /usr/share/doc/fleet'
}

# As in a clean clone: what git knows, and nothing that was built.
bring_source() {
    git -c safe.directory="$TOP" -C "$TOP" ls-files -z | tar -C "$TOP" --null -T - -c |
        lab exec "$1" sh -c 'mkdir -p /root/fleet && tar -C /root/fleet -x'
}

check "a machine without fleet" take_fleet_away m1
check "has its source" bring_source m1
guide "$TOP/docs/getting-started.md" /root/fleet
guide "$TOP/docs/units.md" /root/units

# No machine is any more as the next scenario wants it.
lab down
