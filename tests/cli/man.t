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
ok "shunt -h" 0 shunt -h
ok "no command is a usage error" 2 shunt
ok "an unknown command is a usage error" 2 shunt improt
err_has "did you mean 'import'"
ok "--version" 0 shunt --version
done_testing
