#!/bin/bash
# `make install` into a folder of its own, and `make uninstall`. Speaks TAP.
set -euo pipefail
# shellcheck source=tests/tap.sh
. "${top_srcdir:-.}/tests/tap.sh"
cd "${top_builddir:-build}"

ROOT=$(mktemp -d)
trap 'rm -rf "$ROOT"' EXIT

# As the tree was configured, but for where things go.
make_into_root() {
    env -u MAKEFLAGS -u MAKELEVEL make -s "$1" DESTDIR="$ROOT" prefix=/opt/fleet sysconfdir=/opt/etc \
        systemdsystemunitdir=/opt/units sysusersdir=/opt/sysusers.d polkitrulesdir=/opt/polkit
}

# path, under the root, and mode
INSTALLED='
fleet/bin/fleetctl 755
fleet/libexec/fleet-guard 755
fleet/sbin/fleetd 755
fleet/share/doc/fleet/examples/fleet.service.d/unprivileged.conf 644
fleet/share/doc/fleet/examples/hello.service 644
fleet/share/doc/fleet/fleet.conf.example 644
fleet/share/doc/fleet/getting-started.md 644
fleet/share/man/man1/fleetctl.1 644
fleet/share/man/man5/fleet-unit.5 644
fleet/share/man/man5/fleet.conf.5 644
fleet/share/man/man8/fleet-guard.8 644
fleet/share/man/man8/fleetd.8 644
polkit/fleet.rules 644
sysusers.d/fleet.conf 644
units/fleet-guard.service 644
units/fleet.service 644
units/fleet.socket 644
'

list_missing() {
    local path mode
    while read -r path mode; do
        [[ -z $path || $(stat -c %a "$ROOT/opt/$path") == "$mode" ]] || echo "$path"
    done <<<"$INSTALLED" 2>&1
}

# A configuration is the administrator's.
list_elsewhere() {
    find "$ROOT" -mindepth 1 -not -path "$ROOT/opt*"
    find "$ROOT/opt/etc" -type f 2>/dev/null || true
}

list_left() {
    find "$ROOT" '(' -not -type d -o -iname '*fleet*' -o -name examples ')' -not -path "$ROOT/opt/fleet"
}

judge "make install succeeds" "$(make_into_root install 2>&1 >/dev/null || echo "exit status $?")"
judge "what belongs to fleet is there" "$(list_missing)"
judge "nothing is anywhere else, and no configuration" "$(list_elsewhere)"
judge "the unit starts what was installed" \
    "$(grep -qx 'ExecStart=/.*sbin/fleetd' "$ROOT/opt/units/fleet.service" || cat "$ROOT/opt/units/fleet.service")"
judge "so does the guard's" \
    "$(grep -qx 'ExecStart=/.*libexec/fleet-guard' "$ROOT/opt/units/fleet-guard.service" || cat "$ROOT/opt/units/fleet-guard.service")"
judge "make uninstall succeeds" "$(make_into_root uninstall 2>&1 >/dev/null || echo "exit status $?")"
judge "nothing is left of it" "$(list_left)"
tap_end
