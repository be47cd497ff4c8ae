#!/bin/sh
# The same answers on other machines, by emulation: aarch64 must agree bit by bit; s390x, which is big-endian, must
# agree on what the encoder gives and refuse tables. Needs Debian's gcc-aarch64-linux-gnu, gcc-s390x-linux-gnu and
# qemu-user; what is absent is skipped. TAP. usage: arch.sh FOLDER (for what is built)
set -u
cd "$(dirname "$0")/../.." || exit 2
B=$1
mkdir -p "$B"
n=0 failed=0
result() { n=$((n + 1)); [ "$1" = ok ] || failed=1; echo "$1 $n - $2"; }
build() { # COMPILER NAME FLAGS...
    cc=$1 name=$2
    shift 2
    "$cc" -std=c11 -ffp-contract=off -D_POSIX_C_SOURCE=200809L -DSAME_ENCODER -I. "$@" tests/same/same.c router/*.c \
        -lm -o "$B/$name"
}
run() { timeout 600 "$@" tests/fixtures/router-1.[012].shunt; }

build "${CC:-gcc}" same-host -O2 || exit 1
run "$B/same-host" >"$B/same-host.out" || exit 1
grep -q '^route 10000 ' "$B/same-host.out" || { echo "Bail out! no answers on this machine"; exit 1; }

for arch in aarch64 s390x; do
    cc=$arch-linux-gnu-gcc
    if ! command -v "$cc" >/dev/null || ! command -v "qemu-$arch" >/dev/null; then
        n=$((n + 1))
        echo "ok $n - $arch # SKIP needs $cc and qemu-$arch (Debian: gcc-$arch-linux-gnu, qemu-user)"
        continue
    fi
    for level in -O0 -O3; do
        if ! build "$cc" "same-$arch" -static $level || ! run "qemu-$arch" "$B/same-$arch" >"$B/same-$arch.out"; then
            result "not ok" "$arch $level: builds and runs"
            continue
        fi
        if [ $arch = aarch64 ]; then
            if cmp -s "$B/same-host.out" "$B/same-$arch.out"; then how=ok; else how="not ok"; fi
            result "$how" "$arch $level: the same decisions and predictions, to the bit"
        else
            if [ "$(grep '^encode' "$B/same-host.out")" = "$(grep '^encode' "$B/same-$arch.out")" ]; then how=ok; else how="not ok"; fi
            result "$how" "$arch $level: the same buckets and features"
            if [ "$(grep -c '^refused: .*big-endian' "$B/same-$arch.out")" = 3 ]; then how=ok; else how="not ok"; fi
            result "$how" "$arch $level: tables are refused"
        fi
    done
done
echo "1..$n"
exit $failed
