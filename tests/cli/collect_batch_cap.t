# Batches under --max-spend: what was submitted holds its worst case until its results are in, over
# runs, kills, expired and lost batches; the provider's own account is what counts.
. "$(dirname "$0")/lib.sh"
. "$ROOT/tests/cli/provider.sh"
command -v sqlite3 >/dev/null || skip_all "sqlite3 is not installed"
grep -v '"parent"' "$BUILD/support/prompts.jsonl" | head -n 60 >prompts.jsonl
N=$(wc -l <prompts.jsonl)
export TEST_KEY=k
sql() { sqlite3 s.db "$1"; }
usd() { awk -v n="$1" 'BEGIN { printf "%.9f\n", n * 1e-9 }'; }
held() { sql "SELECT coalesce(sum(i.worst_nusd), 0) FROM batch_item i JOIN batch b ON b.id = i.batch WHERE i.state = 'open' AND b.state IN ('open', 'sending')"; }
charged() { sql "SELECT coalesce(sum(charge_nusd), 0) FROM attempt"; }
batch() { shunt collect --store s.db --models nano,swift --batch "$@"; }
looks() { for _ in 1 2; do batch --max-spend 0.1 >/dev/null 2>&1; done; } # a batch ends at the third
start() {
    provider_start "$@"
    config
    fresh
}

# --- over runs
start
cap=8000000
ok "a part is submitted" 8 batch --max-spend 0.008 --json
err_has "does not fit under --max-spend"
part=$(sql "SELECT count(*) FROM batch_item")
is "not all ($part), and it holds its worst case" "$([ "$part" -gt 10 ] && [ "$part" -lt $((2 * N)) ] && [ "$(held)" -le $cap ] && echo so)" so
is "which is told" "$(awk -v a="$(grep -o '"held_usd_at_most":[0-9.]*' out | cut -d: -f2 | paste -sd+ -)" 'BEGIN { split(a, x, "+"); printf "%.9f", x[1] + x[2] }')" "$(usd "$(held)")"
ok "while that waits nothing more is" 8 batch --max-spend 0.008 --json
is "no request" "$(sql "SELECT count(*) FROM batch_item")" "$part"
ok "nor by a run without batches" 8 shunt collect --store s.db --models nano,swift --max-spend 0.008 --json
is "nothing that could cost more than is left" "$(($(charged) + $(held) <= cap))" 1
is "it tells what is held" "$(json held_in_batches_usd_at_most)" "$(usd "$(held)")"
of() { shunt status --store s.db --models --tsv | awk -F'\t' -v c="$1" 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next } { s += $at[c] } END { printf "%.6f", s }'; }
is "and so does status" "$(of usd_in_batches)" "$(awk -v n="$(held)" 'BEGIN { printf "%.6f", n * 1e-9 }')"
ok "another selection has its own" 9 shunt collect --store s.db --models nano --where id=support-999* --batch --max-spend 0.001 --json
i=0 over=0 last=-1
while [ $i -lt 40 ]; do
    i=$((i + 1))
    batch --max-spend 0.008 >/dev/null 2>&1 && break
    [ "$(stat_of billed_nusd)" -le $cap ] && [ $(($(charged) + $(held))) -le $cap ] || over=$((over + 1))
done
is "results make room for more, to the end" "$(sql "SELECT count(*) FROM reply") $(held)" "$((2 * N)) 0"
is "never beyond the cap, by the provider's account" "$over" 0
paid=$(sql "SELECT sum(charge_nusd) FROM attempt a JOIN reply r ON r.id = a.reply WHERE r.service_tier = 'batch'")
direct=$(sql "SELECT coalesce(sum(charge_nusd), 0) FROM attempt a JOIN reply r ON r.id = a.reply WHERE r.service_tier IS NOT 'batch'")
diff=$(($(stat_of billed_nusd) - paid - direct))
is "a reply counts what it cost: $paid" "$([ $diff -ge -200 ] && [ $diff -le 200 ] && echo so)" so
provider_stop

# --- expired: not made, not charged, asked again
start --batch-expire 0.4
ok "submitted" 9 batch --max-spend 0.1
looks
ok "some expire" 9 batch --max-spend 0.1 --json
n=$(sql "SELECT count(*) FROM attempt WHERE error_class IS NOT NULL")
is "those ($n) have no reply" "$(($(sql 'SELECT count(*) FROM reply') + n))" $((2 * N))
is "and cost nothing" "$(sql "SELECT sum(charge_nusd) FROM attempt WHERE reply IS NULL")" 0
is "they are in a batch again" "$(sql "SELECT count(*) FROM batch_item i JOIN batch b ON b.id = i.batch WHERE i.state = 'open' AND b.state = 'open'")" "$n"
provider_stop

