-- How many primes there are below a limit, how they end, and the widest gap between two.
local limit = tonumber(arg[1])
local composite = {}
local ends = {[1] = 0, [3] = 0, [7] = 0, [9] = 0}
local count, previous, widest, widest_at = 0, 2, 0, 0
for number = 2, limit do
  if not composite[number] then
    count = count + 1
    local last = number % 10
    if ends[last] then ends[last] = ends[last] + 1 end
    if number - previous > widest then widest, widest_at = number - previous, previous end
    previous = number
    for multiple = number * number, limit, number do composite[multiple] = true end
  end
end
print(count, widest, widest_at)
for _, last in ipairs({1, 3, 7, 9}) do print(last, ends[last]) end
