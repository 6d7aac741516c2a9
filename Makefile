# SPDX-License-Identifier: GPL-2.0-only
#
# The verbs. Each gets what it needs by itself: host tools through apt (as
# root; otherwise it says what to install), the kernel source, Xen and the
# guests' user land into ~/.cache/swiotlb-arm.
#
#   make run                 boot Xen and a Dom0 whose DMA is ours; watch it
#   make run MODE=domu       ... and a guest that is not mapped 1:1
#   make run MODE=coloured   ... and a Dom0 with cache colours
#   make run MODE=pv         ... and two guests whose disks and networks it serves
#   make run MACHINE=NAME    ... on a board that people own: zcu102, versal,
#                            raspi4b, imx8mp, virt-uefi, virt-acpi
#   make test                KUnit, the system tests below but boards, and compile
#   make kunit               KUnit alone, 4K and 64K pages: no Xen, no root
#   make kunit-16k           KUnit on a kernel with 16K pages
#   make system              the system test of Dom0 alone
#   make domu                the system test of a guest
#   make coloured            the system test of a coloured Dom0
#   make pv                  the system test of guests that Dom0 serves
#   make socs                the system test on two boards that Debian's QEMU has
#   make boards              the system test on all boards that people own
#   make compile             our files in the oldest and the newest kernel, objects only
#   make peer                the stock kernel where it has to fail
#   make controls            runs that have to fail, and do
#   make mutants             KUnit against deliberate errors of the driver
#   make debug               KUnit and the system test on a debug kernel
#   make rt                  KUnit and the system test on a real-time kernel; then latency
#                            and rtds
#   make bench               what DMA costs, in instructions: ours and the peer's
#   make latency             how long one operation takes at the worst: ours and the peer's
#   make rtds                how long a periodic task in Dom0 takes for its DMA under Xen's
#                            real-time scheduler: ours and the peer's
#   make memory              what Dom0 has left after boot: ours and the stock kernel's
#   make flight              a table of kernels, page sizes, Xens and tests: run it, record it
#                            and show it in build/flights/index.html; JOBS='*6.1-*' some
#                            of it, RESUME=1 what is left of an interrupted one
#   make check               checkpatch, sparse, shellcheck, ...; x86 and 32-bit Arm
#   make integrate KDIR=...  put the driver into your own kernel tree
#   make clean               remove what the tests left in build/, but for flights' records
#
# Each of them but flight takes
#
#   make ... KERNEL=VERSION  6.1, 6.12 (the default), 7.x or newest; a path in
#                            KERNEL_SRC= takes a kernel source of your own
#   make ... XEN=VERSION     4.17, 4.20 (the default), or the path of a Xen of your own;
#                            XEN_COLOURED= one with cache colouring
#   make ... PAGES=SIZE      16k or 64k: the kernel's pages in the system tests, where the
#                            domain is mapped 1:1
#
# What comes of a kernel other than the default goes to build/VERSION/.

export KERNEL KERNEL_SRC XEN XEN_COLOURED PAGES RUNS JOBS RESUME LIMIT

help:
	@sed -n 's/^#   \(make .*\|  .*\)/\1/p' Makefile

run: tools
ifeq ($(filter-out virt,$(MACHINE)),)
	@scripts/test --brief $(if $(filter-out dom0,$(MODE)),$(MODE),system)
else
	@RUNS="$(MACHINE)$(addprefix -,$(filter-out dom0,$(MODE)))" scripts/test boards
endif
test: tools
	@scripts/test pv kunit kunit-64k coloured domu system socs compile
kunit: tools
	@scripts/test kunit kunit-64k
kunit-16k: tools
	@scripts/test kunit-16k
system: tools
	@scripts/test system
domu: tools
	@scripts/test domu
coloured: tools
	@scripts/test coloured
pv: tools
	@scripts/test pv
socs: tools
	@scripts/test socs
boards: tools
	@scripts/test boards
compile: tools
	@scripts/test compile
peer: tools
	@scripts/test peer
controls: tools
	@scripts/test controls
mutants: tools
	@scripts/mutants
debug: tools
	@LANES=1 scripts/test kunit-debug kunit-kcsan system-debug
rt: tools
	@LANES=1 scripts/test kunit-rt kunit-preempt-none system-rt latency rtds
bench: tools
	@scripts/bench
latency: tools
	@scripts/latency
rtds: tools
	@scripts/rtds
memory: tools
	@scripts/memory
flight: tools
	@scripts/flight
check: tools
	@scripts/check
tools:
	@scripts/host-tools

integrate:
	@scripts/integrate "$(KDIR)"

# What flights have recorded is needed by the next ones.
clean:
	[ ! -d build ] || find build -mindepth 1 -maxdepth 1 ! -name flights -exec rm -rf {} +

.PHONY: help run test kunit kunit-16k system domu coloured pv socs boards compile peer controls mutants debug rt rtds bench latency memory flight check tools integrate clean