# --- made and billed, and no result tells of it: at its worst, for good
start --batch-drop 0.4
ok "submitted" 9 batch --max-spend 0.1
looks
ok "some have no result" 8 batch --max-spend 0.0001 --json
err_has "requests have no result; they count for good"
lost=$(sql "SELECT count(*) FROM attempt WHERE error_class = 'unknown'")
is "these are told apart" "$(grep -o '"lost":[0-9]*' out | cut -d: -f2 | awk '{ n += $1 } END { print n }')" "$lost"
is "all others have one" "$(($(sql 'SELECT count(*) FROM reply') + lost))" $((2 * N))
is "at their worst" "$(sql "SELECT count(*) > 5 AND min(charge_nusd) > 10000 FROM attempt WHERE error_class = 'unknown'")" 1
is "so the account is no more than what counts" "$([ "$(stat_of billed_nusd)" -le "$(charged)" ] && echo so)" so
is "nothing is held" "$(held)" 0
is "status tells what is lost" "$(of usd_lost)" "$(sql "SELECT printf('%.6f', sum(charge_nusd) * 1e-9) FROM attempt WHERE reply IS NULL")"
provider_stop

# --- a batch that its provider has forgotten
start
ok "submitted" 9 batch --max-spend 0.1
was=$(held)
provider_stop
provider_start
config
ok "a provider that does not know it" 5 batch --max-spend 0.1
err_has "its provider does not know batch"
err_has "mend base_url"
is "it is held all the same" "$(held)" "$was"
sql "UPDATE batch SET created_ms = created_ms - 90000000"
ok "after a day it is lost" 8 batch --max-spend 0.0001 --json
err_has "is not known to its provider any more"
is "and counts at its worst for good" "$(charged) $(held)" "$was 0"
is "as lost" "$(grep -o '"lost":[0-9]*' out | cut -d: -f2 | awk '{ n += $1 } END { print n }')" $((2 * N))
ok "it can be asked again, when there is money" 0 shunt collect --store s.db --models nano,swift --max-spend 1 --json
is "beside what was lost" "$(json charged_before_without_reply_usd_at_most)" "$(usd "$was")"
provider_stop

# --- asked again while it waits: both are paid for, the newer reply stays
billed() { awk -v a="$(stat_of billed_nusd)" -v b="$(charged)" 'BEGIN { print (a - b < 300 && b - a < 300) ? "so" : a " and " b }'; }
start
ok "submitted" 9 batch --max-spend 0.1
ok "and asked at once" 0 shunt collect --store s.db --models nano,swift --refresh --max-spend 1
looks
ok "results of what is there" 0 batch --max-spend 0.1 --json
is "are told" "$(grep -o '"already_there":[0-9]*' out | cut -d: -f2 | awk '{ n += $1 } END { print n }')" $((2 * N))
is "none takes a newer one's place" "$(sql "SELECT count(*) FROM reply WHERE service_tier = 'batch'")" 0
is "all count as the provider has it" "$(billed)" so
is "nothing is held" "$(held)" 0

# --- all again through a batch
ok "submitted" 9 batch --refresh
looks
ok "results of what was there before" 0 batch --max-spend 0.1 --json
is "take its place" "$(sql "SELECT count(*), sum(service_tier = 'batch') FROM reply")" "$((2 * N))|$((2 * N))"
is "all of them count" "$(billed)" so
was=$(charged)
sql "UPDATE batch SET state = 'open', ended_ms = NULL WHERE id = (SELECT max(id) FROM batch); UPDATE batch_item SET state = 'open' WHERE batch = (SELECT max(id) FROM batch)"
ok "results that a killed run had stored" 0 batch --max-spend 0.1
is "count once" "$(charged) $(held)" "$was 0"
provider_stop

