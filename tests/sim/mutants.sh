#!/bin/bash
# Bugs that are put in on purpose, one at a time, and that the simulator must find: each is a patch in mutants/, which
# says in its first lines what is wrong with it. Speaks TAP. A copy of the tree is built once, without any of them,
# and must pass the first hundred seeds; that it passes all of them `make sim` says.
#
# Usage: mutants.sh [--remember] [MUTANT...]     all of them, or those named; make sim-mutants does the former
#
#   --remember: mutants/seeds is written anew: by which seed each was found
#
# A seed that is remembered is tried before all others, so that what is found again costs little. One that finds its
# mutant no more is no failure, as whoever changes the simulator changes what its seeds do; the search is longer then.
#
# In the environment: SEEDS, how many each may take (1000); JOBS, so many mutants at a time (2); TMPDIR, where the
# copies go.
set -euo pipefail

TREE=$(readlink -f "${top_srcdir:-$(dirname "${BASH_SOURCE[0]}")/../..}")
MUTANTS=$TREE/tests/sim/mutants
# shellcheck source=tests/tap.sh
. "$TREE/tests/tap.sh"
SEEDS=${SEEDS:-1000}
JOBS=${JOBS:-2}
NAMES=() WORKERS=() OUTPUTS=()

main() {
    local remembers='' first=$((SEEDS < 100 ? SEEDS : 100))
    case ${1-} in
    --remember) remembers=yes && shift ;;
    -*) sed -n '2,/^set/{s/^# \?//p}' "${BASH_SOURCE[0]}" && exit ;;
    esac
    select_mutants "$@"
    WORK=$(mktemp -d)
    trap finish EXIT
    judge "the tree as it is passes $first seeds" "$(prepare 2>&1 && run --seeds "$first" --jobs "$JOBS" 2>&1)"
    ((n_failed == 0)) || tap_end
    start_workers
    judge_mutants
    [[ -z $remembers ]] || remember
    tap_end
}

# shellcheck disable=SC2317 # called by the trap
finish() {
    ((${#WORKERS[@]} == 0)) || kill "${WORKERS[@]}" 2>/dev/null || true
    rm -rf "$WORK"
}

select_mutants() {
    local patch name
    for patch in "$MUTANTS"/*.patch; do
        name=$(basename "$patch" .patch)
        (($# > 0)) && [[ " $* " != *" $name "* ]] || NAMES+=("$name")
    done
}

# Silent, unless it fails.
quietly() {
    "$@" >"$WORK/log" 2>&1 || { tail -n 40 "$WORK/log" && echo "'$*' failed" && return 1; }
}

prepare() {
    copy_tree && cd "$WORK/build" && quietly ../tree/configure --quiet --disable-hardening CFLAGS=-O1 &&
        build -j"$JOBS"
}

# Without what was built in it. A distributed tree may be read-only.
copy_tree() {
    mkdir "$WORK/tree" "$WORK/build"
    tar -C "$TREE" --exclude=./.git --exclude='./build*' --exclude=./asan --exclude='./fleet-*' -cf - . |
        tar -C "$WORK/tree" -xf -
    chmod -R u+w "$WORK/tree"
    [[ -x $WORK/tree/configure ]] || (cd "$WORK/tree" && quietly autoreconf --install)
}

build() {
    quietly env -u MAKEFLAGS -u MAKELEVEL make -C "$WORK/build" "$@" tests/sim/sim
}

# What it says when a seed fails; nothing, when none does.
run() {
    "$WORK/build/tests/sim/sim" "$@" --stop --quiet | head -n 1
}

# --- the mutants, JOBS at a time ---

# Each has a copy of what was built. What they print is read in the order of the mutants, not as they come.
start_workers() {
    local job output
    for ((job = 0; job < JOBS; job++)); do
        mkdir "$WORK/$job"
        cp -a "$WORK/tree" "$WORK/build" "$WORK/$job"
        exec {output}< <(WORK=$WORK/$job && try_some "$job")
        OUTPUTS+=("$output")
        WORKERS+=($!)
    done
}

# For each mutant what is wrong, by which seed it was found, and what replaying that gave; each ends in a NUL.
try_some() {
    local i
    for ((i = $1; i < ${#NAMES[@]}; i += JOBS)); do
        rm -f "$WORK/said" "$WORK/replayed"
        printf '%s\0' "$(try "${NAMES[i]}" 2>&1)"
        printf '%s\0' "$(cat "$WORK/said" 2>/dev/null)" "$(cat "$WORK/replayed" 2>/dev/null || echo -)"
    done
}

# Fails loudly, also when the patch does not fit the tree any more.
try() {
    local said patch=$MUTANTS/$1.patch
    quietly patch -p1 --forward --fuzz=0 -d "$WORK/tree" -i "$patch" || return 0
    if build; then
        said=$(find_mutant "$1")
        [[ -n $said ]] || echo "$SEEDS seeds passed, although: $(sed '/^$/q' "$patch")"
        [[ -z $said ]] || echo "$said" >"$WORK/said"
        [[ -z $said || $1 != order-applied-twice ]] || replay "$said" >"$WORK/replayed"
    fi
    quietly patch -p1 --reverse -d "$WORK/tree" -i "$patch"
}

find_mutant() {
    local seed said=
    seed=$(remembered_seed "$1")
    [[ -z $seed ]] || said=$(run --seed "$seed")
    [[ -n $said ]] || said=$(run --seeds "$SEEDS")
    echo "$said"
}

remembered_seed() {
    sed -n "s/^$1 //p" "$MUTANTS/seeds"
}

# What a failure tells to type is typed: it must fail, with the same words. Prints what differs.
replay() {
    local seed=${1#seed } said again
    "$WORK/build/tests/sim/sim" --seed "${seed%%:*}" >"$WORK/failure" || true
    said=$(sed -n 's/^# FAILED: *[0-9.]* //p' "$WORK/failure")
    again=$(sed -n 's/^# again: \(.*\) --verbose/\1/p' "$WORK/failure")
    # shellcheck disable=SC2086
    [[ -n $said && $("$WORK"/build/$again --quiet) == *" $said" ]] || echo "'$again' does not say '$said'"
}

judge_mutants() {
    local i name output findings said replayed
    for i in "${!NAMES[@]}"; do
        name=${NAMES[i]} output=${OUTPUTS[i % JOBS]}
        findings='not tried to its end' said='' replayed=-
        { read -r -d '' findings && read -r -d '' said && read -r -d '' replayed; } <&"$output" || true
        judge "$name is found" "$findings"
        [[ -z $said ]] || echo "# $said"
        [[ $replayed == - ]] || judge "its smallest simulation fails again in the same way" "$replayed"
        [[ -z $said ]] || echo "$name ${said//[!0-9 ]/}" | cut -d ' ' -f 1,3 >>"$WORK/found"
    done
}

# Those that were not tried, or not found, keep the seed they had.
remember() {
    local name
    touch "$WORK/found"
    for name in "$MUTANTS"/*.patch; do
        name=$(basename "$name" .patch)
        { grep "^$name " "$WORK/found" || grep "^$name " "$MUTANTS/seeds" || true; } 2>/dev/null
    done >"$WORK/seeds"
    cp "$WORK/seeds" "$MUTANTS/seeds"
}

main "$@"
