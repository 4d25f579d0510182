# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Debian packages, by name. Sourced, never run.
# shellcheck disable=SC2034 # the lists are used by those who source this

# What building for a kernel, building a kernel, and booting one need on the host. (pahole: a
# module for Debian's 6.12 gets its BTF from the vmlinux that comes with the headers.)
TOOL_PACKAGES=(bc bison cpio flex gcc gcc-12 kmod libc6-dev libelf-dev libssl-dev make pahole patch
	perl procps rsync util-linux xz-utils)
QEMU_PACKAGES=(qemu-system-x86 qemu-system-common)
CHECK_PACKAGES=(sparse)
# mapstat(1) is built without them, too, but then has no events through BPF.
BPF_PACKAGES=(clang libbpf-dev)
# The bench of native/ cannot be built without them; its maps in Go without the second.
BENCH_PACKAGES=(gcc g++ make binutils pkg-config libc6-dev liburcu-dev)
GO_PACKAGES=(golang-go)
SOURCE_PACKAGE=linux-source-6.12

# remembered KEY COMMAND...: what the command prints, asked once for as long as apt's lists
# are the same: apt takes half a second to answer.
remembered() {
	local file key=$1
	file=$CACHE_DIR/answers/$(stat -c %Y /var/lib/apt/lists /var/lib/apt/lists/partial 2>/dev/null | tr '\n' -)$key
	shift
	if [[ ! -s $file ]]; then
		mkdir -p -- "$CACHE_DIR/answers"
		if ! "$@" >"$file.$BASHPID"; then
			rm -f -- "$file.$BASHPID"
			return 1
		fi
		mv -- "$file.$BASHPID" "$file"
	fi
	cat -- "$file"
}

package_candidate() {
	remembered "candidate-$1" package_ask_candidate "$1"
}

package_ask_candidate() {
	LC_ALL=C apt-cache policy "$1" | sed -n 's/^ *Candidate: //p' | grep -vxF '(none)'
}

# Updates the package lists, at most once in a run, if one of the packages is not in them.
packages_known() {
	local package
	for package; do
		package_candidate "$package" >/dev/null && continue
		[[ -z ${PACKAGES_UPDATED:-} ]] || die "no package $package to be had"
		PACKAGES_UPDATED=1
		say "apt-get update"
		apt-get -q -o DPkg::Lock::Timeout=600 update >&2 || die "apt-get update failed"
		package_candidate "$package" >/dev/null || die "no package $package to be had"
	done
}

# Installs those of the packages that are missing.
packages_install() {
	local package installed missing=()
	installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null)
	for package; do
		grep -qxF -- "installed $package" <<<"$installed" || missing+=("$package")
	done
	((${#missing[@]})) || return 0
	locked "$CACHE_DIR/apt.lock" packages_install_now "${missing[@]}"
}

packages_install_now() {
	packages_known "$@"
	say "apt-get install $*"
	DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends \
		-o DPkg::Lock::Timeout=600 install "$@" >&2 || die "apt-get install failed"
}

# package_unpack PACKAGE DIR: its files, without installing it. A package may ask for
# others that would be in the way on the host.
package_unpack() {
	local package=$1 dir=$2 deb
	packages_known "$package"
	mkdir -p -- "$dir/deb.$package"
	chmod 755 "$dir/deb.$package"
	(cd -- "$dir/deb.$package" && apt-get -q -o APT::Sandbox::User=root download "$package") >&2 ||
		die "cannot download $package"
	deb=("$dir/deb.$package"/*.deb)
	dpkg-deb -x "${deb[0]}" "$dir" || die "cannot unpack ${deb[0]}"
	rm -r -- "$dir/deb.$package"
}

# package_depends PACKAGE PREFIX: those that it depends on now whose names begin so.
package_depends() {
	packages_known "$1"
	remembered "depends-$1-$2" package_ask_depends "$1" "$2"
}

package_ask_depends() {
	LC_ALL=C apt-cache depends --important "$1" | sed -n 's/^ *|\{0,1\}Depends: //p' | grep "^$2"
}
