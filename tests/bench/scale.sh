#!/bin/sh
# A million prompts x 10 models (or N of them) through import, train and eval: time and peak memory. Lines
# `bench NAME VALUE TARGET ok|short`; lines with # explain. usage: scale.sh BUILD [N]
#
# The traffic is made up by bench_scale with a fixed seed; it and the store take some 6 GB of TMPDIR at a million. The
# memory may grow with N, so the 8 GB are asked of a million and N / a million of it, at least 2 GB (weights go by columns), of less. SHUNT_THREADS
# sets the threads.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cd "$1" && pwd) || exit 2
n=${2:-1000000}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export SHUNT_THREADS="${SHUNT_THREADS:-2}"
limit=$(awk -v n="$n" 'BEGIN { gb = 8 * n / 1e6; printf "%.3f", gb < 2 ? 2 : gb }')
field() { sed -n "s/^$2 //p" "$1" | tail -n 1; }

step() { # NAME COMMAND...
    name=$1
    shift
    "$build/bench_scale" run "$@" >"$work/out" 2>"$work/err" || { cat "$work/err" >&2; exit 1; }
    awk -v n="$name" -v kb="$(field "$work/err" kbytes)" -v t="$limit" 'BEGIN {
        gb = kb / 1048576; printf "bench scale_%s_gb %.2f <=%.2f %s\n", n, gb, t, gb <= t ? "ok" : "short" }'
    echo "# $name: $(field "$work/err" seconds) s, processor $(field "$work/err" cpu) s; load $(cut -d' ' -f1 /proc/loadavg 2>/dev/null)"
}

mkdir "$work/traffic"
"$build/bench_scale" gen "$work/traffic" "$n" >"$work/made" || exit 1
echo "# $(field "$work/made" prompts) prompts of $(field "$work/made" mean_bytes) bytes in the mean, 10 models, $SHUNT_THREADS threads"
step import "$build/shunt" import --store "$work/s.db" --format outcomes "$work/traffic"
rm -rf "$work/traffic"
step train "$build/shunt" train --store "$work/s.db" --seed 1 --json
grep -o '"log_loss[a-z_]*":[0-9.]*' "$work/out" | awk -F: '{ s[$1] += $2; k[$1]++ }
    END { for (x in s) printf "# mean %s %.4f\n", x, s[x] / k[x] }' | tr -d '"' | sort
step eval "$build/shunt" eval --store "$work/s.db" --json
grep -o '"\(aiq\|quality_at_lambda_0\)":[0-9.]*' "$work/out" | sort -u | head -n 3 | sed 's/^/# /'
echo "# store: $(du -m "$work/s.db" | cut -f1) MB"
