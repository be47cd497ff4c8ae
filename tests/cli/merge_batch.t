# shunt merge of stores with batches: what waits is known to the merged store, once, and paid once.
. "$(dirname "$0")/lib.sh"
. "$ROOT/tests/cli/provider.sh"
command -v sqlite3 >/dev/null || skip_all "sqlite3 is not installed"
export TEST_KEY=k
grep -v '"parent"' "$BUILD/support/prompts.jsonl" | head -n 60 >prompts.jsonl
N=$(wc -l <prompts.jsonl)
q() { sqlite3 "$1" "$2"; }
batches() { q "$1" "SELECT count(*) || ' ' || (SELECT count(*) FROM batch_item) FROM batch"; }
held() { q "$1" "SELECT sum(i.worst_nusd) FROM batch_item i JOIN batch b ON b.id = i.batch WHERE i.state = 'open' AND b.state = 'open' AND b.remote IS NOT NULL"; }
provider_start
config
for i in 0 1 2; do shunt import --store s$i.db prompts.jsonl >/dev/null 2>&1; done
b() { s=$1; shift; shunt collect --store "$s" --models nano,swift --batch "$@"; }

ok "a shard submits" 9 b s0.db --shard 0/3 --max-spend 1
ok "another one too" 9 b s1.db --shard 1/3 --max-spend 1
ok "a third writes files" 0 shunt collect --store s2.db --shard 2/3 --models nano --batch-export files
ok "they are merged while all that waits" 0 shunt merge s0.db s1.db s2.db -o all.db --tsv
is "with every batch" "$(batches all.db)" "5 $(($(q s0.db 'SELECT count(*) FROM batch_item') + $(q s1.db 'SELECT count(*) FROM batch_item') + $(q s2.db 'SELECT count(*) FROM batch_item')))"
is "and what they hold" "$(held all.db)" "$(($(held s0.db) + $(held s1.db)))"
ok "again" 0 shunt merge s2.db s0.db s1.db -o all.db --tsv
is "adds nothing" "$(awk -F'\t' 'NR > 1 { n += $4 } END { print n }' out)" 0
was=$(stat_of billed)
ok "the merged store submits what nobody has" 9 b all.db --max-spend 1 --json
is "that is one shard for swift, and what was only written to files" "$(($(stat_of billed) - was))" "$((2 * N - $(q s0.db 'SELECT count(*) FROM batch_item') - $(q s1.db 'SELECT count(*) FROM batch_item')))"

# one of the stores goes on by itself
i=0
while [ $i -lt 5 ] && ! b s0.db --shard 0/3 --max-spend 1 >/dev/null 2>&1; do i=$((i + 1)); done
is "a store picks its results up" "$(q s0.db "SELECT count(*) FROM batch WHERE state = 'open'")" 0
ok "and is merged again" 0 shunt merge s0.db -o all.db
is "its batches have ended there too" "$(q all.db "SELECT count(*) FROM batch_item i JOIN batch b ON b.id = i.batch WHERE b.state = 'done' AND i.state = 'ok'")" "$(q s0.db 'SELECT count(*) FROM batch_item')"
is "no batch stands twice" "$(q all.db "SELECT count(*) FROM (SELECT 1 FROM batch WHERE remote IS NOT NULL GROUP BY model, remote HAVING count(*) > 1)")" 0
i=0
while [ $i -lt 5 ] && ! b all.db --max-spend 1 >/dev/null 2>&1; do i=$((i + 1)); done
is "the merged store picks up the rest" "$(q all.db 'SELECT count(*) FROM reply')" $((2 * N))
is "each request was paid once" "$(stat_of billed)" $((2 * N))
is "nothing is held" "$(held all.db)" ""
is "the file is sound" "$(q all.db 'PRAGMA integrity_check; PRAGMA foreign_key_check')" ok
ok "a store that knows less does not open them again" 0 shunt merge s1.db -o all.db
is "all have ended" "$(q all.db "SELECT count(*) FROM batch WHERE state = 'open' AND remote IS NOT NULL")" 0

# a batch that was being submitted when one store was copied, and has a name now
q s1.db "SELECT 1" >/dev/null
cp s1.db early.db
q early.db "UPDATE batch SET state = 'sending', remote = NULL"
ok "an early copy" 0 shunt merge early.db -o late.db
ok "and what became of it" 0 shunt merge s1.db -o late.db
is "are the same batches" "$(batches late.db) $(q late.db "SELECT group_concat(DISTINCT state) FROM batch")" "$(batches s1.db) open"
ok "in the other order" 0 shunt merge early.db -o late.db
is "too" "$(q late.db "SELECT group_concat(DISTINCT state) FROM batch WHERE remote IS NOT NULL")" open

# --- refused
cp all.db kept.db
cp s1.db bad.db
q bad.db "UPDATE batch_item SET request_hash = 'x' WHERE custom_id = (SELECT min(custom_id) FROM batch_item)"
ok "another request of the same id" 4 shunt merge bad.db -o all.db
err_has "the request '"
err_lines 1
is "nothing is written" "$(batches all.db)" "$(batches kept.db)"
cp s1.db bad.db
q bad.db "UPDATE batch SET state = 'lost'"
ok "lost here, done there" 4 shunt merge bad.db -o all.db
err_has "is another in 'bad.db'"
ok "the first one is kept when asked" 0 shunt merge bad.db -o all.db --keep-first
is "as it was" "$(q all.db "SELECT count(*) FROM batch WHERE state = 'lost'")" 0
echo x >s0.db-replies
ok "replies beside a store that are not in it" 2 shunt merge s0.db -o all.db
err_has "'s0.db-replies' holds replies that are not in the store yet; run shunt collect on 's0.db' first"
err_lines 1
provider_stop
done_testing
