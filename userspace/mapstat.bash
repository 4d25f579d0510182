# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Completion for mapstat(1), from the table that "mapstat --commands" prints.

# Print mapstat's directory, with regard to -d in COMP_WORDS.
_mapstat_root()
{
	local root=${MAPSTAT_DEBUGFS:-/sys/kernel/debug/mapstat} i

	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-d | --debugfs) root=${COMP_WORDS[i + 1]} ;;
		esac
	done
	printf '%s' "$root"
}

# Print the entries of a directory under mapstat's root.
_mapstat_entries()
{
	local entry

	for entry in "$(_mapstat_root)/$1"/*; do
		[[ -e $entry ]] && printf '%s\n' "${entry##*/}"
	done
}

# Print the possible values of a parameter, if it has a list of them.
_mapstat_values()
{
	awk -F '\t' -v name="$1" '
		/^# name\t/ { for (i = 1; i <= NF; i++) column[$i] = i }
		$1 == name {
			kind = $column["kind"]
			range = $column["range"]
			if (range == "0..1")
				print "0\n1"
			if (kind == "word" || kind == "list") {
				gsub(", ", "\n", range)
				print range
			}
		}' "$(_mapstat_root)/parameters" 2> /dev/null
}

# Complete NAME=VALUE; the shell may have split it at the =.
_mapstat_parameter()
{
	local current=$1 previous=$2 name words last

	if [[ $current == *=* && $current != = ]]; then
		name=${current%%=*} current=${current#*=}
	elif [[ $current == = ]]; then
		name=$previous current=
	elif [[ $previous == = ]]; then
		name=${COMP_WORDS[COMP_CWORD - 2]}
	else
		compopt -o nospace 2> /dev/null
		words=$(_mapstat_entries stress | sed 's/$/=/')
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
		return
	fi
	# In a comma-separated list, complete the last item.
	last=
	[[ $current != *,* ]] || last=${current%,*},
	mapfile -t COMPREPLY < <(compgen -P "$last" -W "$(_mapstat_values "$name")" -- "${current##*,}")
	# If the shell has not split the word, candidates need NAME= in front.
	[[ ${COMP_WORDS[COMP_CWORD]} == = || $previous == = ]] || COMPREPLY=("${COMPREPLY[@]/#/$name=}")
}

# Offer words, or what @maps, @files or @parameters expands to.
_mapstat_offer()
{
	local offered=$1 current=$2 previous=$3 more=$4

	case $offered in
	@maps) more+=" $(_mapstat_entries maps)" ;;
	@files) mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
	@parameters)
		_mapstat_parameter "$current" "$previous"
		[[ $current != *=* && $previous != = ]] || return
		;;
	-) ;;
	*) more+=" $offered" ;;
	esac
	mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -W "$more" -- "$current")
}

_mapstat()
{
	local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
	local i kind name first second values command='' options='' operands=- commands=''

	COMPREPLY=()
	case $previous in
	-d | --debugfs)
		mapfile -t COMPREPLY < <(compgen -d -- "$current")
		return
		;;
	-p) previous=--parameter ;;
	esac
	for ((i = 1; i < COMP_CWORD && ${#command} == 0; i++)); do
		case ${COMP_WORDS[i]} in
		-d | --debugfs) ((i++)) ;;
		-*) ;;
		*) command=${COMP_WORDS[i]} ;;
		esac
	done
	while IFS=$'\t' read -r kind name first second values; do
		case $kind in
		command)
			commands+=" $name"
			[[ $name != "$command" ]] || operands=$first
			;;
		option)
			[[ $name == "$command" ]] || continue
			options+=" $first"
			[[ $first != "$previous" || $second == - ]] || {
				_mapstat_offer "$values" "$current" "$previous" ""
				return
			}
			;;
		esac
	done < <("${COMP_WORDS[0]}" --commands 2> /dev/null)
	if [[ -z $command ]]; then
		_mapstat_offer "$commands" "$current" "$previous" "-d --debugfs --help --version"
	else
		_mapstat_offer "$operands" "$current" "$previous" "$options --help"
	fi
}

complete -F _mapstat mapstat
