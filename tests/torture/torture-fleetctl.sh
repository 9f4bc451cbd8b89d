#!/bin/bash
# fleetctl under torture: each command of the command line's golden cases that stands alone is run again and again, with
# another allocation failing each time, and with all that follow. It must end as the golden file says, or fail and say why;
# it neither crashes nor leaves memory behind. Speaks TAP.
#
# usage: torture-fleetctl.sh [--all] [--every K] [CASE...]
#
# Without --all: a few cases and a few allocations.
# torture() calls functions by their names.
# shellcheck disable=SC2317
set -euo pipefail
source_dir=$(realpath "${top_srcdir:-.}")
build_dir=$(realpath "${top_builddir:-.}")
# shellcheck source=tests/tap.sh
. "$source_dir/tests/tap.sh"
# shellcheck source=tests/torture/process.sh
. "$source_dir/tests/torture/process.sh"
unset "${!FLEETCTL_@}"

# A stream that is held back until something was asked has no end for those who cannot ask.
is_alone() {
    [[ $(grep -c '^\$ ' "$1") == 1 ]] && ! grep -q '^@until' "$1"
}

cases_alone() {
    grep -c '^\$ fleetctl [^|;&>]*$' "$source_dir"/tests/cli/cases/*.case | sed -n 's|.*/\(.*\)\.case:1$|\1|p' |
        while read -r name; do
            is_alone "$source_dir/tests/cli/cases/$name.case" && echo "$name"
        done || true
}

run_case() {
    rm -rf "$work/folder"
    mkdir "$work/folder"
    timeout 60 "$build_dir/tests/cli/run-case" "$source_dir/tests/cli/cases/$1.case" "$work/folder" \
        "$build_dir/tests/torture/bin" >"$work/actual"
}

# What is printed, but for how machines are named: without their addresses, where those cannot be had.
printed() {
    sed '/^--- requests/,$d; s/\(113f16a7\|49d6e7ff\|@MACHINE@\)[^ ,]*/MACHINE/g' "$1"
}

# What is wrong with how it ended; nothing if all is well.
complaint() {
    local golden=$source_dir/tests/cli/cases/$1.golden status difference
    difference=$(diff <(printed "$golden") <(printed "$work/actual")) && return
    status=$(sed -n 's/^exit status //p' "$work/actual")
    if [[ -z $status ]]; then
        echo "it did not end"
    elif ((status >= 125)); then
        echo "it ended with status $status"
    elif ((status == 0)); then
        printf '%s\n' "it succeeded, but differently:" "$difference"
    elif [[ -z $(sed '1,/^--- standard error/d; /^--- requests/,$d' "$work/actual") ]]; then
        echo "it failed with status $status and did not say why"
    fi
}

options "$@"
if [[ $is_all == yes ]]; then
    mapfile -t chosen < <(cases_alone)
elif ((${#chosen[@]} == 0)); then
    chosen=(start-new start-refused destroy-again) every=41
fi
for name in "${chosen[@]}"; do
    torture "$name" run_case complaint
done
tap_end
