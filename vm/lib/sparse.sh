# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# sparse, from the source package of a later suite: the host's own does not support what the headers
# of the current kernel use, and kbuild would skip the check. Sourced, never run.
# shellcheck disable=SC2034 # SPARSE: lib/module.sh

SPARSE_SUITE=forky

# sparse_prepare: sets SPARSE, the program; built once for all kernels.
sparse_prepare() {
	local version dir
	version=$(in_suite "$SPARSE_SUITE" package_source_version sparse) ||
		die "no source package sparse in $SPARSE_SUITE"
	dir=$CACHE_DIR/sparse-$({ echo "$version" && gcc --version; } | sha256sum | cut -c 1-12)
	cache_entry "$dir" sparse_make "$dir" "$version"
	SPARSE=$dir/sparse
}

sparse_make() {
	local dir=$1 version=$2 build sources
	[[ ! -d $dir ]] || return 0
	packages_install gcc libc6-dev make
	temp_dir
	sources=$TEMP_DIR
	in_suite "$SPARSE_SUITE" package_download_source "sparse=$version" "$sources"
	temp_dir
	build=$TEMP_DIR
	tar -C "$build" --strip-components=1 -xf "$sources"/sparse_*.orig.tar.* || die "cannot unpack sparse $version"
	logged "$sources/log" "building sparse $version, once" make -C "$build" "-j$(nproc)" \
		HAVE_LLVM=no HAVE_SQLITE=no HAVE_LIBXML=no HAVE_GTK=no sparse
	find "$build" \( -name '*.o' -o -name '*.a' -o -name '.*.d' \) -delete
	mv -T -- "$build" "$dir" || die "cannot write $dir"
}
