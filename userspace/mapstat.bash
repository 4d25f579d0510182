# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Completion for mapstat(1).

# Print the entries of a directory under mapstat's root.
_mapstat_entries()
{
	local root=${MAPSTAT_DEBUGFS:-/sys/kernel/debug/mapstat} i entry

	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-d | --debugfs) root=${COMP_WORDS[i + 1]} ;;
		esac
	done
	for entry in "$root/$1"/*; do
		[[ -e $entry ]] && printf '%s\n' "${entry##*/}"
	done
}

_mapstat_command()
{
	local i

	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-d | --debugfs) ((i++)) ;;
		show | explain | list | json | parameters | run | falseshare | wait | events | heat)
			printf '%s' "${COMP_WORDS[i]}"
			return
			;;
		esac
	done
}

_mapstat()
{
	local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} words=

	COMPREPLY=()
	case $previous in
	-d | --debugfs)
		mapfile -t COMPREPLY < <(compgen -d -- "$current")
		return
		;;
	--op)
		words="load store delete rmw range load_response store_response delete_response"
		;;
	--source)
		words="auto bpf relay"
		;;
	--map)
		words=$(_mapstat_entries maps)
		;;
	--svg)
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		return
		;;
	--count | --seconds)
		return
		;;
	-p | --parameter)
		compopt -o nospace 2> /dev/null
		words=$(_mapstat_entries stress | sed 's/$/=/')
		;;
	*)
		case $(_mapstat_command) in
		"") words="show explain list json parameters run falseshare wait events heat -d --debugfs --help --version" ;;
		show) words="--answer --op --hist --help $(_mapstat_entries maps)" ;;
		explain) words="--json --help $(_mapstat_entries maps)" ;;
		parameters) words="--json --help" ;;
		run) words="-p --parameter --wait-only --op --hist --help" ;;
		falseshare) words="-p --parameter --last --help" ;;
		events) words="--source --json --count --seconds --help" ;;
		heat)
			words="--map --svg --folded --source --count --seconds --help"
			mapfile -t COMPREPLY < <(compgen -f -- "$current")
			;;
		*) words="--help" ;;
		esac
		;;
	esac
	mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -W "$words" -- "$current")
}

complete -F _mapstat mapstat
