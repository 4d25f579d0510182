# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Debian packages, by name. Sourced, never run.
# shellcheck disable=SC2034 # the lists are used by scripts that source this

# Needed on the host to build for a kernel, to build a kernel, and to boot one. (pahole: a module
# for Debian's 6.12 gets its BTF from the vmlinux that comes with the headers.)
TOOL_PACKAGES=(bc bison cpio flex gcc gcc-12 kmod libc6-dev libelf-dev libssl-dev make pahole patch
	perl procps rsync util-linux xz-utils)
QEMU_PACKAGES=(qemu-system-x86 qemu-system-common)
# mapstat(1) needs the first to be built. Without the others it is built without events through BPF.
READER_PACKAGES=(libjson-c-dev clang libbpf-dev)
# For the bench in native/, and for its maps in Go.
BENCH_PACKAGES=(gcc g++ make binutils pkg-config libc6-dev liburcu-dev)
GO_PACKAGES=(golang-go)

# The suite that the functions below query: the host's own or, within in_suite, a later one.
APT_OPTIONS=() APT_LISTS=/var/lib/apt/lists SUITE=

# in_suite SUITE FUNCTION...: runs one of the functions below for a later suite of Debian. Its
# packages are looked up and downloaded, never installed: apt uses a separate configuration and
# lists in the cache, and the host's do not change.
in_suite() {
	local SUITE=$1 PACKAGES_UPDATED='' dir=$CACHE_DIR/apt/$1
	local APT_LISTS=$dir/lists
	local APT_OPTIONS=(-o "Dir::Etc::sourcelist=$dir/debian.sources" -o Dir::Etc::sourceparts=-
		-o "Dir::State::lists=$APT_LISTS" -o "Dir::Cache=$dir" -o APT::Sandbox::User=root)
	shift
	[[ -n $(find "$dir/debian.sources" -mtime -7 2>/dev/null) ]] || locked "$dir.lock" suite_lists "$dir" || exit
	"$@"
}

# Uses the host's mirror. Lists that are a week old are fetched again, since backports change.
suite_lists() {
	local dir=$1 mirror
	mirror=$(host_mirror) || die "no Debian mirror in the host's apt sources: $SUITE cannot be queried"
	mkdir -p -- "$dir"/{lists/partial,archives/partial}
	printf 'Types: deb deb-src\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: %s\n' "$mirror" "$SUITE" \
		/usr/share/keyrings/debian-archive-keyring.gpg >"$dir/debian.sources.new"
	mv -- "$dir/debian.sources.new" "$dir/debian.sources"
	apt_update || [[ -n $(find "$APT_LISTS" -name '*_Packages*') ]] || {
		rm -- "$dir/debian.sources"
		die "apt-get update failed for $SUITE"
	}
}

host_mirror() {
	local APT_OPTIONS=() SUITE=
	# shellcheck disable=SC2016 # apt's variables
	local ask=(apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' 'Created-By: Packages')
	"${ask[@]}" | grep -q '^Debian|Debian|' || apt_update
	"${ask[@]}" | sed -n 's/^Debian|Debian|//p' | head -n 1 | grep .
}

apt_update() {
	[[ -n $SUITE ]] || ((EUID == 0)) || die "apt's lists are missing or old; as root: apt-get update"
	say "apt-get update${SUITE:+ for $SUITE}"
	apt-get -q -o DPkg::Lock::Timeout=600 "${APT_OPTIONS[@]}" update >&2
}

# remembered KEY COMMAND...: the command's output, cached while apt's lists do not change: apt takes
# half a second to answer.
remembered() {
	local file key=$1
	file=$CACHE_DIR/answers/$(stat -c %Y "$APT_LISTS" "$APT_LISTS/partial" 2>/dev/null | tr '\n' -)$SUITE$key
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
	LC_ALL=C apt-cache "${APT_OPTIONS[@]}" policy "$1" | sed -n 's/^ *Candidate: //p' | grep -vxF '(none)'
}

# Updates the package lists, at most once per run, if one of the packages is not in them.
packages_known() {
	local package
	for package; do
		package_candidate "$package" >/dev/null && continue
		[[ -z ${PACKAGES_UPDATED:-} ]] || die "no package $package available"
		PACKAGES_UPDATED=1
		apt_update || die "apt-get update failed"
		package_candidate "$package" >/dev/null || die "no package $package available"
	done
}

# Installs the packages that are missing.
packages_install() {
	local package installed missing=()
	installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null)
	for package; do
		grep -qxF -- "installed $package" <<<"$installed" || missing+=("$package")
	done
	((${#missing[@]})) || return 0
	((EUID == 0)) || die "packages are missing; as root: apt-get install --no-install-recommends ${missing[*]}"
	locked "$CACHE_DIR/apt.lock" packages_install_now "${missing[@]}"
}

packages_install_now() {
	packages_known "$@"
	say "apt-get install $*"
	DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends \
		-o DPkg::Lock::Timeout=600 install "$@" >&2 || die "apt-get install failed"
}

# package_unpack PACKAGE DIR: unpacks its files without installing it: installing could conflict
# with packages of the host.
package_unpack() {
	local package=$1 dir=$2 deb
	packages_known "$package"
	mkdir -p -- "$dir/deb.$package"
	chmod 755 "$dir/deb.$package"
	package_download "$package" "$dir/deb.$package" || {
		# The list may be older than the mirror.
		apt_update
		package_download "$package" "$dir/deb.$package"
	} || die "cannot download $package"
	deb=("$dir/deb.$package"/*.deb)
	dpkg-deb -x "${deb[0]}" "$dir" || die "cannot unpack ${deb[0]}"
	rm -r -- "$dir/deb.$package"
}

package_download() {
	(cd -- "$2" && apt-get -q -o APT::Sandbox::User=root "${APT_OPTIONS[@]}" download "$1") >&2
}

# Prints the newest version of a source package in the suite.
package_source_version() {
	remembered "source-$1" package_ask_source_version "$1"
}

package_ask_source_version() {
	LC_ALL=C apt-cache "${APT_OPTIONS[@]}" showsrc --only-source "$1" | sed -n 's/^Version: //p' | sort -V | tail -n 1 | grep .
}

# package_download_source PACKAGE=VERSION DIR: downloads the files of its source package
package_download_source() {
	(cd -- "$2" && apt-get -q -o APT::Sandbox::User=root "${APT_OPTIONS[@]}" source --download-only "$1") >&2 ||
		die "cannot download the source of $1"
}

# package_depends PACKAGE PREFIX: prints its current dependencies whose names begin with PREFIX.
package_depends() {
	packages_known "$1"
	remembered "depends-$1-$2" package_ask_depends "$1" "$2"
}

package_ask_depends() {
	LC_ALL=C apt-cache "${APT_OPTIONS[@]}" depends --important "$1" | sed -n 's/^ *|\{0,1\}Depends: //p' | grep "^$2"
}

# package_unpack_with PACKAGE PREFIX DIR: unpacks it, and its dependencies whose names begin with
# PREFIX.
package_unpack_with() {
	local package packages
	packages=$(package_depends "$1" "$2") || die "cannot find the dependencies of $1"
	for package in "$1" $packages; do
		package_unpack "$package" "$3"
	done
}
