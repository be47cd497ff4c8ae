# make install puts everything in its place, make uninstall leaves nothing behind.
. "$(dirname "$0")/lib.sh"
[ -z "${SHUNT_SANITIZED:-}" ] || skip_all "the same files as without sanitizers"

run_make() { make -s -C "$ROOT" B="$BUILD" DESTDIR="$WORK/root" PREFIX=/usr "$@"; }
ok "make install" 0 run_make install
for f in bin/shunt bin/shunt-route lib/libshunt.a lib/libshunt.so.0 lib/libshunt.so include/shunt.h \
    lib/pkgconfig/shunt.pc share/man/man1/shunt.1 share/man/man3/libshunt.3 share/man/man5/shunt.5 \
    share/shunt/support/prompts.jsonl share/bash-completion/completions/shunt; do
    try "$f is there" test -s "root/usr/$f"
done
ok "the installed program runs" 0 root/usr/bin/shunt --version
out_has "shunt "
for cmd in $(shunt --list-commands); do
    try "its manual names $cmd" grep -q "shunt-$cmd (1)" root/usr/share/man/man1/shunt.1
done
cat >use.c <<'X'
#include <shunt.h>
#include <stdio.h>
int main(void)
{
    struct shunt_table *t = NULL;
    printf("%s\n", shunt_strerror(shunt_open("none.shunt", &t)));
    return t != NULL;
}
X
ok "a program builds against it" 0 gcc -o use use.c -I root/usr/include root/usr/lib/libshunt.a -lm
ok "and runs" 0 ./use
grep -q "prefix=/usr" root/usr/lib/pkgconfig/shunt.pc && pass "shunt.pc names the prefix" || fail "shunt.pc names the prefix"
ok "completion has its words" 0 bash -c ". '$ROOT/cli/completion.bash'; COMP_WORDS=(shunt train --see); COMP_CWORD=2; _shunt; echo \${COMPREPLY[@]}"
out_is "--seed"
ok "make uninstall" 0 run_make uninstall
if [ -z "$(find root -type f -o -type l)" ]; then pass "nothing is left"; else fail "nothing is left" "$(find root -type f)"; fi
done_testing
