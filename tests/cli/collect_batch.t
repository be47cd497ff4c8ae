# Batch files: out, answered by the loopback provider one by one, and in again.
. "$(dirname "$0")/lib.sh"
. "$ROOT/tests/cli/provider.sh"
command -v sqlite3 >/dev/null || skip_all "sqlite3 is not installed"

head -n 120 "$BUILD/support/prompts.jsonl" | grep -v '"parent"' | head -n 40 >prompts.jsonl
N=$(wc -l <prompts.jsonl)
export TEST_KEY=k
q() { sqlite3 "${2:-s.db}" "$1"; }
provider_start
config
fresh

# answer FILE: what a batch service does with a request file, results in reverse order
cat >answer.pl <<'X'
use strict; use IO::Socket::INET;
my ($port, $file) = @ARGV; my @out; my $bad = 0;
sub post { my ($path, $body, @h) = @_;
    my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $port) or die;
    print $s "POST $path HTTP/1.0\r\nHost: localhost\r\n@h" . "Content-Length: " . length($body) . "\r\n\r\n$body";
    local $/; my $r = <$s>; my ($code) = $r =~ m{^HTTP/1.\d (\d+)}; $r =~ s/^.*?\r\n\r\n//s; chomp $r;
    return ($code, $r); }
open my $f, "<", $file or die; binmode $f; binmode STDOUT;
while (<$f>) {
    chomp; s/,$//;
    if (/^\{"custom_id":"([^"]+)","method":"POST","url":"([^"]+)","body":(.*)\}$/) {
        my ($id, $url, $body) = ($1, $2, $3); my ($code, $r) = post($url, $body);
        push @out, qq({"id":"b","custom_id":"$id","response":{"status_code":$code,"request_id":"r","body":$r},"error":null});
    } elsif (/^\{"custom_id":"([^"]+)","params":(.*)\}$/) {
        my ($id, $body) = ($1, $2); my ($code, $r) = post("/v1/messages", $body, "x-api-key: k\r\nanthropic-version: 2023-06-01\r\n");
        push @out, qq({"custom_id":"$id","result":{"type":"succeeded","message":$r}});
    } elsif (/^\{"key":"([^"]+)","request":(.*)\}$/) {
        my ($id, $body) = ($1, $2); my ($code, $r) = post("/v1beta/models/sim-flash:generateContent", $body, "x-goog-api-key: k\r\n");
        push @out, qq({"key":"$id","response":$r});
    }
}
print "$_\n" for reverse @out;
X
answer() { perl answer.pl "$PORT" "$1"; }

