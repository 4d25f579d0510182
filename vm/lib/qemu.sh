# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# An x86-64 guest in QEMU. Sourced, never run.
# shellcheck disable=SC2034,SC2054 # GUEST_PID is for guest.sh; the commas are QEMU's

# Sets ACCEL: what was requested, else KVM if a guest boots with it, else TCG.
qemu_accel() {
	local boot
	ACCEL=tcg
	[[ ${1:-} != tcg && -w /dev/kvm ]] || return 0
	boot=$CACHE_DIR/accel-$(</proc/sys/kernel/random/boot_id)
	[[ -e $boot ]] || locked "$CACHE_DIR/accel.lock" qemu_probe "$boot"
	ACCEL=$(<"$boot")
}

# On a host that is a guest itself, an existing /dev/kvm may not work. Tried once per boot of the
# host.
qemu_probe() {
	local found=tcg
	[[ ! -e $1 ]] || return 0
	rm -f -- "$CACHE_DIR"/accel-*-*
	say "trying KVM"
	timeout -s KILL 20 qemu-system-x86_64 -M q35 -accel kvm -cpu host -m 512 -nodefaults -no-user-config \
		-display none -no-reboot -serial stdio -kernel "$KERNEL_IMAGE" -initrd "$KERNEL_INITRD" \
		-append "console=ttyS0 panic=-1 mapstat.probe" </dev/null 2>/dev/null |
		grep -q 'vm/run: alive' && found=kvm
	echo "$found" >"$1.new" && mv -- "$1.new" "$1"
	say "KVM: $found is used until this host boots again"
}

# Debian 12's virtiofsd drops its groups and changes its root, which only root may do. Users get
# that of a later suite, with the libraries that it was linked against.
VIRTIOFSD=()
VIRTIOFSD_SUITE=trixie
VIRTIOFSD_PACKAGES=(virtiofsd libc6 libcap-ng0 libgcc-s1 libseccomp2)

# Sets VIRTIOFSD, or fails if a user has none: before anything is built.
qemu_virtiofsd() {
	local versions dir lib
	((${#VIRTIOFSD[@]} == 0)) || return 0
	if ((EUID == 0)); then
		VIRTIOFSD=(/usr/lib/qemu/virtiofsd -o sandbox=chroot)
		return
	fi
	versions=$(in_suite "$VIRTIOFSD_SUITE" qemu_virtiofsd_versions) ||
		die "an x86-64 kernel needs root here, or virtiofsd of $VIRTIOFSD_SUITE; --kernel uml does not"
	dir=$CACHE_DIR/virtiofsd-$(sha256sum <<<"$versions" | cut -c 1-12)
	cache_entry "$dir" qemu_virtiofsd_unpack "$dir"
	lib=$dir/usr/lib/x86_64-linux-gnu
	VIRTIOFSD=("$lib/ld-linux-x86-64.so.2" --library-path "$lib" "$dir/usr/libexec/virtiofsd" --sandbox none)
}

qemu_virtiofsd_versions() {
	local package
	for package in "${VIRTIOFSD_PACKAGES[@]}"; do
		package_candidate "$package" || return
	done
}

qemu_virtiofsd_unpack() {
	local package
	[[ ! -d $1 ]] || return 0
	say "unpacking virtiofsd of $VIRTIOFSD_SUITE, which needs no root"
	temp_dir
	for package in "${VIRTIOFSD_PACKAGES[@]}"; do
		in_suite "$VIRTIOFSD_SUITE" package_unpack "$package" "$TEMP_DIR"
	done
	mv -T -- "$TEMP_DIR" "$1" || die "cannot write $1"
}

# qemu_share TAG DIR CACHE: starts a virtiofsd, and adds its arguments for QEMU to QEMU_ARGS.
qemu_share() {
	local socket=$RUN_DIR/$1.socket tries=0
	setsid setpriv --pdeathsig KILL "${VIRTIOFSD[@]}" "--socket-path=$socket" \
		-o "source=$2,cache=$3" >"$RUN_DIR/$1.log" 2>&1 </dev/null &
	HELPERS+=($!)
	until [[ -S $socket ]]; do
		if ((++tries > 500)) || ! kill -0 $! 2>/dev/null; then
			cat -- "$RUN_DIR/$1.log" >&2
			die "virtiofsd does not start"
		fi
		sleep 0.02
	done
	QEMU_ARGS+=(-chardev "socket,id=$1,path=$socket" -device "vhost-user-fs-pci,chardev=$1,tag=$1")
}

qemu_port() {
	QEMU_ARGS+=(-chardev "file,id=$1,path=$RUN_DIR/$1" -device "virtserialport,chardev=$1,name=$1")
}

# Starts the guest, and sets GUEST_PID.
qemu_start() {
	local cpu=max accel=tcg,thread=multi
	[[ $ACCEL != kvm ]] || cpu=host accel=kvm
	QEMU_ARGS=(-M q35 -accel "$accel" -cpu "$cpu" -smp "$CPUS" -m "$MEM"
		-nodefaults -no-user-config -display none -no-reboot
		-object "memory-backend-memfd,id=mem,size=${MEM}M,share=on" -numa node,memdev=mem
		-serial "file:$RUN_DIR/console" -device virtio-serial-pci
		-kernel "$KERNEL_IMAGE" -initrd "$KERNEL_INITRD"
		-append "console=ttyS0 panic=-1 $APPEND")
	qemu_share root / always
	qemu_share run "$RUN_DIR/share" auto
	qemu_port stdout
	qemu_port stderr
	setsid setpriv --pdeathsig KILL qemu-system-x86_64 "${QEMU_ARGS[@]}" \
		>"$RUN_DIR/monitor" 2>&1 </dev/null &
	GUEST_PID=$!
}
