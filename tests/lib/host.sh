# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Shared by the tests that run on the host. Sourced, never run.
# shellcheck disable=SC2034 # used by scripts that source this

TOP=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)
cd -- "$TOP" || exit
# A user's PATH does not have modinfo.
PATH=$PATH:/usr/sbin:/sbin
# shellcheck source=tests/lib/ktap.sh
. "$TOP/tests/lib/ktap.sh"

# need PACKAGE...: installs those that are missing, as root; else fails
need() (
	set +eE
	trap - ERR
	# shellcheck disable=SC1091 # vm/lib is checked separately
	. vm/lib/common.sh
	# shellcheck disable=SC1091
	. vm/lib/packages.sh
	packages_install "$@"
)

# build_native LOG TARGET...: builds in native/, one test at a time; the output is in LOG
build_native() {
	local log=$1
	shift
	mkdir -p build
	flock build/.native.lock make -s --no-print-directory -C native "$@" >"$log" 2>&1 || fail "$(cat "$log")"
}

# Packages for building native/, except its peers.
NATIVE_PACKAGES=(gcc make binutils pkg-config libc6-dev liburcu-dev)

# The files of this tree that are under version control or not ignored; outside a checkout, all
# except what was built.
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

# Fails if its input has a line, and prints it.
no_line() {
	local lines
	lines=$(cat)
	[[ -z $lines ]] || fail "$lines"
}
