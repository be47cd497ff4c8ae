#!/bin/sh
# Runs test programs that speak TAP, two at a time, and keeps count.
#
#   tests/run.sh COUNTS LABEL [--args "ARGS"] PROGRAM...
#
# Each program's output goes to a file beside COUNTS; failures are shown. A line
# "LABEL passed failed skipped" is appended to COUNTS. A program that ends badly without a failed
# test, breaks off before its plan, or runs no test, counts as one failure: silence is not success.
set -u
counts=$1 label=$2
shift 2
args=
if [ "${1:-}" = --args ]; then
    args=$2
    shift 2
fi
out=$(dirname "$counts")/$label
rm -rf "$out"
mkdir -p "$out"

# One program: its TAP into a file, then "name passed failed skipped" into another.
one='
prog=$1 out=$2 args=$3
name=$(basename "$prog")
limit=${SHUNT_TEST_TIMEOUT:-300}
case $prog in
*.t) timeout "$limit" sh "$prog" >"$out/$name.tap" 2>"$out/$name.err" </dev/null ;;
*) timeout "$limit" "$prog" $args >"$out/$name.tap" 2>"$out/$name.err" </dev/null ;;
esac
rc=$?
awk -v rc=$rc -v name="$name" "
    /^ok/ { if (tolower(\$0) ~ /# *skip/) s++; else p++ }
    /^not ok/ { if (tolower(\$0) ~ /# *(skip|todo)/) s++; else f++ }
    /^Bail out/ { bail = 1 }
    /^1\.\.[0-9]+/ { plan = substr(\$1, 4) + 0; planned = 1 }
    END {
        if (bail || (rc && !f) || (planned && plan != p + f + s) || p + f + s == 0) {
            f++
            why = bail ? \"bailed out\" : rc ? \"exit status \" rc : p + f + s == 1 ? \"ran no test\" : \"broke off before its plan\"
            print \"# \" name \": \" why > \"/dev/stderr\"
        }
        printf \"%s %d %d %d\n\", name, p, f, s
    }" "$out/$name.tap" >"$out/$name.count" 2>>"$out/$name.err"
read -r _ p f s <"$out/$name.count"
if [ "$f" -gt 0 ]; then
    echo "FAIL $name: $p passed, $f failed"
    grep -A6 "^not ok" "$out/$name.tap" | head -60
    tail -n 15 "$out/$name.err"
else
    echo "ok   $name: $p passed${s:+, $s skipped}"
fi
'
printf '%s\n' "$@" | xargs -P "${JOBS:-2}" -I{} sh -c "$one" one {} "$out" "$args"
cat "$out"/*.count | awk -v label="$label" '{ p += $2; f += $3; s += $4 }
    END { printf "%s %d %d %d\n", label, p, f, s }' >>"$counts"
