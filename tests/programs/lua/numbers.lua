-- Matrices with metatables, numeric integration with closures, and every kind of number formatting.
local Matrix = {}
Matrix.__index = Matrix

function Matrix.new(size, fill)
  local rows = {}
  for i = 1, size do
    rows[i] = {}
    for j = 1, size do rows[i][j] = fill(i, j) end
  end
  return setmetatable({size = size, rows = rows}, Matrix)
end

function Matrix.__mul(a, b)
  return Matrix.new(a.size, function(i, j)
    local sum = 0.0
    for k = 1, a.size do sum = sum + a.rows[i][k] * b.rows[k][j] end
    return sum
  end)
end

function Matrix:trace()
  local sum = 0.0
  for i = 1, self.size do sum = sum + self.rows[i][i] end
  return sum
end

local hilbert = Matrix.new(24, function(i, j) return 1 / (i + j - 1) end)
local product = hilbert * hilbert * hilbert
print(string.format("trace %.15g %a", product:trace(), product:trace()))

local function integral(f, from, to, steps)
  local width, sum = (to - from) / steps, 0.0
  for i = 0, steps - 1 do sum = sum + f(from + (i + 0.5) * width) end
  return sum * width
end
for _, name in ipairs({"sin", "cos", "exp", "sqrt"}) do
  print(name, string.format("%.12f", integral(math[name], 0, 2, 4000)))
end

print(7 // 2, -7 // 2, 7 % -3, 7.5 // 2, 2 ^ 0.5, 1e15, 1e16, 2^53, 10 / 2)
print(math.maxinteger, math.mininteger, math.maxinteger + 1 == math.mininteger)
print(0x7fffffffffffffff, 1e308 * 10, -1e308 * 10, 3 | 4, ~0, 1 << 62, 5 & 6, "10" + 5)
print(string.format("%5d|%-8s|%08.3f|%x|%q", 42, "ab", 3.14159, 255, "a\nb"))
print(math.tointeger(3.0), 3 == 3.0, math.type(1), math.type(1.0), tostring(1e100))
