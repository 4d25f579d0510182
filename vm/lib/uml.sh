# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# A User-Mode Linux guest: a process of the host. Sourced, never run.
# shellcheck disable=SC2034 # GUEST_PID is for guest.sh

# Starts the guest: GUEST_PID.
uml_start() {
	local tmp=/dev/shm free
	# Its memory is a file, sparse at first; a small /dev/shm would end it half-way.
	free=$(df --output=avail -BM /dev/shm 2>/dev/null | tail -n 1 | tr -dc 0-9)
	((${free:-0} >= MEM)) || tmp=$RUN_DIR
	# shellcheck disable=SC2086 # several arguments
	TMPDIR=$tmp setsid setpriv --pdeathsig KILL "$KERNEL_IMAGE" "mem=${MEM}M" \
		root=/dev/root rootfstype=hostfs rootflags=/ ro "init=$RUN_DIR/share/init" \
		"uml_dir=$RUN_DIR/uml" con0=null,fd:1 con=null \
		ssl0=null,fd:3 ssl1=null,fd:4 ssl=null panic=-1 $APPEND \
		>"$RUN_DIR/console" 2>&1 </dev/null 3>"$RUN_DIR/stdout" 4>"$RUN_DIR/stderr" &
	GUEST_PID=$!
}
