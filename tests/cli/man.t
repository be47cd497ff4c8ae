# Every command has a manual page, and the page names exactly the options of its table.
. "$(dirname "$0")/lib.sh"

for cmd in $(shunt --list-commands); do
    page=$ROOT/man/shunt-$cmd.1
    if [ ! -f "$page" ]; then fail "shunt-$cmd.1 exists"; continue; fi
    shunt --list-opts "$cmd" | grep '^--' | grep -vx -- '--help' | sort -u >table
    # A page writes an option as \-\-name at the start of a .B or .BR line, or inside .TP text.
    sed 's/\\-/-/g; s/\\f[BIRP]//g' "$page" | grep -E '^(\.(B|BR|BI|IP|TP)|--|-[a-z])' |
        grep -oE -- '--[a-z][a-z0-9-]*' | grep -vx -- '--help' | sort -u >page
    if [ -z "$(comm -23 table page)" ]; then pass "shunt-$cmd.1 names every option"; else
        fail "shunt-$cmd.1 names every option" "missing: $(comm -23 table page | tr '\n' ' ')"; fi
    if [ -z "$(comm -13 table page)" ]; then pass "shunt-$cmd.1 names no other option"; else
        fail "shunt-$cmd.1 names no other option" "unknown: $(comm -13 table page | tr '\n' ' ')"; fi
    ok "shunt $cmd -h" 0 shunt "$cmd" -h
    out_has "usage: shunt $cmd"
    ok "shunt $cmd refuses an unknown option" 2 shunt "$cmd" --no-such-option
    err_lines 1
done
# A page without a warning: no line that roff takes for an unknown request, and so leaves out.
if command -v groff >/dev/null; then
    for page in "$ROOT"/man/*; do
        name=${page##*/}
        if groff -man -ww -z "$page" >out 2>err && [ ! -s err ]; then pass "$name is clean roff"; else
            fail "$name is clean roff" "$(head -n 5 err)"; fi
    done
else
    skip "pages are clean roff" "groff is absent"
fi
for cmd in $(shunt --list-commands); do
    if grep -A 1 -x "\.BR shunt-$cmd (1)" "$ROOT/man/shunt.1" | sed -n 2p | grep -q '^[^.]'; then
        pass "shunt(1) says what $cmd does"
    else
        fail "shunt(1) says what $cmd does"
    fi
done
# shunt(5) has every key that the reader of shunt.yaml knows, as bold text.
keys=$(sed -nE 's/^ *(TEXT|INT|OTHER)\([a-z_]+, "([a-z0-9_]+)".*/\2/p; s/^ *\{"([a-z0-9_]+)", FIELD_.*/\1/p' \
    "$ROOT"/core/config*.c | sort -u)
try "the reader's keys are found" test -n "$keys"
for key in $keys; do
    if sed 's/\\-/-/g' "$ROOT/man/shunt.5" | grep -E '^\.(B|BR|BI|RB) ' | grep -qw -- "$key"; then
        pass "shunt(5) has the key $key"
    else
        fail "shunt(5) has the key $key"
    fi
done
ok "shunt -h" 0 shunt -h
ok "no command is a usage error" 2 shunt
ok "an unknown command is a usage error" 2 shunt improt
err_has "did you mean 'import'"
ok "--version" 0 shunt --version
done_testing
