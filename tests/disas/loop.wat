;; The locals of a loop stay in registers; nothing is stored inside it.
(module
  (memory 1)
  (func $sum (export "sum") (param $p i32) (param $n i32) (result i32) (local $s i32)
    loop $next
      local.get $s
      local.get $p
      i32.load
      i32.add
      local.set $s
      local.get $p
      i32.const 4
      i32.add
      local.set $p
      local.get $n
      i32.const 1
      i32.sub
      local.tee $n
      br_if $next
    end
    local.get $s))

;;> --code sum --cpu all
;; (func $sum (;0;) (type 0) (param $p i32) (param $n i32) (result i32)
;;   45 bytes of x86-64 code, frame of 16 bytes
;;   local 0 (i32): rdi
;;   local 1 (i32): r9
;;   local 2 (i32): r8
;; entry
;;        0  push rbp
;;        1  mov rbp, rsp
;;        4  push r13
;;        6  lea rsp, [rsp - 8]
;;        e  mov edi, edi
;;       10  mov esi, esi
;;       12  mov r9, rsi
;;       15  xor r8d, r8d
;; 00002a  loop $next  ;; no code
;; 00002c    local.get $s  ;; no code
;; 00002e    local.get $p  ;; no code
;; 000030    i32.load  ;; no code
;; 000033    i32.add
;;       18  add r8d, dword ptr [r15 + rdi]
;; 000034    local.set $s  ;; no code
;; 000036    local.get $p  ;; no code
;; 000038    i32.const 4  ;; no code
;; 00003a    i32.add
;;       1c  add edi, 4
;; 00003b    local.set $p  ;; no code
;; 00003d    local.get $n  ;; no code
;; 00003f    i32.const 1  ;; no code
;; 000041    i32.sub
;;       1f  sub r9d, 1
;; 000042    local.tee $n  ;; no code
;; 000044    br_if $next
;;       23  test r9d, r9d
;;       26  jne 0x18
;; 000046  end  ;; no code
;; 000047  local.get $s  ;; no code
;; 000049  end
;;       28  mov eax, r8d
;;       2b  leave
;;       2c  ret
