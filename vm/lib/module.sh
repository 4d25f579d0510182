# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Building the module and its reader. Sourced, never run.

# module_build [MAKE ARGUMENT...]: for the kernel set by kernel_prepare; sets MODULE_DIR and
# MODULE_LOCK, to be held while reading there. With arguments everything is built anew, in a
# directory of its own: a check has to see every file.
module_build() {
	local name=$KERNEL_NAME
	(($# == 0)) || name+=-$(printf '%s' "$*" | tr -cs 'A-Za-z0-9.' -)
	MODULE_DIR=$SRC_DIR/build/$name
	MODULE_LOCK=$SRC_DIR/build/.$name.lock
	locked "$MODULE_LOCK" module_make "$@"
}

module_make() {
	local make=(make --no-print-directory -C "$KERNEL_BUILD" "${MAKE_JOBS[@]}")
	[[ $KERNEL_KIND != uml ]] || make+=(ARCH=um)
	[[ -z ${SPARSE:-} ]] || make+=("CHECK=$SPARSE")
	(($# == 0)) || rm -rf -- "$MODULE_DIR"
	module_mirror || return
	ln -sfn -- "$KERNEL_BUILD" "$MODULE_DIR/.kernel"
	"${make[@]}" "M=$MODULE_DIR" "$@" modules </dev/null >&2 &&
		"${make[@]}" "M=$MODULE_DIR/samples" "KBUILD_EXTRA_SYMBOLS=$MODULE_DIR/Module.symvers" "$@" modules </dev/null >&2
}

# Copies sources that differ, so that each kernel has its own objects. make would still link the
# object of a source that was removed: then everything is built anew.
module_mirror() {
	local changes
	changes=$(module_copy) || return
	if [[ $'\n'$changes == *$'\n*deleting'* ]]; then
		rm -rf -- "$MODULE_DIR"
		module_copy >/dev/null
	fi
}

module_copy() {
	mkdir -p -- "$MODULE_DIR" && rsync -rlpc --delete --itemize-changes --prune-empty-dirs \
		--exclude='/.*' --exclude=/build --exclude=/native --exclude=/tests \
		--exclude=/userspace --exclude=/vm --exclude='*.mod.c' \
		--include='*/' --include='*.[chS]' --include='Kbuild*' --include=Makefile --exclude='*' \
		"$SRC_DIR/" "$MODULE_DIR/"
}

# Builds the reader, build/mapstat, for the host and thus for every guest.
reader_build() {
	[[ -e $SRC_DIR/userspace/Makefile ]] || return 0
	((EUID)) || packages_install "${READER_PACKAGES[@]}"
	locked "$SRC_DIR/build/.mapstat.lock" make -s --no-print-directory -C "$SRC_DIR" mapstat </dev/null >&2
}
