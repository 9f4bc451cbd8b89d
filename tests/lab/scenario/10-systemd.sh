# shellcheck shell=bash
# lab: --machines 1
# timeout: 240
# The sd-bus backend against a real systemd: a probe drives it in a machine and checks for itself.
# shellcheck source=tests/lab/lib/check.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/check.sh"

PROBE=${PROBE_SYSTEMD:-$LAB_HOME/../../build/tests/lab/probe-systemd}

install_file() {
    # shellcheck disable=SC2016
    lab exec m1 sh -c 'cat >"$1" && chmod "$2" "$1"' install "$1" "$2"
}

check "the probe is built and copied into the machine" install_file /root/probe-systemd 755 <"$PROBE"
lab exec m1 /root/probe-systemd
check "the probe runs to its end" equal 0 $?

# --- a unit that asks while the machine goes down
install_file /etc/systemd/system/ask.service 644 <<'UNIT'
[Unit]
After=dbus.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c '/root/probe-systemd is-stopping >/root/when-started'
ExecStop=/bin/sh -c '/root/probe-systemd is-stopping >/root/when-stopped'
UNIT
check "a unit asks when it is started" lab exec m1 systemctl start ask.service
check "the machine is up" prints no lab exec m1 cat /root/when-started
check "the machine shuts down" lab shutdown m1
check "the machine boots" lab boot m1
check "a unit that stops with the machine was told so" prints yes lab exec m1 cat /root/when-stopped
