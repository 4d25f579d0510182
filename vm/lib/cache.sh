# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The cache of kernels and kernel sources, and its size limit. Sourced, never run.
#
# An entry is a directory named after its contents and a hash of everything that determines them:
# uml-0123456789ab. It is used under a shared lock, and created and removed under an exclusive one.

# Entries kept per name: one for this checkout, and one for another checkout or the previous state.
CACHE_KEEP=2

# cache_entry DIR FUNCTION...: keeps DIR in use until this script ends; FUNCTION creates it if it
# does not exist.
cache_entry() {
	local dir=$1 lock made=
	while :; do
		if [[ ! -d $dir ]]; then
			locked "$dir.lock" "${@:2}" || exit
			made=1
		fi
		exec {lock}<>"$dir.lock"
		flock -s "$lock"
		[[ ! -d $dir ]] || break
		exec {lock}>&-
	done
	touch -- "$dir.lock"
	[[ -z $made ]] || cache_trim
}

# Removes entries beyond the limit that are not in use; then sources that no kernel is built from,
# except the last one used: vm/source may need only its scripts, and unpacking takes a minute.
cache_trim() {
	local dir name n=0 last=
	find "$CACHE_DIR" -maxdepth 1 \( -name 'tmp.*' -mtime +0 -o -name "initramfs-*" -mtime +30 \) -exec rm -rf -- {} +
	find "$CACHE_DIR"/answers "$CACHE_DIR"/checkpatch -type f -mtime +30 -delete 2>/dev/null
	while IFS=$'\t' read -r name _ dir; do
		[[ $name == "$last" ]] || n=0
		last=$name n=$((n + 1))
		[[ $name == linux-source-* ]] || ((n <= CACHE_KEEP)) || cache_remove "$dir"
	done < <(cache_entries | sort -t $'\t' -k1,1 -k2,2nr)
	n=0
	while IFS=$'\t' read -r name _ dir; do
		[[ $name == linux-source-* ]] || continue
		((n++ == 0)) || grep -qsF -- "$dir/" "$CACHE_DIR"/*/Makefile || cache_remove "$dir"
	done < <(cache_entries | sort -t $'\t' -k2,2nr)
}

# Prints "name, time of the last use, directory" for each entry.
cache_entries() {
	local lock dir
	for lock in "$CACHE_DIR"/*.lock; do
		dir=${lock%.lock}
		[[ -d $dir && $dir =~ ^(.*/)?([^/]*)-[0-9a-f]{12}$ ]] || continue
		printf '%s\t%s\t%s\n' "${BASH_REMATCH[2]%%_*}" "$(stat -c %Y -- "$lock")" "$dir"
	done
}

cache_remove() {
	local lock
	exec {lock}<>"$1.lock"
	if flock -n -x "$lock"; then
		say "removing ${1##*/} from the cache: replaced by another"
		rm -rf -- "$1"
		rm -f -- "$1.lock"
	fi
	exec {lock}>&-
}
