#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The parameters have one home, the table in kmod/params.c, which the module publishes: what the
# reader and the documents say of them is compared with it.
. "$MAPSTAT_SOURCE/tests/lib/guest.sh"

published() {
	python3 "$MAPSTAT_SOURCE/tests/lib/published.py" "$@"
}

documents() {
	python3 "$MAPSTAT_SOURCE/tests/lib/documents.py" "$@"
}

loaded() {
	fresh
	command insmod mapstat.ko autostart=0 "$@"
}

# Breaks when a parameter is in one of the places alone, or its text is another one there.
table_is_of_the_module() {
	loaded
	modinfo -p mapstat.ko >/tmp/modinfo
	published agrees /tmp/modinfo
	published defaults
	echo 77 >"$FILES/stress/keys"
	echo 0 >"$FILES/stress/cpus"
	published agrees /tmp/modinfo
}

# Breaks when the range that is told is not the one that is kept.
ranges_are_kept() {
	loaded
	published ranges
	echo 0 >"$FILES/stress/autostart"
	published defaults
}

documents_agree() {
	loaded
	documents check "$FILES/parameters" "$MAPSTAT_SOURCE"
}

# document_differs FILE SED-SCRIPT: with that change, the test above fails for its sake.
document_differs() {
	loaded
	rm -rf /tmp/documents
	mkdir -p /tmp/documents/{docs,userspace}
	cp "$MAPSTAT_SOURCE/README.md" /tmp/documents
	cp "$MAPSTAT_SOURCE/docs/debugfs.md" /tmp/documents/docs
	cp "$MAPSTAT_SOURCE/userspace/mapstat.1" /tmp/documents/userspace
	sed -i "$2" "/tmp/documents/$1"
	! cmp -s "$MAPSTAT_SOURCE/$1" "/tmp/documents/$1" || fail "'$2' changes nothing in $1"
	refused_with "$1: " python3 "$MAPSTAT_SOURCE/tests/lib/documents.py" check "$FILES/parameters" /tmp/documents
}

each_difference_is_seen() {
	document_differs docs/debugfs.md '/^| batch /d'
	document_differs docs/debugfs.md '/^| batch /s/| 1 |/| 2 |/'
	document_differs docs/debugfs.md '/^| threads /s/4096/4097/'
	document_differs docs/debugfs.md '/^| seed /s/random/chosen/'
	document_differs docs/debugfs.md '/^| seed /{p;s/seed/seeds/}'
	document_differs userspace/mapstat.1 '/^\.B keys=/s/10000/1000/'
	document_differs userspace/mapstat.1 '/^\.B keys=/,/^\.TP/s/4294967295/4294967296/'
	document_differs README.md '/^| threads, cpus /s/threads, //'
	document_differs README.md '/^| keys, key_size/s/10000/1000/'
}

# Breaks when the reader has a list of its own.
reader_agrees() {
	loaded keys=77 cpus=0
	published reader
	equal "names that completion offers" "$(MAPSTAT_DEBUGFS=$FILES bash -c '
		. "$1/userspace/mapstat.bash"
		COMP_WORDS=(mapstat run -p "") COMP_CWORD=3
		_mapstat 2>/dev/null
		printf "%s\n" "${COMPREPLY[@]}"' _ "$MAPSTAT_SOURCE" | sort)" \
		"$(awk -F '\t' '!/^#/ { print $1 "=" }' "$FILES/parameters" | sort)"
}

test_case "parameters is of the module" table_is_of_the_module
test_case "the ranges in it are kept" ranges_are_kept
test_case "docs, man page and README have its table" documents_agree
test_case "a difference in any of them is seen" each_difference_is_seen
test_case "mapstat parameters, json and completion say the same" reader_agrees
test_case "unload" unload
run_cases
