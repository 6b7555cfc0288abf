;; Calls the library once for each of its acts and prints what it says, a character each.
(module
  (import "library" "act" (func $act (param i32) (result i32)))
  (import "library" "_initialize" (func $initialize))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (local $i i32) (local $code i32)
    (loop $next
      (local.set $code (call $act (local.get $i)))
      ;; 0 to 9 as digits, more as what stands behind them in ASCII: 44 (noent) is a backslash, 63 (perm) an o, 76 (notcapable) a bar
      (i32.store8 (i32.add (i32.const 64) (local.get $i)) (i32.add (local.get $code) (i32.const 48)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (i32.const 13))))
    (i32.store (i32.const 0) (i32.const 64))
    (i32.store (i32.const 4) (i32.const 13))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))
