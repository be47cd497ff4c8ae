# libshunt inside other programs: the examples in four languages, and the amalgamation.
. "$(dirname "$0")/lib.sh"
T=$ROOT/tests/fixtures/router-1.1.shunt
E=$ROOT/router/examples
PROMPT="my lawyer says été"
san=
nm -D "$BUILD/libshunt.so.0" | grep -q __asan && san="-fsanitize=address,undefined"
# The amalgamation's header must do for all of them.
ok "amalgamation" 0 "$ROOT/router/amalgamate.sh" "$WORK/one" 9.9.9
try "it is two files" test "$(ls one)" = "shunt.c
shunt.h"
# shellcheck disable=SC2086
ok "shunt.c compiles" 0 cc -std=c11 -O2 -ffp-contract=off -Wall -Wextra -Werror $san -c one/shunt.c -o one.o
err_lines 0
foreign=$(nm --defined-only -g one.o | awk 'NF == 3 {print $3}' | grep -vE '^(shunt_|__odr_asan\.shunt_)')
if [ -z "$foreign" ]; then pass "its symbols begin with shunt_"; else fail "its symbols begin with shunt_" "$foreign"; fi
if command -v clang >/dev/null; then
    ok "and with clang, unoptimised" 0 clang -std=c11 -O0 -ffp-contract=off -Wall -Wno-unused-function -Werror -c one/shunt.c -o two.o
fi
printf '%s\n' "$PROMPT" 'What is 12 * 7?' '' 'a b c' >prompts
shunt-route "$T" <prompts >expected
model=$(sed -n '1s/.*"model":"\([^"]*\)".*/\1/p' expected)

# shellcheck disable=SC2086
ok "C, with the library" 0 cc -std=c11 -Wall -Wextra -Werror -Ione $san "$E/route.c" "$BUILD/libshunt.a" -lm -pthread -o c
ok "runs" 0 ./c "$T" "$PROMPT"
out_has "call $model"
out_has "fallback"
out_has "accept"
cp out c.out
# shellcheck disable=SC2086
ok "C, with the amalgamation" 0 cc -std=c11 -Wall -Wextra -Werror -Ione $san "$E/route.c" one.o -lm -pthread -o c1
ok "runs" 0 ./c1 "$T" "$PROMPT"
try "and says the same" cmp -s out c.out
if [ -f two.o ] && [ -z "$san" ]; then
    cc -std=c11 -Ione "$E/route.c" two.o -lm -pthread -o c2
    ok "built by clang" 0 ./c2 "$T" "$PROMPT"
    try "it says the same" cmp -s out c.out
fi
ok "no table" 3 ./c none.shunt x
err_has "none.shunt"
if command -v c++ >/dev/null; then
    # shellcheck disable=SC2086
    ok "C++" 0 c++ -std=c++17 -Wall -Wextra -Werror -Ione $san "$E/route.cc" "$BUILD/libshunt.a" -lm -pthread -o cc
    ok "runs" 0 ./cc "$T" "$PROMPT"
    out_is "$model"
    ok "an error is an exception" 3 ./cc none.shunt x
else
    skip "C++" "no c++"
fi
quality=$(sed -n '1s/.*"quality":\([0-9.]*\).*/\1/p' expected)
export SHUNT_LIBRARY="$BUILD/libshunt.so.0"
if [ -n "$san" ]; then
    skip "Python and Node" "a library with sanitizers loads into programs with sanitizers only"
    done_testing
fi
if command -v python3 >/dev/null; then
    ok "Python" 0 python3 "$E/route.py" "$T" "$PROMPT"
    out_is "$model $quality 20"
    ok "an error is an exception" 1 python3 "$E/route.py" none.shunt x
    err_has "none.shunt"
else
    skip "Python" "no python3"
fi
cp "$E/route.mjs" .
for folder in "${SHUNT_NODE_MODULES:-}" "$ROOT/node_modules" "$BUILD/node_modules"; do
    [ -d "$folder/koffi" ] && ln -sfn "$folder" node_modules && break
done
if command -v node >/dev/null && [ -e node_modules/koffi ]; then
    ok "Node" 0 node route.mjs "$T" "$PROMPT"
    out_is "$model $quality 20"
else
    skip "Node" "no node, or no koffi in $BUILD/node_modules (npm install --prefix $BUILD koffi)"
fi
done_testing
