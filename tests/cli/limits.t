# A provider that enforces requests and tokens a minute, told in each form or not at all: no reply is
# lost, and once it is steady (the second half of the tries) less than a twentieth is turned away.
# Models of one address and key share a limit; models of another provider are not slowed by it.
. "$(dirname "$0")/lib.sh"
. "$ROOT/tests/cli/provider.sh"
command -v sqlite3 >/dev/null || skip_all "sqlite3 is not installed"
grep -v '"parent"' "$BUILD/support/prompts.jsonl" >all.jsonl
head -n 300 all.jsonl >prompts.jsonl
export TEST_KEY=some-key-1234
# collect LABEL MODELS N: N replies of the models together, from a provider that was started
collect() {
    rm -f s.db s.db-*
    shunt import --store s.db asked.jsonl >/dev/null 2>&1
    ok "$1: ends well" 0 timeout 120 shunt collect --store s.db --models "$2" --jobs 32 --retries 2 --json
    is "$1: no reply is lost" "$(rows reply)" "$3"
    is "$1: no other trouble" "$(sqlite3 s.db "SELECT count(*) FROM attempt WHERE error_class NOT IN ('rate_limit')")" 0
    refused=$(sqlite3 s.db "SELECT sum(error_class IS NOT NULL) FROM attempt WHERE id > (SELECT max(id) / 2 FROM attempt)")
    all=$(sqlite3 s.db "SELECT count(*) / 2 FROM attempt")
    total=$(sqlite3 s.db "SELECT count(*) FROM attempt WHERE error_class IS NOT NULL")
    seconds=$(grep -o '"seconds":[0-9.]*' out | cut -d: -f2)
    is "$1: $refused of the later $all are turned away ($total in all, $seconds s)" "$([ $((refused * 20)) -lt "$all" ] && echo few)" few
}
# limited LABEL MODELS N OPTION...: a minute lasts two seconds
limited() {
    label=$1 models=$2 replies=$3
    shift 3
    provider_start --limit-minute 2 "$@"
    config
    sed -i "2i \\  - {name: mini, model: sim-mini, base_url: \"$BASE/v1\", max_tokens: 256, temperature: 0, prices: {input: 0.4, output: 1.6}}" shunt.yaml
    sed -i "2i \\  - {name: to, provider: together, model: sim-nano, base_url: \"$BASE\", max_tokens: 256, temperature: 0, prices: {input: 0.4, output: 1.6}}" shunt.yaml
    each=$((replies / $(echo "$models" | awk -F, '{ print NF }')))
    head -n "$each" all.jsonl >asked.jsonl
    collect "$label" "$models" "$replies"
    # no faster than allowed, and not for ever: 300 requests at 60 a second are 5 s, less the first bucket of 2 s
    is "$label: at the pace of the limit" "$(awk -v s="$seconds" -v n="$replies" 'BEGIN { print (s > n / 150 && s < n / 10) ? "yes" : s }')" yes
    provider_stop
}
limited "OpenAI's durations" nano 300 --limit-requests 120
limited "OpenAI's tokens" nano 300 --limit-tokens 26000
limited "Anthropic's times" swift 300 --limit-requests 120
limited "milliseconds since 1970" nano 300 --limit-requests 120 --limit-form unix-ms
limited "seconds, in windows" nano 300 --limit-requests 120 --limit-form ietf --limit-windows
limited "a limit a second" to 300 --limit-requests 120 --limit-minute 1 --limit-windows --limit-form per-second
# Where a provider only refuses, the rate is found out by being refused: twice as many, so that the
# second half is behind that.
limited "Gemini's RetryInfo" flash 600 --limit-requests 120
limited "nothing told" nano 600 --limit-requests 120 --limit-form silent
limited "two models of one limit" nano,mini 300 --limit-requests 120
limited "two models of one limit, untold" nano,mini 600 --limit-requests 120 --limit-form silent

# --- beside another provider -----------------------------------------------------------------------
# The first takes 60 a second and tells nothing; the second takes all. The second is done long before.
provider_start --limit-minute 2 --limit-requests 120 --limit-form silent
slow=$BASE
provider_start
config
sed -i "/name: nano/s|base_url: \"[^\"]*\"|base_url: \"$slow\"|" shunt.yaml
cp prompts.jsonl asked.jsonl
collect "a limit beside none" nano,swift 600
is "the other provider is not slowed" "$(sqlite3 s.db "SELECT max(a.started_ms) FILTER (WHERE m.name = 'swift') - min(a.started_ms) <
    (max(a.started_ms) - min(a.started_ms)) / 2 FROM attempt a JOIN model_config c ON c.id = a.model_config JOIN model m ON m.id = c.model")" 1
done_testing
