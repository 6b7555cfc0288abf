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
;;   158 bytes of x86-64 code, frame of 32 bytes
;;   local 0 (i32): [rbp-16]
;;   local 1 (i32): [rbp-24]
;; entry
;;        0  push rbp
;;        1  mov rbp, rsp
;;        4  push r13
;;        6  lea r11, [rsp - 0x18]
;;        e  cmp r11, qword ptr [r13 + 0x18]  ; stack_limit
;;       12  jb 0x6e
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
;;       2e  jae 0x73
;;       34  cmovae rax, qword ptr [r13 + 0x48]
;;       39  mov r11, qword ptr [r11]
;;       3c  mov rax, qword ptr [r11 + rax*8]
;;       40  test rax, rax
;;       43  je 0x78
;;       49  cmp dword ptr [rax], 0
;;       4f  jne 0x7d
;;       55  mov edi, dword ptr [rbp - 0x18]
;;       58  mov esi, 7
;;       5d  cmp r13, qword ptr [rax + 8]
;;       61  jne 0x82
;;       67  call qword ptr [rax + 0x18]
;;       6a  mov eax, eax
;; 000029  end
;;       6c  leave
;;       6d  ret
;; 00001f  trap: call stack exhausted
;;       6e  call qword ptr [r13 + 0x30]  ; trap_entry
;;       72  .byte 0x14  ; call stack exhausted
;; 000026  trap: undefined element
;;       73  call qword ptr [r13 + 0x30]  ; trap_entry
;;       77  .byte 0x04  ; undefined element
;; 000026  trap: uninitialized element
;;       78  call qword ptr [r13 + 0x30]  ; trap_entry
;;       7c  .byte 0x05  ; uninitialized element
;; 000026  trap: indirect call type mismatch
;;       7d  call qword ptr [r13 + 0x30]  ; trap_entry
;;       81  .byte 0x06  ; indirect call type mismatch
;; 000026  slow path
;;       82  mov r11, qword ptr [rax + 8]
;;       86  test r11, r11
;;       89  cmovne r13, r11
;;       8d  mov r15, qword ptr [r13]  ; memory0_base
;;       91  call qword ptr [rax + 0x18]
;;       94  mov r13, qword ptr [rbp - 8]
;;       98  mov r15, qword ptr [r13]  ; memory0_base
;;       9c  jmp 0x6a
