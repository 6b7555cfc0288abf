-- Counts the words of a file, prints the frequent ones and writes all with their line numbers.
local counts, places = {}, {}
local number = 0
for line in io.lines(arg[1]) do
  number = number + 1
  for word in line:gmatch("[%a_][%w_]*") do
    counts[word] = (counts[word] or 0) + 1
    places[word] = places[word] or {}
    table.insert(places[word], number)
  end
end

local words = {}
for word in pairs(counts) do words[#words + 1] = word end
table.sort(words, function(a, b)
  if counts[a] ~= counts[b] then return counts[a] > counts[b] end
  return a < b
end)
for i = 1, 10 do print(string.format("%-12s %5d", words[i], counts[words[i]])) end

local output = assert(io.open(arg[2], "w"))
for _, word in ipairs(words) do
  output:write(word:upper(), " ", table.concat(places[word], ","), "\n")
end
output:close()
