;; A library whose first act is to connect to 127.0.0.1 at the port in its data, which tests put there.
(module
  (import "wasi_snapshot_preview1" "sock_open" (func $open (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "sock_connect" (func $connect (param i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\08\00\00\00\04\00\00\00\7f\00\00\01")
  (func (export "_initialize"))
  (func (export "act") (param $number i32) (result i32)
    (if (local.get $number) (then (return (i32.const 0))))
    (drop (call $open (i32.const 1) (i32.const 2) (i32.const 16)))
    (call $connect (i32.load (i32.const 16)) (i32.const 0) (i32.const 1))))
