;; A tail call leaves the frame and jumps.
(module
  (type $t (func (param i32 i64) (result i64)))
  (table 2 funcref)
  (func $loop (param $n i32) (param $x i64) (result i64)
    local.get $n
    i32.eqz
    if
      local.get $x
      return
    end
    local.get $n
    i32.const 1
    i32.sub
    local.get $x
    local.get $n
    i64.extend_i32_u
    i64.add
    return_call $loop)
  (func $indirect (param $n i32) (param $x i64) (result i64)
    local.get $n
    local.get $x
    local.get $n
    return_call_indirect (type $t)))

;;> --code loop --cpu all
;; (func $loop (;0;) (type $t) (param $n i32) (param $x i64) (result i64)
;;   52 bytes of x86-64 code, frame of 16 bytes
;;   local 0 (i32): rdi
;;   local 1 (i64): r8
;; entry
;;        0  push rbp
;;        1  mov rbp, rsp
;;        4  push r13
;;        6  lea rsp, [rsp - 8]
;;        e  mov edi, edi
;;       10  mov r8, rsi
;; 000021  local.get $n  ;; no code
;; 000023  i32.eqz
;;       13  test edi, edi
;; 000024  if
;;       15  jne 0x20
;; 000026    local.get $x  ;; no code
;; 000028    return
;;       1b  mov rax, r8
;;       1e  leave
;;       1f  ret
;; 000029  end  ;; no code
;; 00002a  local.get $n  ;; no code
;; 00002c  i32.const 1  ;; no code
;; 00002e  i32.sub
;;       20  lea eax, [rdi - 1]
;; 00002f  local.get $x  ;; no code
;; 000031  local.get $n  ;; no code
;; 000033  i64.extend_i32_u  ;; no code
;; 000034  i64.add
;;       23  lea rcx, [r8 + rdi]
;; 000035  return_call $loop
;;       27  mov rdi, rax
;;       2a  mov rsi, rcx
;;       2d  leave
;;       2e  jmp qword ptr [rip - 0x74]  ; loop
;; 000037  end  ;; no code

;;> --code indirect --cpu all
;; (func $indirect (;1;) (type $t) (param $n i32) (param $x i64) (result i64)
;;   120 bytes of x86-64 code, frame of 16 bytes
;;   local 0 (i32): rdi
;;   local 1 (i64): r8
;; entry
;;        0  push rbp
;;        1  mov rbp, rsp
;;        4  push r13
;;        6  lea rsp, [rsp - 8]
;;        e  mov edi, edi
;;       10  mov r8, rsi
;; 00003a  local.get $n  ;; no code
;; 00003c  local.get $x  ;; no code
;; 00003e  local.get $n  ;; no code
;; 000040  return_call_indirect (type $t) (param i32 i64) (result i64)
;;       13  mov eax, edi
;;       15  mov r11, qword ptr [r13 + 0x10]  ; table0
;;       19  cmp rax, qword ptr [r11 + 8]
;;       1d  jae 0x69
;;       23  cmovae rax, qword ptr [r13 + 0x48]
;;       28  mov r11, qword ptr [r11]
;;       2b  mov rax, qword ptr [r11 + rax*8]
;;       2f  test rax, rax
;;       32  je 0x6e
;;       38  cmp dword ptr [rax], 0
;;       3e  jne 0x73
;;       44  mov rsi, r8
;;       47  leave
;;       48  mov r11, qword ptr [rax + 8]
;;       4c  cmp r11, r13
;;       4f  je 0x5e
;;       55  test r11, r11
;;       58  jne 0x61
;;       5e  jmp qword ptr [rax + 0x18]
;;       61  mov r11, qword ptr [r13 + 0x40]  ; entries
;;       65  jmp qword ptr [r11 + 0x10]
;; 000043  end  ;; no code
;; 000040  trap: undefined element
;;       69  call qword ptr [r13 + 0x30]  ; trap_entry
;;       6d  .byte 0x04  ; undefined element
;; 000040  trap: uninitialized element
;;       6e  call qword ptr [r13 + 0x30]  ; trap_entry
;;       72  .byte 0x05  ; uninitialized element
;; 000040  trap: indirect call type mismatch
;;       73  call qword ptr [r13 + 0x30]  ; trap_entry
;;       77  .byte 0x06  ; indirect call type mismatch
