# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the tests that run on the host share. Sourced, never run.
# shellcheck disable=SC2034 # used by those who source this

TOP=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)
cd -- "$TOP" || exit
# modinfo is not in the PATH of a user.
PATH=$PATH:/usr/sbin:/sbin
# shellcheck source=tests/lib/ktap.sh
. "$TOP/tests/lib/ktap.sh"

# need PACKAGE...: installed, where they are missing and may be.
need() (
	set +eE
	trap - ERR
	# shellcheck disable=SC1091 # vm/lib is checked by itself
	. vm/lib/common.sh
	# shellcheck disable=SC1091
	. vm/lib/packages.sh
	packages_install "$@"
)

# build_native LOG TARGET...: of native/, one test at a time; what it says is in LOG.
build_native() {
	local log=$1
	shift
	mkdir -p build
	flock build/.native.lock make -s --no-print-directory -C native "$@" >"$log" 2>&1 || fail "$(cat "$log")"
}

# What building native/ takes, but for its peers.
NATIVE_PACKAGES=(gcc make binutils pkg-config libc6-dev liburcu-dev)

# The files of this tree that are under version control or about to be; where it is no
# checkout, all but what was built.
tree_files() {
	if [[ -e .git ]]; then
		git ls-files --cached --others --exclude-standard
	else
		find . -type f ! -path './build/*' ! -path './.git/*' | sed 's,^\./,,'
	fi | while read -r file; do
		[[ ! -f $file ]] || echo "$file"
	done | sort
}

kernel_sources() {
	tree_files | grep '^\(include\|kmod\|debugfs\|kunit\|samples\)/.*\.[ch]$'
}

scripts() {
	local file line
	tree_files | while read -r file; do
		line=
		read -r line <"$file" || true
		if [[ $file == *.sh || $line == '#!'*sh ]]; then
			echo "$file"
		fi
	done 2>/dev/null
}

# Tells of every line of its input and fails if there is one.
no_line() {
	local lines
	lines=$(cat)
	[[ -z $lines ]] || fail "$lines"
}
