;; Calls pass arguments in registers; locals in registers that a call loses are saved around it.
(module
  (import "host" "log" (func $log (param i32)))
  (func $fib (export "fib") (param $n i32) (result i32)
    local.get $n
    i32.const 2
    i32.lt_u
    if (result i32)
      local.get $n
    else
      local.get $n
      i32.const 1
      i32.sub
      call $fib
      local.get $n
      i32.const 2
      i32.sub
      call $fib
      i32.add
    end)
  (func $imported (param $x i32) (result i32)
    local.get $x
    call $log
    local.get $x))

;;> --code fib --cpu all
;; (func $fib (;1;) (type 1) (param $n i32) (result i32)
;;   97 bytes of x86-64 code, frame of 32 bytes
;;   local 0 (i32): rbx
;; entry
;;        0  push rbp
;;        1  mov rbp, rsp
;;        4  push r13
;;        6  lea r11, [rsp - 0x18]
;;        e  cmp r11, qword ptr [r13 + 0x18]  ; stack_limit
;;       12  jb 0x5c
;;       18  mov rsp, r11
;;       1b  mov qword ptr [rbp - 0x10], rbx
;;       1f  mov edi, edi
;;       21  mov rbx, rdi
;; 000035  local.get $n  ;; no code
;; 000037  i32.const 2  ;; no code
;; 000039  i32.lt_u
;;       24  cmp ebx, 2
;; 00003a  if (result i32)
;;       27  jae 0x34
;; 00003c    local.get $n  ;; no code
;; 00003e  else
;;       2d  mov eax, ebx
;;       2f  jmp 0x56
;; 00003f    local.get $n  ;; no code
;; 000041    i32.const 1  ;; no code
;; 000043    i32.sub
;;       34  lea eax, [rbx - 1]
;; 000044    call $fib
;;       37  mov rdi, rax
;;       3a  call qword ptr [rip - 0x80]  ; fib
;;       40  mov eax, eax
;; 000046    local.get $n  ;; no code
;; 000048    i32.const 2  ;; no code
;; 00004a    i32.sub
;;       42  lea ecx, [rbx - 2]
;; 00004b    call $fib
;;       45  mov dword ptr [rbp - 0x18], eax
;;       48  mov rdi, rcx
;;       4b  call qword ptr [rip - 0x91]  ; fib
;;       51  mov eax, eax
;; 00004d    i32.add
;;       53  add eax, dword ptr [rbp - 0x18]
;; 00004e  end  ;; no code
;; 00004f  end
;;       56  mov rbx, qword ptr [rbp - 0x10]
;;       5a  leave
;;       5b  ret
;; 000034  trap: call stack exhausted
;;       5c  call qword ptr [r13 + 0x30]  ; trap_entry
;;       60  .byte 0x14  ; call stack exhausted

;;> --code imported --cpu all
;; (func $imported (;2;) (type 1) (param $x i32) (result i32)
;;   76 bytes of x86-64 code, frame of 16 bytes
;;   local 0 (i32): [rbp-16]
;; entry
;;        0  push rbp
;;        1  mov rbp, rsp
;;        4  push r13
;;        6  lea r11, [rsp - 8]
;;        e  cmp r11, qword ptr [r13 + 0x18]  ; stack_limit
;;       12  jb 0x47
;;       18  mov rsp, r11
;;       1b  mov dword ptr [rbp - 0x10], edi
;; 000052  local.get $x  ;; no code
;; 000054  call $log
;;       1e  mov edi, dword ptr [rbp - 0x10]
;;       21  mov rax, qword ptr [r13 + 0x68]  ; functions
;;       25  mov rax, qword ptr [rax]
;;       28  mov r11, qword ptr [rax + 8]
;;       2c  test r11, r11
;;       2f  cmovne r13, r11
;;       33  mov r15, qword ptr [r13]  ; memory0_base
;;       37  call qword ptr [rax + 0x18]
;;       3a  mov r13, qword ptr [rbp - 8]
;;       3e  mov r15, qword ptr [r13]  ; memory0_base
;; 000056  local.get $x  ;; no code
;; 000058  end
;;       42  mov eax, dword ptr [rbp - 0x10]
;;       45  leave
;;       46  ret
;; 000051  trap: call stack exhausted
;;       47  call qword ptr [r13 + 0x30]  ; trap_entry
;;       4b  .byte 0x14  ; call stack exhausted
