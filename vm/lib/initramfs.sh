# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The initramfs of a QEMU guest: a shell, the modules that reach the host's root, and
# vm/initramfs-init, which mounts that root and goes on to vm/init. Sourced, never run.

INITRAMFS_MODULES=(virtio_pci virtio_console virtiofs)

# A static shell, unpacked and not installed: the package would push out another one.
initramfs_tools() {
	local version
	packages_known busybox-static
	version=$(package_candidate busybox-static)
	BUSYBOX=$CACHE_DIR/busybox-static_$version/bin/busybox
	[[ -x $BUSYBOX ]] || locked "$CACHE_DIR/busybox.lock" initramfs_fetch_busybox || exit
}

initramfs_fetch_busybox() {
	local dir
	[[ ! -x $BUSYBOX ]] || return 0
	dir=$(dirname -- "$(dirname -- "$BUSYBOX")")
	temp_dir
	package_unpack busybox-static "$TEMP_DIR"
	mv -T -- "$TEMP_DIR" "$dir" || die "cannot write $dir"
}

# All that an initramfs is made of beside the kernel, in a few digits.
initramfs_key() {
	cat -- "$VM_DIR/initramfs-init" "$VM_DIR/lib/initramfs.sh" "$VM_DIR/lib/debian.sh" "$BUSYBOX" |
		sha256sum | cut -c 1-12
}

# initramfs_make FILE [ROOT RELEASE]: with the modules of that release under ROOT, if given.
initramfs_make() {
	local file=$1 root=${2:-} release=${3:-} dir
	temp_dir
	dir=$TEMP_DIR
	mkdir -p -- "$dir"/{bin,dev,proc,sys,root,modules}
	cp -- "$BUSYBOX" "$dir/bin/busybox"
	ln -s busybox "$dir/bin/sh"
	cp -- "$VM_DIR/initramfs-init" "$dir/init"
	chmod 755 "$dir/init"
	: >"$dir/modules/order"
	[[ -z $root ]] || initramfs_modules "$dir" "$root" "$release"
	(cd -- "$dir" && find . | cpio --quiet -o -H newc -R 0:0 | gzip -1) >"$file.tmp" || die "cannot write $file"
	mv -- "$file.tmp" "$file"
	rm -r -- "$dir"
}

initramfs_modules() {
	local dir=$1 root=$2 release=$3 module path name
	for module in "${INITRAMFS_MODULES[@]}"; do
		modprobe -d "$root" -S "$release" --show-depends "$module" ||
			die "$release has no module $module"
	done | sed -n 's/^insmod \([^ ]*\).*/\1/p' | awk '!seen[$0]++' | while read -r path; do
		name=$(basename -- "$path")
		case $name in
		*.xz) name=${name%.xz} && xz -dc -- "$path" ;;
		*.gz) name=${name%.gz} && gzip -dc -- "$path" ;;
		*) cat -- "$path" ;;
		esac >"$dir/modules/$name"
		echo "$name" >>"$dir/modules/order"
	done
}

# For a kernel with everything built in: one initramfs serves them all.
initramfs_for_built_kernel() {
	packages_install "${QEMU_PACKAGES[@]}"
	initramfs_tools
	KERNEL_INITRD=$CACHE_DIR/initramfs-$(initramfs_key)
	[[ -e $KERNEL_INITRD ]] || locked "$CACHE_DIR/initramfs.lock" initramfs_make "$KERNEL_INITRD" || exit
}
