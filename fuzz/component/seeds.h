// Components that the fuzzer damages: between them they have every kind of definition and type.
#pragma once

#include <string_view>

namespace nacre::fuzz {

inline constexpr std::string_view kSeeds[] = {
    // Value types and functions.
    R"((component
      (type $r (record (field "a" u32) (field "b" string)))
      (import "r" (type $named (eq $r)))
      (type $v (variant (case "x" $named) (case "y")))
      (import "v" (type $v2 (eq $v)))
      (type $e (enum "p" "q" "s"))
      (import "e" (type $e2 (eq $e)))
      (type $f (flags "r" "w"))
      (import "f" (type $f2 (eq $f)))
      (import "call" (func (param "a" (list $named)) (param "b" (option $v2))
        (param "c" (tuple u8 s16 f64 char)) (result (result $e2 (error $f2)))))
      (import "later" (func async (param "m" (map string u64)) (result (stream u8))))
      (import "future" (func (result (future (list u8 4)))))
    ))",
    // Lifting and lowering with all options.
    R"((component
      (import "log" (func $log (param "s" string) (result string)))
      (core module $m
        (memory (export "mem") 1)
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) i32.const 0)
        (func (export "run") (param i32 i32) (result i32) i32.const 0)
        (func (export "post") (param i32)))
      (core instance $i (instantiate $m))
      (core func $log' (canon lower (func $log) string-encoding=utf16
        (memory (core memory $i "mem")) (realloc (core func $i "realloc"))))
      (core instance (export "log" (func $log')) (export "mem" (memory $i "mem")))
      (func (export "run") (param "s" string) (result string)
        (canon lift (core func $i "run") (memory (core memory $i "mem"))
          (realloc (core func $i "realloc")) (post-return (core func $i "post"))))
    ))",
    // Resources, and a component that is instantiated with them.
    R"((component
      (core module $m (func (export "dtor") (param i32)))
      (core instance $i (instantiate $m))
      (type $R (resource (rep i32) (dtor (core func $i "dtor"))))
      (core func (canon resource.new $R))
      (core func $drop (canon resource.drop $R))
      (core func (canon resource.rep $R))
      (export $R' "r" (type $R))
      (func $f (param "self" (borrow $R')) (canon lift (core func $drop)))
      (export "[method]r.f" (func $f))
      (component $C
        (import "t" (type $T (sub resource)))
        (import "i" (instance $x (export "u" (type (eq $T)))))
        (export "out" (type $T))
        (export "again" (instance $x)))
      (instance $bag (export "u" (type $R')))
      (instance $c (instantiate $C (with "t" (type $R')) (with "i" (instance $bag))))
      (alias export $c "out" (type $O))
      (export "c" (instance $c))
    ))",
    // Types of components and instances, aliases, names of interfaces.
    R"((component $outer
      (core type $ft (func (param i32)))
      (core type $mt (module (alias outer $outer $ft (type $a)) (import "a" "b" (func (type $a)))
        (export "m" (memory 1 2)) (export "g" (global (mut i64)))))
      (type $pure (record (field "x" u32)))
      (type $I (instance
        (export "t" (type $t (sub resource)))
        (export "f" (func (param "x" (own $t))))))
      (type (component
        (import "ns:pkg/iface@1.2.3" (instance $i (type $I)))
        (alias export $i "t" (type $t))
        (export "x" (component))
        (export "y" (type (eq $t)))))
      (import "ns:pkg/iface@1.2.3" (instance $i (type $I)))
      (import "stored" (implements "ns:pkg/iface") (external-id "s") (instance $j (type $I)))
      (import "m" (core module $m (type $mt)))
      (component $inner
        (alias outer $outer $pure (type $p))
        (import "p" (type $p2 (eq $p)))
        (import "q" (func (param "a" $p2))))
    ))",
    // Asynchronous functions and their built-ins.
    R"((component
      (core module $m
        (memory (export "mem") 1)
        (table (export "tbl") 1 funcref)
        (func (export "run") (param i32 i32) (result i32) i32.const 0)
        (func (export "cb") (param i32 i32 i32) (result i32) i32.const 0)
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) i32.const 0))
      (core instance $i (instantiate $m))
      (alias core export $i "mem" (core memory $mem))
      (type $s (stream u8))
      (type $f (future string))
      (core type $start (func (param i32)))
      (core func (canon task.return (result u32)))
      (core func (canon task.cancel))
      (core func (canon context.get i32 0))
      (core func (canon subtask.cancel async))
      (core func (canon stream.new $s))
      (core func (canon stream.read $s async (memory $mem)))
      (core func (canon stream.cancel-write $s))
      (core func (canon future.read $f (memory $mem) (realloc (core func $i "realloc"))))
      (core func (canon waitable-set.wait (memory $mem)))
      (core func (canon thread.yield))
      (core func (canon error-context.new (memory $mem)))
      (core func (canon thread.new-indirect $start (core table $i "tbl")))
      (func (export "run") async (param "x" u32) (param "y" u32) (result u32)
        (canon lift (core func $i "run") async (callback (core func $i "cb"))))
    ))"};

}  // namespace nacre::fuzz
