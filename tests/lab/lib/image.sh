# shellcheck shell=bash
# The layer that all machines share: what is different from the host's root, made once per lab. It lies between
# the host's root and each machine's own layer.

# What a small machine has no use for. What the host itself enabled is not in /usr and is dropped as a whole.
IMAGE_MASKED=(
    console-getty.service getty.target systemd-logind.service
    systemd-firstboot.service systemd-hwdb-update.service systemd-machine-id-commit.service
    systemd-networkd.service systemd-resolved.service systemd-timesyncd.service systemd-udevd.service
    systemd-binfmt.service systemd-modules-load.service systemd-random-seed.service systemd-repart.service
    systemd-pcrphase.service systemd-pcrphase-sysinit.service
    systemd-update-utmp.service systemd-update-utmp-runlevel.service
    systemd-ask-password-console.path systemd-ask-password-wall.path
    systemd-initctl.socket systemd-journald-audit.socket systemd-tmpfiles-clean.timer
    dev-hugepages.mount dev-mqueue.mount proc-sys-fs-binfmt_misc.automount sys-fs-fuse-connections.mount
    sys-kernel-config.mount sys-kernel-debug.mount sys-kernel-tracing.mount kmod-static-nodes.service
    apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer man-db.timer
    cryptsetup.target integritysetup.target veritysetup.target remote-fs.target machines.target
)

image_create() {
    local root=$LAB_MEM/base-root
    mkdir -p "$LAB_MEM"/{base,base-work,base-root}
    mount -t overlay overlay "$root" \
        -o "lowerdir=/,upperdir=$LAB_MEM/base,workdir=$LAB_MEM/base-work,index=off"
    (
        cd "$root" || exit
        image_empty
        image_mask
        image_configure
        image_install
    )
    umount "$root"
    mkdir -p "$LAB_MEM/bin"
    install "$LAB_FLEETCTL" "$LAB_MEM/bin/fleetctl"
}

# The container manager wants to make /dev itself.
image_empty() {
    rm -rf dev etc/systemd/system etc/fleet var/lib/fleet var/log/journal
    mkdir -p dev etc/systemd/system etc/fleet var/log/journal
}

image_mask() {
    local unit generator
    for unit in "${IMAGE_MASKED[@]}"; do
        ln -s /dev/null "etc/systemd/system/$unit"
    done
    mkdir -p etc/systemd/system-generators
    for generator in {usr/lib,usr/local/lib,etc}/systemd/system-generators/*; do
        [[ ! -e $generator ]] || ln -sf /dev/null "etc/systemd/system-generators/${generator##*/}"
    done
}

# The journal is kept over power cuts, as it is what explains them. Packages are those of the host, also when there are
# newer ones somewhere: a machine of the lab has no way to them.
image_configure() {
    local k
    mkdir -p etc/apt/apt.conf.d
    echo 'APT::Get::Upgrade "false";' >etc/apt/apt.conf.d/90lab
    ln -s /lib/systemd/system/multi-user.target etc/systemd/system/default.target
    mkdir -p etc/systemd/journald.conf.d
    printf '[Journal]\nStorage=persistent\nSystemMaxUse=64M\nRateLimitIntervalSec=0\n' \
        >etc/systemd/journald.conf.d/lab.conf
    {
        echo '127.0.0.1 localhost'
        for ((k = 1; k <= LAB_MACHINES; k++)); do
            echo "$(net_machine_ip "m$k") m$k"
        done
        for ((k = 1; k <= LAB_ETCD; k++)); do
            echo "$(net_etcd_ip "$k") etcd$k"
        done
    } >etc/hosts
}

image_install() {
    local units=etc/systemd/system
    install "$LAB_FLEETD" usr/sbin/fleetd
    install "$LAB_FLEETCTL" usr/bin/fleetctl
    install -D "$LAB_GUARD" usr/libexec/fleet-guard
    image_unit fleet.service >"$units/fleet.service"
    image_unit fleet-guard.service >"$units/fleet-guard.service"
    image_unit fleet.socket >"$units/fleet.socket"
    install -D -m 644 "$LAB_UNITS/sysusers.d/fleet.conf" usr/lib/sysusers.d/fleet.conf
    install -D -m 644 "$LAB_UNITS/polkit-1/fleet.rules" usr/share/polkit-1/rules.d/fleet.rules
    systemd-sysusers --root="$PWD" fleet.conf 2>/dev/null
    mkdir -p "$units"/{multi-user.target,sockets.target}.wants "$units/fleet.service.d"
    ln -s ../fleet.service "$units/multi-user.target.wants/"
    ln -s ../fleet.socket "$units/sockets.target.wants/"
    # What fleetd keeps in /run/fleet can run out of room without taking systemd's /run with it.
    cat >"$units/run-fleet.mount" <<'EOF'
[Mount]
What=tmpfs
Where=/run/fleet
Type=tmpfs
Options=mode=755
EOF
    # A daemon that is paused on purpose is not to be shot by its watchdog. And its hardening mounts a /proc of its
    # own, which would show the host's boot id, and hide what the machine's own journal has of this boot.
    cat >"$units/fleet.service.d/lab.conf" <<'EOF'
[Unit]
Requires=lab-boot-id.service
Wants=run-fleet.mount
After=lab-boot-id.service run-fleet.mount

[Service]
WatchdogSec=0
BindReadOnlyPaths=/run/boot_id:/proc/sys/kernel/random/boot_id
EOF
    cat >"$units/lab-boot-id.service" <<'EOF'
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=cp /proc/sys/kernel/random/boot_id /run/boot_id
EOF
    instrument_install
}

image_unit() {
    if [[ -e $LAB_UNITS/$1 ]]; then
        cat "$LAB_UNITS/$1"
    else
        sed 's|@sbindir@|/usr/sbin|g; s|@libexecdir@|/usr/libexec|g' "$LAB_UNITS/$1.in"
    fi
}
