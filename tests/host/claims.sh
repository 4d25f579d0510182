#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# docs/claims.md and its generator (vm/claims), without measuring.
# shellcheck source=tests/lib/host.sh
. "$(dirname -- "$0")/../lib/host.sh"

DIR=$(mktemp -d)
trap '[[ $BASHPID != "$CASE_PID" ]] || rm -rf -- "$CASE_LOG" "$DIR"' EXIT

# Writes the documents from $DIR/measured.
claims() {
	cp README.md "$DIR/README.md"
	python3 vm/claims --keep --dir "$DIR/measured" --document "$DIR/claims.md" --readme "$DIR/README.md"
}

# The text about our own figures, in both files.
ours() {
	grep -v '^\*\*Published' "$DIR/claims.md"
	sed -n '/<!-- claims -->/,/<!-- .claims -->/p' "$DIR/README.md"
}

# Fails when a figure is invented although none was measured, or a claim is omitted.
nothing_measured() {
	claims
	equal claims "$(grep -c '^## [0-9]*\. ' "$DIR/claims.md")" 13
	equal "published figures" "$(grep -c '^\*\*Published:\*\* ' "$DIR/claims.md")" 13
	ours | grep -nE '[0-9]x (slower|faster)|beyond the noise \(|\([0-9.]+\.\.' | no_line
	grep -nE '^\|.*\| (UML|bench) \|.*[0-9]' "$DIR/claims.md" | no_line
	grep -q "^Not measured\.$" "$DIR/README.md" || fail "README.md has an answer anyway"
}

# recorded RUN: uses the recorded run for it
recorded() {
	local run=$DIR/measured/uml/$1
	mkdir -p "${run%/*}"
	cp -r tests/reader/trees/recorded "$run"
	mv "$run/maps/readdirty" "$run/maps/readdirty_classic"
	sed -i 's/^readdirty\t/readdirty_classic\t/' "$run/results"
}

# Fails when a figure is from another map, run, number of threads or column.
figures_of_a_run() {
	recorded mix-1000-1
	recorded mix-1000-2
	# With two threads rwlock's rounds lie among the other map's.
	sed -i 's/^\(rwlock\t[1-5]\t2\t[0-9]*\t[0-9]*\t\)[0-9]*\./\126./' "$DIR/measured/uml/mix-1000-2/results"
	make -s mapstat
	claims
	grep '^| 1 000 | 1 | UML | 26.8 (26.2..27.5) | 55.0 (54.6..56.1) | 2.05x faster |' "$DIR/claims.md"
	grep '^| 1 000 | 2 | UML | 26.8 (26.2..27.5) | 26.3 (26.0..26.6) | no difference beyond the noise (p = 0.21) |' "$DIR/claims.md"
	grep '^| 1 000 | 1 | 7.03 / 5.68 | 1.05 / 1.05 | 0.02 / 1.98 |' "$DIR/claims.md"
	grep 'rwlock takes 28.2 ns more per operation than readdirty_classic' "$DIR/claims.md"
	grep 'User-Mode Linux 6.12.117-cloud-amd64 with two CPUs' "$DIR/claims.md"
	grep '^| keys | in the kernel, 1 thread | in the kernel, 2 threads | in user space, 1 thread |' "$DIR/README.md"
	grep '^| 1 000 | 2.05x faster: 26.8 / 55.0 | no difference beyond the noise (p = 0.21): 26.8 / 26.3 | - |' "$DIR/README.md"
	grep '^Of 2 cases readdirty_classic is slower than rwlock in 0, faster in 1, and neither beyond the noise in 1\.$' "$DIR/README.md"
}

# Fails when fewer than five rounds suffice for a verdict.
too_few_rounds() {
	sed -i '/^[a-z_]*\t5\t/d' "$DIR/measured/uml/mix-1000-1/results"
	claims
	grep '^| 1 000 | 1 | UML | .* | fewer than 5 rounds | - |' "$DIR/claims.md"
	ours | grep -n '2\.05x' | no_line
}

# refuses TEXT: prints it, and leaves the document unchanged
refuses() {
	local said
	echo before >"$DIR/claims.md"
	! said=$(claims 2>&1) || fail "it accepted that"
	[[ $said == "claims: "*"$1"* ]] || fail "it does not print '$1' but: $said"
	equal document "$(<"$DIR/claims.md")" before
}

wrong_files() {
	rm -rf "$DIR/measured"
	mkdir -p "$DIR/measured/uml/mix-1000-1"
	: >"$DIR/measured/uml/mix-1000-1/results"
	refuses "mix-1000-1/results"
	rm -r "$DIR/measured/uml"
	printf 'design\tn\n' >"$DIR/measured/mix.tsv"
	refuses "mix.tsv"
}

# The commands in the document are those that generate it now. Fails when parameters are changed
# without measuring again.
document_is_of_these_parameters() {
	rm -rf "$DIR/measured"
	claims
	diff <(grep '^    ' docs/claims.md) <(grep '^    ' "$DIR/claims.md")
	diff <(grep '^## \|^\*\*Pub' docs/claims.md) <(grep '^## \|^\*\*Pub' "$DIR/claims.md")
}

test_case "no figure without a measurement" nothing_measured
test_case "figures and verdicts are those of the run" figures_of_a_run
test_case "no verdict of fewer than five rounds" too_few_rounds
test_case "damaged files" wrong_files
test_case "docs/claims.md has the current parameters" document_is_of_these_parameters
run_cases
