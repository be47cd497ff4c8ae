# Collecting while things go wrong (tests/chaos/README.md). SHUNT_CHAOS_KILLS kills, 10 by default.
. "$(dirname "$0")/lib.sh"
. "$ROOT/tests/cli/provider.sh"
command -v sqlite3 >/dev/null || skip_all "sqlite3 is not installed"
export TEST_KEY=k
KILLS=${SHUNT_CHAOS_KILLS:-10}
SEED=${SHUNT_CHAOS_SEED:-1}
JOBS=16
SLOW=${SHUNT_SANITIZED:+4}
echo "# seed $SEED, $KILLS kills"

grep -v '"parent"' "$BUILD/support/prompts.jsonl" | awk 'NR % 9 == 1' | head -n 400 >prompts.jsonl
N=$((3 * $(wc -l <prompts.jsonl)))
fresh() { rm -rf s.db*; shunt import --store s.db prompts.jsonl >/dev/null 2>&1; }
sql() { sqlite3 "$1" "$2"; }
# A copy of the store as it lies there: the log is not folded back by looking.
look() {
    rm -f look.db*
    cp s.db look.db
    if [ -s s.db-wal ]; then cp s.db-wal look.db-wal; fi
    sqlite3 look.db "$1"
}
sound() {
    [ "$(look 'PRAGMA integrity_check; PRAGMA foreign_key_check; SELECT count(*) FROM (SELECT 1 FROM reply GROUP BY
        model_config, prompt, sample HAVING count(*) > 1)')" = "$(printf 'ok\n0')" ]
}
# What the next run finds: a copy of all that lies there, and a cap that lets nothing leave. Prints
# how many of the replies that stand in the journal did not come into the store.
salvaged() { # STORE
    rm -rf copy && mkdir copy
    cp "$1" copy/s.db
    for end in -wal -replies; do if [ -s "$1$end" ]; then cp "$1$end" copy/s.db$end; fi; done
    perl "$ROOT/tests/chaos/journal.pl" copy/s.db-replies | sort >written
    cat written >>all-written
    shunt collect --store copy/s.db --max-spend 0 >/dev/null 2>copy/err || [ $? = 8 ] || cat copy/err >&2
    sql copy/s.db "SELECT request_hash FROM reply" | sort -u >stored
    comm -23 written stored | wc -l
}
until_done() { # at most a few times: what is in flight elsewhere must end first
    for _ in 1 2 3; do shunt collect --store s.db --jobs $JOBS >/dev/null 2>err && return 0; done
    return 1
}

# --- kill -9
provider_start --latency-scale 0.5
config
kills=0 try=0 twice=0 rounds=0 unsound=0 lost=0 gone=0
: >all-written
while [ $kills -lt "$KILLS" ] && [ $try -lt $((KILLS * 4)) ]; do
    fresh
    before=$(stat_of completed) here=0 kept=0
    rounds=$((rounds + 1))
    while [ $kills -lt "$KILLS" ]; do
        try=$((try + 1))
        how=$(perl "$ROOT/tests/chaos/kill.pl" "$SEED" $try 15 $((160 * ${SLOW:-1})) KILL \
            shunt collect --store s.db --jobs $JOBS --progress=never 2>/dev/null | tail -n 1)
        sound || unsound=$((unsound + 1))
        now=$(look "SELECT count(*) FROM reply")
        [ "$now" -ge "$kept" ] || lost=$((lost + 1))
        kept=$now
        [ "$how" = killed ] || break
        gone=$((gone + $(salvaged s.db)))
        kills=$((kills + 1)) here=$((here + 1))
    done
    until_done || fail "round $rounds is finished by running it again" "$(tail -n 3 err)"
    is "round $rounds: every reply is there, after $here kills" "$(sql s.db 'SELECT count(*) FROM reply')" "$N"
    paid=$(($(stat_of completed) - before - N))
    twice=$((twice + paid))
    try "round $rounds: at most what was in flight was paid twice ($paid)" test $paid -le $((here * JOBS))
    [ "$paid" -ge 0 ] || fail "no reply is there that nobody gave" "$paid"
