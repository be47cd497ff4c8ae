# shunt-route --serve: thousands of clients on one socket, slow ones, broken ones; metrics, reload.
. "$(dirname "$0")/lib.sh"
command -v python3 >/dev/null || skip_all "no python3"
cp "$ROOT/tests/fixtures/router-1.0.shunt" t.shunt
{ for i in $(seq 1 300); do echo "prompt $i of my lawyer? $((i * 7919))"; done; } >prompts
shunt-route t.shunt <prompts >expected

shunt-route --serve s.sock --metrics --clients 3000 t.shunt 2>server.err &
SERVER=$!
PIDS="$PIDS $SERVER"
cat >client.py <<'P'
import json, os, selectors, socket, sys, time

def connect(path="s.sock", patience=20):
    end = time.time() + patience
    while True:
        s = socket.socket(socket.AF_UNIX)
        try:
            s.connect(path)
            return s
        except (FileNotFoundError, ConnectionRefusedError, BlockingIOError):
            s.close()
            if time.time() > end:
                raise

def lines(s, n):
    data = b""
    while data.count(b"\n") < n:
        more = s.recv(1 << 16)
        if not more:
            break
        data += more
    return data

def http(s, path="/metrics"):
    s.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
    data = b""
    while True:
        more = s.recv(1 << 16)
        if not more:
            return data.decode()
        data += more

prompts, expected = open("prompts", "rb").read(), open("expected", "rb").read()

def one_client():
    s = connect()
    s.sendall(prompts)
    assert lines(s, 300) == expected
    s.sendall(b"no end")
    s.shutdown(socket.SHUT_WR)
    rest = lines(s, 9)
    assert rest.count(b"\n") == 1 and json.loads(rest)["id"] == 301, rest

def many_clients():
    first = expected.split(b"\n")[0] + b"\n"
    clients = [connect() for _ in range(int(sys.argv[2]))]
    for round in range(3):
        for c in clients:
            c.sendall(prompts.split(b"\n")[0] + b"\n")
        for c in clients:
            got = json.loads(lines(c, 1))
            want = json.loads(first)
            want["id"] = round + 1
            assert got == want, (got, want)
    for c in clients:
        c.close()

def slow_reader():
    # One client sends without end and reads nothing: it is held back, and others are served.
    greedy = connect()
    greedy.setblocking(False)
    sent = 0
    quiet = time.time() + 60
    while time.time() < quiet:
        try:
            sent += greedy.send(prompts)
            idle = time.time() + 1
        except BlockingIOError:
            if time.time() > idle:
                break
    assert sent < 64 << 20, sent
    one_client()
    greedy.setblocking(True)
    answers = 0
    greedy.shutdown(socket.SHUT_WR)
    while True:
        more = greedy.recv(1 << 20)
        if not more:
            break
        answers += more.count(b"\n")
    whole = sent // len(prompts) * 300 + prompts[: sent % len(prompts)].count(b"\n")
    assert answers in (whole, whole + 1), (answers, whole)

def bad_lines():
    s = connect()
    s.sendall(b'{"prompt":7}\n\xff\n{"prompt":"x","point":"none"}\nfine\n')
    got = [json.loads(l) for l in lines(s, 4).splitlines()]
    assert ["error" in g for g in got] == [True, True, True, False], got
    s = connect()
    for _ in range(11):
        s.sendall(b"x" * (1 << 20))
    s.sendall(b"\nshort\n")
    got = [json.loads(l) for l in lines(s, 2).splitlines()]
    assert "longer than 10 MiB" in got[0]["error"] and "model" in got[1] and got[1]["id"] == 2, got

def leavers():
    for i in range(300):
        s = connect()
        s.sendall(prompts[: i * 3])
        s.close()
    one_client()

def metrics():
    text = http(connect())
    head, body = text.split("\r\n\r\n")
    assert "200 OK" in head and f"Content-Length: {len(body.encode())}" in head, head
    chosen = sum(int(l.split()[-1]) for l in body.splitlines() if l.startswith("shunt_chosen_total"))
    assert chosen > 0 and "shunt_clients 1\n" in body, body
    return body

def reloads():
    keep = connect()
    keep.sendall(b"x\n")
    lines(keep, 1)
    os.replace("new.shunt", "t.shunt")
    os.kill(int(sys.argv[2]), 1)
    end = time.time() + 20
    while "shunt_reloads_total 1\n" not in http(connect()):
        assert time.time() < end
    keep.sendall(b"y\n")
    assert json.loads(lines(keep, 1))["id"] == 2  # the connection lives on
    assert "shunt_drift_psi" in http(connect())  # the new table has deciles
    open("t.shunt.bad", "wb").write(b"no table")
    os.replace("t.shunt.bad", "t.shunt")
    os.kill(int(sys.argv[2]), 1)
    end = time.time() + 20
    while b"not loaded" not in open("server.err", "rb").read():
        assert time.time() < end
    keep.sendall(b"z\n")
    assert json.loads(lines(keep, 1))["id"] == 3  # by the old table

globals()[sys.argv[1]]()
P
run() { ok "$1" 0 timeout 120 python3 client.py "$@"; }
run one_client
FILES=$(ulimit -n)
MANY=1500
[ "$FILES" = unlimited ] || [ "$FILES" -gt 1600 ] || MANY=$((FILES - 100))
run many_clients $MANY
run bad_lines
run leavers
run slow_reader
run metrics
ok "the socket is taken" 3 shunt-route --serve s.sock t.shunt
err_has "s.sock"
err_lines 1
cp "$ROOT/tests/fixtures/router-1.1.shunt" new.shunt
run reloads $SERVER
kill -TERM $SERVER
wait $SERVER
try "SIGTERM ends it" test $? = 0
try "and removes the socket" test ! -e s.sock

# A socket left by a killed service is replaced; without --metrics GET is a prompt like others.
cp "$ROOT/tests/fixtures/router-1.0.shunt" t.shunt
shunt-route --serve s.sock t.shunt 2>server.err &
FIRST=$!
PIDS="$PIDS $FIRST"
run one_client
kill -KILL $FIRST
wait $FIRST 2>/dev/null
try "the socket is left" test -S s.sock
shunt-route --serve s.sock --clients 2 t.shunt 2>server.err &
SECOND=$!
PIDS="$PIDS $SECOND"
run one_client
cat >two.py <<'P'
import sys
sys.argv = ["client.py", "one_client"]
exec(open("client.py").read())
a, b, c = connect(), connect(), connect()
c.sendall(b"GET /metrics HTTP/1.0\n")
c.settimeout(1)
try:
    c.recv(1)
    assert False, "three at once"
except socket.timeout:
    pass
a.close()
c.settimeout(20)
assert b'"model"' in lines(c, 1)
P
ok "two clients at once, the third waits" 0 timeout 60 python3 two.py
kill $SECOND
wait $SECOND
try "SIGTERM ends it too" test $? = 0
ok "a path too long for a socket" 3 shunt-route --serve "$(printf '%0200d' 0)" t.shunt
ok "a file in the way" 3 shunt-route --serve prompts t.shunt
try "stays" test -s prompts
ok "no clients" 2 shunt-route --serve s.sock --clients 0 t.shunt
ok "no table" 3 shunt-route --serve s.sock none.shunt
done_testing
