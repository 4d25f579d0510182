# SPDX-License-Identifier: GPL-2.0-only
# What a person types; what kbuild builds is in Kbuild. `make help` lists it all.

KVER ?= $(shell uname -r)
KDIR ?= /lib/modules/$(KVER)/build
HAVE_KDIR := $(wildcard $(KDIR)/Makefile)
VM_KERNEL ?= stock-6.1
KBUILD = $(MAKE) -C $(KDIR) $(KBUILD_ARCH) M=$(CURDIR)

# A User-Mode Linux tree does not say by itself what it is.
ifneq ($(wildcard $(KDIR)/.config),)
ifneq ($(shell grep -x CONFIG_UML=y $(KDIR)/.config),)
KBUILD_ARCH := ARCH=um
endif
endif

# Begins a recipe whose program runs make: "+" shares the jobs of -j, which make does by itself only if it
# reads $(MAKE) there. With -n, -q and -t such a recipe would be run all the same, so it is left out.
SHARE = $(if $(strip $(foreach flag,n q t,$(findstring $(flag),$(firstword -$(MAKEFLAGS))))),,+)

modules: path kdir
	$(SHARE)$(KBUILD) modules

modules_install: path kdir
	@test -e modules.order || { echo "nothing is built that could be installed: run 'make' first" >&2; exit 1; }
	$(SHARE)$(KBUILD) modules_install

# As a module elsewhere is built that uses the maps; so it is not in the list that modules_install reads.
samples: modules
	$(SHARE)$(SAMPLES)
SAMPLES = $(KBUILD)/samples KBUILD_EXTRA_SYMBOLS=$(CURDIR)/Module.symvers modules

# What kbuild makes, in the directories that it builds in alone. Its own clean needs a build tree, and takes
# every *.mod below this directory: go.mod, too.
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

# The kernels and their source that vm/ keeps for all checkouts, too.
distclean: clean
	rm -rf "$${XDG_CACHE_HOME:-$${HOME:-/root}/.cache}/mapstat"

mapstat:
	$(MAKE) -C userspace

# A relative DESTDIR is seen from here.
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

# What others have published, put to the test: docs/claims.md; under ten minutes.
claims: mapstat
	$(SHARE)python3 vm/claims

check-vm:
	$(SHARE)tests/host/vm.sh

# The tables of parameters in docs/debugfs.md and the man page, from the module's own.
parameters:
	@mkdir -p build
	$(SHARE)vm/run --kernel uml -- 'insmod mapstat.ko autostart=0; cat /sys/kernel/debug/mapstat/parameters' >build/parameters
	python3 tests/lib/documents.py write build/parameters

# These want a kernel's build tree, not the running kernel's: without one, vm/ has its own.
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
		echo "no kernel to build for in $(KDIR): install its headers, name a build tree with KDIR=, or run 'make demo', which boots a kernel of its own" >&2; \
		exit 1; }

help:
	@echo 'The module, for the running kernel, or KVER=release, or KDIR=build-tree:'
	@echo '  make                        build it (W=1, C=1, V=1 as everywhere in the kernel)'
	@echo '  make modules_install        install it for that kernel; INSTALL_MOD_PATH= as in the kernel'
	@echo '  make samples                build samples/ as well: a module that uses the maps; never installed'
	@echo '  make clean                  remove what was built, the reader and build/ too'
	@echo '  make distclean              remove the cached kernels as well: ~/.cache/mapstat'
	@echo '  make sparse                 check all of it with sparse'
	@echo '  make compile_commands.json  tell clangd how it is compiled'
	@echo '  make layout                 show the structs and their cache lines, with pahole'
	@echo '  make checkpatch             check the style with the script of the kernel'
	@echo 'The reader:'
	@echo '  make mapstat                build mapstat(1): build/mapstat'
	@echo '  make install                install it, its man page and completion: PREFIX=/usr/local, DESTDIR='
	@echo '  make uninstall              remove these'
	@echo 'In user space:'
	@echo '  make bench                  measure the maps beside others: build/bench; THREADS=1,2,4,8'
	@echo '  make bench-long             the same, with more rounds and sizes'
	@echo '  make bench-readme           put the table into README.md'
	@echo '  make profile                where a lookup spends its instructions and misses, by line'
	@echo '  make claims                 measure published claims, write docs/claims.md'
	@echo 'In a kernel booted for the purpose (see vm/run --help):'
	@echo '  make demo                   see it work'
	@echo '  make check                  run the tests; make check-long: all of them'
	@echo '  make check-vm               test vm/run itself'
	@echo '  make parameters             put the table of parameters into docs/ and the man page'

.PHONY: modules modules_install samples clean distclean mapstat install uninstall demo check check-long check-vm
.PHONY: parameters bench bench-long bench-readme profile claims sparse layout checkpatch compile_commands.json path kdir help
