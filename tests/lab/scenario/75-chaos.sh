# shellcheck shell=bash
# lab: --machines 3 --etcd 3 --conf agent_ttl=6s
# timeout: 240
# lane: 2
# A short run of tests/lab/chaos, from a seed whose plan has a power cut, a partition, a lost quorum, a paused fleetd and a
# clone.
# shellcheck source=tests/lab/lib/check.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/check.sh"

check "six faults leave no violation" "$LAB_HOME/chaos" --here --seed 797 --faults 6
