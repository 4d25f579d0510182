# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Kernels built from Debian's source package, the patches and the fragments in vm/kernels. Sourced,
# never run.
# shellcheck disable=SC2034 # the KERNEL_ variables: see lib/kernels.sh

# built_kernel ARCH FRAGMENT...
built_kernel() {
	local arch=$1 dir
	shift
	packages_install "$SOURCE_PACKAGE"
	[[ $arch == um ]] || initramfs_for_built_kernel
	source_tree
	dir=$CACHE_DIR/$KERNEL_NAME-$(built_key "$arch" "$@")
	[[ -d $dir ]] || locked "$dir.lock" built_make "$dir" "$arch" "$@" || exit
	KERNEL_BUILD=$dir
	KERNEL_IMAGE=$dir/arch/x86/boot/bzImage
	[[ $arch != um ]] || KERNEL_IMAGE=$dir/linux
}

# The unpacked and patched source, once for all kernels: SOURCE_TREE.
source_tree() {
	SOURCE_VERSION=$(dpkg-query -W -f '${Version}' "$SOURCE_PACKAGE")
	SOURCE_TREE=$CACHE_DIR/${SOURCE_PACKAGE}_$SOURCE_VERSION-$(cat -- "$VM_DIR"/kernels/*.patch | sha256sum | cut -c 1-12)
	[[ -d $SOURCE_TREE ]] || locked "$SOURCE_TREE.lock" source_unpack || exit
}

source_unpack() {
	local patch
	[[ ! -d $SOURCE_TREE ]] || return 0
	temp_dir
	logged "$TEMP_DIR.log" "unpacking $SOURCE_PACKAGE $SOURCE_VERSION" \
		tar -C "$TEMP_DIR" --strip-components=1 -xf "/usr/src/$SOURCE_PACKAGE.tar.xz"
	for patch in "$VM_DIR"/kernels/*.patch; do
		logged "$TEMP_DIR.log" "applying ${patch##*/}" patch -d "$TEMP_DIR" -p1 -i "$patch"
	done
	rm -- "$TEMP_DIR.log"
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
