# A provider that enforces requests and tokens a minute, told in each form: no reply is lost, and
# once the lane is steady (its second half) less than a twentieth is turned away where the provider
# tells what remains. Where it only refuses, the rate has to be found out by being refused: there the
# share moves with the machine's load, and less than a fifth is what is held here.
. "$(dirname "$0")/lib.sh"
. "$ROOT/tests/cli/provider.sh"
command -v sqlite3 >/dev/null || skip_all "sqlite3 is not installed"
grep -v '"parent"' "$BUILD/support/prompts.jsonl" | head -n 300 >prompts.jsonl
export TEST_KEY=some-key-1234
is() { if [ "$2" = "$3" ]; then pass "$1"; else fail "$1" "is $2, expected $3" "$(tail -n 3 err)"; fi; }
# limited NAME MODEL OPTION...: a minute lasts two seconds
limited() {
    label=$1 model=$2
    shift 2
    provider_start --limit-minute 2 "$@"
    config
    rm -f s.db s.db-*
    shunt import --store s.db prompts.jsonl >/dev/null 2>&1
    ok "$label: ends well" 0 timeout 90 shunt collect --store s.db --models "$model" --jobs 32 --retries 2 --json
    is "$label: no reply is lost" "$(rows reply)" 300
    is "$label: no other trouble" "$(sqlite3 s.db "SELECT count(*) FROM attempt WHERE error_class NOT IN ('rate_limit')")" 0
    refused=$(sqlite3 s.db "SELECT sum(error_class IS NOT NULL) FROM attempt WHERE id > (SELECT max(id) / 2 FROM attempt)")
    all=$(sqlite3 s.db "SELECT count(*) / 2 FROM attempt")
    total=$(sqlite3 s.db "SELECT count(*) FROM attempt WHERE error_class IS NOT NULL")
    seconds=$(grep -o '"seconds":[0-9.]*' out | cut -d: -f2)
    is "$label: $refused of the later $all are turned away ($total in all, $seconds s)" "$([ $((refused * one_in)) -lt "$all" ] && echo few)" few
    # no faster than allowed, and not for ever: 300 requests at 60 a second are 5 s, less the first bucket of 2 s
    is "$label: at the pace of the limit" "$(awk -v s="$seconds" 'BEGIN { print (s > 2 && s < 30) ? "yes" : s }')" yes
    provider_stop
}
one_in=20
limited "OpenAI's durations" nano --limit-requests 120
limited "OpenAI's tokens" nano --limit-tokens 26000
limited "Anthropic's times" swift --limit-requests 120
limited "milliseconds since 1970" nano --limit-requests 120 --limit-form unix-ms
limited "seconds, in windows" nano --limit-requests 120 --limit-form ietf --limit-windows
one_in=5
limited "Gemini's RetryInfo" flash --limit-requests 120
limited "nothing told" nano --limit-requests 120 --limit-form silent
done_testing
