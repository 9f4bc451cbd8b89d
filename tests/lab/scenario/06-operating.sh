# shellcheck shell=bash
# lab: --machines 3 --etcd 1
# timeout: 240
# lane: 3
# docs/operating.md: a cluster with an etcd of its own on its three machines, through backup and restore, upgrades,
# the loss of machines, of the store and of the network, and TLS. What the guide says is typed and compared.
# shellcheck source=tests/lab/lib/check.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/check.sh"
# shellcheck source=tests/lab/lib/guide.sh
. "$LAB_HOME/lib/guide.sh"

guide "$LAB_HOME/../../docs/operating.md"

# No machine is any more as the next scenario wants it.
lab down
