# shellcheck shell=bash
# One network namespace holds the bridge and the client; each machine and each etcd member has another with its
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
        net_connect "etcd$i" "$(net_etcd_ip "$i")"
    done
}

net_machine_up() {
    net_connect "$1" "$(net_machine_ip "$1")"
}

# net_connect NAME IP: a namespace with a cable to the bridge. The address of the network card stays the same over
# power cuts: neighbours remember it.
net_connect() {
    local name=$1 mac
    mac=$(printf '02:00:0a:4d:00:%02x' "${2##*.}")
    ip netns add "$LAB_NAME-$name"
    net_run ip link add "$name" type veth peer name host0 address "$mac" netns "$LAB_NAME-$name"
    net_run ip link set "$name" master br0
    net_inside "$name" ip -batch - <<EOF
link set lo up
addr add $2/24 dev host0
link set host0 up
EOF
    net_is_cut "$name" || net_plug "$name"
}

# net_inside NAME CMD...
net_inside() {
    nsenter --net="/run/netns/$LAB_NAME-$1" "${@:2}"
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

# Nothing of the machine's reaches the store and nothing of the store's the machine; all else goes on.
net_cut_store() {
    net_heal_store "$1"
    net_inside "$1" nft -f - <<'EOF'
table inet store {
    chain out { type filter hook output priority 0; tcp dport 2379 drop; }
    chain in { type filter hook input priority 0; tcp sport 2379 drop; }
}
EOF
}

net_heal_store() {
    net_inside "$1" nft delete table inet store 2>/dev/null || true
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
    for path in /run/netns/"$LAB_NAME"-@(m|etcd)+([0-9]); do
        [[ ! -e $path ]] || net_delete "${path##*/}"
    done
    net_delete "$LAB_NAME"
}
