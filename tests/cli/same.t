# The same answers from every build: gcc and clang, without and with optimisation, static and shared, with and without
# vector instructions. Every bit of decisions and predictions over 10,000 prompts (tests/same/same.c). Other machines:
# make test-arch.
. "$(dirname "$0")/lib.sh"
[ -z "${SHUNT_SANITIZED:-}" ] || skip_all "builds the library itself, without sanitizers"

F="$ROOT/tests/fixtures"
FLAGS="-std=c11 -ffp-contract=off -D_POSIX_C_SOURCE=200809L -I$ROOT"
# build NAME COMPILER FLAGS...: the library's sources and the driver in one command
build() {
    name=$1 cc=$2
    shift 2
    # shellcheck disable=SC2086
    "$cc" $FLAGS -DSAME_ENCODER "$@" "$ROOT/tests/same/same.c" "$ROOT"/router/*.c -lm -o "$name" 2>"$name.err"
}
# same NAME WHAT: its answers are the reference's
same() {
    ./"$1" "$F/router-1.0.shunt" "$F/router-1.1.shunt" "$F/router-1.2.shunt" >"$1.out" 2>&1
    status=$?
    if [ $status = 0 ] && cmp -s reference.out "$1.out"; then pass "$2"; else
        fail "$2" "exit status $status" "$(diff reference.out "$1.out" | head -n 6)"; fi
}

ok "the archive links" 0 cc $FLAGS -DSAME_ENCODER "$ROOT/tests/same/same.c" "$BUILD/libshunt.a" -lm -o reference
./reference "$F/router-1.0.shunt" "$F/router-1.1.shunt" "$F/router-1.2.shunt" >reference.out 2>&1
try "it answers 10,000 prompts" grep -q '^route 10000 ' reference.out
if grep -q 'refused\|recorded' reference.out; then fail "the golden tables give the recorded answers" "$(cat reference.out)"; else
    pass "the golden tables give the recorded answers"; fi

ok "the shared library links" 0 cc $FLAGS "$ROOT/tests/same/same.c" "$BUILD/libshunt.so.0" "-Wl,-rpath,$BUILD" -lm -o shared
./shared "$F/router-1.0.shunt" "$F/router-1.1.shunt" "$F/router-1.2.shunt" >shared.out 2>&1
grep '^route' reference.out >routes
if cmp -s routes shared.out; then pass "static and shared"; else fail "static and shared" "$(diff routes shared.out | head -n 6)"; fi

for cc in gcc clang; do
    if ! command -v $cc >/dev/null; then skip "$cc" "not installed"; continue; fi
    for flags in -O0 -O3 "-O2 -DSHUNT_AVX2" "-O2 -DSHUNT_BASE" "-O2 -DSHUNT_PLAIN"; do
        # shellcheck disable=SC2086
        if build other $cc $flags; then same other "$cc $flags"; else fail "$cc $flags" "$(head -n 5 other.err)"; fi
    done
done
done_testing
