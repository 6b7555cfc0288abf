;; Drives Ruby's reactor: starts it, evaluates a program that it writes into Ruby's memory, and exits
;; with 1 if that program raised an error.
(module
  (import "ruby" "memory" (memory 1))
  (import "ruby" "_initialize" (func $initialize))
  (import "ruby" "cabi_realloc" (func $realloc (param i32 i32 i32 i32) (result i32)))
  (import "ruby" "ruby-init: func(args: list<string>) -> ()" (func $init (param i32 i32)))
  (import "ruby" "rb-eval-string-protect: func(str: string) -> tuple<handle<rb-abi-value>, s32>"
    (func $eval (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))

  ;; Arguments, each with the zero byte that Ruby expects at its end, then the program.
  (data $text "ruby\00-EUTF-8\00-e_=0\00")
  (data $program
    "Point = Struct.new(:x, :y) { def +(o) = Point.new(x + o.x, y + o.y) }\n"
    "p [[1, 2], [3, 4], [5, 6]].map { Point.new(*_1) }.reduce(:+).to_a\n"
    "puts (1..30).each_slice(7).map(&:sum).inspect, 2**100\n"
    "words = %w[reactor wasm ruby memory table ruby wasm ruby]\n"
    "p words.tally.sort_by { |word, count| [-count, word] }\n"
    "puts 'stra\c3\9fe'.upcase, 'a-b_c'.tr('-_', '  ').split.join('+')\n"
    "$stdout.flush\n")

  ;; A list of strings is pairs of address and length.
  (func $string (param $list i32) (param $index i32) (param $at i32) (param $length i32)
    (i32.store (i32.add (local.get $list) (i32.mul (local.get $index) (i32.const 8)))
      (local.get $at))
    (i32.store offset=4 (i32.add (local.get $list) (i32.mul (local.get $index) (i32.const 8)))
      (local.get $length)))

  (func $allocate (param $size i32) (result i32)
    (call $realloc (i32.const 0) (i32.const 0) (i32.const 4) (local.get $size)))

  (func (export "_start")
    (local $list i32) (local $text i32) (local $program i32)
    (call $initialize)
    (local.set $text (call $allocate (i32.const 19)))
    (memory.init $text (local.get $text) (i32.const 0) (i32.const 19))
    (local.set $list (call $allocate (i32.const 24)))
    (call $string (local.get $list) (i32.const 0) (local.get $text) (i32.const 5))
    (call $string (local.get $list) (i32.const 1)
      (i32.add (local.get $text) (i32.const 5)) (i32.const 8))
    (call $string (local.get $list) (i32.const 2)
      (i32.add (local.get $text) (i32.const 13)) (i32.const 6))
    (call $init (local.get $list) (i32.const 3))

    (local.set $program (call $allocate (i32.const 379)))
    (memory.init $program (local.get $program) (i32.const 0) (i32.const 379))
    ;; The result is a pair: the value, and whether an error was raised.
    (call $exit
      (i32.ne (i32.const 0)
        (i32.load offset=4 (call $eval (local.get $program) (i32.const 379)))))))
