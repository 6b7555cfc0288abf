;; The runtime copies memory: what lives in registers that it may change is kept over it.
(module
  (memory 1)
  (func $twice (param $to i32) (param $from i32) (param $size i32)
    local.get $to
    local.get $from
    local.get $size
    memory.copy
    local.get $to
    local.get $size
    i32.add
    local.get $from
    local.get $size
    memory.copy))

;;> --code twice --cpu all
;; (func $twice (;0;) (type 0) (param $to i32) (param $from i32) (param $size i32)
;;   164 bytes of x86-64 code, frame of 32 bytes
;;   local 0 (i32): [rbp-24]
;;   local 1 (i32): [rbp-32]
;;   local 2 (i32): rbx
;; entry
;;        0  push rbp
;;        1  mov rbp, rsp
;;        4  push r13
;;        6  lea r11, [rsp - 0x18]
;;        e  cmp r11, qword ptr [r13 + 0x18]  ; stack_limit
;;       12  jb 0x95
;;       18  mov rsp, r11
;;       1b  mov qword ptr [rbp - 0x10], rbx
;;       1f  mov dword ptr [rbp - 0x18], edi
;;       22  mov dword ptr [rbp - 0x20], esi
;;       25  mov edx, edx
;;       27  mov rbx, rdx
;; 00001f  local.get $to  ;; no code
;; 000021  local.get $from  ;; no code
;; 000023  local.get $size  ;; no code
;; 000025  memory.copy
;;       2a  mov r9, rbx
;;       2d  mov ecx, dword ptr [rbp - 0x18]
;;       30  mov r8d, dword ptr [rbp - 0x20]
;;       34  mov esi, 0
;;       39  mov edx, 0
;;       3e  mov rdi, r13
;;       41  mov rax, qword ptr [r13 + 0x78]  ; builtins
;;       45  mov rax, qword ptr [rax + 0x10]
;;       49  mov r11, qword ptr [r13 + 0x40]  ; entries
;;       4d  call qword ptr [r11 + 0x48]
;;       51  test al, al
;;       54  jne 0x9a
;; 000029  local.get $to  ;; no code
;; 00002b  local.get $size  ;; no code
;; 00002d  i32.add
;;       5a  mov eax, dword ptr [rbp - 0x18]
;;       5d  add eax, ebx
;; 00002e  local.get $from  ;; no code
;; 000030  local.get $size  ;; no code
;; 000032  memory.copy
;;       5f  mov rcx, rax
;;       62  mov r9, rbx
;;       65  mov r8d, dword ptr [rbp - 0x20]
;;       69  mov esi, 0
;;       6e  mov edx, 0
;;       73  mov rdi, r13
;;       76  mov rax, qword ptr [r13 + 0x78]  ; builtins
;;       7a  mov rax, qword ptr [rax + 0x10]
;;       7e  mov r11, qword ptr [r13 + 0x40]  ; entries
;;       82  call qword ptr [r11 + 0x48]
;;       86  test al, al
;;       89  jne 0x9f
;; 000036  end
;;       8f  mov rbx, qword ptr [rbp - 0x10]
;;       93  leave
;;       94  ret
;; 00001e  trap: call stack exhausted
;;       95  call qword ptr [r13 + 0x30]  ; trap_entry
;;       99  .byte 0x14  ; call stack exhausted
;; 000025  slow path
;;       9a  call qword ptr [r13 + 0x30]  ; trap_entry
;;       9e  .byte 0x00  ; no trap
;; 000032  slow path
;;       9f  call qword ptr [r13 + 0x30]  ; trap_entry
;;       a3  .byte 0x00  ; no trap
