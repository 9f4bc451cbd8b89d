#!/bin/bash
# The #include lines against the table of rooms in docs/architecture.md: who may call whom. Speaks TAP.
set -euo pipefail
cd "${top_srcdir:-.}"

declare -A may_include=(
    [fleetd/base]=""
    [fleetd/model]="base"
    [fleetd/sched]="base model"
    [fleetd/net]="base"
    [fleetd/store]="base model net"
    [fleetd/systemd]="base model net"
    [fleetd/engine]="base model sched net store"
    [fleetd/agent]="base model net store systemd"
    [fleetd/api]="base model net store"
    [fleetctl]="base model net"
)

room_violations() {
    local room=$1 allowed=" ${may_include[$1]} "
    local own=${room#fleetd/}
    { grep -Hn '^#include "' "$room"/*.c "$room"/*.h 2>/dev/null || true; } |
        while IFS=: read -r file line text; do
            local target=${text#*\"}
            target=${target%\"*}
            case $target in
            "$room"/*) ;;
            config.h) ;;
            fleetd/*/*)
                target=${target#fleetd/}
                [[ $allowed == *" ${target%%/*} "* ]] || echo "# $file:$line: $own may not include $target"
                ;;
            *) echo "# $file:$line: '$target' is not a root-relative header of a lower room" ;;
            esac
        done
}

n=0 status=0
echo "1..${#may_include[@]}"
for room in $(printf '%s\n' "${!may_include[@]}" | sort); do
    found=$(room_violations "$room")
    n=$((n + 1))
    if [[ -z $found ]]; then
        echo "ok $n - $room includes only what it may"
    else
        printf '%s\n' "$found"
        echo "not ok $n - $room includes only what it may"
        status=1
    fi
done
exit $status
