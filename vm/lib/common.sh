# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Shared by all scripts under vm/. Sourced, never run.
# shellcheck disable=SC2034 # used by scripts that source this

VM_DIR=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
SRC_DIR=$(dirname -- "$VM_DIR")
CACHE_DIR=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/mapstat
PROGRAM="vm/$(basename -- "$0")"
# A user's PATH does not have depmod and modprobe.
PATH=$PATH:/usr/sbin:/sbin

# For make: all CPUs, unless a make above this script shares its jobs or passed a number.
MAKE_JOBS=("-j$(nproc)")
[[ ${MAKEFLAGS:-} != *' -j'* ]] || MAKE_JOBS=()

say() {
	printf '%s: %s\n' "$PROGRAM" "$*" >&2
}

die() {
	say "$*"
	exit "${DIE_STATUS:-1}"
}

usage_error() {
	say "$*; see $PROGRAM --help"
	exit 2
}

# path_for_kbuild DIR: refuses what kbuild cannot build in; called before anything is fetched or
# built.
path_for_kbuild() {
	[[ $1 != *[[:space:]:]* ]] || die "kbuild cannot build in a path with a blank or a colon: $1"
}

# locked FILE FUNCTION...: runs it under an exclusive lock on FILE.
locked() {
	local file=$1 lock status
	shift
	mkdir -p -- "$(dirname -- "$file")" || die "cannot write $file"
	{ exec {lock}>"$file"; } 2>/dev/null || die "cannot write $file"
	if ! flock --nonblock "$lock"; then
		say "waiting for another process that holds $file"
		flock "$lock"
	fi
	"$@"
	status=$?
	exec {lock}>&-
	return "$status"
}

# logged FILE WHAT COMMAND...: runs a long command with its output in FILE, whose end is shown only
# if it fails. The command ends with this script, even if only this script gets the signal.
logged() {
	local file=$1 what=$2 start=$SECONDS status
	shift 2
	say "$what"
	"$@" >>"$file" 2>&1 </dev/null &
	LOGGED_PID=$!
	wait "$LOGGED_PID"
	status=$?
	LOGGED_PID=
	if ((status)); then
		tail -n 30 -- "$file" >&2
		die "failed: $what"
	fi
	say "$what: $((SECONDS - start)) s"
}

# Creates TEMP_DIR in the cache, to be renamed when its contents are complete. If not renamed, it is
# removed when the script ends.
temp_dir() {
	mkdir -p -- "$CACHE_DIR"
	TEMP_DIR=$(mktemp -d -- "$CACHE_DIR/tmp.XXXXXX") || die "cannot write to $CACHE_DIR"
	chmod 755 "$TEMP_DIR"
	TEMP_DIRS+=("$TEMP_DIR")
}

TEMP_DIRS=() LOGGED_PID=
remove_temp_dirs() {
	if [[ -n $LOGGED_PID ]]; then
		kill "$LOGGED_PID" 2>/dev/null
		wait "$LOGGED_PID" 2>/dev/null
	fi
	((${#TEMP_DIRS[@]} == 0)) || rm -rf -- "${TEMP_DIRS[@]}"
}
trap remove_temp_dirs EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP
