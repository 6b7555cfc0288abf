;; More operands than registers: the oldest go to their slots in the frame.
(module
  (memory 1)
  (func $many (param $p i32) (result i32)
    local.get $p i32.load
    local.get $p i32.load offset=4
    local.get $p i32.load offset=8
    local.get $p i32.load offset=12
    local.get $p i32.load offset=16
    local.get $p i32.load offset=20
    local.get $p i32.load offset=24
    local.get $p i32.load offset=28
    local.get $p i32.load offset=32
    local.get $p i32.load offset=36
    local.get $p i32.load offset=40
    local.get $p i32.load offset=44
    local.get $p i32.load offset=48
    local.get $p i32.load offset=52
    i32.add i32.add i32.add i32.add i32.add i32.add i32.add i32.add i32.add i32.add i32.add i32.add i32.add)
  (func $across (param $x i32) (result i32)
    local.get $x
    i32.const 3
    i32.mul
    call $callee
    i32.add)
  (func $callee (result i32) i32.const 5))

;;> --code many --cpu all
;; (func $many (;0;) (type 0) (param $p i32) (result i32)
;;   149 bytes of x86-64 code, frame of 64 bytes
;;   local 0 (i32): rdi
;; entry
;;        0  push rbp
;;        1  mov rbp, rsp
;;        4  push r13
;;        6  lea rsp, [rsp - 0x38]
;;        e  mov edi, edi
;; 000024  local.get $p  ;; no code
;; 000026  i32.load
;;       10  mov eax, dword ptr [r15 + rdi]
;; 000029  local.get $p  ;; no code
;; 00002b  i32.load offset=4
;;       14  mov ecx, dword ptr [r15 + rdi + 4]
;; 00002e  local.get $p  ;; no code
;; 000030  i32.load offset=8
;;       19  mov edx, dword ptr [r15 + rdi + 8]
;; 000033  local.get $p  ;; no code
;; 000035  i32.load offset=12
;;       1e  mov esi, dword ptr [r15 + rdi + 0xc]
;; 000038  local.get $p  ;; no code
;; 00003a  i32.load offset=16
;;       23  mov r8d, dword ptr [r15 + rdi + 0x10]
;; 00003d  local.get $p  ;; no code
;; 00003f  i32.load offset=20
;;       28  mov r9d, dword ptr [r15 + rdi + 0x14]
;; 000042  local.get $p  ;; no code
;; 000044  i32.load offset=24
;;       2d  mov r10d, dword ptr [r15 + rdi + 0x18]
;; 000047  local.get $p  ;; no code
;; 000049  i32.load offset=28
;;       32  mov dword ptr [rbp - 0x10], eax
;;       35  mov eax, dword ptr [r15 + rdi + 0x1c]
;; 00004c  local.get $p  ;; no code
;; 00004e  i32.load offset=32
;;       3a  mov dword ptr [rbp - 0x18], ecx
;;       3d  mov ecx, dword ptr [r15 + rdi + 0x20]
;; 000051  local.get $p  ;; no code
;; 000053  i32.load offset=36
;;       42  mov dword ptr [rbp - 0x20], edx
;;       45  mov edx, dword ptr [r15 + rdi + 0x24]
;; 000056  local.get $p  ;; no code
;; 000058  i32.load offset=40
;;       4a  mov dword ptr [rbp - 0x28], esi
;;       4d  mov esi, dword ptr [r15 + rdi + 0x28]
;; 00005b  local.get $p  ;; no code
;; 00005d  i32.load offset=44
;;       52  mov dword ptr [rbp - 0x30], r8d
;;       56  mov r8d, dword ptr [r15 + rdi + 0x2c]
;; 000060  local.get $p  ;; no code
;; 000062  i32.load offset=48
;;       5b  mov dword ptr [rbp - 0x38], r9d
;;       5f  mov r9d, dword ptr [r15 + rdi + 0x30]
;; 000065  local.get $p  ;; no code
;; 000067  i32.load offset=52  ;; no code
;; 00006a  i32.add
;;       64  add r9d, dword ptr [r15 + rdi + 0x34]
;; 00006b  i32.add
;;       69  add r8d, r9d
;; 00006c  i32.add
;;       6c  add esi, r8d
;; 00006d  i32.add
;;       6f  add edx, esi
;; 00006e  i32.add
;;       71  add ecx, edx
;; 00006f  i32.add
;;       73  add eax, ecx
;; 000070  i32.add
;;       75  add r10d, eax
;; 000071  i32.add
;;       78  add r10d, dword ptr [rbp - 0x38]
;; 000072  i32.add
;;       7c  add r10d, dword ptr [rbp - 0x30]
;; 000073  i32.add
;;       80  add r10d, dword ptr [rbp - 0x28]
;; 000074  i32.add
;;       84  add r10d, dword ptr [rbp - 0x20]
;; 000075  i32.add
;;       88  add r10d, dword ptr [rbp - 0x18]
;; 000076  i32.add
;;       8c  add r10d, dword ptr [rbp - 0x10]
;; 000077  end
;;       90  mov eax, r10d
;;       93  leave
;;       94  ret

;;> --code across --cpu all
;; (func $across (;1;) (type 0) (param $x i32) (result i32)
;;   55 bytes of x86-64 code, frame of 32 bytes
;;   local 0 (i32): [rbp-16]
;; entry
;;        0  push rbp
;;        1  mov rbp, rsp
;;        4  push r13
;;        6  lea r11, [rsp - 0x18]
;;        e  cmp r11, qword ptr [r13 + 0x18]  ; stack_limit
;;       12  jb 0x32
;;       18  mov rsp, r11
;;       1b  mov dword ptr [rbp - 0x10], edi
;; 00007a  local.get $x  ;; no code
;; 00007c  i32.const 3  ;; no code
;; 00007e  i32.mul
;;       1e  imul eax, dword ptr [rbp - 0x10], 3
;; 00007f  call $callee
;;       22  mov dword ptr [rbp - 0x18], eax
;;       25  call qword ptr [rip - 0x5b]  ; callee
;;       2b  mov eax, eax
;; 000081  i32.add
;;       2d  add eax, dword ptr [rbp - 0x18]
;; 000082  end
;;       30  leave
;;       31  ret
;; 000079  trap: call stack exhausted
;;       32  call qword ptr [r13 + 0x30]  ; trap_entry
;;       36  .byte 0x14  ; call stack exhausted
