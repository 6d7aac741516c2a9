# SPDX-License-Identifier: GPL-2.0-only
# Sourced by the other scripts: where things are, and how to speak.

root=$(cd "$(dirname "$0")/.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/swiotlb-arm
cross=aarch64-linux-gnu-
jobs=$(nproc)
mkdir -p "$cache"

# Which kernel is built: a version that scripts/fetch knows. What comes of the default
# is in build/, what comes of another in a directory of that one's own.
default_kernel=6.12
export KERNEL="${KERNEL:-$default_kernel}"
results=$root/build
[ "$KERNEL" = "$default_kernel" ] || results=$root/build/$KERNEL

# The source of KERNEL; a path in KERNEL_SRC comes first.
kernel_source() {
	if [ "${KERNEL_SRC-}" ]; then echo "$KERNEL_SRC"
	else "$root/scripts/fetch" linux "$KERNEL"; fi
}

# The hypervisor that XEN says, which is a version or a path.
the_xen() {
	case ${XEN-} in
	''|[0-9].[0-9]*) "$root/scripts/fetch" xen ${XEN:+"$XEN"} ;;
	*) echo "$XEN" ;;
	esac
}

# merged FRAGMENT...: their lines. Of an option that several speak of, the last one's stays:
# so a fragment can take back what another asks for.
merged() {
	cat "$@" | awk '
		match($0, /^(# )?CONFIG_[A-Za-z0-9_]+( is not set$|=)/) {
			option = $0
			sub(/^# /, "", option); sub(/[ =].*/, "", option)
		}
		!RSTART { option = NR }
		{ if (option in at) delete line[at[option]]; at[option] = NR; line[NR] = $0 }
		END { for (i = 1; i <= NR; i++) if (i in line) print line[i] }'
}

# All options of the system test's kernel, as it usually is
system_config() {
	cat "$root/tests/system/dom0.config" "$root/tests/pages-4k.config" \
		"$root/tests/system/watch.config" "$root/tests/system/dma-debug.config" \
		"$root/tests/system/ours.config"
}

# lean_kernel SIDE [FRAGMENT...]: the kernel of the system test without what helps to find
# errors, with our code (ours) or without (peer), and with these options added; build its
# Image and modules
lean_kernel() {
	side=$1 called=bench-$1; shift
	for fragment; do called=$called-$(basename "$fragment" .config); done
	[ "$side" = peer ] || set -- "$root/tests/bench/ours.config" "$@"
	KERNEL_TARGET='Image modules' "$root/scripts/kernel" "$called" \
		"$root/tests/system/dom0.config" "$root/tests/pages-4k.config" \
		"$root/tests/bench/bench.config" "$@"
}

# The tools of that hypervisor; of one that is a path, those of the usual one.
the_tools() {
	case ${XEN-} in
	[0-9].[0-9]*) "$root/scripts/fetch" toolstack "$XEN" ;;
	*) "$root/scripts/fetch" toolstack ;;
	esac
}

# One integrates and builds at a time, whoever else shares the cache: between the two
# the shadow must not become another tree's. What a script starts under its lock
# inherits descriptor 9, and with it the lock.
lock() {
	# shellcheck disable=SC3013
	[ ! /proc/self/fd/9 -ef "$cache/lock" ] || return 0
	exec 9>"$cache/lock"
	flock -n 9 || { say "waiting for another build to finish"; flock 9; }
}
unlock() { exec 9>&-; }

say() { echo "== $*" >&2; }
die() { echo "error: $*" >&2; exit 1; }

# quietly LOG COMMAND...: run it, its output to LOG, of which a line is shown now
# and then; on failure show the end of LOG and name it.
quietly() {
	to=$1; shift
	mkdir -p "$(dirname "$to")"
	# What outlives us must not hold on to a pipe or a lock.
	( while sleep 20 >&- 2>&- && kill -0 $$ 2>&-; do
		say "  $(tail -n 1 "$to" | cut -c 1-70)"
	done ) 8>&- 9>&- & told=$!
	if "$@" >"$to" 2>&1 </dev/null; then ok=1; else ok=0; fi
	kill $told 2>/dev/null; wait $told 2>/dev/null || :
	[ $ok = 1 ] && return
	tail -n 25 "$to" >&2
	die "failed: $*; all of its output is in $to"
}
