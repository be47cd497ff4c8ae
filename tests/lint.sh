#!/bin/sh
# The rules a compiler does not check, as TAP: which folder may include which (the arrows), one door
# for every third-party header, SQL in store/ only, headers that compile alone, format, sizes.
# On a checkout `git ls-files` says what counts.
set -u
cd "$(dirname "$0")/.." || exit 2
report() { # NAME, findings on stdin
    found=$(cat)
    if [ -z "$found" ]; then echo "ok - $1"; else
        echo "not ok - $1"
        printf '%s\n' "$found" | head -n 12 | sed 's/^/#   /'
    fi
}
files() { git ls-files "$@" 2>/dev/null; }
# arrows FOLDER ALLOWED...: includes of our own folders beyond those allowed
arrows() {
    folder=$1
    shift
    allowed=$(echo "$folder $*" | tr ' ' '|')
    files "$folder/*.c" "$folder/*.h" | xargs -r grep -nE '^#include "[a-z_]+/' |
        grep -vE "#include \"($allowed)/" | report "$folder/ includes only: $folder $*"
}
arrows core
arrows store core
arrows datasets core store router
arrows collect core store router
arrows train core store router
arrows eval core store
arrows reports core store
arrows router
files 'datasets/*.c' 'datasets/*.h' 'collect/*.c' 'collect/*.h' | xargs -r grep -nE '#include "router/' |
    grep -v '"router/shunt.h"' | report "datasets/ and collect/ see only router/shunt.h"
files 'router/*.c' 'router/*.h' | grep -vE '^router/(tools|examples)/' | xargs -r grep -nE '#include <' |
    grep -vE '<(assert|[ei]mmintrin|cpuid|errno|fcntl|float|inttypes|limits|math|stdarg|stdbool|stddef|stdint|stdio|stdlib|string|stdatomic|pthread|unistd|sys/(mman|stat|types))\.h>' |
    report "router/ uses libc and libm only"
door() { # HEADER-REGEX FOLDER
    files '*.c' '*.h' | grep -v '^tests/' | grep -v "^$2/" | xargs -r grep -nE "#include <($1)" |
        report "one door for <$1>: $2/"
}
door 'cjson/|yaml\.h|zlib\.h|openssl/' core
door 'sqlite3\.h' store
door 'curl/' collect
door 'linear\.h' train
door 'pcre2\.h' eval
files '*.c' '*.h' | grep -vE '^(store|tests|datasets/support)/' |
    xargs -r grep -nE '"[^"]*\b(SELECT [a-z*].* FROM|INSERT (OR [A-Z]+ )?INTO|UPDATE [a-z_]+ SET|CREATE TABLE|DELETE FROM) ' |
    report "SQL is in store/ only"
files '*.c' '*.h' | grep -vE '^tests/(fixtures|vectors)' | xargs -r wc -l | awk '$2 != "total" && $1 > 600' |
    report "no file is longer than 600 lines"
for h in $(files '*.h'); do
    case $h in tests/*) continue ;; esac
    echo "#include \"$h\"" | gcc -std=c11 -D_POSIX_C_SOURCE=200809L -I. -fsyntax-only -Wall -x c - 2>&1 |
        grep -E 'error|warning' | sed "s|^|$h: |"
done | report "every header compiles alone"
if command -v clang-format >/dev/null; then
    files '*.c' '*.h' | grep -v '^tests/vectors' | xargs -r clang-format --dry-run 2>&1 | grep warning | cut -d: -f1 | sort | uniq -c |
        report "format (make format mends it)"
fi
git grep -nIE '/(home|root|work)/' -- . 2>/dev/null | head -n 5 | report "no path of one machine"
