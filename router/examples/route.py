"""The router from Python, by the standard library alone.

    python3 route.py TABLE.shunt "a prompt"      # SHUNT_LIBRARY names libshunt.so.0 if it is elsewhere
"""

import ctypes as c
import os
import sys

lib = c.CDLL(os.environ.get("SHUNT_LIBRARY", "libshunt.so.0"))


class Request(c.Structure):  # struct shunt_request
    _fields_ = [
        ("size", c.c_uint32), ("flags", c.c_uint32),
        ("text", c.c_char_p), ("text_bytes", c.c_size_t),
        ("task", c.c_char_p), ("user_class", c.c_char_p), ("point", c.c_char_p),
        ("tokens", c.c_uint64), ("lambda_per_usd", c.c_double), ("mu_per_s", c.c_double),
        ("allowed", c.POINTER(c.c_uint64)), ("allowed_words", c.c_size_t),
        ("vector", c.POINTER(c.c_float)), ("vector_len", c.c_size_t), ("encoder", c.c_char_p),
    ]


class Decision(c.Structure):  # struct shunt_decision
    _fields_ = [
        ("size", c.c_uint32), ("model", c.c_int32), ("model_name", c.c_char_p),
        ("model_tier", c.c_int32), ("tier", c.c_int32), ("complexity_class", c.c_int32), ("reason", c.c_int32),
        ("complexity", c.c_double), ("quality", c.c_double), ("cost_nusd", c.c_int64), ("latency_ms", c.c_double),
        ("runner_up", c.c_int32), ("rule", c.c_int32), ("rule_name", c.c_char_p),
        ("point", c.c_int32), ("kept", c.c_uint32), ("text_bytes", c.c_uint64),
    ]


lib.shunt_open_detail.argtypes = [c.c_char_p, c.POINTER(c.c_void_p), c.c_char_p, c.c_size_t]
lib.shunt_route.argtypes = [c.c_void_p, c.POINTER(Request), c.POINTER(Decision)]
lib.shunt_close.argtypes = [c.c_void_p]
lib.shunt_close.restype = None
lib.shunt_strerror.restype = c.c_char_p


class Router:
    def __init__(self, path):
        self.table = c.c_void_p()
        why = c.create_string_buffer(200)
        if lib.shunt_open_detail(os.fsencode(path), c.byref(self.table), why, len(why)):
            raise OSError(f"'{path}': {why.value.decode()}")

    def route(self, text, task=None):
        data = text.encode()
        r = Request(size=c.sizeof(Request), text=data, text_bytes=len(data), task=task and task.encode())
        d = Decision(size=c.sizeof(Decision))
        status = lib.shunt_route(self.table, c.byref(r), c.byref(d))
        if status:
            raise ValueError(lib.shunt_strerror(status).decode())
        return d

    def close(self):
        lib.shunt_close(self.table)
        self.table = None


if __name__ == "__main__":
    router = Router(sys.argv[1])
    decision = router.route(sys.argv[2])
    print(decision.model_name.decode(), f"{decision.quality:.6f}", decision.text_bytes)
    router.close()
