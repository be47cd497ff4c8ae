# Which prompts and models a collect is about: --where, --only-errors, --limit, --samples, --models.
. "$(dirname "$0")/lib.sh"
. "$ROOT/tests/cli/provider.sh"
command -v sqlite3 >/dev/null || skip_all "sqlite3 is not installed"

head -n 400 "$BUILD/support/prompts.jsonl" | grep -v '"parent"' | head -n 120 >prompts.jsonl
export TEST_KEY=k
q() { sqlite3 s.db "$1"; }
provider_start
config
fresh
PARENTS="NOT EXISTS(SELECT 1 FROM prompt c WHERE c.parent = p.id)"
# wants NAME SQL OPTIONS...: the plan asks as many prompts as the SQL finds, and there are some
wants() {
    name=$1 n=$(q "SELECT count(*) FROM prompt p WHERE $PARENTS AND ($2)")
    shift 2
    ok "$name" 0 shunt collect --store s.db --dry-run --json --models nano "$@"
    is "$name: $n" "$(json requests)" "$n"
    [ "$n" -gt 0 ] && [ "$n" -lt 120 ] || fail "$name means something" "$n of 120"
}
wants "a task" "task = 'invoice'" --where task=invoice
wants "either of two" "task IN ('invoice','refund')" --where task=invoice,task=refund
wants "all but one" "task <> 'invoice'" --where 'task!=invoice'
wants "two fields together" "task = 'invoice' AND complexity = 'simple'" -w task=invoice,complexity=simple
wants "given apart" "task = 'invoice' AND complexity = 'simple'" -w task=invoice -w complexity=simple
wants "a prefix of ids" "ext_id LIKE 'support-00000%'" --where 'id=support-00000*'
wants "a prefix left out" "ext_id NOT LIKE 'support-00000%'" --where 'id!=support-00000*'
wants "one id" "ext_id = (SELECT max(ext_id) FROM prompt)" --where "id=$(q 'SELECT max(ext_id) FROM prompt')"
shunt split --store s.db >/dev/null 2>&1
wants "a split" "split = 'test'" --where split=test
q "UPDATE prompt SET complexity = NULL WHERE id % 7 = 0"
wants "what was not given" "complexity IS NULL" --where complexity=
wants "a limit counts within the selection" "id IN (SELECT id FROM prompt WHERE task = 'invoice' LIMIT 3)" --where task=invoice --limit 3
ok "a term is not SQL" 2 shunt collect --store s.db --dry-run --models nano --where "task='x' OR 1=1"
err_has "no prompt"
ok "no such field" 2 shunt collect --store s.db --where taks=invoice
err_has "did you mean 'task'"
err_lines 1
ok "no equals sign" 2 shunt collect --store s.db --where invoice
err_has "FIELD=VALUE"
ok "nothing fits" 2 shunt collect --store s.db --where task=nosuch
err_has "no prompt"
n=$(q "SELECT count(*) FROM prompt p WHERE $PARENTS AND task = 'invoice'")
ok "collect asks the selection" 0 shunt collect --store s.db --models nano,flash --where task=invoice --samples 2 --json
is "every model and sample of it" "$(q 'SELECT count(*) FROM reply')" $((n * 4))
is "and nothing else" "$(q "SELECT count(*) FROM reply r JOIN prompt p ON p.id = r.prompt WHERE task <> 'invoice'")" 0
ok "which is then complete" 0 shunt collect --store s.db --models nano,flash --where task=invoice --samples 2 --json
is "with nothing to ask" "$(json requests)" 0
provider_stop

# --- only errors ----------------------------------------------------------------------------------
provider_start --rate-500 0.5
config
fresh
ok "some fail" 9 shunt collect --store s.db --models nano,flash --limit 40 --retries 0 --json
got=$(q "SELECT count(*) FROM reply")
left=$((80 - got))
is "and some do not" "$([ "$left" -gt 5 ] && [ "$got" -gt 5 ] && echo mixed)" mixed
provider_stop
provider_start
config
ok "only errors, planned" 0 shunt collect --store s.db --only-errors --dry-run --json
is "are those that failed" "$(grep -o '"requests":[0-9]*' out | head -n 1 | cut -d: -f2)" "$left"
ok "with a limit and a model" 0 shunt collect --store s.db --only-errors --limit 20 --models nano --dry-run --json
is "as many of those" "$(json requests)" "$(q "SELECT count(*) FROM (SELECT DISTINCT a.prompt FROM attempt a JOIN model_config c ON c.id = a.model_config JOIN model m ON m.id = c.model WHERE m.name = 'nano' AND a.reply IS NULL AND a.prompt IN (SELECT id FROM prompt p WHERE $PARENTS ORDER BY id LIMIT 20))")"
ok "only errors" 0 shunt collect --store s.db --only-errors --json
is "the provider is asked for those" "$(stat_of completed)" "$left"
is "they are there now" "$(q 'SELECT count(*) FROM reply')" 80
ok "no errors are left" 0 shunt collect --store s.db --only-errors --json
is "nothing is asked" "$(json requests)" 0
provider_stop
done_testing
