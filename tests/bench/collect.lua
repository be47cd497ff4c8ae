-- wrk asks what shunt collect asks: the messages of each line, one after another.
local bodies, at = {}, 0

function init(args)
    for line in io.lines(args[1]) do
        local messages = line:match('"messages":(%b[])')
        if messages and messages:sub(-2) == '}]' then
            bodies[#bodies + 1] = '{"model":"sim-nano","messages":' .. messages ..
                ',"max_tokens":512,"temperature":0}'
        end
    end
    wrk.method = "POST"
    wrk.headers["Content-Type"] = "application/json"
end

function request()
    at = at % #bodies + 1
    return wrk.format(nil, nil, nil, bodies[at])
end
