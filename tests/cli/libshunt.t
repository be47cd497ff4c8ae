# libshunt as an embedder meets it: exported symbols, the header as C and C++, no undeclared needs.
. "$(dirname "$0")/lib.sh"

declared=$(sed -n 's/^SHUNT_API .*[ *]\(shunt_[a-z_0-9]*\)(.*/\1/p' "$ROOT/router/shunt.h" "$ROOT/router/shunt_ops.h" | sort)
exported=$(nm -D --defined-only "$BUILD/libshunt.so.0" | awk '{print $3}' | sort)
try "the header declares functions" test -n "$declared"
if [ "$declared" = "$exported" ]; then pass "exports what shunt.h declares, nothing else"; else
    fail "exports what shunt.h declares, nothing else" \
        "only declared: $(echo "$declared" | grep -vxF "$exported" | tr '\n' ' ')" \
        "only exported: $(echo "$exported" | grep -vxF "$declared" | tr '\n' ' ')"; fi
foreign=$(nm --defined-only -g "$BUILD/libshunt.a" 2>/dev/null | awk 'NF == 3 {print $3}' | grep -vE '^(shunt_|__odr_asan\.shunt_)')
if [ -z "$foreign" ]; then pass "the archive's symbols begin with shunt_"; else
    fail "the archive's symbols begin with shunt_" "$foreign"; fi
needed=$(readelf -d "$BUILD/libshunt.so.0" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p' | grep -v '^lib\(c\|m\|asan\|ubsan\)\.so' | tr '\n' ' ')
if [ -z "$needed" ]; then pass "needs libc and libm only"; else
    fail "needs libc and libm only" "$needed"; fi
try "its soname is libshunt.so.0" sh -c "readelf -d '$BUILD/libshunt.so.0' | grep -q 'soname: \[libshunt.so.0\]'"

cat >use.c <<'X'
#include "router/shunt.h"

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    struct shunt_table *t = NULL;
    struct shunt_request r = SHUNT_REQUEST_INIT;
    struct shunt_decision d = SHUNT_DECISION_INIT;
    struct shunt_price p = SHUNT_PRICE_INIT;
    struct shunt_point_info q = SHUNT_POINT_INFO_INIT;
    struct shunt_table_info i = SHUNT_TABLE_INFO_INIT;
    if (argc != 2 || shunt_open(argv[1], &t) != SHUNT_OK)
        return 1;
    r.text = "my lawyer";
    r.text_bytes = strlen(r.text);
    if (shunt_route(t, &r, &d) || shunt_get_price(t, 0, &p) || shunt_get_point(t, 0, &q) ||
        shunt_get_table(t, &i) || shunt_selftest(t))
        return 1;
    printf("%s %s %d\n", d.model_name, d.rule_name, (int)(p.size + q.size + i.size > 0));
    shunt_close(t);
    return 0;
}
X
cp use.c use.cc
strict="-Wall -Wextra -Wpedantic -Werror -Wconversion -Wshadow -I$ROOT"
san=
nm -D "$BUILD/libshunt.so.0" | grep -q __asan && san="-fsanitize=address,undefined"
T=$ROOT/tests/fixtures/router-1.0.shunt
for how in "cc -std=c11" "cc -std=c99" "c++ -x c++ -std=c++11" "c++ -x c++ -std=c++20"; do
    command -v "${how%% *}" >/dev/null || { skip "$how" "no ${how%% *}"; continue; }
    # shellcheck disable=SC2086
    try "builds with $how" $how $strict use.c -x none $san "$BUILD/libshunt.a" -lm -o use
    ok "and routes" 0 ./use "$T"
    out_is "large legal 1"
done
# shellcheck disable=SC2086
try "builds against the shared library" cc $strict $san use.c "$BUILD/libshunt.so.0" -o use
LD_LIBRARY_PATH=$BUILD ok "and routes" 0 ./use "$T"
out_is "large legal 1"
done_testing
