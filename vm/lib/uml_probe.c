// SPDX-License-Identifier: GPL-2.0-only
/*
 * Can User-Mode Linux run here?  usage: uml_probe DIRECTORY, which will have its memory file.
 * Tries what its SMP mode depends on: a seccomp filter that turns a trapped system call into a
 * signal, a signal frame that fits into the page reserved for it, and a file that can be mapped
 * executable.  Exits with 0, or prints what is missing and exits with 1.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define STUB_SIGSTACK	4096	/* struct stub_data's, arch/um/include/shared/skas/stub-data.h */
#define FRAME_REST	512	/* of that, for the stub's handler itself */
#define STACK_SIZE	65536

static unsigned char stack[STACK_SIZE] __attribute__((aligned(64)));

enum { TRAPPED, NO_SIGNAL_STACK, NO_FILTER, NOT_TRAPPED, FRAME_TOO_LARGE, NO_CLOSE_RANGE };

static const char *const reason[] = {
	[NO_SIGNAL_STACK] = "an alternate signal stack cannot be set",
	[NO_FILTER] = "seccomp filters cannot be installed",
	[NOT_TRAPPED] = "a system call that a seccomp filter traps does not become a signal",
	[FRAME_TOO_LARGE] = "the registers of this CPU do not fit into its signal frame",
	[NO_CLOSE_RANGE] = "the running kernel has no close_range(): it is older than 5.9",
};

/* The frame lies between the handler's own stack and the top of the alternate one. */
static void trapped(int sig, siginfo_t *info, void *context)
{
	uintptr_t top = (uintptr_t)stack + STACK_SIZE;

	(void)sig;
	(void)info;
	_exit(top - (uintptr_t)context > STUB_SIGSTACK - FRAME_REST ? FRAME_TOO_LARGE : TRAPPED);
}

static int child(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { .len = sizeof(filter) / sizeof(*filter), .filter = filter };
	struct sigaction sa = {
		.sa_flags = SA_ONSTACK | SA_NODEFER | SA_SIGINFO,
		.sa_sigaction = trapped,
	};
	stack_t signals = { .ss_sp = stack, .ss_size = STACK_SIZE };

	if (syscall(SYS_close_range, 3, ~0U, 0))
		return NO_CLOSE_RANGE;
	if (sigaltstack(&signals, NULL) || sigaction(SIGSYS, &sa, NULL))
		return NO_SIGNAL_STACK;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &prog))
		return NO_FILTER;
	syscall(SYS_getppid);
	return NOT_TRAPPED;
}

static int missing(const char *what)
{
	puts(what);
	return 1;
}

static int seccomp_works(void)
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(child());
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return missing("no process can be started");
	if (!WIFEXITED(status))
		return missing(reason[NOT_TRAPPED]);
	return WEXITSTATUS(status) ? missing(reason[WEXITSTATUS(status)]) : 0;
}

static int executable_memory(const char *directory)
{
	char name[4096];
	void *at = MAP_FAILED;
	int fd;

	snprintf(name, sizeof(name), "%s/uml_probe.XXXXXX", directory);
	fd = mkstemp(name);
	if (fd < 0) {
		printf("no file can be made in %s: %s\n", directory, strerror(errno));
		return 1;
	}
	unlink(name);
	if (!ftruncate(fd, 4096))
		at = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_SHARED, fd, 0);
	close(fd);
	if (at != MAP_FAILED)
		return 0;
	printf("%s does not allow executable mappings\n", directory);
	return 1;
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	return seccomp_works() || executable_memory(argv[1]);
}
