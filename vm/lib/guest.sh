# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# One guest, from its start to its exit status. Sourced, never run.
# shellcheck disable=SC2153 # TIMEOUT is vm/run's option

HELPERS=() READERS=() GUEST_PID='' TIMER_PID='' RUN_DIR=''

guest_run() {
	trap guest_clean EXIT
	say "$KERNEL_NAME, $CPUS CPU, $MEM MiB, $ACCEL"
	guest_boot
	if [[ $ACCEL == tcg && ! -e $RUN_DIR/share/started && -z $TIMED_OUT ]]; then
		# On a busy machine, emulated CPUs may run kernel code that is only half patched.
		guest_console_end
		say "the emulated kernel ended before its first process began: once more"
		guest_boot
	fi
	guest_keep
	guest_verdict
}

guest_boot() {
	guest_share
	guest_connect
	"${KERNEL_KIND}_start"
	guest_wait
}

guest_console_end() {
	tail -n "${1:-40}" -- "$RUN_DIR/console" >&2
	[[ ! -s $RUN_DIR/monitor ]] || cat -- "$RUN_DIR/monitor" >&2
}

# The console line with the reason why a kernel ended: that of its panic, else the last one.
guest_reason() {
	{
		grep -m 1 'Kernel panic' "$RUN_DIR/console" || grep -v '^[[:space:]]*$' "$RUN_DIR/console" | tail -n 1
	} | sed 's/^\[[^]]*\] *//; s/\r$//' | grep . || echo "no output"
}

# The guest's input: see vm/init. The modules are copies, so that a build during the run cannot
# change them.
guest_share() {
	RUN_DIR=$(mktemp -d -- "${TMPDIR:-/tmp}/mapstat-vm.XXXXXX") || die "cannot make a temporary directory"
	TEMP_DIRS+=("$RUN_DIR")
	mkdir -- "$RUN_DIR"/{share,share/work,share/bin,share/out,share/dev,uml}
	ln -s /proc/self/fd "$RUN_DIR/share/dev/fd"
	ln -s fd/0 "$RUN_DIR/share/dev/stdin"
	ln -s fd/1 "$RUN_DIR/share/dev/stdout"
	ln -s fd/2 "$RUN_DIR/share/dev/stderr"
	guest_mounts >"$RUN_DIR/share/fstab"
	cp -- "$VM_DIR/init" "$RUN_DIR/share/init"
	cp -- "$BUSYBOX" "$RUN_DIR/share/busybox"
	printf '%s\n' "$COMMAND" >"$RUN_DIR/share/command"
	# The guest's devices are terminals, even if the output here is not one.
	[[ -t 1 ]] || TERM=dumb
	{
		printf 'export MAPSTAT_KERNEL=%q MAPSTAT_ACCEL=%q' "$KERNEL_NAME" "$ACCEL"
		printf ' MAPSTAT_SOURCE=%q TERM=%q\n' "$SRC_DIR" "${TERM:-dumb}"
	} >"$RUN_DIR/share/environment"
	[[ -n $MODULE_DIR ]] || return 0
	locked "$MODULE_LOCK" guest_share_modules
}

