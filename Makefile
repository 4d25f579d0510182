# SPDX-License-Identifier: GPL-2.0-only
# What people run; what kbuild builds is in Kbuild. `make help` lists the targets.

KVER ?= $(shell uname -r)
KDIR ?= /lib/modules/$(KVER)/build
HAVE_KDIR := $(wildcard $(KDIR)/Makefile)
VM_KERNEL ?= stock-6.1
KBUILD = $(MAKE) -C $(KDIR) $(KBUILD_ARCH) M=$(CURDIR)

# For a User-Mode Linux tree kbuild needs ARCH=um.
ifneq ($(wildcard $(KDIR)/.config),)
ifneq ($(shell grep -x CONFIG_UML=y $(KDIR)/.config),)
KBUILD_ARCH := ARCH=um
endif
endif

# For recipes whose program runs make: "+" shares the jobs of -j, which make does on its own only if
# it finds $(MAKE) in the recipe. With -n, -q and -t such a recipe would still run, so the "+" is
# left out.
SHARE = $(if $(strip $(foreach flag,n q t,$(findstring $(flag),$(firstword -$(MAKEFLAGS))))),,+)

modules: path kdir
	$(SHARE)$(KBUILD) modules

modules_install: path kdir
	@test -e modules.order || { echo "nothing has been built: run 'make' first" >&2; exit 1; }
	$(SHARE)$(KBUILD) modules_install

# Built like a user's module elsewhere, so that modules_install does not list it.
samples: modules
	$(SHARE)$(SAMPLES)
SAMPLES = $(KBUILD)/samples KBUILD_EXTRA_SYMBOLS=$(CURDIR)/Module.symvers modules

# Files that kbuild creates, in the directories that only it builds in. Its own clean needs a build
# tree, and removes every *.mod below this directory, including go.mod.
KBUILD_DIRS := kmod debugfs kunit samples
KBUILD_MADE := *.[aios] .*.cmd .*.d .*.tmp .tmp_* *.c.[012]*.* *.dwo *.gcda *.gcno *.ko *.ko.* *.ll *.lst *.mod \
	*.mod.c *.rsi *.su *.symtypes *.usyms Module.symvers modules.nsdeps modules.order
REMOVE_MADE := -type f \( -false $(KBUILD_MADE:%=-o -name '%') \) -exec rm -f {} +

clean:
	$(MAKE) -C userspace clean
	@find . -maxdepth 1 $(REMOVE_MADE)
	@find $(KBUILD_DIRS) $(REMOVE_MADE)
	find native tests vm -name __pycache__ -prune -exec rm -rf {} +
	rm -rf build compile_commands.json compile_commands.json.tmp .checkpatch-camelcase.*

# Also the kernels and kernel sources that vm/ caches for all checkouts.
distclean: clean
	rm -rf "$${XDG_CACHE_HOME:-$${HOME:-/root}/.cache}/mapstat"

mapstat:
	$(MAKE) -C userspace

# A relative DESTDIR is relative to this directory.
install uninstall:
	$(MAKE) -C userspace $@ DESTDIR='$(if $(DESTDIR),$(if $(findstring =/,=$(DESTDIR)),,$(CURDIR)/)$(DESTDIR))'

demo check:
	$(SHARE)tests/$@

check-long:
	$(SHARE)tests/check --long

# THREADS=1,2,4,8 for a larger machine.
bench:
	$(SHARE)native/run

bench-long:
	$(SHARE)native/run --long

bench-readme:
	python3 native/report --markdown README.md

# DESIGNS="plain seqlock" N=1000
profile:
	native/profile $(if $(N),--n $(N)) $(or $(DESIGNS),plain seqlock rwlock readdirty)

# Measures published claims: docs/claims.md; under ten minutes.
claims: mapstat
	$(SHARE)python3 vm/claims

check-vm:
	$(SHARE)tests/host/vm.sh

# Updates the tables of parameters in docs/debugfs.md and the man page from the module's.
parameters:
	@mkdir -p build
	$(SHARE)vm/run --kernel uml -- 'insmod mapstat.ko autostart=0; cat /sys/kernel/debug/mapstat/parameters' >build/parameters
	python3 tests/lib/documents.py write build/parameters

# These need a kernel's build tree, not the running kernel: without one, vm/ uses its own.
sparse: path
	$(SHARE)$(if $(HAVE_KDIR),$(KBUILD) C=2 modules && $(SAMPLES) C=2,vm/build $(VM_KERNEL) C=2)

layout: path
	$(SHARE)$(if $(HAVE_KDIR),$(KBUILD) modules && vm/layout .,dir=$$(vm/build $(VM_KERNEL)) && vm/layout "$$dir")

compile_commands.json: path
	$(SHARE)$(if $(HAVE_KDIR),$(KBUILD) modules && $(SAMPLES) && dir=. kdir=$(KDIR),dir=$$(vm/build $(VM_KERNEL)) kdir=) && \
		vm/compile-commands "$$dir" $$kdir >$@.tmp && mv $@.tmp $@ || { rm -f $@.tmp; exit 1; }

checkpatch:
	git ls-files -co --exclude-standard -- '*.[ch]' | xargs -r \
		"$$(vm/source)/scripts/checkpatch.pl" --no-tree --terse --show-types --quiet --strict --file

path:
	@case "$$(pwd -P)" in *[[:space:]:]*) \
		echo "kbuild cannot build in a path with a blank or a colon: $$(pwd -P)" >&2; exit 1 ;; \
	esac

kdir:
	@test -n "$(HAVE_KDIR)" || { \
		echo "no kernel to build for in $(KDIR): install its headers, set KDIR= to a build tree, or run 'make demo', which boots a kernel of its own" >&2; \
		exit 1; }

help:
	@echo 'The module, for the running kernel, or KVER=release, or KDIR=build-tree:'
	@echo '  make                        build it (W=1, C=1, V=1 as in the kernel)'
	@echo '  make modules_install        install it for that kernel; INSTALL_MOD_PATH= as in the kernel'
	@echo '  make samples                also build samples/: a module that uses the maps; never installed'
	@echo '  make clean                  remove everything that was built, including build/'
	@echo '  make distclean              also remove the cached kernels: ~/.cache/mapstat'
	@echo '  make sparse                 check everything with sparse'
	@echo '  make compile_commands.json  for clangd'
	@echo '  make layout                 show the structs and their cache lines, with pahole'
	@echo '  make checkpatch             check the style with checkpatch.pl of the kernel'
	@echo 'The reader:'
	@echo '  make mapstat                build mapstat(1): build/mapstat'
	@echo '  make install                install it, its man page and completion: PREFIX=/usr/local, DESTDIR='
	@echo '  make uninstall              remove what install installed'
	@echo 'In user space:'
	@echo '  make bench                  measure the maps against others: build/bench; THREADS=1,2,4,8'
	@echo '  make bench-long             the same, with more rounds and sizes'
	@echo '  make bench-readme           put the table into README.md'
	@echo '  make profile                instructions and misses of a lookup, by source line'
	@echo '  make claims                 measure published claims, write docs/claims.md'
	@echo 'In a kernel booted for the purpose (see vm/run --help):'
	@echo '  make demo                   all designs, ranked on one screen'
	@echo '  make check                  run the tests; make check-long: all of them'
	@echo '  make check-vm               test vm/run itself'
	@echo '  make parameters             update the tables of parameters in docs/ and the man page'

.PHONY: modules modules_install samples clean distclean mapstat install uninstall demo check check-long check-vm
.PHONY: parameters bench bench-long bench-readme profile claims sparse layout checkpatch compile_commands.json path kdir help
