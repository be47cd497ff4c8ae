# TAP for shell tests. Source it, call the checks, end with `done_testing`.
#
#   . "$(dirname "$0")/lib.sh"
#   ok "status says what is missing" 3 shunt status --store none.db     # exit status, command
#   err_has "there is no store"                                          # the last command's stderr
#   out_has '"schema"'; out_is "expected whole stdout"
#
# Programs are taken from SHUNT_BUILD (build), the repository is $ROOT, public data $SHARED (may be
# absent: `skip_all` then). Every test runs in a new empty folder, which is removed at the end.
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
BUILD=$(cd "$ROOT" && cd "${SHUNT_BUILD:-build}" && pwd)
SHARED=${SHUNT_SHARED:-$ROOT/../shared}
PATH=$BUILD:$PATH
WORK=$(mktemp -d)
cd "$WORK" || exit 2
unset SHUNT_STORE
tap_n=0 tap_failed=0
PIDS=
trap 'for p in $PIDS; do kill "$p" 2>/dev/null; done; cd /; rm -rf "$WORK"' EXIT

pass() { tap_n=$((tap_n + 1)); echo "ok $tap_n - $1"; }
fail() {
    tap_n=$((tap_n + 1)); tap_failed=$((tap_failed + 1))
    echo "not ok $tap_n - $1"
    shift
    for line; do printf '%s\n' "$line" | sed 's/^/#   /'; done
}
# is WHAT GOT EXPECTED
is() {
    if [ "$2" = "$3" ]; then pass "$1"; else
        fail "$1" "is $2, expected $3" "$(head -c 900 out 2>/dev/null)" "$(tail -n 3 err 2>/dev/null)"; fi
}
# json KEY: its first value in what the last command printed
json() { grep -o "\"$1\":[^,}]*" out | head -n 1 | cut -d: -f2; }
skip() { tap_n=$((tap_n + 1)); echo "ok $tap_n - $1 # SKIP $2"; }
skip_all() { echo "ok 1 - all # SKIP $1"; echo "1..1"; exit 0; }
# try NAME CONDITION...: passes when the condition (a command) succeeds.
try() { name=$1; shift; if "$@" >/dev/null 2>&1; then pass "$name"; else fail "$name" "failed: $*"; fi; }
# ok NAME STATUS COMMAND...: runs it, keeps stdout in out, stderr in err, checks the exit status.
ok() {
    name=$1 want=$2
    shift 2
    "$@" >out 2>err </dev/null
    got=$?
    if [ "$got" = "$want" ]; then pass "$name"; else
        fail "$name" "exit status $got, expected $want: $*" "$(tail -n 5 err)"; fi
}
out_has() { if grep -qF -- "$1" out; then pass "${2:-stdout has: $1}"; else fail "${2:-stdout has: $1}" "$(head -n 20 out)"; fi; }
out_lacks() { if grep -qF -- "$1" out; then fail "${2:-stdout lacks: $1}" "$(head -n 20 out)"; else pass "${2:-stdout lacks: $1}"; fi; }
err_has() { if grep -qF -- "$1" err; then pass "${2:-stderr has: $1}"; else fail "${2:-stderr has: $1}" "$(head -n 5 err)"; fi; }
err_lines() { n=$(wc -l <err); if [ "$n" -eq "$1" ]; then pass "stderr has $1 line(s)"; else fail "stderr has $1 line(s)" "$(cat err)"; fi; }
out_is() { if [ "$(cat out)" = "$1" ]; then pass "stdout is exact"; else fail "stdout is exact" "$(diff out - <<X
$1
X
)"; fi; }
done_testing() { echo "1..$tap_n"; exit $((tap_failed > 0)); }
