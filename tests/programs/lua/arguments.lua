for number, line in ipairs({io.read("L", "l", "n")}) do io.write(number, ":", line or "none", "\n") end
for i = 1, #arg do print(i, arg[i]) end
io.stdout:flush()
os.exit(tonumber(arg[1]))
