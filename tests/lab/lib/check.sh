# shellcheck shell=bash
# For scenarios: sourced first. Each check is one line of TAP; `run` gives the numbers and adds up.
#
#   check "sentence" CMD...      passes if CMD succeeds; what CMD printed is shown if it does not
#   eventually SECONDS CMD...    succeeds as soon as CMD does; FLEET_LAB_PATIENCE times as long
#   never SECONDS CMD...         CMD does not succeed for so long, and no longer: what is promised does not wait
#   lab ARG...                   the lab
#   fails_on MACHINE CMD...      CMD can be run in the machine, and fails there
set -uo pipefail

LAB_HOME=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

lab() {
    "$LAB_HOME/lab" "$@"
}

fails_on() {
    # shellcheck disable=SC2016
    lab exec "$1" sh -c '! "$@"' sh "${@:2}"
}

check() {
    local sentence=$1 output
    shift
    if output=$("$@" 2>&1); then
        echo "ok - $sentence"
    else
        echo "not ok - $sentence"
        printf '# %s\n' "failed: $*"
        [[ -z $output ]] || tail -n 40 <<<"$output" | sed 's/^/# /'
    fi
}

# What the last try printed is what is shown.
eventually() {
    local deadline=$((${EPOCHREALTIME/./} + $1 * ${FLEET_LAB_PATIENCE:-1} * 1000000)) output
    shift
    until output=$("$@" 2>&1); do
        if ((${EPOCHREALTIME/./} >= deadline)); then
            [[ -z $output ]] || echo "$output"
            return 1
        fi
        sleep 0.1
    done
}

never() {
    ! FLEET_LAB_PATIENCE=1 eventually "$@"
}

# Commands as conditions. With pipefail `CMD | grep -q` may fail on what it finds; `mentions` does not.
not() {
    ! "$@"
}

# equal EXPECTED ACTUAL. Where nothing, or 0, is expected of a command, `prints` and `lists` are what asks it: one that failed
# has printed nothing either (tests/lint/scenarios.sh).
equal() {
    [[ $1 == "$2" ]] || {
        printf 'expected: %s\n  actual: %s\n' "$1" "$2"
        return 1
    }
}

# status_is N CMD...
status_is() {
    local status=0
    "${@:2}" || status=$?
    equal "$1" "$status"
}

# prints EXPECTED CMD...: what CMD writes to stdout, and that it succeeds.
prints() {
    local actual
    actual=$("${@:2}") && equal "$1" "$actual"
}

# lists N REGEX CMD...: so many lines of what CMD writes to stdout match the extended regular expression, and CMD succeeds.
lists() {
    local actual
    actual=$("${@:3}") && equal "$1" "$(grep -cE -- "$2" <<<"$actual")"
}

# omits TEXT CMD...: TEXT is nowhere in what CMD prints, and CMD succeeds.
omits() {
    local actual
    actual=$("${@:2}" 2>&1) && [[ $actual != *"$1"* ]] || {
        printf 'mentioned, or failed: %s\n%s\n' "$1" "$actual"
        return 1
    }
}

# mentions TEXT CMD...: TEXT is somewhere in what CMD prints, whatever its exit status.
mentions() {
    local actual
    actual=$("${@:2}" 2>&1)
    [[ $actual == *"$1"* ]] || {
        printf 'not mentioned: %s\n%s\n' "$1" "$actual"
        return 1
    }
}
