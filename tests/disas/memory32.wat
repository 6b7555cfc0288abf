;; Offsets are part of the address and the guard behind the memory checks: no compare before an access.
(module
  (memory 1)
  (func $copy (param $to i32) (param $from i32)
    local.get $to
    local.get $from
    i32.load8_s offset=3
    i32.store16 offset=100
    local.get $to
    local.get $from
    i64.load offset=0x7ffffff0
    i64.store align=4)
  (func $count (param $p i32)
    local.get $p
    local.get $p
    i32.load offset=8
    i32.const 1
    i32.add
    i32.store offset=8))

;;> --code copy --cpu all
;; (func $copy (;0;) (type 0) (param $to i32) (param $from i32)
;;   47 bytes of x86-64 code, frame of 16 bytes
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
;; 000023  local.get $to  ;; no code
;; 000025  local.get $from  ;; no code
;; 000027  i32.load8_s offset=3
;;       15  movsx eax, byte ptr [r15 + r8 + 3]
;; 00002a  i32.store16 offset=100
;;       1b  mov word ptr [r15 + rdi + 0x64], ax
;; 00002d  local.get $to  ;; no code
;; 00002f  local.get $from  ;; no code
;; 000031  i64.load offset=2147483632
;;       21  mov rax, qword ptr [r15 + r8 + 0x7ffffff0]
;; 000038  i64.store align=4
;;       29  mov qword ptr [r15 + rdi], rax
;; 00003b  end
;;       2d  leave
;;       2e  ret

;;> --code count --cpu all
;; (func $count (;1;) (type 1) (param $p i32)
;;   31 bytes of x86-64 code, frame of 16 bytes
;;   local 0 (i32): rdi
;; entry
;;        0  push rbp
;;        1  mov rbp, rsp
;;        4  push r13
;;        6  lea rsp, [rsp - 8]
;;        e  mov edi, edi
;; 00003e  local.get $p  ;; no code
;; 000040  local.get $p  ;; no code
;; 000042  i32.load offset=8
;;       10  mov eax, dword ptr [r15 + rdi + 8]
;; 000045  i32.const 1  ;; no code
;; 000047  i32.add
;;       15  add eax, 1
;; 000048  i32.store offset=8
;;       18  mov dword ptr [r15 + rdi + 8], eax
;; 00004b  end
;;       1d  leave
;;       1e  ret
