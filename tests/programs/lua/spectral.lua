-- The spectral norm of an infinite matrix, cut off at a size: floating point through closures.
local size = tonumber(arg[1])

local function entry(i, j) return 1 / ((i + j) * (i + j + 1) / 2 + i + 1) end
local function transposed(i, j) return entry(j, i) end

local function multiply(matrix, vector)
  local result = {}
  for i = 0, size - 1 do
    local sum = 0.0
    for j = 0, size - 1 do sum = sum + matrix(i, j) * vector[j] end
    result[i] = sum
  end
  return result
end

local u, v = {}, nil
for i = 0, size - 1 do u[i] = 1.0 end
for _ = 1, 10 do
  v = multiply(transposed, multiply(entry, u))
  u = multiply(transposed, multiply(entry, v))
end
local product, square = 0.0, 0.0
for i = 0, size - 1 do
  product = product + u[i] * v[i]
  square = square + v[i] * v[i]
end
print(string.format("%.9f", math.sqrt(product / square)))
