# shellcheck shell=bash
# The cluster's store: one or three etcd members, each with a network and a disk (a tmpfs) of its own.

etcd_client_url() {
    echo "http://$(net_etcd_ip "$1"):2379"
}

etcd_peer_url() {
    echo "http://$(net_etcd_ip "$1"):2380"
}

# Prints FORMAT filled for each member, joined by commas.
etcd_join() {
    local i list=
    for ((i = 1; i <= LAB_ETCD; i++)); do
        list+=${list:+,}$("$1" "$i")
    done
    echo "$list"
}

etcd_cluster_entry() {
    echo "etcd$1=$(etcd_peer_url "$1")"
}

etcd_disk() {
    echo "$LAB_MEM/etcd$1"
}

etcd_create() {
    mkdir -p "$(etcd_disk "$1")"
    mount -t tmpfs -o mode=700 "$LAB_NAME-etcd$1" "$(etcd_disk "$1")"
}

etcd_become() {
    local i=$1
    exec setsid nsenter --net="/run/netns/$LAB_NAME-etcd$i" etcd --name "etcd$i" --data-dir "$(etcd_disk "$i")/data" \
        --enable-v2=false --logger zap --log-outputs stderr \
        --listen-client-urls "$(etcd_client_url "$i")" --advertise-client-urls "$(etcd_client_url "$i")" \
        --listen-peer-urls "$(etcd_peer_url "$i")" --initial-advertise-peer-urls "$(etcd_peer_url "$i")" \
        --initial-cluster "$(etcd_join etcd_cluster_entry)" --initial-cluster-token "$LAB_NAME"
}

etcd_spawn() {
    process_is_alive "etcd$1" || process_spawn "etcd$1" etcd_become "$1"
}

etcd_is_healthy() {
    process_is_alive "etcd$1" || return 1
    [[ $(net_run curl -s --max-time 2 "$(etcd_client_url "$1")/health") == *true* ]]
}

etcd_is_paused() {
    local pid
    pid=$(process_find "etcd$1") && process_stat "$pid" && [[ $STAT_STATE == T ]]
}

# A member that has ended is no longer waited for.
etcd_is_settled() {
    process_is_gone "etcd$1" || etcd_is_healthy "$1"
}

etcd_has_majority() {
    local i working=0
    for ((i = 1; i <= LAB_ETCD; i++)); do
        process_is_gone "etcd$i" || etcd_is_paused "$i" || net_is_cut "etcd$i" || working=$((working + 1))
    done
    ((working * 2 > LAB_ETCD))
}

# Until the member answers. Without a majority none can, so there is nothing to wait for.
etcd_wait() {
    etcd_has_majority && ! etcd_is_paused "$1" && ! net_is_cut "etcd$1" || return 0
    wait_for 30 etcd_is_settled "$1" && process_is_alive "etcd$1" && return
    tail -n 10 "$LAB_DIR/log/etcd$1" >&2
    die "etcd$1 does not become healthy; its log is $LAB_DIR/log/etcd$1"
}

etcd_end() {
    process_signal "$1" "etcd$2"
    [[ $1 == KILL ]] || process_signal CONT "etcd$2"
    wait_for 30 process_is_gone "etcd$2" || die "etcd$2 does not end"
    process_forget "etcd$2"
}

# etcd_do VERB I...
etcd_do() {
    local verb=$1 i
    shift
    for i in "$@"; do
        case $verb in
        start) etcd_spawn "$i" ;;
        stop) etcd_end TERM "$i" ;;
        kill) etcd_end KILL "$i" ;;
        pause) process_signal STOP "etcd$i" ;;
        resume) process_signal CONT "etcd$i" ;;
        cut) net_cut "etcd$i" ;;
        heal) net_heal "etcd$i" ;;
        fill) disk_fill "$(etcd_disk "$i")" ;;
        free) disk_free "$(etcd_disk "$i")" ;;
        esac
    done
    for i in "$@"; do
        case $verb in
        start) etcd_wait "$i" ;;
        resume | heal) process_is_gone "etcd$i" || etcd_wait "$i" ;;
        esac
    done
}
