-- wrk -s load.lua URL
-- BEARER   the caller's token        USER_ID  the caller
-- ROOMS    names of rooms; each request takes the next one (1: always the same)
-- PACE     milliseconds between two requests of a connection (0: as fast as it can)
local bearer = os.getenv("BEARER")
local user = os.getenv("USER_ID") or "user123"
local rooms = tonumber(os.getenv("ROOMS") or "1")
local pace = tonumber(os.getenv("PACE") or "0")
local path = "/api/livekit/token"

wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer " .. bearer

local function body(n)
  return string.format('{"room_name":"my-room-%d","user_id":"%s","username":"John Doe"}', n, user)
end

wrk.body = body(0)

if rooms > 1 then
  local n = math.random(0, rooms - 1)
  request = function()
    n = (n + 1) % rooms
    return wrk.format(nil, path, nil, body(n))
  end
end

if pace > 0 then
  delay = function() return pace end
end

-- One line: requests, microseconds, p50, p99, answers that are no success.
done = function(summary, latency)
  local e = summary.errors
  io.write(string.format("RESULT %d %d %d %d %d\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), e.connect + e.read + e.write + e.status + e.timeout))
end
