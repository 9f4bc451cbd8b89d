# shellcheck shell=bash
# One network namespace holds the bridge, the etcd members and the client; each machine has another with its
# end of a cable named host0. Namespaces are entered with nsenter: `ip netns exec` mounts a fresh /sys, which
# hides the cgroups from the container.

NET_PREFIX=10.77.0

net_etcd_ip() {
    echo "$NET_PREFIX.$((10 + $1))"
}

net_machine_ip() {
    echo "$NET_PREFIX.$((100 + ${1#m}))"
}

net_run() {
    nsenter --net="/run/netns/$LAB_NAME" "$@"
}

net_exists() {
    [[ -e /run/netns/$1 ]]
}

# A bridge without an address of its own takes that of a port, and another when ports come and go: whoever
# remembers the old one is cut off.
net_up() {
    local i
    ip netns add "$LAB_NAME"
    net_run ip -batch - <<EOF
link set lo up
link add br0 address 02:00:0a:4d:00:01 type bridge
addr add $NET_PREFIX.1/24 dev br0
link set br0 up
EOF
    for ((i = 1; i <= $1; i++)); do
        net_run ip addr add "$(net_etcd_ip "$i")/24" dev br0
    done
}

# The address of the network card stays the same over power cuts: neighbours remember it.
net_machine_up() {
    local machine=$1 mac
    mac=$(printf '02:00:0a:4d:00:%02x' "$((100 + ${machine#m}))")
    ip netns add "$LAB_NAME-$machine"
    net_run ip link add "$machine" type veth peer name host0 address "$mac" netns "$LAB_NAME-$machine"
    net_run ip link set "$machine" master br0
    nsenter --net="/run/netns/$LAB_NAME-$machine" ip -batch - <<EOF
link set lo up
addr add $(net_machine_ip "$machine")/24 dev host0
link set host0 up
EOF
    net_is_cut "$machine" || net_plug "$machine"
}

net_machine_down() {
    local machine=$1
    if net_exists "$LAB_NAME"; then
        net_run ip link del "$machine" 2>/dev/null || true
    fi
    net_delete "$LAB_NAME-$machine"
}

net_plug() {
    net_run ip link set "$1" up
}

net_unplug() {
    net_run ip link set "$1" down 2>/dev/null || true
}

net_is_cut() {
    [[ -e $LAB_DIR/cut/$1 ]]
}

# A machine stays cut over power cuts and boots, until it is healed.
net_cut() {
    mkdir -p "$LAB_DIR/cut"
    : >"$LAB_DIR/cut/$1"
    net_unplug "$1"
}

net_heal() {
    rm -f "$LAB_DIR/cut/$1"
    ! net_exists "$LAB_NAME-$1" || net_plug "$1"
}

net_delete() {
    ! net_exists "$1" || ip netns del "$1" 2>/dev/null || rm -f "/run/netns/$1"
}

net_down() {
    local path
    for path in /run/netns/"$LAB_NAME"-m+([0-9]); do
        [[ ! -e $path ]] || net_delete "${path##*/}"
    done
    net_delete "$LAB_NAME"
}
