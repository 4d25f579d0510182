# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# A User-Mode Linux guest: a process of the host, with a thread for each CPU. Sourced, never run.
# shellcheck disable=SC2034 # GUEST_PID is for guest.sh

# Checks whether it can run here, before minutes of building. Once per boot of the host.
uml_possible() {
	local found said
	found=$CACHE_DIR/probe-uml-$(</proc/sys/kernel/random/boot_id)
	[[ ! -e $found ]] || return 0
	temp_dir
	gcc -O2 -o "$TEMP_DIR/probe" "$VM_DIR/lib/uml_probe.c" >&2 || die "cannot compile vm/lib/uml_probe.c"
	said=$("$TEMP_DIR/probe" "$(uml_tmp 0)") || said=${said:-its probe ended with status $?}
	rm -r -- "$TEMP_DIR"
	[[ -z $said ]] || die "User-Mode Linux cannot run here: $said"
	rm -f -- "$CACHE_DIR"/probe-uml-*
	: >"$found"
}

# uml_tmp MIB: prints a directory of the host with room for the guest's memory, a sparse file that
# must be executable. A container's /dev/shm is small, and noexec.
uml_tmp() {
	local free
	free=$(df --output=avail -BM /dev/shm 2>/dev/null | tail -n 1 | tr -dc 0-9)
	if [[ -n $free && ,$(findmnt -nro OPTIONS -T /dev/shm), != *,noexec,* ]] && ((free >= $1)); then
		echo /dev/shm
	else
		echo "${RUN_DIR:-${TMPDIR:-/tmp}}"
	fi
}

# uml_exec MIB COMMAND...: runs it with its memory in huge pages of the host, like the direct map of
# a kernel on hardware: on a tmpfs of its own, which only root can mount. Else in ordinary pages.
uml_exec() {
	local mib=$1 memory=$RUN_DIR/memory
	local mount=(mount -t tmpfs -o "huge=always,size=$((mib + 64))M" mapstat "$memory")
	shift
	mkdir -- "$memory"
	if ((EUID == 0)) && unshare --mount -- "${mount[@]}" 2>/dev/null; then
		# shellcheck disable=SC2016 # the arguments are the inner shell's
		TMPDIR=$memory exec setsid setpriv --pdeathsig KILL unshare --mount -- \
			sh -c '"$0" "$1" "$2" "$3" "$4" "$5" "$6" && shift 6 && exec "$@"' "${mount[@]}" "$@"
	fi
	TMPDIR=$(uml_tmp "$mib") exec setsid setpriv --pdeathsig KILL "$@"
}

# Starts the guest, and sets GUEST_PID. Several CPUs need seccomp; ptrace would also need the size
# of the registers.
uml_start() {
	# shellcheck disable=SC2086 # several arguments
	uml_exec "$MEM" "$KERNEL_IMAGE" "mem=${MEM}M" \
		"ncpus=$CPUS" seccomp=on \
		root=/dev/root rootfstype=hostfs rootflags=/ ro "init=$RUN_DIR/share/init" \
		"uml_dir=$RUN_DIR/uml" con0=null,fd:1 con=null \
		ssl0=null,fd:3 ssl1=null,fd:4 ssl=null panic=-1 $APPEND \
		>"$RUN_DIR/console" 2>&1 </dev/null 3>"$RUN_DIR/stdout" 4>"$RUN_DIR/stderr" &
	GUEST_PID=$!
}
