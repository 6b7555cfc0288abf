;; One result of a block travels in a register, more of them in slots; code behind a branch is not made.
(module
  (func $one (param i32) (result i32)
    block $out (result i32)
      i32.const 1
      local.get 0
      br_if $out
      drop
      i32.const 2
      br $out
      i32.const 3
      i32.add
    end)
  (func $two (param i32) (result i32)
    local.get 0
    if (result i32 i64)
      i32.const 1
      i64.const 2
    else
      i32.const 3
      i64.const 4
    end
    i32.wrap_i64
    i32.add)
  (func $trap (param i32)
    local.get 0
    if
      unreachable
    end))

;;> --code one --cpu all
;; (func $one (;0;) (type 0) (param i32) (result i32)
;;   41 bytes of x86-64 code, frame of 16 bytes
;;   local 0 (i32): rdi
;; entry
;;        0  push rbp
;;        1  mov rbp, rsp
;;        4  push r13
;;        6  lea rsp, [rsp - 8]
;;        e  mov edi, edi
;; 000024  block $out (result i32)  ;; no code
;; 000026    i32.const 1  ;; no code
;; 000028    local.get 0  ;; no code
;; 00002a    br_if $out
;;       10  test edi, edi
;;       12  mov eax, 1
;;       17  jne 0x27
;; 00002c    drop  ;; no code
;; 00002d    i32.const 2  ;; no code
;; 00002f    br $out
;;       1d  mov eax, 2
;;       22  jmp 0x27
;; 000031    i32.const 3  ;; no code
;; 000033    i32.add  ;; no code
;; 000034  end  ;; no code
;; 000035  end
;;       27  leave
;;       28  ret

;;> --code two --cpu all
;; (func $two (;1;) (type 0) (param i32) (result i32)
;;   67 bytes of x86-64 code, frame of 32 bytes
;;   local 0 (i32): rdi
;; entry
;;        0  push rbp
;;        1  mov rbp, rsp
;;        4  push r13
;;        6  lea rsp, [rsp - 0x18]
;;        e  mov edi, edi
;; 000038  local.get 0  ;; no code
;; 00003a  if (type 1) (result i32 i64)
;;       10  test edi, edi
;;       12  je 0x2c
;; 00003c    i32.const 1  ;; no code
;; 00003e    i64.const 2  ;; no code
;; 000040  else
;;       18  mov dword ptr [rbp - 0x10], 1
;;       1f  mov qword ptr [rbp - 0x18], 2
;;       27  jmp 0x3b
;; 000041    i32.const 3  ;; no code
;; 000043    i64.const 4  ;; no code
;; 000045  end
;;       2c  mov dword ptr [rbp - 0x10], 3
;;       33  mov qword ptr [rbp - 0x18], 4
;; 000046  i32.wrap_i64
;;       3b  mov eax, dword ptr [rbp - 0x18]
;; 000047  i32.add
;;       3e  add eax, dword ptr [rbp - 0x10]
;; 000048  end
;;       41  leave
;;       42  ret

;;> --code trap --cpu all
;; (func $trap (;2;) (type 2) (param i32)
;;   31 bytes of x86-64 code, frame of 16 bytes
;;   local 0 (i32): rdi
;; entry
;;        0  push rbp
;;        1  mov rbp, rsp
;;        4  push r13
;;        6  lea rsp, [rsp - 8]
;;        e  mov edi, edi
;; 00004b  local.get 0  ;; no code
;; 00004d  if
;;       10  test edi, edi
;;       12  je 0x1d
;; 00004f    unreachable
;;       18  call qword ptr [r13 + 0x30]  ; trap_entry
;;       1c  .byte 0x01  ; unreachable
;; 000050  end  ;; no code
;; 000051  end
;;       1d  leave
;;       1e  ret
