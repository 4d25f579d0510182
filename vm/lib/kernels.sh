# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The known kernels, and how each is obtained. Sourced, never run.
#
# kernel_prepare NAME sets
#   KERNEL_NAME     its name, usable as a directory name
#   KERNEL_KIND     qemu | uml
#   KERNEL_IMAGE    the image to boot
#   KERNEL_BUILD    the tree that modules are built against (KDIR)
#   KERNEL_INITRD   QEMU only: loads the modules for the root that the host shares, and mounts it
# shellcheck disable=SC2034 # used by scripts that source this

KERNEL_NAMES=(stock-6.1 stock-6.12 stock-7 rt-6.1 rt-6.12 uml uml-kasan kasan)

kernel_known() {
	local name
	for name in "${KERNEL_NAMES[@]}"; do
		[[ $1 != "$name" ]] || return 0
	done
	return 1
}

kernel_prepare() {
	KERNEL_NAME=$1 KERNEL_KIND=qemu KERNEL_INITRD=
	path_for_kbuild "$CACHE_DIR"
	packages_install "${TOOL_PACKAGES[@]}"
	case $1 in
	stock-6.1) debian_kernel cloud-amd64 ;;
	stock-6.12) debian_kernel 6.12-cloud-amd64 ;;
	stock-7) backports_kernel cloud-amd64 ;;
	rt-6.1) debian_kernel rt-amd64 ;;
	rt-6.12) debian_kernel 6.12-rt-amd64 ;;
	uml) uml_kernel common um timing ;;
	uml-kasan) uml_kernel common um debug debug-um preempt ;;
	kasan) built_kernel x86_64 common x86 debug debug-x86 preempt ;;
	*) own_kernel "$1" ;;
	esac
}

# uml_kernel FRAGMENT...
uml_kernel() {
	KERNEL_KIND=uml
	uml_possible
	built_kernel um "$@"
}

# A kernel built elsewhere: its build tree, or an image in one.
own_kernel() {
	local path tree
	path=$(realpath -e -- "$1" 2>/dev/null) || usage_error "unknown kernel $1 (not a name, not a path)"
	tree=$path
	[[ -d $tree ]] || tree=$(dirname -- "$path")
	while [[ $tree != / && ! -e $tree/Module.symvers ]]; do
		tree=$(dirname -- "$tree")
	done
	[[ -e $tree/Module.symvers && -e $tree/.config ]] ||
		usage_error "$1: no kernel build tree (.config, Module.symvers) there or above"
	KERNEL_NAME=path-$(basename -- "$tree")-$(printf '%s' "$tree" | sha256sum | cut -c 1-8)
	KERNEL_BUILD=$tree
	if grep -qx CONFIG_UML=y "$tree/.config"; then
		KERNEL_KIND=uml KERNEL_IMAGE=$tree/linux
	else
		KERNEL_IMAGE=$tree/arch/x86/boot/bzImage
		own_kernel_boots "$tree"
		initramfs_for_built_kernel
	fi
	[[ ! -f $path ]] || KERNEL_IMAGE=$path
	[[ -f $KERNEL_IMAGE ]] || usage_error "$1: no kernel image $KERNEL_IMAGE"
}

own_kernel_boots() {
	local option missing=()
	for option in BLK_DEV_INITRD DEVTMPFS SERIAL_8250_CONSOLE TMPFS VIRTIO_CONSOLE VIRTIO_FS VIRTIO_PCI; do
		grep -qx "CONFIG_$option=y" "$1/.config" || missing+=("CONFIG_$option=y")
	done
	((${#missing[@]} == 0)) || usage_error "$1: cannot be booted without ${missing[*]}"
}
