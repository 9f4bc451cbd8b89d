#!/bin/bash
# The command line's golden tests: each case is run against a fake fleetd, and what it printed and asked is compared with the
# golden file beside it. Speaks TAP. --update writes the golden files instead; read their diff.
set -euo pipefail
source_dir=$(realpath "${top_srcdir:-.}")
build_dir=$(realpath "${top_builddir:-.}")
# shellcheck source=tests/tap.sh
. "$source_dir/tests/tap.sh"
update=${1-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export COMPLETIONS=$source_dir/fleetctl/completions
unset "${!FLEETCTL_@}"

case_run() {
    local folder=$work/$1
    mkdir "$folder"
    "$build_dir/tests/cli/run-case" "$source_dir/tests/cli/cases/$1.case" "$folder" "$build_dir/fleetctl"
}

# Why a case cannot be run here; nothing if it can. "# needs: PROGRAM" stands in the first lines of those that need one.
case_skip() {
    local file=$source_dir/tests/cli/cases/$1.case program
    program=$(sed -n '1,3s/^# needs: //p' "$file")
    if grep -q @MACHINE@ "$file" && [[ ! -s /etc/machine-id ]]; then
        echo "this machine has no id"
    elif [[ -n $program ]] && ! command -v "$program" >/dev/null; then
        echo "there is no $program"
    fi
}

cases=()
for file in "$source_dir"/tests/cli/cases/*.case; do
    name=${file##*/}
    cases+=("${name%.case}")
done

for name in "${cases[@]}"; do
    reason=$(case_skip "$name")
    if [[ -n $reason ]]; then
        skip "$name" "$reason"
        continue
    fi
    golden=$source_dir/tests/cli/cases/$name.golden
    case_run "$name" >"$work/$name.actual" || echo "run-case failed" >>"$work/$name.actual"
    if [[ $update == --update ]]; then
        cp "$work/$name.actual" "$golden"
    fi
    judge "$name" "$(diff -u --label "$name.golden" --label actual "$golden" "$work/$name.actual" 2>&1)"
done
tap_end
