;; What tests/debug looks at: functions that call each other, trap, fault and call WASI.
(module $demo
  (import "wasi_snapshot_preview1" "clock_time_get"
    (func $clock_time_get (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func $inner (param $what i32) (result i32)
    local.get $what
    i32.const 1
    i32.eq
    if
      unreachable
    end
    local.get $what
    i32.const 2
    i32.eq
    if
      i32.const -1
      i32.load
      return
    end
    i32.const 0
    i64.const 1
    i32.const 8
    call $clock_time_get)
  ;; Writes nothing, which may wait all the same.
  (func $waits (export "waits") (param $what i32) (result i32)
    i32.const 1
    i32.const 0
    i32.const 0
    i32.const 16
    call $fd_write
    local.get $what
    call $inner
    i32.add
    i32.const 2000
    i32.add)
  (func $outer (export "outer") (param $what i32) (result i32)
    local.get $what
    call $inner
    i32.const 1000
    i32.add))
