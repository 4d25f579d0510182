# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Debian's own kernels: image and headers, unpacked into the cache. They
# are not installed: the headers of 6.12 would bring a kernel and its initrd to the host's /boot.
# Sourced, never run.
# shellcheck disable=SC2034 # the KERNEL_ variables: see lib/kernels.sh

# debian_kernel FLAVOUR: linux-image-FLAVOUR's kernel of today.
debian_kernel() {
	local image release version dir
	packages_install "${QEMU_PACKAGES[@]}"
	image=$(package_depends "linux-image-$1" linux-image-) || die "linux-image-$1 stands for no package"
	release=${image#linux-image-}
	version=$(package_candidate "$image") || die "no package $image to be had"
	initramfs_tools
	dir=$CACHE_DIR/$KERNEL_NAME-$({ echo "$image $version" && initramfs_key; } | sha256sum | cut -c 1-12)
	cache_entry "$dir" debian_unpack "$release" "$dir"
	KERNEL_BUILD=$dir/usr/src/linux-headers-$release
	KERNEL_IMAGE=$dir/vmlinuz
	KERNEL_INITRD=$dir/initramfs
}

debian_unpack() {
	local release=$1 dir=$2 image kernel
	[[ ! -d $dir ]] || return 0
	say "unpacking Debian's kernel $release"
	temp_dir
	image=$TEMP_DIR/image kernel=$TEMP_DIR/kernel
	package_unpack "linux-image-$release" "$image"
	debian_headers "$release" "$kernel"
	# Their Makefile names its neighbour by the place where it would be installed.
	sed -i "s|^include /usr/src/|include $dir/usr/src/|" "$kernel/usr/src/linux-headers-$release/Makefile"
	cp -- "$image/boot/vmlinuz-$release" "$kernel/vmlinuz"
	depmod -b "$image" "$release" || die "depmod failed for $release"
	initramfs_make "$kernel/initramfs" "$image" "$release"
	mv -T -- "$kernel" "$dir" || die "cannot write $dir"
}

debian_headers() {
	local package packages
	packages=$(package_depends "linux-headers-$1" 'linux-\(headers\|kbuild\)-') ||
		die "cannot tell what linux-headers-$1 needs"
	for package in "linux-headers-$1" $packages; do
		package_unpack "$package" "$2"
	done
}
