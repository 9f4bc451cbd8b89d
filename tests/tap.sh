# shellcheck shell=bash
# For tests in shell that speak TAP: sourced, before the first test.
#
#   judge NAME FINDINGS   a test that passes if there are no findings; they are shown if there are
#   skip NAME REASON      a test that cannot be run here
#   tap_end               the plan; the script ends, and fails if a test did
n_tests=0 n_failed=0

judge() {
    n_tests=$((n_tests + 1))
    if [[ -z $2 ]]; then
        echo "ok $n_tests - $1"
    else
        printf '# %s\n' "${2//$'\n'/$'\n# '}"
        echo "not ok $n_tests - $1"
        n_failed=$((n_failed + 1))
    fi
}

skip() {
    n_tests=$((n_tests + 1))
    echo "ok $n_tests - $1 # SKIP $2"
}

tap_end() {
    echo "1..$n_tests"
    exit $((n_failed > 0))
}
