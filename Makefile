# SPDX-License-Identifier: GPL-2.0-only
# What a person types; what kbuild builds is in Kbuild. `make help` lists it all.

KVER ?= $(shell uname -r)
KDIR ?= /lib/modules/$(KVER)/build
HAVE_KDIR := $(wildcard $(KDIR)/Makefile)
VM_KERNEL ?= stock-6.1
KBUILD = $(MAKE) -C $(KDIR) M=$(CURDIR)

# A User-Mode Linux tree does not say by itself what it is.
ifneq ($(wildcard $(KDIR)/.config),)
ifneq ($(shell grep -x CONFIG_UML=y $(KDIR)/.config),)
KBUILD += ARCH=um
endif
endif

modules: kdir
	$(KBUILD) modules

modules_install: kdir
	$(KBUILD) modules_install

clean:
	$(if $(HAVE_KDIR),$(KBUILD) clean)
	$(if $(wildcard userspace/Makefile),$(MAKE) -C userspace clean)
	rm -rf build compile_commands.json

# The kernels and their source that vm/ keeps for all checkouts, too.
distclean: clean
	rm -rf "$${XDG_CACHE_HOME:-$$HOME/.cache}/mapstat"

mapstat:
	$(MAKE) -C userspace

demo check:
	tests/$@

check-long:
	tests/check --long

# THREADS=1,2,4,8 for a larger machine.
bench:
	native/run

bench-long:
	native/run --long

bench-readme:
	python3 native/report --markdown README.md

# DESIGNS="plain seqlock" N=1000
profile:
	native/profile $(if $(N),--n $(N)) $(or $(DESIGNS),plain seqlock rwlock readdirty)

# What others have published, put to the test: docs/claims.md; under ten minutes.
claims: mapstat
	python3 vm/claims

check-vm:
	vm/test

# The tables of parameters in docs/debugfs.md and the man page, from the module's own.
parameters:
	@mkdir -p build
	vm/run --kernel uml -- 'insmod mapstat.ko autostart=0; cat /sys/kernel/debug/mapstat/parameters' >build/parameters
	python3 tests/lib/documents.py write build/parameters

# These want a kernel's build tree, not the running kernel's: without one, vm/ has its own.
sparse:
	$(if $(HAVE_KDIR),$(KBUILD) C=2 modules,vm/build $(VM_KERNEL) C=2)

layout:
	$(if $(HAVE_KDIR),$(KBUILD) modules)
	vm/layout $(if $(HAVE_KDIR),. ,"$$(vm/build $(VM_KERNEL))")

compile_commands.json:
	$(if $(HAVE_KDIR),$(KBUILD) modules)
	vm/compile-commands $(if $(HAVE_KDIR),. $(KDIR),"$$(vm/build $(VM_KERNEL))") >$@.tmp
	mv $@.tmp $@

checkpatch:
	git ls-files -co --exclude-standard -- '*.[ch]' | xargs -r \
		"$$(vm/source)/scripts/checkpatch.pl" --no-tree --terse --show-types --quiet --strict --file

kdir:
	@test -n "$(HAVE_KDIR)" || { \
		echo "no kernel to build for in $(KDIR): install its headers, name a build tree with KDIR=, or run 'make demo', which boots a kernel of its own" >&2; \
		exit 1; }

help:
	@echo 'The module, for the running kernel, or KVER=release, or KDIR=build-tree:'
	@echo '  make                        build it (W=1, C=1, V=1 as everywhere in the kernel)'
	@echo '  make modules_install        install it'
	@echo '  make clean                  remove what was built'
	@echo '  make distclean              remove the cached kernels as well: ~/.cache/mapstat'
	@echo '  make sparse                 check all of it with sparse'
	@echo '  make compile_commands.json  tell clangd how it is compiled'
	@echo '  make layout                 show the structs and their cache lines, with pahole'
	@echo '  make checkpatch             check the style with the script of the kernel'
	@echo 'The reader:'
	@echo '  make mapstat                build mapstat(1): build/mapstat'
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

.PHONY: modules modules_install clean distclean mapstat demo check check-long check-vm
.PHONY: parameters bench bench-long bench-readme profile claims sparse layout checkpatch compile_commands.json kdir help
