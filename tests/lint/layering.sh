#!/bin/bash
# The #include lines against the table of rooms in docs/architecture.md: who may call whom. Speaks TAP.
set -euo pipefail
cd "${top_srcdir:-.}"
. tests/tap.sh

declare -A may_include=(
    [fleetd/base]=""
    [fleetd/model]="fleetd/base"
    [fleetd/sched]="fleetd/base fleetd/model"
    [fleetd/net]="fleetd/base"
    [fleetd/store]="fleetd/base fleetd/model fleetd/net"
    [fleetd/systemd]="fleetd/base fleetd/model fleetd/net"
    [fleetd/guard]="fleetd/base fleetd/model fleetd/net fleetd/systemd"
    [fleetd/probe]="fleetd/base fleetd/model fleetd/net"
    [fleetd/engine]="fleetd/base fleetd/model fleetd/sched fleetd/net fleetd/store"
    [fleetd/agent]="fleetd/base fleetd/model fleetd/net fleetd/store fleetd/systemd fleetd/probe"
    [fleetd/api]="fleetd/base fleetd/model fleetd/net fleetd/store"
    [fleetctl/print]="fleetd/base fleetd/model"
    [fleetctl/options]="fleetd/base"
    [fleetctl/api]="fleetd/base fleetd/model fleetd/net fleetctl/options fleetctl/print"
    [fleetctl/units]="fleetd/base fleetd/model fleetctl/api fleetctl/print"
    [fleetctl/wait]="fleetd/base fleetd/model fleetd/net fleetctl/api fleetctl/print"
    [fleetctl/remote]="fleetd/base fleetd/model fleetctl/options fleetctl/api fleetctl/print fleetctl/units"
    [fleetctl/commands]="fleetd/base fleetd/model fleetctl/options fleetctl/api fleetctl/print fleetctl/units fleetctl/wait fleetctl/remote"
)

room_violations() {
    local room=$1 allowed=" ${may_include[$1]} " file line text target
    { grep -Hn '^#include "' "$room"/*.c "$room"/*.h 2>/dev/null || true; } |
        while IFS=: read -r file line text; do
            target=${text#*\"}
            target=${target%\"*}
            case $target in
            "$room"/* | config.h) ;;
            */*) [[ $allowed == *" ${target%/*} "* ]] || echo "$file:$line: $room may not include $target" ;;
            *) echo "$file:$line: '$target' is not named from the root" ;;
            esac
        done
}

for room in $(printf '%s\n' "${!may_include[@]}" | sort); do
    judge "$room includes only what it may" "$(room_violations "$room")"
done
tap_end
