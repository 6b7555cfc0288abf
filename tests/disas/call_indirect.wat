;; The index is checked against the table, the element against null, the type against the one expected.
(module
  (type $binary (func (param i32 i32) (result i32)))
  (table 4 funcref)
  (func $apply (param $f i32) (param $x i32) (result i32)
    local.get $x
    i32.const 7
    local.get $f
    call_indirect (type $binary)))

;;> --code apply --cpu all
;; (func $apply (;0;) (type $binary) (param $f i32) (param $x i32) (result i32)
;;   155 bytes of x86-64 code, frame of 32 bytes
;;   local 0 (i32): [rbp-16]
;;   local 1 (i32): [rbp-24]
;; entry
;;        0  push rbp
;;        1  mov rbp, rsp
;;        4  push r13
;;        6  lea r11, [rsp - 0x18]
;;        e  cmp r11, qword ptr [r13 + 0x18]  ; stack_limit
;;       12  jb 0x6b
;;       18  mov rsp, r11
;;       1b  mov dword ptr [rbp - 0x10], edi
;;       1e  mov dword ptr [rbp - 0x18], esi
;; 000020  local.get $x  ;; no code
;; 000022  i32.const 7  ;; no code
;; 000024  local.get $f  ;; no code
;; 000026  call_indirect (type $binary) (param i32 i32) (result i32)
;;       21  mov eax, dword ptr [rbp - 0x10]
;;       24  mov eax, eax
;;       26  mov r11, qword ptr [r13 + 0x10]  ; table0
;;       2a  cmp rax, qword ptr [r11 + 8]
;;       2e  jae 0x70
;;       34  cmovae rax, qword ptr [r13 + 0x48]
;;       39  mov r11, qword ptr [r11]
;;       3c  mov rax, qword ptr [r11 + rax*8]
;;       40  test rax, rax
;;       43  je 0x75
;;       49  cmp dword ptr [rax], 0
;;       4c  jne 0x7a
;;       52  mov edi, dword ptr [rbp - 0x18]
;;       55  mov esi, 7
;;       5a  cmp r13, qword ptr [rax + 8]
;;       5e  jne 0x7f
;;       64  call qword ptr [rax + 0x18]
;;       67  mov eax, eax
;; 000029  end
;;       69  leave
;;       6a  ret
;; 00001f  trap: call stack exhausted
;;       6b  call qword ptr [r13 + 0x30]  ; trap_entry
;;       6f  .byte 0x14  ; call stack exhausted
;; 000026  trap: undefined element
;;       70  call qword ptr [r13 + 0x30]  ; trap_entry
;;       74  .byte 0x04  ; undefined element
;; 000026  trap: uninitialized element
;;       75  call qword ptr [r13 + 0x30]  ; trap_entry
;;       79  .byte 0x05  ; uninitialized element
;; 000026  trap: indirect call type mismatch
;;       7a  call qword ptr [r13 + 0x30]  ; trap_entry
;;       7e  .byte 0x06  ; indirect call type mismatch
;; 000026  slow path
;;       7f  mov r11, qword ptr [rax + 8]
;;       83  test r11, r11
;;       86  cmovne r13, r11
;;       8a  mov r15, qword ptr [r13]  ; memory0_base
;;       8e  call qword ptr [rax + 0x18]
;;       91  mov r13, qword ptr [rbp - 8]
;;       95  mov r15, qword ptr [r13]  ; memory0_base
;;       99  jmp 0x67