# --- a submission that is never answered
cat >silent.pl <<'X'
use strict; use IO::Socket::INET; my ($port, $how) = @ARGV;
my $s = IO::Socket::INET->new(Listen => 8, LocalAddr => "127.0.0.1", LocalPort => 0) or die;
open my $f, ">", "$port.tmp"; print $f $s->sockport, "\n"; close $f; rename "$port.tmp", $port;
my @kept;
while (my $c = $s->accept) {
    my ($len, $head) = (0, "");
    while (my $l = <$c>) { $head .= $l; $len = $1 if $l =~ /^content-length:\s*(\d+)/i; last if $l =~ /^\r?\n$/; }
    read($c, my $body, $len) if $len;
    open my $g, ">", "got"; print $g $head; close $g;
    if ($how eq "hang") { push @kept, $c } else { close $c }
}
X
silent() {
    rm -f port2 got
    perl silent.pl port2 "$1" &
    SILENT=$!
    PIDS="$PIDS $SILENT"
    until_true test -s port2
    sed "s|http://127.0.0.1:[0-9]*|http://127.0.0.1:$(cat port2)|" shunt.yaml >silent.yaml
}
start
silent hang
shunt collect --store s.db --config silent.yaml --models swift --batch --max-spend 0.1 >out 2>err &
pid=$!
until_true test -e got
is "what is being submitted is held before it leaves" "$(sql "SELECT count(*) FROM batch WHERE state = 'sending'") $(($(held) > 0))" "1 1"
was=$(held)
kill -KILL $pid
wait $pid 2>/dev/null
kill $SILENT
ok "the next run knows" 8 batch --max-spend 0.001 --json
err_has "'being submitted' when a run was killed"
is "and counts it at its worst" "$(sql "SELECT sum(charge_nusd) FROM attempt WHERE error_class = 'unknown'")" "$was"
fresh
silent close
ok "no answer" 5 shunt collect --store s.db --config silent.yaml --models swift --batch --max-spend 0.1
is "counts at its worst" "$(sql "SELECT count(*), min(charge_nusd) > 10000, max(error_class) FROM attempt")" "$N|1|unknown"
is "and nothing is held" "$(held)" 0
kill $SILENT
provider_stop
ok "nobody there" 5 batch --max-spend 0.1 --retries 0
is "costs nothing" "$(sql "SELECT count(*) FROM attempt WHERE model_config NOT IN (SELECT c.id FROM model_config c JOIN model m ON m.id = c.model WHERE m.name = 'swift')") $(held)" "0 0"

# --- kill -9 at random moments
start
cap=3000000 i=0 over=0
while [ $i -lt 15 ]; do
    i=$((i + 1))
    perl "$ROOT/tests/chaos/kill.pl" 3 $i 10 90 KILL shunt collect --store s.db --models nano,swift --samples 3 --batch --max-spend 0.003 >/dev/null 2>&1
    [ "$(stat_of billed_nusd)" -le $cap ] || over=$((over + 1))
done
i=0
while [ $i -lt 30 ] && ! shunt collect --store s.db --models nano,swift --samples 3 --batch --max-spend 0.003 >/dev/null 2>&1; do i=$((i + 1)); done
is "killed or not, the account stays within the cap ($(stat_of billed_nusd) of $cap)" "$([ $over = 0 ] && [ "$(stat_of billed_nusd)" -le $cap ] && echo so)" so
is "so does what counts" "$(($(charged) + $(held) <= cap))" 1
is "the store is sound" "$(sql 'PRAGMA integrity_check')" ok
ok "files are no matter of a cap" 2 shunt collect --store s.db --batch-export d --max-spend 1
err_has "--max-spend cannot hold over files"
provider_stop

# --- what is not known is told
start
sed 's/prices: {input: 0.1, output: 0.4}, //' shunt.yaml >unpriced.yaml
ok "submitted without a price" 9 shunt collect --store s.db --config unpriced.yaml --models nano --limit 7 --batch
ok "under a cap" 8 batch --max-spend 0.001
err_has "model 'nano': what 7 earlier requests cost is not known, and not under the cap"
ok "without batches too" 8 shunt collect --store s.db --models nano --max-spend 0.001
err_has "what 7 earlier requests cost is not known"
ok "a dry run of files writes none" 0 shunt collect --store s.db --models nano --batch-export none.d --dry-run
try "none" test ! -e none.d
ok "of results it has nothing to say" 2 shunt collect --store s.db --batch-import x --dry-run
provider_stop

# --- a store of before
gzip -dc "$ROOT/tests/fixtures/store-v1.db.gz" >old.db
ok "an older store is brought forward" 0 shunt status --store old.db
is "and can hold" "$(sqlite3 old.db "SELECT count(worst_nusd) FROM batch_item")" 0
start
ok "submitted" 9 batch
sql "ALTER TABLE batch_item DROP COLUMN worst_nusd; DROP TABLE preference; PRAGMA user_version = 5"
ok "batches of schema 5 wait on" 9 batch --max-spend 0.001
err_has "model 'nano': what $N earlier requests cost is not known, and not under the cap"
looks
ok "and their results come in" 0 batch
is "each, and counts" "$(sql "SELECT count(*), count(charge_nusd) FROM attempt WHERE reply IS NOT NULL")" "$((2 * N))|$((2 * N))"
is "the file is sound" "$(sql "PRAGMA integrity_check; PRAGMA foreign_key_check; SELECT min(worst_nusd IS NULL) FROM batch_item")" "ok
1"
provider_stop
done_testing
