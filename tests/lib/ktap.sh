# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# For test programs in bash that print KTAP. Sourced, never run.
#
#   test_case "what must hold" FUNCTION [ARGUMENT...]    once per case
#   run_cases                                            at the end: plan, results, status
#
# A case runs in a subshell with errexit: the first command that fails ends it, and its output until
# then is shown before "not ok". `fail WHY` ends it with a reason, `skip WHY` as skipped. The plan
# comes first, so that a program that dies half-way is detected.

CASE_NAMES=() CASE_COMMANDS=() CASE_PID=$BASHPID
CASE_LOG=$(mktemp)
# Subshells inherit the trap: only the program itself removes the file.
# shellcheck disable=SC2154
trap '[[ $BASHPID != "$CASE_PID" ]] || rm -f -- "$CASE_LOG"' EXIT
readonly SKIPPED=77

test_case() {
	CASE_NAMES+=("$1")
	shift
	CASE_COMMANDS+=("$(printf '%q ' "$@")")
}

fail() {
	printf '%s\n' "$*"
	exit 1
}

skip() {
	printf 'skipped: %s\n' "$*"
	exit "$SKIPPED"
}

# refused_with TEXT COMMAND...: it must fail, with TEXT in its output
refused_with() {
	local text=$1 said status=0
	shift
	said=$("$@" 2>&1) || status=$?
	((status)) || fail "was not refused: $*"
	[[ $said == *"$text"* ]] || fail "'$*' does not print '$text' but: $said"
}

# equal WHAT IS WANTED
equal() {
	[[ $2 == "$3" ]] || fail "$1: is '$2', should be '$3'"
}

# fails STATUS TEXT COMMAND...: it must exit with that status, and print TEXT on stderr
fails() {
	local want=$1 text=$2 said status=0
	shift 2
	said=$("$@" 2>&1 >/dev/null) || status=$?
	equal "status of '$*' ($said)" "$status" "$want"
	[[ $said == *"$text"* ]] || fail "'$*' does not print '$text' but: $said"
}

# at_most WHAT IS LIMIT, for numbers
at_most() {
	(($2 <= $3)) || fail "$1: is $2, should be at most $3"
}

diagnostics() {
	tail -n 60 -- "$CASE_LOG" | sed 's/^/# /'
}

run_cases() {
	local i name status=0 case_status start
	printf 'KTAP version 1\n1..%d\n' ${#CASE_NAMES[@]}
	for i in "${!CASE_NAMES[@]}"; do
		# "#" would begin a KTAP directive.
		name=${CASE_NAMES[i]//'#'/}
		start=$SECONDS
		(
			set -eE
			trap 'printf "line %s: failed: %s\n" "$LINENO" "${BASH_COMMAND%%$'\''\n'\''*}"' ERR
			eval "${CASE_COMMANDS[i]}"
		) >"$CASE_LOG" 2>&1 </dev/null
		case_status=$?
		printf '# %d s\n' $((SECONDS - start))
		case $case_status in
		0) printf 'ok %d %s\n' $((i + 1)) "$name" ;;
		"$SKIPPED")
			printf 'ok %d %s # SKIP %s\n' $((i + 1)) "$name" "$(sed -n 's/^skipped: //p' "$CASE_LOG" | tail -n 1)"
			;;
		*)
			diagnostics
			printf 'not ok %d %s\n' $((i + 1)) "$name"
			status=1
			;;
		esac
	done
	exit "$status"
}
