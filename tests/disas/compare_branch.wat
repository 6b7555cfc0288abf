;; A comparison and the branch, if or select behind it are one compare and one jump or move.
(module
  (func $clamp (param $x i32) (param $low i32) (param $high i32) (result i32)
    local.get $x
    local.get $low
    i32.lt_s
    if
      local.get $low
      return
    end
    local.get $x
    local.get $high
    local.get $x
    local.get $high
    i32.le_s
    select)
  (func $not_zero (param $x i64) (result i32)
    block $zero
      local.get $x
      i64.eqz
      br_if $zero
      i32.const 1
      return
    end
    i32.const 0))

;;> --code clamp --cpu all
;; (func $clamp (;0;) (type 0) (param $x i32) (param $low i32) (param $high i32) (result i32)
;;   51 bytes of x86-64 code, frame of 16 bytes
;;   local 0 (i32): rdi
;;   local 1 (i32): r8
;;   local 2 (i32): r9
;; entry
;;        0  push rbp
;;        1  mov rbp, rsp
;;        4  push r13
;;        6  lea rsp, [rsp - 8]
;;        e  mov edi, edi
;;       10  mov esi, esi
;;       12  mov edx, edx
;;       14  mov r8, rsi
;;       17  mov r9, rdx
;; 000021  local.get $x  ;; no code
;; 000023  local.get $low  ;; no code
;; 000025  i32.lt_s
;;       1a  cmp edi, r8d
;; 000026  if
;;       1d  jge 0x28
;; 000028    local.get $low  ;; no code
;; 00002a    return
;;       23  mov eax, r8d
;;       26  leave
;;       27  ret
;; 00002b  end  ;; no code
;; 00002c  local.get $x  ;; no code
;; 00002e  local.get $high  ;; no code
;; 000030  local.get $x  ;; no code
;; 000032  local.get $high  ;; no code
;; 000034  i32.le_s
;;       28  cmp edi, r9d
;; 000035  select
;;       2b  mov eax, edi
;;       2d  cmovg eax, r9d
;; 000036  end
;;       31  leave
;;       32  ret

;;> --code not_zero --cpu all
;; (func $not_zero (;1;) (type 1) (param $x i64) (result i32)
;;   37 bytes of x86-64 code, frame of 16 bytes
;;   local 0 (i64): rdi
;; entry
;;        0  push rbp
;;        1  mov rbp, rsp
;;        4  push r13
;;        6  lea rsp, [rsp - 8]
;; 000039  block $zero  ;; no code
;; 00003b    local.get $x  ;; no code
;; 00003d    i64.eqz
;;        e  test rdi, rdi
;; 00003e    br_if $zero
;;       11  je 0x1e
;; 000040    i32.const 1  ;; no code
;; 000042    return
;;       17  mov eax, 1
;;       1c  leave
;;       1d  ret
;; 000043  end  ;; no code
;; 000044  i32.const 0  ;; no code
;; 000046  end
;;       1e  mov eax, 0
;;       23  leave
;;       24  ret
