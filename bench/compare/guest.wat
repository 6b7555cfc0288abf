;; What bench/compare runs with `nacre run --invoke NAME guest.wasm N`: each export calls one function of the host N
;; times, and traps where the function fails.
(module
  (import "wasi_snapshot_preview1" "clock_res_get" (func $clock_res_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock_time_get (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close" (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  ;; One piece of one byte, for reading and writing.
  (data (i32.const 0) "\40\00\00\00\01\00\00\00")
  (data (i32.const 64) "x")
  (data (i32.const 80) "small")
  ;; A subscription to the monotonic clock that is over at once.
  (data (i32.const 144) "\01\00\00\00")

  (func $check (param $errno i32)
    (if (local.get $errno) (then unreachable)))

  ;; The loop that the others have, without a call.
  (func (export "nothing") (param $n i32)
    (loop $again
      (call $check (i32.eqz (local.get $n)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func (export "clock_res_get") (param $n i32)
    (loop $again
      (call $check (call $clock_res_get (i32.const 1) (i32.const 32)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func (export "clock_time_get") (param $n i32)
    (loop $again
      (call $check (call $clock_time_get (i32.const 1) (i64.const 0) (i32.const 32)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func (export "environ_sizes_get") (param $n i32)
    (loop $again
      (call $check (call $environ_sizes_get (i32.const 32) (i32.const 36)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func (export "random_get") (param $n i32)
    (loop $again
      (call $check (call $random_get (i32.const 32) (i32.const 16)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func (export "fd_write") (param $n i32)
    (loop $again
      (call $check (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 32)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func (export "fd_read") (param $n i32)
    (loop $again
      (call $check (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 32)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  ;; For reading; the rights are fd_read alone.
  (func (export "open_and_close") (param $n i32)
    (loop $again
      (call $check (call $path_open (i32.const 3) (i32.const 0) (i32.const 80) (i32.const 5) (i32.const 0)
        (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 32)))
      (call $check (call $fd_close (i32.load (i32.const 32))))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func (export "poll_oneoff") (param $n i32)
    (loop $again
      (call $check (call $poll_oneoff (i32.const 128) (i32.const 192) (i32.const 1) (i32.const 32)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))
