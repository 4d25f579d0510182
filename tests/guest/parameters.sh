#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The parameters are defined once, in the table in kmod/stress/params.c, which the module publishes;
# the reader's and the documents' tables are compared with it. The reason for each refusal is in
# last_error, and the reader prints it.
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

# Fails when a parameter is missing in one of the places, or described differently there.
table_is_of_the_module() {
	loaded
	modinfo -p mapstat.ko >/tmp/modinfo
	published agrees /tmp/modinfo
	published defaults
	echo 77 >"$FILES/stress/keys"
	echo 0 >"$FILES/stress/cpus"
	published agrees /tmp/modinfo
}

# Fails when the published range is not the one that is checked.
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

# document_differs FILE SED-SCRIPT: with that change, the check above fails and names FILE.
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

# Fails when the reader has a list of its own.
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

# why FILE WORD: writes WORD, and prints the error's number and the reason in last_error
why() {
	python3 - "$FILES/$1" "$2" <<-'END'
		import os, sys
		fd = os.open(sys.argv[1], os.O_WRONLY)
		try:
		    os.write(fd, sys.argv[2].encode() + b"\n")
		    sys.exit("it was not refused")
		except OSError as error:
		    number = error.errno
		said = open(os.path.join("/sys/kernel/debug/mapstat/last_error")).read().split("\t")
		if len(said) != 3 or said[2] != f"{os.getpid()}\n" or said[0] != str(number):
		    sys.exit(f"last_error is {said}, the error was {number}")
		print(said[0], said[1])
	END
}

# Fails when two reasons for one error have the same text, or one has none.
each_refusal_has_its_words() {
	loaded maps=rwlock rounds=1000 duration_ms=1000
	equal "before the first" "$(<"$FILES/last_error")" $'0\t-\t-'
	equal "a value" "$(why stress/threads 4097)" "22 parameter threads=4097: not in 0..4096"
	equal "a word of control" "$(why control begin)" "22 control: begin: not one of start, stop, reset"
	equal "no run" "$(why control stop)" "22 stop: no run is under way"
	equal "more than a word" "$(why control $'start\tnow')" "22 control: start?now: not one of start, stop, reset"
	echo 1 >"$FILES/stress/events"
	equal "events on" "$(why stress/events_kib 128)" "16 parameter events_kib=128: not while events=1"
	echo 0 >"$FILES/stress/events"
	echo 2 >"$FILES/stress/batch"
	echo on >"$FILES/stress/front"
	equal "not together" "$(why control start)" "22 parameter batch=2: not 1 with front=on"
	echo off >"$FILES/stress/front"
	echo 1 >"$FILES/stress/batch"
	echo start >"$FILES/control"
	wait_running
	equal "a run, parameter" "$(why stress/keys 5)" "16 parameter keys=5: a run is under way"
	equal "a run, start" "$(why control start)" "16 start: a run is under way"
	equal "a run, reset" "$(why control reset)" "16 reset: a run is under way"
	equal "a front" "$(why maps/rwlock/front yes)" "22 front: yes: not one of on, off"
	equal "a window" "$(why maps/rwlock/cache_miss window)" "22 cache_miss: window: not window 1..10000 (ms)"
	echo stop >"$FILES/control"
	wait_run 30
	# Out of memory: how much is wanted, and how much is available.
	echo 4294967295 >"$FILES/stress/capacity"
	[[ $(why control start) =~ ^12\ map\ rwlock\ cannot\ be\ made:\ -12:\ ([0-9]+)\ KiB\ wanted,\ ([0-9]+)\ available$ ]] ||
		fail "$(<"$FILES/last_error")"
	((BASH_REMATCH[1] > BASH_REMATCH[2])) || fail "more is available than wanted: ${BASH_REMATCH[0]}"
}

# Fails when a line is torn, or a writer reads another one's reason.
writers_race() {
	loaded
	published races
}

reader_repeats_them() {
	loaded events=1 rounds=1 duration_ms=50
	fails 9 "the kernel refuses events_kib=128: not while events=1" mapstat run -p events_kib=128
	fails 9 "the kernel refuses keys=0: not in 1..4294967295" mapstat run -p keys=0
	fails 9 "with these parameters: parameter batch=2: not 1 with front=on" mapstat run -p batch=2 -p front=on
	echo 0 >"$FILES/stress/events"
	fails 9 "with these parameters: map rwlock cannot be made: -12: " mapstat run -p capacity=4294967295
	echo 1000 >"$FILES/stress/rounds"
	echo start >"$FILES/control"
	wait_running
	fails 7 "a run is under way" mapstat run -p keys=10
	echo stop >"$FILES/control"
	wait_run 30
}

test_case "the file parameters is that of the module" table_is_of_the_module
test_case "its ranges are enforced" ranges_are_kept
test_case "docs, man page and README have its table" documents_agree
test_case "a difference in any of them is found" each_difference_is_seen
test_case "mapstat parameters, json and completion agree" reader_agrees
test_case "each refusal has a reason of its own" each_refusal_has_its_words
test_case "writers refused at the same time read their own reason" writers_race
test_case "the reader prints the reasons" reader_repeats_them
test_case "unload" unload
run_cases
