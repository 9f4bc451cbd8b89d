# shellcheck shell=bash
# lab: --machines 3 --conf restart_grace=5s
# timeout: 420
# The Debian package: installed, upgraded, removed and purged on m1. FLEET_DEB: the package, if not one that is
# built here first. Then the same machine with what `make install` puts there.
# shellcheck source=tests/lab/lib/check.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/check.sh"
# shellcheck source=tests/lab/lib/ask.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/ask.sh"

sleeper keep@.service 'MachineMetadata="host=m1" "host=m2"'
sleeper wanted.service 'MachineMetadata=host=m1'
printf '%s\n' '[Install]' 'WantedBy=multi-user.target' >>"$UNITS/wanted.service"

# Whatever the lab has put there is not the package's.
lab_fleet_remove() {
    lab fleetd stop m1
    lab exec m1 bash -euc '
        systemctl stop fleet.socket fleet-guard.service run-fleet.mount
        cp /etc/fleet/fleet.conf /root/
        rm -rf /usr/sbin/{fleetd,policy-rc.d} /usr/bin/fleetctl /etc/fleet /var/lib/fleet /run/fleet \
            /etc/systemd/system/{,*.wants/}fleet.{service,socket} \
            /etc/systemd/system/{run-fleet.mount,fleet-guard.service} /usr/libexec/fleet-guard \
            /usr/lib/sysusers.d/fleet.conf /usr/share/polkit-1/rules.d/fleet.rules /var/lib/man-db/auto-update
        userdel fleet
        systemctl daemon-reload'
}

build() {
    DEB_BUILD_OPTIONS="${DEB_BUILD_OPTIONS:-nocheck parallel=2}" "$LAB_HOME/../../docs/packaging/build-deb" "$UNITS"
}

# later_version PACKAGE: the same as a later version.
later_version() {
    dpkg-deb --raw-extract "$1" later && sed -i 's/^Version: .*/Version: 99-1/' later/DEBIAN/control &&
        dpkg-deb --root-owner-group --build later later.deb
}

# As configured, which is mostly below /usr/local, where systemd looks as well.
make_install() {
    local fleetd
    fleetd=$(realpath "${FLEETD:-$LAB_HOME/../../build/fleetd/fleetd}")
    make -s -C "${fleetd%/fleetd/fleetd}" install DESTDIR="$UNITS/root" >/dev/null &&
        tar -C root -c . | lab exec m1 tar -C / -x --keep-directory-symlink --no-overwrite-dir
}

# Into the machine; the host's files are not to be seen there.
hand_over() {
    lab exec m1 sh -c "cat >/root/$2" <"$1"
}

dpkg_m1() {
    lab exec m1 env DEBIAN_FRONTEND=noninteractive dpkg "$@" </dev/null
}

property() {
    lab exec m1 systemctl show --property "$2" --value "$1"
}

m1_is() {
    equal "$1" "$(ctl list-machines --full --no-legend --fields=machine,status | awk -v id="$(lab id m1)" '$1 == id { print $2 }')"
}

# What bears its name, but for what an administrator made and the name of its user.
left_on_m1() {
    lab exec m1 find /etc /usr /var/lib /run -xdev -iname '*fleet*' -not -path '/etc/systemd/system/fleet.service.d*' |
        sort
}

unchanged() {
    equal "$before" "$(main_pids m1)"
}

# Those that may run there; the other one of them did already.
both_on_m2() {
    runs_on keep@1.service m2 && runs_on keep@2.service m2
}

check "the package builds" build
PACKAGE=${FLEET_DEB:-$(find "$UNITS" -name 'fleet_*.deb')}
if command -v lintian >/dev/null; then
    check "lintian has nothing to say against it" prints "" lintian --allow-root --fail-on none "$PACKAGE"
fi
check "and again, as a later version" later_version "$PACKAGE"
hand_over "$PACKAGE" fleet.deb
hand_over later.deb later.deb
lab_fleet_remove
before_install=$(left_on_m1)

# --- install
check "it installs" dpkg_m1 --install /root/fleet.deb
check "its files are as packaged" prints "" dpkg_m1 --verify fleet
check "nothing is started by that" equal inactive "$(property fleet.service ActiveState)"
check "nor enabled" equal disabled "$(property fleet.service UnitFileState)"
check "the example configuration is accepted" mentions "cluster of one" \
    lab exec m1 timeout 2 env FLEET_LISTEN=/run/try.sock FLEET_DATA_DIRECTORY=/root/try fleetd
lab exec m1 cp /root/fleet.conf /etc/fleet/fleet.conf
check "systemctl enable --now starts it" lab exec m1 systemctl enable --now fleet.socket fleet.service
check "it is in the cluster" eventually 10 m1_is running
check "its socket is for root and group fleet" equal "660 root fleet" "$(lab exec m1 stat -c '%a %U %G' /run/fleet.sock)"
check "it listens on no other" prints "" lab exec m1 sh -c 'ss -ltnpH | grep fleetd; true'

# --- upgrade
ctl start keep@1 keep@2 >/dev/null
ctl start wanted >/dev/null
mine=$(where keep@1.service | grep -qx m1 && echo keep@1.service || echo keep@2.service)
check "units run on it" runs_on "$mine" m1
before=$(main_pids m1) daemon=$(property fleet.service MainPID)
check "it is upgraded" dpkg_m1 --install /root/later.deb
check "a new daemon runs" not equal "$daemon" "$(property fleet.service MainPID)"
check "which is in the cluster" eventually 10 m1_is running
check "no unit has noticed" unchanged
check "the configuration is the administrator's" lab exec m1 cmp /root/fleet.conf /etc/fleet/fleet.conf
lab fleetd stop m1
check "an upgrade, here back, of a daemon that is stopped" dpkg_m1 --install /root/fleet.deb
check "does not start it" equal inactive "$(property fleet.service ActiveState)"
check "nor touch a unit" unchanged
lab exec m1 systemctl start fleet.service
check "started, it is back" eventually 10 m1_is running

# --- remove
check "it is removed" dpkg_m1 --remove fleet
check "the daemon is gone" fails_on m1 pgrep -x fleetd
check "and its socket" fails_on m1 test -e /run/fleet.sock
check "its units have ended" fails_on m1 systemctl is-active "$mine" wanted.service
check "systemd has no link to them" prints "" lab exec m1 find /run/systemd/system -name 'keep*' -o -name 'wanted*'
check "they run elsewhere when its grace is over" eventually 20 both_on_m2
check "the configuration is kept" lab exec m1 cmp /root/fleet.conf /etc/fleet/fleet.conf

# --- purge
check "it is purged" dpkg_m1 --purge fleet
check "nothing is left of it" equal "$before_install" "$(left_on_m1)"

# --- make install
lab exec m1 sh -c 'userdel fleet; mkdir /etc/fleet && cp /root/fleet.conf /etc/fleet/'
check "make install puts its files there" make_install
check "systemd-sysusers makes user and group" lab exec m1 systemd-sysusers
check "systemctl enable --now starts it" lab exec m1 systemctl enable --now fleet.socket fleet.service
check "it is in the cluster" eventually 10 m1_is running
check "its socket is for root and group fleet" equal "660 root fleet" "$(lab exec m1 stat -c '%a %U %G' /run/fleet.sock)"
check "its fleetctl is found" mentions "$(lab id m1 | cut -c 1-8)" lab exec m1 fleetctl list-machines
