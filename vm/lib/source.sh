# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Kernels built from the source package of Debian's current kernel, the patches and the fragments in
# vm/kernels. Sourced, never run.
# shellcheck disable=SC2034 # the KERNEL_ variables: see lib/kernels.sh

SOURCE_SUITE=trixie-backports

# built_kernel ARCH FRAGMENT...
built_kernel() {
	local arch=$1 dir
	shift
	[[ $arch == um ]] || initramfs_for_built_kernel
	source_tree
	dir=$CACHE_DIR/$KERNEL_NAME-$(built_key "$arch" "$@")
	cache_entry "$dir" built_make "$dir" "$arch" "$@"
	KERNEL_BUILD=$dir
	KERNEL_IMAGE=$dir/arch/x86/boot/bzImage
	[[ $arch != um ]] || KERNEL_IMAGE=$dir/linux
}

# The unpacked and patched source, once for all kernels: SOURCE_TREE.
source_tree() {
	SOURCE_PACKAGE=$(in_suite "$SOURCE_SUITE" package_depends linux-source linux-source-) ||
		die "linux-source stands for no package in $SOURCE_SUITE"
	SOURCE_VERSION=$(in_suite "$SOURCE_SUITE" package_candidate "$SOURCE_PACKAGE") ||
		die "no package $SOURCE_PACKAGE in $SOURCE_SUITE"
	SOURCE_TREE=$CACHE_DIR/${SOURCE_PACKAGE}_$SOURCE_VERSION-$(source_key)
	cache_entry "$SOURCE_TREE" source_unpack
}

source_key() {
	{ cat -- "$VM_DIR"/kernels/*.patch && echo "${SOURCE_EXCLUDE[@]}"; } | sha256sum | cut -c 1-12
}

# Drivers that no kernel here has, and the text of the documentation: half of it. Kconfig and make read
# their Kconfig and Makefile all the same.
SOURCE_EXCLUDE=('*/Documentation/*.rst' '*/drivers/gpu/*.[ch]' '*/drivers/media/*.[ch]' '*/drivers/infiniband/*.[ch]'
	'*/drivers/net/*/*.[ch]' '*/drivers/scsi/*.[ch]' '*/drivers/staging/*.[ch]' '*/sound/*.[ch]')

source_unpack() {
	local patch packed
	[[ ! -d $SOURCE_TREE ]] || return 0
	packages_install patch xz-utils
	temp_dir
	packed=$TEMP_DIR
	in_suite "$SOURCE_SUITE" package_unpack "$SOURCE_PACKAGE" "$packed"
	temp_dir
	logged "$packed/log" "unpacking $SOURCE_PACKAGE $SOURCE_VERSION" \
		tar -C "$TEMP_DIR" --strip-components=1 "${SOURCE_EXCLUDE[@]/#/--exclude=}" \
		-xf "$packed/usr/src/$SOURCE_PACKAGE.tar.xz"
	for patch in "$VM_DIR"/kernels/*.patch; do
		logged "$packed/log" "applying ${patch##*/}" patch -d "$TEMP_DIR" -p1 -i "$patch"
	done
	rm -r -- "$packed"
	mv -T -- "$TEMP_DIR" "$SOURCE_TREE" || die "cannot write $SOURCE_TREE"
}

# Everything that determines a built kernel, in a few digits.
built_key() {
	local arch=$1
	shift
	{
		echo "$arch $* $SOURCE_VERSION $SOURCE_TREE"
		gcc --version
		ld --version
		built_fragments "$@"
		cat -- "$VM_DIR/lib/source.sh"
	} | sha256sum | cut -c 1-12
}

built_fragments() {
	local fragment
	for fragment; do
		cat -- "$VM_DIR/kernels/$fragment.config"
	done
}

built_make() {
	local dir=$1 arch=$2 make build log
	shift 2
	[[ ! -d $dir ]] || return 0
	temp_dir
	build=$TEMP_DIR log=$TEMP_DIR/build.log
	make=(make -C "$SOURCE_TREE" "O=$build" "ARCH=$arch")
	built_fragments "$@" >"$build/fragments.config"
	logged "$log" "configuring $KERNEL_NAME" "${make[@]}" "KCONFIG_ALLCONFIG=$build/fragments.config" allnoconfig
	built_config_holds "$build"
	logged "$log" "building $KERNEL_NAME from $SOURCE_PACKAGE $SOURCE_VERSION, once" "${make[@]}" "-j$(nproc)"
	built_prune "$build"
	# Its Makefile names the place where it was made.
	sed -i "s|$build|$dir|g" "$build/Makefile"
	mv -T -- "$build" "$dir" || die "cannot write $dir"
}

# kconfig drops silently what it cannot give; a check that is not on must not seem to be.
built_config_holds() {
	local line missing=()
	while read -r line; do
		grep -qxF -- "$line" "$1/.config" || missing+=("$line")
	done < <(sed -n 's/=n$/ is not set/; s/^CONFIG_\(.*\) is not set$/# &/; /^\(# \)\{0,1\}CONFIG_/p' "$1/fragments.config")
	((${#missing[@]} == 0)) || die "$KERNEL_NAME: the kernel source does not offer: ${missing[*]}"
}

# What building modules, booting and reading backtraces does not need.
built_prune() {
	find "$1" \( -path "$1/scripts" -o -path "$1/tools" \) -prune -o \
		-type f \( -name '*.o' -o -name '*.a' -o -name '*.cmd' -o -name '.tmp_*' \) \
		! -name 'module*' -print0 | xargs -0 rm -f --
}