done
is "kills that hit a running collect" "$kills" "$KILLS"
is "the store was sound each time" "$unsound" 0
is "no stored reply was lost" "$lost" 0
n=$(wc -l <all-written)
is "nor any that was read and written to the journal ($n)" "$gone" 0
try "there were some" test "$n" -gt 0
echo "# $kills kills, $rounds rounds, $twice replies paid twice: $(awk "BEGIN { printf \"%.2f\", $twice / $kills }") a kill"
provider_stop

# --- Ctrl-C: nothing that came is lost, and it says how to go on
provider_start --latency-scale 0.5
config
fresh
for i in 1 2 3; do
    perl "$ROOT/tests/chaos/kill.pl" "$SEED" $((1000 + i)) $((60 * ${SLOW:-1})) $((200 * ${SLOW:-1})) INT \
        shunt collect --store s.db --jobs $JOBS --progress=never >out 2>err
    try "interrupt $i: exit 9, 0 or 130" grep -qxE '9|0|130' out
    try "interrupt $i: the store is sound" sound
done
until_done || fail "running it again finishes" "$(tail -n 3 err)"
is "every reply is there" "$(sql s.db 'SELECT count(*) FROM reply')" "$N"
paid=$(($(stat_of completed) - N))
is "nothing is paid twice: what is in flight is waited for" "$paid" 0
try "no journal is left" test ! -e s.db-replies

# --- two processes on one store: the second one says so and pays nothing
fresh
before=$(stat_of completed)
shunt collect --store s.db --jobs $JOBS --progress=never >one.out 2>one.err &
first=$!
until_true test -e s.db-collect
kill -STOP $first
ok "a second collect on the same store" 6 shunt collect --store s.db --jobs $JOBS
err_has "another shunt collect is at work"
ok "reading goes on" 0 shunt status --store s.db
kill -CONT $first
ok "others may read and grade meanwhile" 0 shunt grade --store s.db
wait $first
is "the first one ends well" $? 0
is "every reply was paid once" "$(($(stat_of completed) - before))" "$N"
try "and no lock is left" test ! -e s.db-collect
ok "a lock file of a process that is gone locks nobody out" 0 sh -c ': >s.db-collect; shunt collect --store s.db'
provider_stop

# --- no room: a limit on the size of files, and a small disk where this may be had
provider_start
config
full() { # STORE COMMAND...: runs it into the wall, checks what stands there
    store=$1
    shift
    ok "no room is an I/O error" 3 "$@"
    try "said in a line, after a warning at most" test "$(wc -l <err)" -le 2
    is "what had been read is not lost" "$(salvaged "$store")" 0
    n=$(sql copy/s.db "SELECT count(*) FROM reply")
    is "and is sound ($n replies)" "$(sql copy/s.db 'PRAGMA integrity_check')" ok
}
again() { # STORE: with room it goes on
    ok "with room again it goes on" 0 shunt collect --store "$1" --jobs $JOBS --progress=never
    is "to the end" "$(sql "$1" 'SELECT count(*) FROM reply')" "$N"
    is "and is sound" "$(sql "$1" 'PRAGMA integrity_check')" ok
    paid=$(($(stat_of completed) - before - N))
    try "at most what was in flight was paid twice ($paid)" test $paid -le $JOBS
}
fresh
before=$(stat_of completed)
blocks=$(($(wc -c <s.db) / 512 + 400))
full s.db sh -c "ulimit -f $blocks; exec shunt collect --store s.db --jobs $JOBS --progress=never"
again s.db
if [ "$(id -u)" = 0 ] && mkdir small && mount -t tmpfs -o size=1600k tmpfs small 2>/dev/null; then
    trap 'for p in $PIDS; do kill "$p" 2>/dev/null; done; cd /; umount "$WORK/small" 2>/dev/null; rm -rf "$WORK"' EXIT
    shunt import --store small/s.db prompts.jsonl >/dev/null 2>&1
    before=$(stat_of completed)
    full small/s.db shunt collect --store small/s.db --jobs $JOBS --progress=never
    mount -o remount,size=64m small
    again small/s.db
    umount small
else
    skip "a small disk" "needs root and mount; the limit on the size of files stands for it"
fi
done_testing