ok "an export needs no key and sends nothing" 0 env -u TEST_KEY shunt collect --store s.db --batch-export out.d --json
is "one file a model" "$(ls out.d | tr '\n' ' ')" "flash-001.jsonl nano-001.jsonl swift-001.json "
is "every request" "$(cat out.d/* | grep -cE '"(custom_id|key)"')" $((N * 3))
is "nothing was sent" "$(stat_of requests)" 0
is "an id is of letters, digits and -, at most 64" "$(grep -ohE '"(custom_id|key)":"[^"]*"' out.d/* | grep -vcE ':"[a-z0-9-]{40,64}"')" 0
is "no id stands twice" "$(grep -ohE '"(custom_id|key)":"[^"]*"' out.d/* | sort | uniq -d | wc -l)" 0
for f in nano-001.jsonl flash-001.jsonl swift-001.json; do answer "out.d/$f" >"res-$f"; done
is "results come in another order" "$(head -n 1 res-nano-001.jsonl | grep -o '"custom_id":"[^"]*"')" "$(tail -n 1 out.d/nano-001.jsonl | grep -o '"custom_id":"[^"]*"')"

# refused as a whole
sed 's/"custom_id":"..../"custom_id":"zzzz/' res-nano-001.jsonl | tail -n 1 >one
{ head -n 3 res-nano-001.jsonl; cat one; } >strange.jsonl
ok "an unknown custom_id is refused" 4 shunt collect --store s.db --batch-import strange.jsonl
err_has "'strange.jsonl' line 4: the custom_id 'zzzz"
err_lines 1
is "and nothing of the file is stored" "$(q 'SELECT count(*) FROM reply')" 0
{ head -n 2 res-nano-001.jsonl; echo '{"a":1}'; } >odd.jsonl
ok "a line that is no result" 4 shunt collect --store s.db --batch-import odd.jsonl
err_has "line 3"
ok "a file that is not there" 3 shunt collect --store s.db --batch-import none.jsonl
ok "one thing at a time" 2 shunt collect --store s.db --batch-import none.jsonl --batch-export x

# in
ok "results are read" 0 shunt collect --store s.db --batch-import res-nano-001.jsonl,res-flash-001.jsonl --json
is "all of one model" "$(json ok)" "$N"
ok "Anthropic's too" 0 shunt collect --store s.db --batch-import res-swift-001.json --json
is "every reply is there" "$(q 'SELECT count(*) FROM reply')" $((N * 3))
is "marked as of a batch" "$(q "SELECT count(*) FROM reply WHERE service_tier = 'batch' AND latency_ms IS NULL")" $((N * 3))
is "and counted under a later cap, at half the price" "$(q "SELECT abs(1 - sum(a.charge_nusd) / (sum(r.input_tokens * 125 + r.output_tokens * 625))) < 1e-3 FROM attempt a JOIN reply r ON r.id = a.reply JOIN model_config c ON c.id = r.model_config JOIN model m ON m.id = c.model WHERE m.name = 'swift'")" 1
ok "again changes nothing" 0 shunt collect --store s.db --batch-import res-swift-001.json --json
is "all were there" "$(json already_there)" "$N"
is "no second attempt" "$(q 'SELECT count(*) FROM attempt')" $((N * 3))
ok "a run has nothing left to ask" 0 shunt collect --store s.db --json
is "0 requests" "$(json requests)" 0
cp s.db batch.db
fresh
ok "the same replies come without a batch" 0 shunt collect --store s.db --models nano,flash --json
is "to the letter" "$(q "SELECT count(*) FROM reply r JOIN prompt p ON p.id = r.prompt" s.db)" "$(sqlite3 batch.db "ATTACH 's.db' AS o; SELECT count(*) FROM reply r JOIN prompt p ON p.id = r.prompt JOIN o.prompt q ON q.ext_id = p.ext_id JOIN o.reply x ON x.prompt = q.id AND x.request_hash = r.request_hash AND x.text = r.text AND x.output_tokens = r.output_tokens")"
full=$(grep -o '"cost_usd":[0-9.]*' out | head -n 1 | cut -d: -f2)
fresh
ok "export again" 0 shunt collect --store s.db --models nano --batch-export half.d
ok "half price" 0 shunt collect --store s.db --batch-import res-nano-001.jsonl --json
is "of what a run pays" "$(json cost_usd | awk -v f="$full" '{ print ($1 > 0 && ($1 * 2 - f) ^ 2 < 1e-14) ? "half" : $1 " of " f }')" half

# errors, expired ones, samples, limits
fresh
ok "samples of one body have ids of their own" 0 shunt collect --store s.db --models swift --samples 3 --limit 5 --batch-export s.d --json
is "fifteen" "$(json requests)" 15
is "fifteen ids" "$(grep -o '"custom_id":"[^"]*"' s.d/swift-001.json | sort -u | wc -l)" 15
id() { grep -o '"custom_id":"[^"]*"' s.d/swift-001.json | sed -n "$1p" | cut -d'"' -f4; }
{
    echo "{\"custom_id\":\"$(id 1)\",\"result\":{\"type\":\"expired\"}}"
    echo "{\"custom_id\":\"$(id 2)\",\"result\":{\"type\":\"errored\",\"error\":{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}}}"
    echo "{\"custom_id\":\"$(id 3)\",\"result\":{\"type\":\"errored\",\"error\":{\"type\":\"invalid_request_error\",\"message\":\"prompt is too long\"}}}"
} >errors.jsonl
answer s.d/swift-001.json | head -n 12 >rest.jsonl
ok "errors are counted" 9 shunt collect --store s.db --batch-import errors.jsonl,rest.jsonl --json
is "three" "$(json failed)" 3
is "twelve replies" "$(q 'SELECT count(*) FROM reply')" 12
is "each by its class" "$(q "SELECT group_concat(error_class, ' ') FROM (SELECT error_class FROM attempt WHERE reply IS NULL ORDER BY error_class)")" "bad_request overloaded server"
ok "what failed is exported again" 0 shunt collect --store s.db --models swift --samples 3 --limit 5 --only-errors --batch-export again.d --json
is "those three" "$(json requests)" 3
ok "an errors file of OpenAI's" 0 shunt collect --store s.db --models nano --limit 2 --batch-export e.d
grep -o '"custom_id":"[^"]*"' e.d/nano-001.jsonl | cut -d'"' -f4 >ids
{
    echo "{\"id\":\"1\",\"custom_id\":\"$(sed -n 1p ids)\",\"response\":{\"status_code\":400,\"request_id\":\"r\",\"body\":{\"error\":{\"message\":\"bad temperature\",\"type\":\"invalid_request_error\",\"param\":null,\"code\":null}}},\"error\":null}"
    echo "{\"id\":\"2\",\"custom_id\":\"$(sed -n 2p ids)\",\"response\":null,\"error\":{\"code\":\"batch_expired\",\"message\":\"This request could not be executed before the completion window expired.\"}}"
} >oe.jsonl
ok "is read" 9 shunt collect --store s.db --batch-import oe.jsonl
err_has "completion window"



# --- through the provider's batch API --------------------------------------------------------------
printf '%s\n' "  - {name: responses, model: sim-mini, protocol: openai-responses, base_url: \"$BASE\"," \
    "     tier: large, max_tokens: 256, temperature: 0, prices: {input: 0.4, output: 1.6}}" >resp
awk '/^tiers:/{ while ((getline line < "resp") > 0) print line } { print }' shunt.yaml |
    sed '/name: flash/,/params: {logprobs: true}}/d' >two.yaml
fresh
before=$(stat_of completed)
ok "a batch is submitted and waits" 9 shunt collect --store s.db --config two.yaml --batch --json
is "one a model" "$(grep -o '"files":1' out | wc -l)" 3
is "no reply yet" "$(q 'SELECT count(*) FROM reply')" 0
is "three are remembered" "$(q "SELECT count(*) FROM batch WHERE state = 'open' AND remote IS NOT NULL")" 3
is "the provider has them all" "$(($(stat_of completed) - before))" $((N * 3))
ok "a run passes over what waits" 9 shunt collect --store s.db --config two.yaml --json
is "and sends nothing" "$(json requests)" 0
err_has "wait in batches"
ok "a second look submits nothing" 9 shunt collect --store s.db --config two.yaml --batch --json
is "nothing twice" "$(($(stat_of completed) - before))" $((N * 3))
ok "a later run picks the results up" 0 sh -c "shunt collect --store s.db --config two.yaml --batch --json >/dev/null 2>&1; shunt collect --store s.db --config two.yaml --batch --batch-wait 30 --json"
is "all of them" "$(q "SELECT count(*) FROM reply WHERE service_tier = 'batch'")" $((N * 3))
is "paid once" "$(($(stat_of completed) - before))" $((N * 3))
is "no batch is open" "$(q "SELECT count(*) FROM batch WHERE state = 'open'")" 0
ok "a run has nothing to ask" 0 shunt collect --store s.db --config two.yaml --json
is "0 requests then" "$(json requests)" 0
ok "waiting in one run" 0 shunt collect --store s.db --config two.yaml --models swift --samples 2 --batch --batch-wait 60 --json
is "second samples" "$(json ok)" "$N"
fresh
ok "under a cap" 8 shunt collect --store s.db --config two.yaml --models nano --batch --max-spend 0.001 --json
part=$(json requests)
is "a part is submitted ($part)" "$([ "$part" -gt 0 ] && [ "$part" -lt "$N" ] && echo part)" part
ok "Gemini goes through files" 2 shunt collect --store s.db --models flash --batch
err_has "--batch-export"
provider_stop
ok "nobody there" 5 shunt collect --store s.db --config two.yaml --models swift --batch --retries 0
is "nothing is remembered of it" "$(q "SELECT count(*) FROM batch b JOIN model m ON m.id = b.model WHERE m.name = 'swift'")" 0
done_testing
