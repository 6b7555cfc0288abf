;; A small module with one memory, for what embedding costs: calls in, calls out, instances.
(module
  (import "host" "next" (func $next (param i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 64) "a few bytes, so that there is an image to write")

  (func (export "add") (param i32 i32) (result i32)
    (i32.add (local.get 0) (local.get 1)))

  ;; Calls the host n times.
  (func (export "call_host") (param $n i32) (result i32)
    (local $x i32)
    (loop $again
      (local.set $x (call $next (local.get $x)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $x))

  ;; The same loop without the calls, to be taken off.
  (func (export "call_nothing") (param $n i32) (result i32)
    (local $x i32)
    (loop $again
      (local.set $x (i32.add (local.get $x) (i32.const 1)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $x)))
