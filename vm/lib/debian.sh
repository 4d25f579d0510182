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
	package_unpack_with "linux-headers-$release" 'linux-\(headers\|kbuild\)-' "$kernel"
	# Their Makefile names its neighbour by the place where it would be installed.
	sed -i "s|^include /usr/src/|include $dir/usr/src/|" "$kernel/usr/src/linux-headers-$release/Makefile"
	cp -- "$image/boot/vmlinuz-$release" "$kernel/vmlinuz"
	depmod -b "$image" "$release" || die "depmod failed for $release"
	initramfs_make "$kernel/initramfs" "$image" "$release"
	mv -T -- "$kernel" "$dir" || die "cannot write $dir"
}

# backports_kernel FLAVOUR: the same of the suite that the kernel source is from.
backports_kernel() {
	local image release version dir
	packages_install "${QEMU_PACKAGES[@]}"
	source_tree
	image=$(in_suite "$SOURCE_SUITE" package_depends "linux-image-$1" linux-image-) ||
		die "linux-image-$1 stands for no package in $SOURCE_SUITE"
	release=${image#linux-image-}
	version=$(in_suite "$SOURCE_SUITE" package_candidate "$image") || die "no package $image in $SOURCE_SUITE"
	[[ $version == "$SOURCE_VERSION" ]] ||
		die "$image is $version, but $SOURCE_PACKAGE is $SOURCE_VERSION: its modules cannot be built now"
	initramfs_tools
	dir=$CACHE_DIR/$KERNEL_NAME-$({ echo "$image $version $SOURCE_TREE" && initramfs_key; } | sha256sum | cut -c 1-12)
	cache_entry "$dir" backports_unpack "$release" "$dir"
	KERNEL_BUILD=$dir/build
	KERNEL_IMAGE=$dir/vmlinuz
	KERNEL_INITRD=$dir/initramfs
}

# The tools in Debian's own headers want a later libc, and its configuration a later compiler: with
# that configuration, adapted to the compiler here, they are built from the source.
backports_unpack() {
	local release=$1 dir=$2 root kernel log make
	[[ ! -d $dir ]] || return 0
	say "unpacking Debian's kernel $release"
	temp_dir
	root=$TEMP_DIR/root kernel=$TEMP_DIR/kernel log=$TEMP_DIR/log
	in_suite "$SOURCE_SUITE" backports_packages "$release" "$root"
	mkdir -p -- "$kernel/build"
	cp -- "$root/usr/lib/modules/$release/vmlinuz" "$kernel/vmlinuz"
	ln -s usr/lib "$root/lib"
	depmod -b "$root" "$release" || die "depmod failed for $release"
	initramfs_make "$kernel/initramfs" "$root" "$release"
	cp -- "$root/usr/src/linux-headers-$release"/{.config,Module.symvers,vmlinux} "$kernel/build/"
	sed -i "s/^CONFIG_LOCALVERSION=.*/CONFIG_LOCALVERSION=\"+${release#*+}\"/; s/^CONFIG_SYSTEM_TRUSTED_KEYS=.*/CONFIG_SYSTEM_TRUSTED_KEYS=\"\"/" \
		"$kernel/build/.config"
	make=(make -C "$SOURCE_TREE" "O=$kernel/build" ARCH=x86_64 "-j$(nproc)")
	logged "$log" "configuring $release for the compiler here" "${make[@]}" olddefconfig
	logged "$log" "building what modules for $release need" "${make[@]}" modules_prepare
	grep -qF "\"$release\"" "$kernel/build/include/generated/utsrelease.h" ||
		die "modules for $release would be refused: $(<"$kernel/build/include/generated/utsrelease.h")"
	sed -i "s|$kernel|$dir|g" "$kernel/build/Makefile"
	mv -T -- "$kernel" "$dir" || die "cannot write $dir"
}

backports_packages() {
	package_unpack "linux-headers-$1" "$2"
	package_unpack_with "linux-image-$1" 'linux-\(binary\|modules\)-' "$2"
}
