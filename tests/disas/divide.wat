;; Division checks for zero and overflow where it must; by constants it need not.
(module
  (func $divide (param i32 i32) (result i32)
    local.get 0
    local.get 1
    i32.div_s)
  (func $remainder (param i64 i64) (result i64)
    local.get 0
    local.get 1
    i64.rem_u)
  (func $constants (param i32) (result i32)
    local.get 0
    i32.const 8
    i32.div_u
    local.get 0
    i32.const 10
    i32.rem_s
    i32.add))

;;> --code divide --cpu all
;; (func $divide (;0;) (type 0) (param i32 i32) (result i32)
;;   74 bytes of x86-64 code, frame of 16 bytes
;;   local 0 (i32): rdi
;;   local 1 (i32): r8
;; entry
;;        0  push rbp
;;        1  mov rbp, rsp
;;        4  push r13
;;        6  lea rsp, [rsp - 8]
;;        e  mov edi, edi
;;       10  mov esi, esi
;;       12  mov r8, rsi
;; 000027  local.get 0  ;; no code
;; 000029  local.get 1  ;; no code
;; 00002b  i32.div_s
;;       15  mov r11d, r8d
;;       18  mov eax, edi
;;       1a  test r11d, r11d
;;       1d  je 0x40
;;       23  cmp r11d, -1
;;       27  jne 0x3a
;;       2d  neg eax
;;       2f  jo 0x45
;;       35  jmp 0x3e
;;       3a  cdq
;;       3b  idiv r11d
;; 00002c  end
;;       3e  leave
;;       3f  ret
;; 00002b  trap: integer divide by zero
;;       40  call qword ptr [r13 + 0x30]  ; trap_entry
;;       44  .byte 0x0f  ; integer divide by zero
;; 00002b  trap: integer overflow
;;       45  call qword ptr [r13 + 0x30]  ; trap_entry
;;       49  .byte 0x10  ; integer overflow

;;> --code remainder --cpu all
;; (func $remainder (;1;) (type 1) (param i64 i64) (result i64)
;;   47 bytes of x86-64 code, frame of 16 bytes
;;   local 0 (i64): rdi
;;   local 1 (i64): r8
;; entry
;;        0  push rbp
;;        1  mov rbp, rsp
;;        4  push r13
;;        6  lea rsp, [rsp - 8]
;;        e  mov r8, rsi
;; 00002f  local.get 0  ;; no code
;; 000031  local.get 1  ;; no code
;; 000033  i64.rem_u
;;       11  mov r11, r8
;;       14  mov rax, rdi
;;       17  test r11, r11
;;       1a  je 0x2a
;;       20  xor edx, edx
;;       22  div r11
;; 000034  end
;;       25  mov rax, rdx
;;       28  leave
;;       29  ret
;; 000033  trap: integer divide by zero
;;       2a  call qword ptr [r13 + 0x30]  ; trap_entry
;;       2e  .byte 0x0f  ; integer divide by zero

;;> --code constants --cpu all
;; (func $constants (;2;) (type 2) (param i32) (result i32)
;;   61 bytes of x86-64 code, frame of 16 bytes
;;   local 0 (i32): rdi
;; entry
;;        0  push rbp
;;        1  mov rbp, rsp
;;        4  push r13
;;        6  lea rsp, [rsp - 8]
;;        e  mov edi, edi
;; 000037  local.get 0  ;; no code
;; 000039  i32.const 8  ;; no code
;; 00003b  i32.div_u
;;       10  mov eax, edi
;;       12  shr eax, 3
;; 00003c  local.get 0  ;; no code
;; 00003e  i32.const 10  ;; no code
;; 000040  i32.rem_s
;;       15  movsxd rcx, edi
;;       18  mov r11d, 0xcccccccd
;;       1e  imul rcx, r11
;;       22  sar rcx, 0x23
;;       26  mov r11d, edi
;;       29  sar r11d, 0x1f
;;       2d  sub ecx, r11d
;;       30  imul r11d, ecx, 0xa
;;       34  mov ecx, edi
;;       36  sub ecx, r11d
;; 000041  i32.add
;;       39  add eax, ecx
;; 000042  end
;;       3b  leave
;;       3c  ret
