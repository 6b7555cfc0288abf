;; 64-bit addresses are compared with the size of the memory; the overflow of address and offset too.
(module
  (memory i64 1)
  (func $load (param $p i64) (result i64)
    local.get $p
    i64.load)
  (func $load_offset (param $p i64) (result i32)
    local.get $p
    i32.load16_u offset=0x10000)
  (func $store (param $p i64) (param $x f64)
    local.get $p
    local.get $x
    f64.store offset=8))

;;> --code load --cpu all
;; (func $load (;0;) (type 0) (param $p i64) (result i64)
;;   66 bytes of x86-64 code, frame of 16 bytes
;;   local 0 (i64): rdi
;; entry
;;        0  push rbp
;;        1  mov rbp, rsp
;;        4  push r13
;;        6  lea rsp, [rsp - 8]
;; 00002a  local.get $p  ;; no code
;; 00002c  i64.load
;;        e  mov rax, rdi
;;       11  add rax, 8
;;       15  jb 0x38
;;       1b  mov r11, qword ptr [r13 + 8]  ; memory0
;;       1f  cmp rax, qword ptr [r11 + 8]
;;       23  ja 0x3d
;;       29  cmova rax, qword ptr [r13 + 0x48]
;;       2e  mov r11, qword ptr [r11]
;;       31  mov rax, qword ptr [r11 + rax - 8]
;; 00002f  end
;;       36  leave
;;       37  ret
;; 00002c  trap: out of bounds memory access
;;       38  call qword ptr [r13 + 0x30]  ; trap_entry
;;       3c  .byte 0x02  ; out of bounds memory access
;; 00002c  trap: out of bounds memory access
;;       3d  call qword ptr [r13 + 0x30]  ; trap_entry
;;       41  .byte 0x02  ; out of bounds memory access

;;> --code load_offset --cpu all
;; (func $load_offset (;1;) (type 1) (param $p i64) (result i32)
;;   70 bytes of x86-64 code, frame of 16 bytes
;;   local 0 (i64): rdi
;; entry
;;        0  push rbp
;;        1  mov rbp, rsp
;;        4  push r13
;;        6  lea rsp, [rsp - 8]
;; 000032  local.get $p  ;; no code
;; 000034  i32.load16_u offset=65536
;;        e  mov rax, rdi
;;       11  add rax, 0x10002
;;       18  jb 0x3c
;;       1e  mov r11, qword ptr [r13 + 8]  ; memory0
;;       22  cmp rax, qword ptr [r11 + 8]
;;       26  ja 0x41
;;       2c  cmova rax, qword ptr [r13 + 0x48]
;;       31  mov r11, qword ptr [r11]
;;       34  movzx eax, word ptr [r11 + rax - 2]
;; 000039  end
;;       3a  leave
;;       3b  ret
;; 000034  trap: out of bounds memory access
;;       3c  call qword ptr [r13 + 0x30]  ; trap_entry
;;       40  .byte 0x02  ; out of bounds memory access
;; 000034  trap: out of bounds memory access
;;       41  call qword ptr [r13 + 0x30]  ; trap_entry
;;       45  .byte 0x02  ; out of bounds memory access

;;> --code store --cpu all
;; (func $store (;2;) (type 2) (param $p i64) (param $x f64)
;;   72 bytes of x86-64 code, frame of 16 bytes
;;   local 0 (i64): rdi
;;   local 1 (f64): xmm6
;; entry
;;        0  push rbp
;;        1  mov rbp, rsp
;;        4  push r13
;;        6  lea rsp, [rsp - 8]
;;        e  vmovaps xmm6, xmm0
;; 00003c  local.get $p  ;; no code
;; 00003e  local.get $x  ;; no code
;; 000040  f64.store offset=8
;;       12  mov rax, rdi
;;       15  add rax, 0x10
;;       19  jb 0x3e
;;       1f  mov r11, qword ptr [r13 + 8]  ; memory0
;;       23  cmp rax, qword ptr [r11 + 8]
;;       27  ja 0x43
;;       2d  cmova rax, qword ptr [r13 + 0x48]
;;       32  mov r11, qword ptr [r11]
;;       35  vmovsd qword ptr [r11 + rax - 8], xmm6
;; 000043  end
;;       3c  leave
;;       3d  ret
;; 000040  trap: out of bounds memory access
;;       3e  call qword ptr [r13 + 0x30]  ; trap_entry
;;       42  .byte 0x02  ; out of bounds memory access
;; 000040  trap: out of bounds memory access
;;       43  call qword ptr [r13 + 0x30]  ; trap_entry
;;       47  .byte 0x02  ; out of bounds memory access
