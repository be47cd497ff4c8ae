# What a terminal shows while a run goes on: a bar for each model and a line over all, in place; what
# a log shows; and the same from shunt status afterwards. screen.pl is the terminal.
. "$(dirname "$0")/lib.sh"
. "$ROOT/tests/cli/provider.sh"
for p in script sqlite3 perl; do command -v $p >/dev/null || skip_all "$p is not installed"; done
grep -v '"parent"' "$BUILD/support/prompts.jsonl" | head -n 40 >prompts.jsonl
N=$(wc -l <prompts.jsonl)
export TEST_KEY=some-key-1234 TERM=xterm
is() { if [ "$2" = "$3" ]; then pass "$1"; else fail "$1" "is $2, expected $3" "$(tail -n 14 frames)"; fi; }
has() { if grep -qE -- "$2" frames; then pass "$1"; else fail "$1" "no line is like $2" "$(tail -n 24 frames)"; fi; }
lacks() { if grep -qE -- "$2" frames; then fail "$1" "$(grep -E -- "$2" frames | head -n 4)"; else pass "$1"; fi; }
# shown COLUMNS LINES COMMAND: every state of the screen, a line of dashes below each
shown() {
    rm -f s.db s.db-* raw
    shunt import --store s.db prompts.jsonl >/dev/null 2>&1
    script -qec "stty cols $1 rows $2; $3" raw </dev/null >/dev/null
    grep -av '^Script ' raw | perl "$ROOT/tests/cli/screen.pl" -a "$1" "$2" >frames
}
draws() { grep -c '^--------$' frames; }
longest() { awk '{ if (length($0) > n) n = length($0) } END { print n + 0 }' frames; }

provider_start --latency-scale 4 --rate-500 0.15 --rate-429 0.1 --retry-after 0
config
start=$(date +%s)
shown 100 30 "shunt collect --store s.db --jobs 9 --max-spend 5 --retries 12 --csv >table"
seconds=$(($(date +%s) - start + 1))
has "a bar for each model" '^flash \[#+\.+\] +[0-9]+/40 +[0-9]+% [0-9.]+/s ETA [0-9]+:[0-9]+'
is "bars of one screen are of one width, under another" "$(awk '/^--------$/ { w = 0; next } /\[[#.]+\]/ { at = index($0, "[") " " index($0, "]"); if (w && w != at) bad++; w = at; n++ } END { print bad + 0, (n > 9) }' frames)" "0 1"
has "errors by class" '^nano .*(server|rate_limit) [0-9]+'
has "a line over all, with what was spent of the cap" '^collect [0-9]+/120 [0-9]+% .*\$0\.[0-9]{4} of \$5\.0000'
has "nearly to its end" '^collect (1[01][0-9]|120)/120 (9[0-9]|100)%'
is "in place: four lines, then none" "$(awk '/^--------$/ { if (n > 4) bad++; n = 0; next } NF { n++ } END { print bad + 0 }' frames) $(tail -n 2 frames | head -n 1)" "0 "
try "at most six times a second ($(draws) in $seconds s)" test "$(draws)" -le $((seconds * 6 + 2))
is "the table is as ever" "$(wc -l <table)" 4

shown 40 30 "shunt collect --store s.db --jobs 9 --max-spend 5 --retries 12 --csv >table"
try "a narrow terminal: no line is broken ($(longest))" test "$(longest)" -le 39
has "the money is still there" '^collect [0-9]+/120 [0-9]+% .*\$0\.[0-9]{4} of \$5\.0000|^collect [0-9]+/120 [0-9]+% \$0'
shown 12 3 "shunt collect --store s.db --jobs 9 --retries 12 --csv >table"
try "a tiny one too ($(longest))" test "$(longest)" -le 11
is "no higher than it is" "$(awk '/^--------$/ { if (n > 3) bad++; n = 0; next } { n++ } END { print bad + 0 }' frames)" 0
shown 60 4 "shunt collect --store s.db --jobs 9 --retries 12 --csv >table"
has "what does not fit is counted" '^and [12] more$'
cat >narrow.sh <<'X'
n=0
until [ "$(sqlite3 s.db 'SELECT count(*) FROM reply' 2>/dev/null || echo 0)" -gt 8 ] || [ $n -gt 600 ]; do
    n=$((n + 1))
    sleep 0.05
done
stty cols 26 </dev/tty
X
# Twice as wide, and then as narrow as a quarter of it, while it runs.
shown 100 30 "(sh narrow.sh) & shunt collect --store s.db --jobs 9 --retries 12 --csv >table; wait"
try "made narrower while it runs" test "$(awk -v RS='--------\n' 'length($0) > 5 { last = $0 } END { print last }' frames | awk '{ if (length($0) > n) n = length($0) } END { print n + 0 }')" -le 25
shown 100 30 "shunt collect --store s.db --jobs 9 --retries 0 --csv >table"
has "a message stands above the bars" '^shunt collect: warning: model .*: (server|rate_limit)'
is "once" "$(awk -v RS='--------\n' '{ last = $0 } END { print last }' frames | grep -c "warning: model 'nano': server")" 1

# --- no terminal -----------------------------------------------------------------------------------
shunt import --store t.db prompts.jsonl >/dev/null 2>&1
ok "a log has no escapes" 0 shunt collect --store t.db --jobs 9 --retries 12
try "none" sh -c '! grep -q "$(printf "\033")" err'
ok "and a short run says nothing on the way" 0 shunt collect --store t.db --samples 2 --limit 3 --retries 12
try "nothing" test "$(grep -c '/s ETA' err)" -eq 0
rm -f s.db s.db-*
shunt import --store s.db prompts.jsonl >/dev/null 2>&1
ok "bars where they are asked for" 0 shunt collect --store s.db --jobs 9 --retries 12 --progress always
try "they are there" grep -q 'flash.*\[#' err
ok "none where not" 0 shunt collect --store s.db --samples 2 --retries 12 --progress never
try "nothing" test "$(grep -c '/s ETA' err)" -eq 0
provider_stop

# --- later -----------------------------------------------------------------------------------------
of() { awk -F'\t' -v m="$1" -v c="$2" 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i } $1 == m { print $at[c] }' out; }
ok "status" 0 shunt status --store s.db --tsv --models
is "says the errors of all tries" "$(of nano errors)" "$(sqlite3 s.db "SELECT group_concat(t, ', ') FROM (SELECT error_class || ' ' || count(*) t FROM attempt a
    JOIN model_config c ON c.id = a.model_config JOIN model m ON m.id = c.model WHERE m.name = 'nano' AND error_class IS NOT NULL GROUP BY error_class ORDER BY count(*) DESC, 1)")"
done_testing
