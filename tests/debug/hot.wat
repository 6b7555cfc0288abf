;; What tests/debug looks at with perf: a WASI program that spends its time in one function, whose
;; name has all that a line of a map must survive.
(module $hot
  (import "wasi_snapshot_preview1" "clock_time_get"
    (func $clock_time_get (param i32 i64 i32) (result i32)))
  (memory (export "memory") 1)
  (func $"spin \n 1000 2000 über <int>()" (param $times i32) (result i32)
    (local $sum i32)
    loop $again
      local.get $sum
      i32.const 7
      i32.add
      i32.const 13
      i32.mul
      local.set $sum
      local.get $times
      i32.const 1
      i32.sub
      local.tee $times
      br_if $again
    end
    local.get $sum)
  (func $middle (param $times i32) (result i32)
    local.get $times
    call $"spin \n 1000 2000 über <int>()"
    i32.const 1
    i32.add)
  (func (export "_start")
    i32.const 0
    i64.const 1
    i32.const 8
    call $clock_time_get
    drop
    i32.const 500000000
    call $middle
    drop))