# tmpfs for directories that a command may write to. The sources, and the share before it is
# mounted, may be below one of these: they are bound to a place that stays visible.
guest_mounts() {
	local place source=${SRC_DIR// /'\040'}
	if [[ $KERNEL_KIND == uml ]]; then
		echo "proc /proc proc defaults"
		echo "devtmpfs /dev devtmpfs defaults"
		echo "tmpfs /run tmpfs mode=755"
		echo "hostfs /run/mapstat hostfs X-mount.mkdir,$RUN_DIR/share"
	fi
	echo "sysfs /sys sysfs defaults"
	echo "debugfs /sys/kernel/debug debugfs defaults"
	echo "tracefs /sys/kernel/tracing tracefs nofail"
	echo "devpts /dev/pts devpts X-mount.mkdir"
	echo "tmpfs /dev/shm tmpfs X-mount.mkdir,mode=1777"
	echo "$source /run/source none bind,X-mount.mkdir"
	for place in /tmp /var/tmp /root; do
		[[ ! -d $place ]] || echo "tmpfs $place tmpfs mode=1777"
	done
	case $SRC_DIR/ in
	/tmp/* | /var/tmp/* | /root/* | /run/*) echo "/run/source $source none bind,X-mount.mkdir" ;;
	esac
}

guest_share_modules() {
	find "$MODULE_DIR" -name '*.ko' -exec cp -t "$RUN_DIR/share/work" -- {} +
	[[ ! -x $SRC_DIR/build/mapstat ]] || cp -- "$SRC_DIR/build/mapstat" "$RUN_DIR/share/bin/mapstat"
}

# The command's output comes through two pipes, separate from the kernel's console.
guest_connect() {
	mkfifo -- "$RUN_DIR/stdout" "$RUN_DIR/stderr"
	cat -- "$RUN_DIR/stdout" &
	READERS+=($!)
	cat -- "$RUN_DIR/stderr" >&2 &
	READERS+=($!)
	: >"$RUN_DIR/console"
}

# Waits for the guest's end. (Not with wait -n: bash 5.2 may miss the end of a process and keep
# waiting for another.)
guest_wait() {
	mkfifo -- "$RUN_DIR/never"
	guest_limit &
	TIMER_PID=$!
	wait "$GUEST_PID" 2>/dev/null
	guest_kill
	kill "$TIMER_PID" 2>/dev/null
	guest_drain
	TIMED_OUT=
	[[ ! -e $RUN_DIR/timed-out ]] || TIMED_OUT=1
}

# Sleeps without a child process that could outlive it.
guest_limit() {
	read -r -t "$TIMEOUT" <>"$RUN_DIR/never"
	: >"$RUN_DIR/timed-out"
	kill -KILL -- "-$GUEST_PID"
}

# The readers end on their own, unless the guest never opened its end.
guest_drain() {
	local pipe
	for pipe in stdout stderr; do
		# shellcheck disable=SC2016 # the inner shell's
		timeout 1 bash -c ': >"$1"' - "$RUN_DIR/$pipe"
	done
	wait "${READERS[@]}"
	READERS=()
}

guest_kill() {
	[[ -n $GUEST_PID ]] || return 0
	# User-Mode Linux is a group of processes.
	kill -KILL -- "-$GUEST_PID" 2>/dev/null
	wait "$GUEST_PID" 2>/dev/null
	GUEST_PID=
}

guest_keep() {
	[[ -z $CONSOLE ]] || cp -- "$RUN_DIR/console" "$CONSOLE"
	[[ -z $OUT ]] || cp -a -- "$RUN_DIR/share/out/." "$OUT/"
}

# A guest without a status has failed, whatever its output.
guest_verdict() {
	local status='' reports
	[[ ! -e $RUN_DIR/share/status ]] || status=$(<"$RUN_DIR/share/status")
	reports=$("$VM_DIR/scan" "$RUN_DIR/console")
	[[ -z $TIMED_OUT ]] || say "the guest was killed after $TIMEOUT s"
	if [[ ! -e $RUN_DIR/share/started && -z $TIMED_OUT ]]; then
		guest_console_end
		say "$KERNEL_NAME ended before its first process began: $(guest_reason)"
		exit 99
	fi
	if [[ -n $reports ]]; then
		say "the kernel's console has reports:"
		printf '%s\n' "$reports" >&2
		exit 99
	fi
	if [[ -n $TIMED_OUT ]]; then
		guest_console_end 5
		exit 124
	fi
	if [[ ! $status =~ ^[0-9]+$ ]]; then
		say "the guest ended without a status; the end of its console:"
		guest_console_end
		exit 99
	fi
	exit "$status"
}

guest_clean() {
	local pid
	trap '' INT TERM HUP
	guest_kill
	for pid in "${HELPERS[@]}" "${READERS[@]}" $TIMER_PID; do
		kill -KILL "$pid" 2>/dev/null
	done
	wait
	guest_remove_locks
	remove_temp_dirs
} 2>/dev/null

# virtiofsd leaves a lock file for each of its sockets.
guest_remove_locks() {
	[[ -n $RUN_DIR ]] || return 0
	rm -f -- {/run,/var/run,/var/local/run}/virtiofsd/{,.}*"$(basename -- "$RUN_DIR")"*
}
